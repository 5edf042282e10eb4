//! Runs in which one rank does something that it should not.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fascicle::core::{Context, ExecuteOptions, Failure, Fingerprint, Frame, Work, ignore_events};
use fascicle::prelude::*;
use fascicle_tests::simulations::{spin_boson, surface_hopping};
use mpi::collective::SystemOperation;
use mpi::traits::{Communicator, CommunicatorCollectives};
use nix::sys::signal::{Signal, raise};

use super::{Outcome, rank};

type Sim = Simulation<SpinBoson, FewestSwitchesSurfaceHopping>;

/// 40 batches of 10 trajectories, so many milliseconds each; on one rank something happens, in a batch or
/// beside it.
pub fn run(kind: &str, on: usize, rest: &[&str]) -> Outcome {
    let here = rank() == on;
    let milliseconds: u64 = rest.first().map_or(Ok(20), |text| text.parse())?;
    let mut sim = simulation(kind, here, Duration::from_millis(milliseconds));
    match kind {
        "main panics" if here => {
            say_now(kind);
            panic!("this rank does not even begin");
        }
        "main fails" if here => {
            say_now(kind);
            return Err("an error of this rank's own".into());
        }
        "another call" => {
            let first = Driver::Mpi.run(&sim, RunOptions::new())?;
            if here {
                say_now(kind);
                first.save(std::env::temp_dir().join("another_call.h5"))?;
            }
        }
        "late start" if here => late_twice(&sim)?,
        "late start" => drop(Driver::Mpi.run(&sim, RunOptions::new())?),
        "own failure" => own_failure(&sim, here),
        "late follower" => late(&sim, here),
        "closure" => return closure(if here { 0.2 } else { 0.3 }),
        "version" => return version(if here { "fascicle 0.0.1" } else { "fascicle 0.0.2" }),
        "second user" => return second_user(&sim),
        _ => {}
    }
    if here {
        differ(kind, &mut sim)?;
    }
    let data = Driver::Mpi.run(&sim, options(kind, here))?;
    show(&data)?;
    afterwards(kind, here, &sim)
}

fn simulation(kind: &str, here: bool, batch: Duration) -> Sim {
    let mut algorithm = surface_hopping(false);
    let misdeed = kind.to_string();
    algorithm.recipe.initialization.push(task("misdeed", move |_, block| {
        if here && misdeed == "panic at once" {
            misbehave("panic");
        }
        std::thread::sleep(batch);
        if here && block.seeds().iter().any(|seed| seed.0 >= 100) {
            misbehave(&misdeed);
        }
        Ok(())
    }));
    let mut sim = spin_boson(algorithm);
    sim.settings.num_trajs = 400;
    sim.settings.batch_size = 10;
    sim.settings.tmax = 1.0;
    sim
}

/// Runs that fail on the leader before they begin, while another rank is late.
fn late(sim: &Sim, here: bool) {
    if here {
        std::thread::sleep(Duration::from_millis(300));
    }
    for path in ["/there/is/no/such/folder/a", "/there/is/no/such/folder/b"] {
        let result = Driver::Mpi.run(sim, RunOptions::new().with_checkpoint(path));
        assert!(result.is_err(), "there is such a folder");
    }
}

/// A rank that has much to do before each of two runs.
fn late_twice(sim: &Sim) -> Outcome {
    std::thread::sleep(Duration::from_secs(17));
    Driver::Mpi.run(sim, RunOptions::new())?;
    std::thread::sleep(Duration::from_secs(17));
    Ok(())
}

/// A run of one rank by itself, which fails.
fn own_failure(sim: &Sim, here: bool) {
    let mut sim = sim.clone();
    sim.algorithm.recipe.initialization.push(task("fails", move |_, block| {
        let unlucky = here && block.seeds().iter().any(|seed| seed.0 == 30);
        if unlucky { Err(Failure::other("it fails on this rank")) } else { Ok(()) }
    }));
    sim.settings.num_trajs = 40;
    if here {
        say_now("own failure");
    }
    assert_eq!(serial_driver(&sim).is_err(), here);
}

/// What one rank has otherwise.
fn differ(kind: &str, sim: &mut Sim) -> Outcome {
    match kind {
        "constant" => sim.model.set_constant("kBT", 0.4)?,
        "time step" => sim.settings.dt_update = 0.01,
        "arithmetic" => sim.settings.arithmetic = Arithmetic::Fused,
        _ => {}
    }
    Ok(())
}

