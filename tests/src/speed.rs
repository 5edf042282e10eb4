//! The cases whose speed is compared with QC Lab's, and how each side is timed.

use std::time::Instant;

use fascicle::dynamics::{Algorithm, Model};
use fascicle::prelude::*;
use serde_json::json;

use crate::peers::Server;
use crate::simulations::surface_hopping;
use crate::variant::Variant;

/// The batch sizes at which QC Lab is measured.
pub const BATCH_SIZES: [u64; 3] = [25, 200, 1000];

/// One row of the goals.
#[derive(Clone, Debug)]
pub struct Case {
    /// The model, by QC Lab's name.
    pub model: &'static str,
    /// The algorithm, by QC Lab's name.
    pub algorithm: &'static str,
    /// The wanted ratio to QC Lab at its best batch size.
    pub goal: f64,
    /// Constants other than the default.
    pub constants: Vec<(&'static str, f64)>,
    /// `dt_update`.
    pub dt: f64,
    /// Time steps, with a collection after each ten.
    pub steps: u64,
}

const MEAN_FIELD: &str = "MeanField";
const FSSH: &str = "FewestSwitchesSurfaceHopping";
const MASH: &str = "MultiStateMappingApproachToSurfaceHopping";

/// All cases, in the order of the table.
pub fn cases() -> Vec<Case> {
    let boson = |algorithm, goal| Case::new("SpinBoson", algorithm, goal, 0.01, 1000);
    let fmo = |algorithm, goal| Case::new("FMOComplex", algorithm, goal, 0.01, 200);
    let lattice = |model, algorithm, goal, steps| Case::new(model, algorithm, goal, 0.01, steps);
    let (real, reciprocal) = ("HolsteinLattice", "HolsteinLatticeReciprocalSpace");
    let mut cases = vec![
        boson(MEAN_FIELD, 60.0),
        boson(FSSH, 80.0),
        fmo(MEAN_FIELD, 60.0),
        fmo(FSSH, 60.0),
        lattice(real, MEAN_FIELD, 30.0, 1000),
        lattice(real, FSSH, 20.0, 200),
        lattice(reciprocal, MEAN_FIELD, 25.0, 1000),
        lattice(reciprocal, FSSH, 12.0, 200),
    ];
    for (algorithm, goal) in [(MEAN_FIELD, 25.0), (FSSH, 40.0)] {
        for model in ["TullyProblemOne", "TullyProblemTwo", "TullyProblemThree"] {
            // As far as the coupling, which the default start at -25 does not reach in this time.
            let constants = vec![("init_position", -5.0)];
            cases.push(Case { constants, ..Case::new(model, algorithm, goal, 2.0, 1000) });
        }
    }
    for model in ["ComplexAvoidedCrossingA", "ComplexAvoidedCrossingB", "ComplexAvoidedCrossingC"] {
        let constants = vec![("init_position_x", -1.5)];
        cases.push(Case { constants, ..Case::new(model, FSSH, 15.0, 0.002, 1000) });
    }
    cases.push(boson(MASH, 20.0));
    cases
}

impl Case {
    fn new(model: &'static str, algorithm: &'static str, goal: f64, dt: f64, steps: u64) -> Self {
        Self { model, algorithm, goal, constants: Vec::new(), dt, steps }
    }

    /// What the table calls it.
    pub fn name(&self) -> String {
        format!("{}, {}", self.model, self.algorithm)
    }

    /// QC Lab's microseconds per trajectory and update, at a batch size.
    ///
    /// # Errors
    /// When QC Lab does not answer.
    pub fn time_qclab(&self, qclab: &mut Server, batch_size: u64) -> Result<f64, String> {
        let constants: serde_json::Map<_, _> =
            self.constants.iter().map(|&(name, value)| (name.to_string(), value.into())).collect();
        let request = json!({
            "model": self.model, "algorithm": self.algorithm, "constants": constants, "dt": self.dt,
            "steps": self.steps, "batch_size": batch_size, "states": self.states(),
        });
        let seconds: f64 = qclab.ask(&request)?;
        Ok(1e6 * seconds / (batch_size * (self.steps + 1)) as f64)
    }

    fn states(&self) -> usize {
        Variant::new(self.model, &[]).num_quantum_states()
    }

    /// What a driver gives.
    ///
    /// # Errors
    /// Those of the run.
    pub fn run(&self, driver: Driver, trajectories: u64) -> Result<Data, fascicle::Error> {
        match self.algorithm {
            MEAN_FIELD => self.run_with(MeanField::default(), driver, trajectories),
            FSSH => self.run_with(surface_hopping(false), driver, trajectories),
            _ => self.run_with(
                MultiStateMappingApproachToSurfaceHopping::default(),
                driver,
                trajectories,
            ),
        }
    }

    fn run_with<A: Algorithm>(
        &self,
        algorithm: A,
        driver: Driver,
        trajectories: u64,
    ) -> Result<Data, fascicle::Error> {
        let mut sim = Simulation::new(Variant::new(self.model, &[]), algorithm);
        for &(name, value) in &self.constants {
            sim.model.set_constant(name, value).expect("the model has the constant");
        }
        sim.settings.num_trajs = trajectories;
        sim.settings.tmax = self.steps as f64 * self.dt;
        sim.settings.dt_update = self.dt;
        sim.settings.dt_collect = 10.0 * self.dt;
        sim.settings.progress_bar = false;
        sim.initial_state.wf_db = vec![c64(0.0, 0.0); self.states()];
        sim.initial_state.wf_db[0] = c64(1.0, 0.0);
        driver.run(&sim, RunOptions::new())
    }

    /// Our microseconds per trajectory and update, of a whole run on one core.
    ///
    /// # Errors
    /// Those of the run.
    pub fn time(&self, driver: Driver, trajectories: u64) -> Result<f64, fascicle::Error> {
        let started = Instant::now();
        let data = self.run(driver, trajectories)?;
        let seconds = started.elapsed().as_secs_f64();
        assert_eq!(data.norm_factor(), trajectories);
        Ok(1e6 * seconds / (trajectories * self.steps) as f64)
    }
}
