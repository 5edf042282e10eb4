//! The cases whose speed is compared with QC Lab's, and how each side is timed.

use std::time::Instant;

use fascicle::core::Ensemble;
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
    /// Our arithmetic.
    pub arithmetic: Arithmetic,
}

/// Mean-field dynamics, by QC Lab's name.
pub const MEAN_FIELD: &str = "MeanField";

/// Fewest-switches surface hopping, by QC Lab's name.
pub const FSSH: &str = "FewestSwitchesSurfaceHopping";

/// The multi-state mapping approach to surface hopping, by QC Lab's name.
pub const MASH: &str = "MultiStateMappingApproachToSurfaceHopping";

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
    /// A case with the default constants and no goal of its own against QC Lab but this.
    pub fn new(
        model: &'static str,
        algorithm: &'static str,
        goal: f64,
        dt: f64,
        steps: u64,
    ) -> Self {
        let (constants, arithmetic) = (Vec::new(), Arithmetic::Strict);
        Self { model, algorithm, goal, constants, dt, steps, arithmetic }
    }

    /// The same in fused arithmetic.
    #[must_use]
    pub fn fused(&self) -> Self {
        Self { arithmetic: Arithmetic::Fused, ..self.clone() }
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
        self.variant().num_quantum_states()
    }

    /// The model with the case's constants.
    fn variant(&self) -> Variant {
        let mut model = Variant::new(self.model, &[]);
        for &(name, value) in &self.constants {
            model.set_constant(name, value).expect("the model has the constant");
        }
        model
    }

    /// The simulation with this algorithm.
    ///
    /// # Panics
    /// When the model has not the constants.
    pub fn simulation<A: Algorithm>(
        &self,
        algorithm: A,
        trajectories: u64,
    ) -> Simulation<Variant, A> {
        let mut sim = Simulation::new(self.variant(), algorithm);
        sim.settings.num_trajs = trajectories;
        sim.settings.tmax = self.steps as f64 * self.dt;
        sim.settings.dt_update = self.dt;
        sim.settings.dt_collect = 10.0 * self.dt;
        sim.settings.arithmetic = self.arithmetic;
        sim.settings.progress_bar = false;
        sim.initial_state.wf_db = vec![c64(0.0, 0.0); self.states()];
        sim.initial_state.wf_db[0] = c64(1.0, 0.0);
        sim
    }

    /// What a driver gives.
    ///
    /// # Errors
    /// Those of the run.
    pub fn run(&self, driver: Driver, trajectories: u64) -> Result<Data, fascicle::Error> {
        let options = RunOptions::new;
        match self.algorithm {
            MEAN_FIELD => {
                driver.run(self.simulation(MeanField::default(), trajectories), options())
            }
            FSSH => driver.run(self.simulation(surface_hopping(false), trajectories), options()),
            _ => driver.run(self.simulation(mapping(), trajectories), options()),
        }
    }

    /// Does something with the simulation made ready, of so many trajectories in one batch.
    ///
    /// # Errors
    /// Those of preparing it.
    pub fn prepared<R>(
        &self,
        trajectories: u64,
        f: impl FnOnce(&dyn Ensemble) -> R,
    ) -> Result<R, fascicle::Error> {
        match self.algorithm {
            MEAN_FIELD => prepare(self.simulation(MeanField::default(), trajectories), f),
            FSSH => prepare(self.simulation(surface_hopping(false), trajectories), f),
            _ => prepare(self.simulation(mapping(), trajectories), f),
        }
    }

    /// Our microseconds per trajectory and update, of a whole run on one core.
    ///
    /// # Errors
    /// Those of the run.
    ///
    /// # Panics
    /// When trajectories are missing from the data.
    pub fn time(&self, driver: Driver, trajectories: u64) -> Result<f64, fascicle::Error> {
        let started = Instant::now();
        let data = self.run(driver, trajectories)?;
        let seconds = started.elapsed().as_secs_f64();
        assert_eq!(data.norm_factor(), trajectories);
        Ok(1e6 * seconds / (trajectories * self.steps) as f64)
    }
}

fn mapping() -> MultiStateMappingApproachToSurfaceHopping {
    MultiStateMappingApproachToSurfaceHopping::default()
}

fn prepare<A: Algorithm, R>(
    mut sim: Simulation<Variant, A>,
    f: impl FnOnce(&dyn Ensemble) -> R,
) -> Result<R, fascicle::Error> {
    sim.settings.batch_size = sim.settings.num_trajs as usize;
    Ok(f(&sim.prepare()?))
}
