//! Small simulations, quick to run and with plenty of hops.

use std::time::Duration;

use fascicle::dynamics::Algorithm;
use fascicle::prelude::*;

use crate::variant::Variant;

/// Spin and bosons with strong coupling.
pub fn spin_boson<A: Algorithm>(algorithm: A) -> Simulation<SpinBoson, A> {
    let model = SpinBoson { A: 9, l_reorg: 0.3, V: 0.2, E: 0.1, kBT: 0.3, ..Default::default() };
    let mut sim = Simulation::new(model, algorithm);
    sim.settings.num_trajs = 200;
    sim.settings.tmax = 4.0;
    sim.settings.dt_update = 0.02;
    sim.settings.dt_collect = 0.2;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(0.6, 0.0), c64(0.0, 0.8)];
    sim
}

/// 200 trajectories of surface hopping in 20 batches, each of which takes at least so long.
pub fn slow(batch: Duration) -> Simulation<SpinBoson, FewestSwitchesSurfaceHopping> {
    let mut algorithm = surface_hopping(false);
    // It changes nothing, so that the data are those of any other duration.
    algorithm.recipe.initialization.push(task("sleep", move |_, _| {
        std::thread::sleep(batch);
        Ok(())
    }));
    let mut sim = spin_boson(algorithm);
    sim.settings.batch_size = 10;
    sim.settings.tmax = 1.0;
    sim
}

/// A particle that crosses Tully's first crossing.
pub fn tully<A: Algorithm>(algorithm: A) -> Simulation<TullyProblemOne, A> {
    let model = TullyProblemOne { init_position: -3.0, ..Default::default() };
    let mut sim = Simulation::new(model, algorithm);
    sim.settings.num_trajs = 200;
    sim.settings.tmax = 1600.0;
    sim.settings.dt_update = 4.0;
    sim.settings.dt_collect = 80.0;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    sim
}

/// Surface hopping, deterministic or not.
pub fn surface_hopping(deterministic: bool) -> FewestSwitchesSurfaceHopping {
    let mut algorithm = FewestSwitchesSurfaceHopping::default();
    algorithm.settings.fssh_deterministic = deterministic;
    algorithm
}

/// Multi-state MASH that collects energies too.
pub fn mash() -> MultiStateMappingApproachToSurfaceHopping {
    let mut algorithm = MultiStateMappingApproachToSurfaceHopping::default();
    let collect = &mut algorithm.recipe.collect;
    collect.push(tasks::UpdateQuantumEnergyActSurf);
    collect.push(tasks::UpdateClassicalEnergy);
    collect.push(tasks::CollectQuantumEnergy);
    collect.push(tasks::CollectClassicalEnergy);
    algorithm
}

/// Any model, without some of its functions, where its states couple; short.
///
/// # Panics
/// When there is no such model.
pub fn of_model<A: Algorithm>(
    name: &str,
    without: &[String],
    algorithm: A,
) -> Simulation<Variant, A> {
    let mut sim = Simulation::new(Variant::new(name, without), algorithm);
    let (dt, steps, constants): (f64, f64, &[(&str, f64)]) = match name {
        "SpinBoson" => (0.02, 100.0, &[("A", 8.0), ("l_reorg", 0.2)]),
        "FMOComplex" => (0.01, 100.0, &[("N", 3.0)]),
        name if name.starts_with("Holstein") => (0.01, 100.0, &[("N", 4.0)]),
        name if name.starts_with("Tully") => {
            (2.0, 150.0, &[("init_position", -2.0), ("init_momentum", 20.0)])
        }
        _ => (0.002, 100.0, &[("init_position_x", -1.5)]),
    };
    for (constant, value) in constants {
        sim.model.set_constant(constant, *value).expect("the model has the constant");
    }
    sim.settings.num_trajs = 50;
    sim.settings.dt_update = dt;
    sim.settings.dt_collect = 10.0 * dt;
    sim.settings.tmax = steps * dt;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(0.0, 0.0); sim.model.num_quantum_states()];
    sim.initial_state.wf_db[0] = c64(0.6, 0.0);
    sim.initial_state.wf_db[1] = c64(0.0, 0.8);
    sim
}
