//! Runs one after the other, which all ranks make alike.

use std::ops::ControlFlow;
use std::time::Duration;

use fascicle::core::Event;
use fascicle::prelude::*;
use fascicle_tests::simulations::{slow, spin_boson, surface_hopping, tully};

use super::{Outcome, rank};

/// Each line is to be the same whatever runs it.
pub fn run() -> Outcome {
    let folder = std::env::var("FASCICLE_SCRATCH")?;
    let mut sim = spin_boson(surface_hopping(false));
    sim.settings.tmax = 1.0;
    sim.settings.batch_size = 10;
    // From the first run on ranks are in step, wherever it takes place.
    let serial = RunOptions::new().with_checkpoint(format!("{folder}/before.journal"));
    println!("before {}", Driver::Serial.run(&sim, serial)?.digest());
    let first = parallel_driver_mpi(&sim, None)?;
    println!("first {} {:?}", first.digest(), first.is_complete());

    // Saved by one, loaded by all.
    let path = format!("{folder}/first.h5");
    first.save(&path)?;
    let loaded = Data::load(&path)?;
    sim.settings.num_trajs = 100;
    let more = parallel_driver_mpi(&sim, RunOptions::new().with_append(loaded))?;
    println!("appended {} {}", more.seeds().len(), more.digest());

    let kept = RunOptions::new().with_keep_trajectories([3, 77]);
    let kept = parallel_driver_mpi(&sim, kept)?;
    let energies = kept.trajectory(77).ok_or("it is kept")?.real("quantum_energy")?;
    println!("kept {} {:?}", kept.trajectories().len(), energies[3].to_bits());

    let enough = RunOptions::new().until_standard_error("dm_db", 0.02, 5000);
    let enough = parallel_driver_mpi(&sim, enough)?;
    println!(
        "enough {} {} rounds {}",
        enough.seeds().len(),
        enough.convergence().len(),
        enough.digest()
    );

    // With a checkpoint, in two parts, of which the first ends early.
    let journaled = RunOptions::new().with_checkpoint(format!("{folder}/run.journal"));
    let mut batches = 0;
    let part = Driver::Mpi.run_with(&sim, &journaled, &mut |event| {
        batches += u64::from(matches!(event, Event::Done { .. }));
        if batches < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    println!("part {}", part.is_complete());
    let rest = parallel_driver_mpi(&sim, &journaled)?;
    let resumed = rest.provenance().runs.last().ok_or("a run")?.resumed;
    println!("rest {} {}", rest.digest(), (30..=100).contains(&resumed));

    beside_a_run(&sim, &folder)?;

    // What is dropped.
    let mut nan = tully(MeanField::default());
    nan.settings.tmax = 80.0;
    nan.recipe_that_spoils(13);
    let dropped = parallel_driver_mpi(&nan, RunOptions::new().with_on_failure(OnFailure::Drop))?;
    println!("dropped {:?} {}", dropped.failures().len(), dropped.digest());

    // Fewer tasks than ranks, and the other drivers on each rank by itself.
    let one = parallel_driver_mpi(&sim, 1)?;
    println!("one task {}", one.digest());
    let serial = Driver::Serial
        .run(&sim, RunOptions::new().with_checkpoint(format!("{folder}/serial.journal")))?;
    println!("serial {}", serial.digest());
    println!("serial again {}", again_with_its_checkpoint(&sim, &folder)?);
    println!("saved elsewhere {}", saved_elsewhere(&serial, &folder)?);
    println!("threads {}", parallel_driver_threads(&sim, 2)?.digest());

    // A chart, and what a run inside of a piece does.
    data_inside(&sim, &folder)?;
    rest.plot_populations()?.save(format!("{folder}/populations-of-{}.svg", rank()))?;
    println!("log {}", rest.log().iter().any(|line| line.text.starts_with("rank 0 on ")));
    Ok(())
}

/// What listeners and other threads do while a run goes on.
fn beside_a_run(
    sim: &Simulation<SpinBoson, FewestSwitchesSurfaceHopping>,
    folder: &str,
) -> Outcome {
    // What listeners do is their own rank's.
    Driver::Mpi.run_with(sim, RunOptions::new(), &mut |event| {
        if let Event::Done { partial, .. } = event {
            let data = partial().expect("an ensemble has data");
            data.save(format!("{folder}/partial.h5")).expect("there is room");
        }
        ControlFlow::Continue(())
    })?;
    let listened = Data::load(format!("{folder}/partial.h5"))?;
    println!("listened {}", listened.digest());

    // One run at a time.
    let mut refused = 0;
    let together = Driver::Mpi.run_with(sim, RunOptions::new(), &mut |event| {
        if let Event::Started { .. } = event {
            let other = std::thread::scope(|scope| {
                scope.spawn(|| parallel_driver_mpi(sim, None).map(|data| data.digest())).join()
            });
            let text = format!("{other:?}");
            refused += usize::from(text.contains("another thread of this rank is in one"));
        }
        ControlFlow::Continue(())
    })?;
    let in_step = fascicle::core::Launch::here().is_some();
    println!("together {} {}", together.digest(), (refused == 1) == in_step);
    Ok(())
}

/// How much of a serial run comes from its checkpoint, which is one file: the same on all ranks.
fn again_with_its_checkpoint(
    sim: &Simulation<SpinBoson, FewestSwitchesSurfaceHopping>,
    folder: &str,
) -> Result<u64, Box<dyn std::error::Error>> {
    let options = RunOptions::new().with_checkpoint(format!("{folder}/serial.journal"));
    let again = Driver::Serial.run(sim, options)?;
    let run = again.provenance().runs.last().ok_or("a run")?;
    if (run.resumed, run.driver.as_str()) != (100, "serial") {
        return Err(format!("rank {} has {run:?}", rank()).into());
    }
    Ok(run.resumed)
}

/// A file that cannot be written is an error on all ranks, which go on alike.
fn saved_elsewhere(data: &Data, folder: &str) -> Result<String, Box<dyn std::error::Error>> {
    if data.save(format!("{folder}/no/such/folder.h5")).is_ok() {
        return Err(format!("rank {} thinks that it is saved", rank()).into());
    }
    let path = format!("{folder}/elsewhere.h5");
    data.save(&path)?;
    Ok(Data::load(path)?.digest())
}

/// A run on processes inside of a piece stays on the rank that runs the piece.
fn data_inside(sim: &Simulation<SpinBoson, FewestSwitchesSurfaceHopping>, folder: &str) -> Outcome {
    let mut inner = spin_boson(MeanField::default());
    inner.settings.tmax = 0.4;
    inner.settings.num_trajs = 10;
    let expected = serial_driver(&inner)?.digest();
    let many = if fascicle::core::Launch::here().is_some() { 2 } else { 1 };
    let mut outer = sim.clone();
    outer.algorithm.recipe.initialization.push(task("inside", move |_, _| {
        for inside in
            [parallel_driver_multiprocessing(&inner, 2), parallel_driver_mpi(&inner, many)]
        {
            if inside.map_err(Failure::other)?.digest() != expected {
                return Err(Failure::other("other bits inside"));
            }
        }
        Ok(())
    }));
    println!("inside {}", parallel_driver_mpi(&outer, None)?.digest());
    let checkpoint = RunOptions::new().with_checkpoint(format!("{folder}/inside.journal"));
    println!("inside of a serial run {}", Driver::Serial.run(&outer, checkpoint)?.digest());
    Ok(())
}

/// Something that goes wrong for one seed.
trait Spoil {
    fn recipe_that_spoils(&mut self, seed: u64);
}

impl Spoil for Simulation<TullyProblemOne, MeanField> {
    fn recipe_that_spoils(&mut self, seed: u64) {
        let spoil = task("spoil", move |_, block| {
            for (lane, _) in block.seeds().to_vec().iter().enumerate().filter(|(_, s)| s.0 == seed)
            {
                block.z.re[0].0[lane] = f64::NAN;
            }
            Ok(())
        });
        self.algorithm.recipe.initialization.push(spoil);
    }
}

/// A run in a world of one: it starts no thread, as MPI would.
pub fn alone() -> Outcome {
    let data = parallel_driver_mpi(spin_boson(MeanField::default()), 1)?;
    let threads = std::fs::read_dir("/proc/self/task")?.count();
    let started = std::fs::read_to_string("/proc/self/maps")?.contains("mca_pmix");
    let text = if started { "MPI started" } else { "MPI not started" };
    println!("{threads} thread, {text}");
    println!("{}", data.digest());
    Ok(())
}

/// A member of an array of runs.
pub fn member(name: &str, number: &str) -> Outcome {
    let sim = slow(Duration::ZERO);
    let options = RunOptions::new().with_checkpoint(format!("{name}-{number}.journal"));
    let data = parallel_driver_multiprocessing(&sim, options)?;
    data.save(format!("{name}-{number}.h5"))?;
    println!("{number} {}", data.digest());
    Ok(())
}
