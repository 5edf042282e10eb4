//! Under `Seeding::QcLab`, results are QC Lab 1.3.0's but for rounding.

use fascicle_tests::golden;

#[test]
fn every_case_is_qc_labs_number_for_number() {
    let cases = golden::cases();
    assert!(cases.len() >= 99, "expected the golden cases, found {}", cases.len());
    let mut off = Vec::new();
    for case in cases {
        // A hop number this near to a sum of probabilities could fall on the other side by rounding.
        assert!(
            case.min_hop_margin.is_none_or(|margin| margin > 1e-10),
            "{} is no test",
            case.case
        );
        let deviation = case.deviation(&case.run());
        println!("{:32} {deviation:.1e}", case.case);
        if deviation > case.tolerance() {
            off.push(format!("{} by {deviation:.1e}", case.case));
        }
    }
    assert!(off.is_empty(), "off: {}", off.join(", "));
}

#[test]
fn surface_hopping_cases_do_hop() {
    let hops: u64 = golden::cases().iter().filter_map(|case| case.hops).sum();
    assert!(hops > 100, "{hops} hops test too little");
}