fn options(kind: &str, here: bool) -> RunOptions {
    let options = RunOptions::new();
    match kind {
        "seeds" if here => options.with_seeds(1..401_u64),
        "kept" if here => options.with_keep_all_trajectories(),
        "dropped" if here => options.with_on_failure(OnFailure::Drop),
        "too many" => options.with_tasks(9),
        _ => options,
    }
}

fn show(data: &Data) -> Outcome {
    let run = data.provenance().runs.last().ok_or("expected a run")?;
    println!("{} {}", run.trajectories - run.resumed, data.digest());
    for line in data.log() {
        println!("log: {line}");
    }
    Ok(())
}

/// What happens when the run is over.
fn afterwards(kind: &str, here: bool, sim: &Sim) -> Outcome {
    match kind {
        "one more" if here => {
            say_now(kind);
            Driver::Mpi.run(sim, RunOptions::new())?;
        }
        "one less" if !here => {
            say_now(kind);
            Driver::Mpi.run(sim, RunOptions::new())?;
        }
        "late error" if here => {
            say_now(kind);
            return Err("an error after the run".into());
        }
        "late error" => std::thread::sleep(Duration::from_secs(20)),
        "late leader" if here => {
            say_now(kind);
            std::thread::sleep(Duration::from_secs(22));
        }
        _ => {}
    }
    Ok(())
}

/// A model of closures, of which nothing is known but what they compute.
fn closure(coupling: f64) -> Outcome {
    let model = ClosureModel::new("two states", 2, 1)
        .with_h_q(move |h| h[(1, 0)] = c64(coupling, 0.0))
        .with_h_qc(|z, h| h[(0, 0)] = c64(0.6 * z[0].re, 0.0))
        .with_init_classical(|draws, z| z[0] = c64(draws.normal(), draws.normal()));
    let mut sim = Simulation::new(model, MeanField::default());
    sim.settings.num_trajs = 50;
    sim.settings.dt_update = 0.01;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    println!("{}", parallel_driver_mpi(&sim, None)?.digest());
    Ok(())
}

/// Work that says which version it is of, as ensembles do.
struct Versioned(&'static str);

impl Work for Versioned {
    fn pieces(&self) -> u64 {
        3
    }
    fn fingerprint(&self, _: &mut Fingerprint) {}
    fn facts(&self) -> Vec<(String, String)> {
        vec![("version".to_string(), self.0.to_string())]
    }
    fn run(&self, _: u64, _: &mut Context<'_>, _: &mut Frame) -> Result<(), Failure> {
        Ok(())
    }
}

fn version(version: &'static str) -> Outcome {
    let (driver, mut fold) = (Driver::Mpi.execute()?, super::costs::Total::default());
    let run =
        driver.run(&Versioned(version), &mut fold, &ExecuteOptions::new(), &mut ignore_events);
    run.map_err(fascicle::Error::from)?;
    Ok(())
}

/// A program that uses MPI itself between two runs.
fn second_user(sim: &Sim) -> Outcome {
    let first = Driver::Mpi.run(sim, RunOptions::new())?;
    let world = mpi::topology::SimpleCommunicator::world();
    let mut sum = 0;
    world.all_reduce_into(&(world.rank() + 1), &mut sum, SystemOperation::sum());
    let second = Driver::Mpi.run(sim, RunOptions::new())?;
    println!("sum {sum}, {}", if first == second { "same bits" } else { "OTHER BITS" });
    Ok(())
}

/// What happens in a batch.
fn misbehave(kind: &str) {
    match kind {
        "panic" => {
            say_now("panic");
            panic!("this batch does not like its seeds");
        }
        "exit" => {
            say_now("exit");
            std::process::exit(3);
        }
        "exit well" => {
            say_now("exit well");
            std::process::exit(0);
        }
        "stop" => {
            say_now("stop");
            let _ = raise(Signal::SIGSTOP);
        }
        "abort" => {
            say_now("abort");
            std::process::abort();
        }
        "print" => println!("a piece of this rank prints"),
        _ => {}
    }
}

/// When it happens, for the program that measures how long it takes until all is over.
fn say_now(what: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
    let _ = writeln!(std::io::stderr(), "NOW {now:.3} {what}");
}
