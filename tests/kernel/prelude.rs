// What the cells of all hazards begin with.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use fascicle::core::Event;
use fascicle::prelude::*;

type Spin = Simulation<SpinBoson, MeanField>;

/// 200 trajectories in seven batches of two blocks: a few milliseconds.
fn quick() -> Spin {
    let mut sim = Simulation::new(SpinBoson { A: 10, ..Default::default() }, MeanField::default());
    sim.settings.num_trajs = 200;
    sim.settings.tmax = 1.0;
    sim.settings.dt_update = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    sim
}

/// The same numbers, and something that happens in the workers when a block of trajectories begins.
fn quick_and(happens: impl Fn(&[Seed]) + Send + Sync + 'static) -> Spin {
    let mut sim = quick();
    sim.algorithm.recipe.initialization.push(task("hazard", move |_, block| {
        happens(block.seeds());
        Ok(())
    }));
    sim
}

/// Minutes of work.
fn long() -> Spin {
    let mut sim = quick();
    sim.settings.num_trajs = 400_000;
    sim.settings.tmax = 100.0;
    sim
}

/// Runs on two workers, and tells when the first batch is done.
fn run_and_tell(sim: &Spin, mut tell: impl FnMut()) -> Data {
    let mut told = false;
    let data = Driver::Processes(2).run_with(sim, RunOptions::new(), &mut |event| {
        if matches!(event, Event::Done { .. }) && !told {
            told = true;
            tell();
        }
        ControlFlow::Continue(())
    });
    data.expect("no batch fails")
}

/// Says whether these data are the serial driver's, bit for bit.
fn compare(data: &Data) {
    let serial = serial_driver(&quick()).expect("it runs");
    println!("{}", if data.digest() == serial.digest() { "equal bits" } else { "other bits" });
}

/// A run like any other.
fn run_and_compare() {
    compare(&parallel_driver_multiprocessing(&quick(), 2).expect("it runs"));
}

/// Runs a model of two states over four processes, and says whether that is the serial driver's answer, and
/// whether the upper state's energy is as it is said to be: the mode, which begins at zero, adds nothing then.
fn run_model(model: impl Model, energy: f64) {
    let mut sim = Simulation::new(model, MeanField::default());
    sim.settings.num_trajs = 200;
    sim.settings.tmax = 1.0;
    sim.settings.dt_update = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    let data = parallel_driver_multiprocessing(&sim, 4).expect("it runs");
    let serial = serial_driver(&sim).expect("it runs");
    println!("{}", if data.digest() == serial.digest() { "equal bits" } else { "other bits" });
    let found = data.real("quantum_energy").expect("it is collected");
    println!("{}", if found[0] == energy && found[5] != energy { "right" } else { "wrong" });
}
