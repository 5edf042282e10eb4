//! A run with a checkpoint, for tests that kill it or leave it no room:
//!
//! ```text
//! journaled CHECKPOINT [DRIVER [MILLISECONDS A BATCH [FILE TO SAVE]]]
//! ```
//!
//! It prints how many trajectories were run, and the digest of the data.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use fascicle::prelude::*;
use fascicle_tests::simulations::slow;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map(String::as_str);
    let driver = match argument(1) {
        Some("processes") => Driver::Processes(2),
        Some("threads") => Driver::Threads(2),
        _ => Driver::Serial,
    };
    let milliseconds = argument(2).map_or(Ok(0), str::parse)?;
    let sim = slow(Duration::from_millis(milliseconds));
    let options = match argument(0) {
        Some(path) => RunOptions::new().with_checkpoint(path),
        None => return Err("expected the path of a checkpoint".into()),
    };
    let data = driver.run(&sim, options)?;
    if let Some(path) = argument(3) {
        data.save(path)?;
    }
    let run = data.provenance().runs.last().ok_or("expected a run")?;
    println!("{} {}", run.trajectories - run.resumed, data.digest());
    Ok(())
}
