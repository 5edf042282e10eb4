//! How long runs take.

use std::time::Instant;

use fascicle::core::{
    Context, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, Work, ignore_events,
};
use fascicle::prelude::*;
use fascicle_tests::simulations::{spin_boson, surface_hopping};

use super::Outcome;

/// Trajectories of surface hopping, as many as take some seconds.
pub fn scale(driver: Driver, trajectories: u64) -> Outcome {
    let mut sim = spin_boson(surface_hopping(false));
    sim.settings.num_trajs = 64;
    // What is started once is not counted.
    driver.run(&sim, RunOptions::new())?;
    sim.settings.num_trajs = trajectories;
    sim.settings.batch_size = 480;
    let started = Instant::now();
    let data = driver.run(&sim, RunOptions::new())?;
    println!("{} {}", started.elapsed().as_secs_f64(), data.digest());
    Ok(())
}

/// Seconds per batch of one trajectory of one step.
pub fn steps(batches: u64) -> Outcome {
    let mut sim = Simulation::new(SpinBoson { A: 2, ..Default::default() }, MeanField::default());
    sim.settings.batch_size = 1;
    sim.settings.tmax = 0.01;
    sim.settings.dt_update = 0.01;
    sim.settings.dt_collect = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    sim.settings.num_trajs = 64;
    parallel_driver_mpi(&sim, None)?;
    sim.settings.num_trajs = batches;
    let started = Instant::now();
    parallel_driver_mpi(&sim, None)?;
    println!("{}", started.elapsed().as_secs_f64() / batches as f64);
    Ok(())
}

/// Pieces that do nothing.
struct Nothing(u64);

impl Work for Nothing {
    fn pieces(&self) -> u64 {
        self.0
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("nothing");
    }
    fn run(&self, piece: u64, _: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        out.put_i64s("piece", vec![piece as i64]);
        Ok(())
    }
}

/// The sum of what pieces give.
#[derive(Default)]
pub struct Total(i64);

impl Fold for Total {
    fn add(&mut self, _: u64, frame: &Frame) -> Result<(), FoldError> {
        self.0 += frame.i64s("piece")?[0];
        Ok(())
    }
    fn state(&self) -> Option<Frame> {
        let mut frame = Frame::default();
        frame.put_i64s("total", vec![self.0]);
        Some(frame)
    }
    fn restore(&mut self, state: &Frame) -> Result<(), FoldError> {
        self.0 = state.i64s("total")?[0];
        Ok(())
    }
}

/// Seconds per batch that does nothing.
pub fn batches(batches: u64) -> Outcome {
    let driver = Driver::Mpi.execute()?;
    let options = ExecuteOptions::new();
    let run = |batches: u64| -> Result<f64, Box<dyn std::error::Error>> {
        let (work, mut total) = (Nothing(batches), Total::default());
        let started = Instant::now();
        driver.run(&work, &mut total, &options, &mut ignore_events)?;
        let expected = (batches * batches.saturating_sub(1) / 2) as i64;
        if total.0 != expected {
            return Err(format!("expected {expected}, found {}", total.0).into());
        }
        Ok(started.elapsed().as_secs_f64())
    };
    run(100)?;
    let seconds = run(batches)?;
    println!("{}", seconds / batches as f64);
    Ok(())
}
