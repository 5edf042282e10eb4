//! What the driver itself costs: the start and end of a run, and the hand-out of a piece.
//!
//! `cargo run --release -p fascicle-processes --example dispatch`

use std::time::Instant;

use fascicle_core::{
    Context, Execute, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, RunError, Work,
    ignore_events,
};
use fascicle_processes::Processes;

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

/// Seconds that a run takes.
fn time(driver: Processes, pieces: u64) -> Result<f64, RunError> {
    let (started, mut total) = (Instant::now(), Total(0));
    let options = ExecuteOptions::new();
    let report = driver.run(&Trivial(pieces), &mut total, &options, &mut ignore_events)?;
    assert_eq!((report.done, total.0 as u64), (pieces, pieces * (pieces - 1) / 2));
    Ok(started.elapsed().as_secs_f64())
}

fn main() -> Result<(), RunError> {
    let driver = Processes::new(2)?;
    let mut starts = (0..200).map(|_| time(driver, 2)).collect::<Result<Vec<_>, _>>()?;
    starts.sort_unstable_by(f64::total_cmp);
    println!("run of two pieces on two workers: {:.3} ms (median of 200)", 1e3 * starts[100]);
    println!("                             and {:.3} ms at most", 1e3 * starts[199]);
    let pieces = 20_000;
    let seconds = time(driver, pieces)?;
    println!("a piece of {pieces} on two workers: {:.2} us", 1e6 * seconds / pieces as f64);
    Ok(())
}
