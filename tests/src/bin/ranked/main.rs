//! A program for `mpirun` and `srun`, for tests: what it does is its first argument.
//!
//! ```text
//! ranked all DRIVER                 every model with every algorithm; a name and a digest a line
//! ranked fault KIND RANK [MILLISECONDS A BATCH]
//!                                   a run in which a rank does something that it should not
//! ranked calls                      runs one after the other: appended, kept, stopped at an error, nested
//! ranked alone                      a run without a launcher, and what it has started
//! ranked member NAME NUMBER         a run with files of its own
//! ranked scale DRIVER TRAJECTORIES  how long a run takes
//! ranked costs BATCHES              what it costs to hand out a batch that does nothing
//! ranked steps BATCHES              what a batch of one trajectory of one step costs
//! ```

mod calls;
mod costs;
mod faults;

use std::error::Error;

use fascicle::dynamics::Algorithm;
use fascicle::prelude::*;
use fascicle_tests::simulations::{mash, of_model, surface_hopping};
use fascicle_tests::variant::MODELS;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["all", driver] => all(driver_named(driver)?),
        ["fault", kind, rank, rest @ ..] => faults::run(kind, rank.parse()?, rest),
        ["calls"] => calls::run(),
        ["alone"] => calls::alone(),
        ["member", name, number] => calls::member(name, number),
        ["scale", driver, trajectories] => {
            costs::scale(driver_named(driver)?, trajectories.parse()?)
        }
        ["steps", batches] => costs::steps(batches.parse()?),
        ["costs", batches] => costs::batches(batches.parse()?),
        _ => Err("expected one of: all, fault, calls, alone, member, scale, steps, costs".into()),
    }
}

fn driver_named(name: &str) -> Result<Driver, String> {
    Ok(match name {
        "serial" => Driver::Serial,
        "threads" => Driver::Threads(2),
        "processes" => Driver::Processes(3),
        "mpi" => Driver::Mpi,
        _ => return Err(format!("expected serial, threads, processes or mpi, found {name}")),
    })
}

/// This process's rank, by what its launcher says.
fn rank() -> usize {
    let told = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"];
    told.iter().find_map(|name| std::env::var(name).ok()?.parse().ok()).unwrap_or(0)
}

/// Every model with every algorithm.
fn all(driver: Driver) -> Outcome {
    for name in MODELS {
        one(driver, &format!("{name}, mean field"), of_model(name, &[], MeanField::default()))?;
        one(driver, &format!("{name}, FSSH"), of_model(name, &[], surface_hopping(false)))?;
        let mut sim = of_model(name, &[], surface_hopping(true));
        // Whole groups of branches.
        sim.settings.num_trajs = 6 * sim.model.num_quantum_states() as u64;
        one(driver, &format!("{name}, deterministic FSSH"), sim)?;
        one(driver, &format!("{name}, MASH"), of_model(name, &[], mash()))?;
    }
    Ok(())
}

fn one<M: Model, A: Algorithm>(driver: Driver, name: &str, mut sim: Simulation<M, A>) -> Outcome {
    sim.settings.batch_size = 7;
    let data = driver.run(&sim, RunOptions::new())?;
    println!("{name}: {}", data.digest());
    Ok(())
}
