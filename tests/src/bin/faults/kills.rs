//! Workers that are killed, and batches that kill workers.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fascicle::core::{Cause, Event, WorkerLost};
use fascicle::prelude::*;
use fascicle_tests::simulations::{spin_boson, surface_hopping};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::work::{Dice, workers_of};
use super::{Found, Length};

/// Kills a worker now and then, until it is told to stop.
fn hunt(stop: &AtomicBool, dice: &mut Dice) {
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_micros(1000 + dice.below(6000) as u64));
        let workers = workers_of(std::process::id() as i32);
        if let Some(&worker) = workers.get(dice.below(workers.len())) {
            // It may have ended by itself.
            let _ = kill(Pid::from_raw(worker), Signal::SIGKILL);
        }
    }
}

/// SIGKILL of random workers at random times.
pub fn random(length: Length) -> Found {
    let mut sim = spin_boson(surface_hopping(false));
    sim.settings.num_trajs = 3000;
    sim.settings.batch_size = 16;
    let expected = serial_driver(&sim)?;
    let (mut kills, mut others, mut runs, mut wrong, mut dice) = (0, 0, 0, 0, Dice(1));
    while kills < length.of(50, 1000) {
        let stop = AtomicBool::new(false);
        let options = RunOptions::new().with_attempts(1_000_000);
        let data = std::thread::scope(|scope| {
            scope.spawn(|| hunt(&stop, &mut dice));
            let data = Driver::Processes(4).run_with(&sim, options, &mut |event| {
                match event {
                    Event::WorkerLost { piece: Some(_), .. } => kills += 1,
                    Event::WorkerLost { piece: None, .. } => others += 1,
                    _ => {}
                }
                ControlFlow::Continue(())
            });
            stop.store(true, Ordering::Relaxed);
            data
        })?;
        runs += 1;
        let whole = data.norm_factor() == 3000 && data.is_complete();
        wrong += u32::from(!whole || data != expected || data.digest() != expected.digest());
    }
    let text = format!(
        "{kills} kills in a batch and {others} outside, in {runs} runs of 3000 trajectories: {wrong} with other bits"
    );
    Ok((text, wrong == 0))
}

/// A batch that kills each worker that runs it.
pub fn poison(_: Length) -> Found {
    let folder = tempfile::tempdir()?;
    std::env::set_current_dir(folder.path())?;
    let mut sim = spin_boson(MeanField::default());
    sim.settings.num_trajs = 100;
    sim.settings.batch_size = 10;
    sim.algorithm.recipe.update.push(task("poison", |_, block| {
        if block.seeds().contains(&Seed(37)) {
            eprintln!("it was the cup of seed 37");
            nix::sys::signal::raise(Signal::SIGKILL).expect("it ends this process");
        }
        Ok(())
    }));
    let Err(error) = Driver::Processes(3).run(&sim, RunOptions::new()) else {
        return Ok(("the run did not fail".to_string(), false));
    };
    let told = error.to_string();
    let fascicle::Error::Failed { failures, finished, .. } = error else {
        return Ok((told, false));
    };
    let [failure] = failures.as_slice() else {
        return Ok((format!("{} batches failed", failures.len()), false));
    };
    let lost = matches!(
        failure.failure.cause,
        Cause::WorkerLost { lost: WorkerLost::Killed(9), attempts: 3, .. }
    );
    let named = ["seeds 30-39", "SIGKILL", "it was the cup of seed 37", "with_seeds(30..=39_u64)"];
    let named = named.iter().all(|part| told.contains(part));
    let kept = finished.seeds().len() == 90 && told.contains("fascicle-rescued-");
    let text = format!(
        "batch {} of 10 failed after 3 deaths by SIGKILL; seeds, last words and the line that runs it alone \
         are named; {} other trajectories are in a file",
        failure.piece,
        finished.seeds().len()
    );
    Ok(if lost && named && kept { (text, true) } else { (told, false) })
}
