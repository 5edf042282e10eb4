//! Small simulations, quick to run and with plenty of hops.

use fascicle::dynamics::Algorithm;
use fascicle::prelude::*;

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
