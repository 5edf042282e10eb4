//! The deviation from QC Lab in each golden case.

use fascicle_tests::golden;

use crate::report::{Row, Section};

/// Goal: 1e-9 (1e-7 with gradients by finite differences), relative to the larger of 1 and QC Lab's value.
pub fn section() -> Section {
    let row = |case: &golden::Case| {
        let deviation = case.deviation(&case.run());
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".into());
        let cells = vec![
            case.case.clone(),
            or_dash(case.hops.map(|hops| hops.to_string())),
            or_dash(case.min_hop_margin.map(|margin| format!("{margin:.1e}"))),
            format!("{deviation:.1e}"),
        ];
        Row { cells, reached: deviation <= case.tolerance() }
    };
    let columns = ["case", "hops", "nearest tie", "largest deviation (goal 1e-9)"];
    let rows = golden::cases().iter().map(row).collect();
    Section::new("Parity with QC Lab 1.3.0 under Seeding::QcLab", &columns, rows)
}
