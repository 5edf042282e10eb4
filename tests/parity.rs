//! Under `Seeding::QcLab`, results are QC Lab 1.3.0's but for rounding.

use fascicle_tests::golden;

/// What rounding may leave, where no hop is so near to a tie that it could flip.
const TOLERANCE: f64 = 1e-9;

#[test]
fn every_case_is_qc_labs_number_for_number() {
    let cases = golden::cases();
    assert!(cases.len() >= 24, "expected the golden cases, found {}", cases.len());
    for case in cases {
        // A hop number this near to a sum of probabilities could fall on the other side by rounding.
        assert!(
            case.min_hop_margin.is_none_or(|margin| margin > 1e-10),
            "{} is no test",
            case.case
        );
        let deviation = case.deviation(&case.run());
        println!("{:32} {deviation:.1e}", case.case);
        assert!(deviation <= TOLERANCE, "{}: off by {deviation:e}", case.case);
    }
}

#[test]
fn surface_hopping_cases_do_hop() {
    let hops: u64 = golden::cases().iter().filter_map(|case| case.hops).sum();
    assert!(hops > 100, "{hops} hops test too little");
}
