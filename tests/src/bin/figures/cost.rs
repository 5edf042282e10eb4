//! What the multiprocess driver itself costs: the start and end of a run, and the hand-out of a piece.

use std::time::Instant;

use fascicle::core::{
    Context, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, RunError, Work,
    ignore_events,
};
use fascicle::prelude::*;

use crate::{Row, Section};

const RUNS: usize = 200;
const PIECES: u64 = 20_000;

/// Pieces that do next to nothing.
struct Trivial(u64);

impl Work for Trivial {
    fn pieces(&self) -> u64 {
        self.0
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("trivial");
    }
    fn run(&self, piece: u64, _: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        out.put_i64s("piece", vec![piece as i64]);
        Ok(())
    }
}

struct Total(i64);

impl Fold for Total {
    fn add(&mut self, _: u64, frame: &Frame) -> Result<(), FoldError> {
        self.0 += frame.i64s("piece")?[0];
        Ok(())
    }
}

/// Seconds that a run on two workers takes.
fn time(pieces: u64) -> Result<f64, RunError> {
    let (started, mut total) = (Instant::now(), Total(0));
    let driver = Driver::Processes(2).execute()?;
    driver.run(&Trivial(pieces), &mut total, &ExecuteOptions::new(), &mut ignore_events)?;
    assert_eq!(total.0 as u64, pieces * (pieces - 1) / 2, "every piece comes once");
    Ok(started.elapsed().as_secs_f64())
}

/// Goals: 5 ms for a run of two pieces, 50 µs for a piece more.
pub fn section() -> Result<Section, Box<dyn std::error::Error>> {
    let mut runs = (0..RUNS).map(|_| time(2)).collect::<Result<Vec<_>, _>>()?;
    runs.sort_unstable_by(f64::total_cmp);
    let (median, most) = (1e3 * runs[RUNS / 2], 1e3 * runs[RUNS - 1]);
    let piece = 1e6 * time(PIECES)? / PIECES as f64;
    let row =
        |what: &str, figure: String, reached| Row { cells: vec![what.into(), figure], reached };
    Ok(Section {
        title: "The cost of the multiprocess driver, two workers",
        columns: vec!["what", "figure"],
        rows: vec![
            row(
                "a run of two trivial batches (goal 5 ms)",
                format!("{median:.2} ms, median of {RUNS}; at most {most:.2} ms"),
                median <= 5.0,
            ),
            row(
                "hand-out of a trivial batch (goal 50 µs)",
                format!("{piece:.1} µs, mean of {PIECES}"),
                piece <= 50.0,
            ),
        ],
    })
}
