//! How fast it is.

use std::process::Command;

use super::{Found, Programs, Row, end, mpirun};

/// Rows that are measured, and no tests.
pub const ROWS: &[Row] = &[(
    "scaling",
    "surface hopping on 2 ranks against a serial run, medians of 5",
    ">= 1.9 x",
    scaling,
)];

/// Seconds of a run.
fn seconds(command: &mut Command) -> Result<(f64, String), Box<dyn std::error::Error>> {
    let ended = end(command, 300)?;
    let line = ended.first_line();
    let (seconds, digest) = line.split_once(' ').ok_or_else(|| ended.err.clone())?;
    Ok((seconds.parse()?, digest.to_string()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn scaling(programs: &Programs) -> Found {
    const TRAJECTORIES: &str = "400000";
    let (mut ratios, mut same) = (Vec::new(), true);
    for _ in 0..5 {
        let mut serial = Command::new(&programs.ranked);
        let (one, expected) = seconds(serial.args(["scale", "serial", TRAJECTORIES]))?;
        let mut ranks = mpirun(2, &programs.ranked)?;
        let (two, digest) = seconds(ranks.args(["scale", "mpi", TRAJECTORIES]))?;
        ratios.push(one / two);
        same &= digest == expected;
    }
    let (least, most) = ratios.iter().fold((f64::MAX, 0.0_f64), |(a, b), &r| (a.min(r), b.max(r)));
    let ratio = median(ratios);
    let text = format!(
        "{ratio:.2} x ({least:.2} to {most:.2}), {}",
        if same { "same bits" } else { "OTHER BITS" }
    );
    Ok((text, ratio >= 1.9 && same))
}
