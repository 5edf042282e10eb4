//! What the multiprocess driver itself costs: the start and end of a run, the hand-out of a piece, the
//! way of a large result, and the memory of a long run.

use std::time::Instant;

use fascicle::core::{
    Context, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, RunError, Work,
    ignore_events,
};
use fascicle::prelude::*;

use crate::peak;
use crate::report::{Row, Section};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const RUNS: usize = 200;

const PIECES: u64 = 20_000;
const ROUNDS: usize = 9;

const LARGE: usize = 100_000_000;
const RELAYS: u64 = 15;

/// Pieces that do next to nothing.
struct Trivial(u64);

impl Work for Trivial {
    fn pieces(&self) -> u64 {
        self.0
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("trivial");
    }
    fn run(
        &self,
        piece: u64,
        _: &mut Context<'_>,
        out: &mut Frame,
    ) -> std::result::Result<(), Failure> {
        out.put_i64s("piece", vec![piece as i64]);
        Ok(())
    }
}

struct Total(i64);

impl Fold for Total {
    fn add(&mut self, _: u64, frame: &Frame) -> std::result::Result<(), FoldError> {
        self.0 += frame.i64s("piece")?[0];
        Ok(())
    }
}

/// Pieces with a large result, that note when they are done: a worker's clock is the driver's.
struct Large(Instant);

impl Work for Large {
    fn pieces(&self) -> u64 {
        RELAYS
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("large");
    }
    fn run(
        &self,
        piece: u64,
        _: &mut Context<'_>,
        out: &mut Frame,
    ) -> std::result::Result<(), Failure> {
        let first = piece as usize;
        out.put_f64s("reals", (first..first + LARGE / 8).map(|k| k as f64).collect());
        out.put_f64s("done", vec![self.0.elapsed().as_secs_f64()]);
        Ok(())
    }
}

/// The times from the ends of pieces to the fold.
struct Arrivals {
    clock: Instant,
    seconds: Vec<f64>,
}

impl Fold for Arrivals {
    fn add(&mut self, piece: u64, frame: &Frame) -> std::result::Result<(), FoldError> {
        let now = self.clock.elapsed().as_secs_f64();
        self.seconds.push(now - frame.f64s("done")?[0]);
        let reals = frame.f64s("reals")?;
        let last = (piece as usize + LARGE / 8 - 1) as f64;
        assert_eq!((reals[0], reals[reals.len() - 1]), (piece as f64, last), "it comes whole");
        Ok(())
    }
}

/// Seconds that a run on two workers takes.
fn time(pieces: u64) -> std::result::Result<f64, RunError> {
    let (started, mut total) = (Instant::now(), Total(0));
    let driver = Driver::Processes(2).execute()?;
    driver.run(&Trivial(pieces), &mut total, &ExecuteOptions::new(), &mut ignore_events)?;
    assert_eq!(total.0 as u64, pieces * (pieces - 1) / 2, "every piece comes once");
    Ok(started.elapsed().as_secs_f64())
}

/// Seconds from the end of a piece with a large result to the fold, sorted. There is one worker, so
/// that each result has the machine to itself.
fn relays() -> std::result::Result<Vec<f64>, RunError> {
    let clock = Instant::now();
    let mut fold = Arrivals { clock, seconds: Vec::new() };
    let driver = Driver::Processes(1).execute()?;
    driver.run(&Large(clock), &mut fold, &ExecuteOptions::new(), &mut ignore_events)?;
    fold.seconds.sort_unstable_by(f64::total_cmp);
    Ok(fold.seconds)
}

/// The times of some runs, sorted.
fn times(
    runs: usize,
    run: impl Fn() -> std::result::Result<f64, RunError>,
) -> std::result::Result<Vec<f64>, RunError> {
    let mut times = (0..runs).map(|_| run()).collect::<std::result::Result<Vec<_>, _>>()?;
    times.sort_unstable_by(f64::total_cmp);
    Ok(times)
}

/// Microseconds that handing out a trivial batch costs, in some runs, sorted.
pub fn dispatch(rounds: usize) -> Result<Vec<f64>> {
    let runs = times(rounds, || time(PIECES))?;
    Ok(runs.iter().map(|seconds| 1e6 * seconds / PIECES as f64).collect())
}

/// 10⁹ bytes a second on the way of large results to the fold, sorted.
pub fn relay() -> Result<Vec<f64>> {
    Ok(relays()?.iter().rev().map(|seconds| LARGE as f64 / seconds / 1e9).collect())
}

fn fixed_row() -> Result<Row> {
    let runs = times(RUNS, || time(2))?;
    let (median, most) = (1e3 * runs[RUNS / 2], 1e3 * runs[RUNS - 1]);
    let figure = format!("{median:.2} ms, median of {RUNS} (at most {most:.2} ms)");
    Ok(row("a run of two trivial batches (goal 2 ms)", figure, median <= 2.0))
}

fn dispatch_row() -> Result<Row> {
    let runs = dispatch(ROUNDS)?;
    let (least, median, most) = (runs[0], runs[ROUNDS / 2], runs[ROUNDS - 1]);
    let figure =
        format!("{median:.1} µs, median of {ROUNDS} runs of {PIECES} ({least:.1} to {most:.1} µs)");
    Ok(row("hand-out of a trivial batch (goal 10 µs)", figure, median <= 10.0))
}

fn relay_row() -> Result<Row> {
    let speeds = relay()?;
    let (least, median, most) = (speeds[0], speeds[speeds.len() / 2], speeds[speeds.len() - 1]);
    let figure =
        format!("{median:.2} GB/s, median of {RELAYS} batches ({least:.2} to {most:.2} GB/s)");
    Ok(row("a batch's 100 MB of reals to the fold (goal 1 GB/s)", figure, median >= 1.0))
}

fn row(what: &str, figure: String, reached: bool) -> Row {
    Row { cells: vec![what.into(), figure], reached }
}

/// The driver's own costs; the goals are in the rows.
pub fn section() -> Result<Section> {
    let mut rows = vec![fixed_row()?, dispatch_row()?, relay_row()?];
    rows.extend(peak::rows()?);
    let title = "The cost of the multiprocess driver, two workers";
    Ok(Section::new(title, &["what", "figure"], rows))
}
