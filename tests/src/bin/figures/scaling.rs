//! Two workers on two cores against one process.

use std::error::Error;
use std::time::Instant;

use fascicle::prelude::*;
use fascicle_tests::speed::{Case, cases};

use crate::report::{Row, Section};
use crate::times::Times;

/// How many times as quick two workers are to be.
const GOAL: f64 = 1.9;

/// The least seconds of a serial run.
const SECONDS: f64 = 1.0;

const ROUNDS: usize = 5;

/// All take turns in each round. Runs are whole ones, start and end of workers included. Two serial runs
/// at once share nothing but the machine: they show what it allows.
pub fn sections() -> Result<Vec<Section>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for case in cases() {
        eprintln!("two workers: {}", case.name());
        rows.push(row(&case)?);
    }
    let title = "Two workers against the serial driver";
    let columns = [
        "model, algorithm",
        "trajectories",
        "serial, s",
        "two workers, s",
        "times as quick (least to most)",
        "two serial runs of half of it at once",
        "wanted",
    ];
    Ok(vec![Section::new(title, &columns, rows)])
}

fn row(case: &Case) -> Result<Row, Box<dyn Error>> {
    let trajectories = enough(case)?;
    let (mut serial, mut two, mut apart) = (Times::default(), Times::default(), Times::default());
    for _ in 0..ROUNDS {
        serial.0.push(seconds(case, Driver::Serial, trajectories)?);
        two.0.push(seconds(case, Driver::Processes(2), trajectories)?);
        apart.0.push(two_halves(case, trajectories)?);
    }
    let speed = serial.over(&two);
    let cells = vec![
        case.name(),
        trajectories.to_string(),
        serial.text(2),
        two.text(2),
        speed.text(2),
        serial.over(&apart).text(2),
        GOAL.to_string(),
    ];
    Ok(Row { cells, reached: speed.median() >= GOAL })
}

/// As many thousand trajectories as take a serial run long enough, with a tenth to spare.
fn enough(case: &Case) -> Result<u64, fascicle::Error> {
    const SOME: u64 = 1000;
    let some = seconds(case, Driver::Serial, SOME)?;
    Ok(SOME * (1.1 * SECONDS / some).ceil().max(1.0) as u64)
}

fn seconds(case: &Case, driver: Driver, trajectories: u64) -> Result<f64, fascicle::Error> {
    let started = Instant::now();
    case.run(driver, trajectories)?;
    Ok(started.elapsed().as_secs_f64())
}

/// Seconds of two serial runs of half the trajectories, at once.
fn two_halves(case: &Case, trajectories: u64) -> Result<f64, fascicle::Error> {
    let started = Instant::now();
    let half = || case.run(Driver::Serial, trajectories / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(half);
        half()?;
        other.join().expect("it returns errors")
    })?;
    Ok(started.elapsed().as_secs_f64())
}
