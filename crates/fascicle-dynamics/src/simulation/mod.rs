//! A simulation: settings, initial state, model and algorithm.

mod error;
mod prepared;
mod probe;
mod sampling;
mod timesteps;

pub use error::SimulationError;
pub use prepared::Prepared;
pub(crate) use prepared::has_gauge_field;

use fascicle_core::{Seeding, c64};

use crate::{Algorithm, Arithmetic, Model};

/// The settings of a simulation, with QC Lab's names and defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How many trajectories to run (default 100).
    pub num_trajs: u64,
    /// Trajectories in a batch, which is what a worker runs at a time (default 25). Above 16 it is rounded
    /// up to a multiple of 16, as many as run side by side: 25 are 32.
    pub batch_size: usize,
    /// The length of a trajectory in time (default 10); rounded to whole collections.
    pub tmax: f64,
    /// The time step (default 0.001).
    pub dt_update: f64,
    /// The time between collections (default 0.1); rounded to whole time steps, at least one.
    pub dt_collect: f64,
    /// How seeds become random numbers (default: independent streams).
    pub seeding: Seeding,
    /// How products are added (default: strict, the same bits on every machine).
    pub arithmetic: Arithmetic,
    /// Whether to show a progress bar (default true).
    pub progress_bar: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            num_trajs: 100,
            batch_size: 25,
            tmax: 10.0,
            dt_update: 0.001,
            dt_collect: 0.1,
            seeding: Seeding::Independent,
            arithmetic: Arithmetic::Strict,
            progress_bar: true,
        }
    }
}

/// The state that all trajectories start from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InitialState {
    /// The wave function in the diabatic basis, N components. It must be given.
    pub wf_db: Vec<c64>,
    /// How initial coordinates are drawn (default: as the model says).
    pub sampling: Sampling,
}

/// How initial coordinates are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Sampling {
    /// As the model says.
    #[default]
    Model,
    /// Classical thermal equilibrium at kT, for harmonic models
    /// ([`ingredients::boltzmann_harmonic`](crate::ingredients::boltzmann_harmonic)).
    Boltzmann {
        /// The thermal quantum kT.
        kbt: f64,
    },
    /// The Wigner distribution at kT, the ground state for kT = 0, for harmonic models
    /// ([`ingredients::wigner_harmonic`](crate::ingredients::wigner_harmonic)).
    Wigner {
        /// The thermal quantum kT.
        kbt: f64,
    },
}

/// A simulation: a model, an algorithm, settings and an initial state.
///
/// ```
/// use fascicle_core::{RunOptions, Serial, c64, ignore_events, run_ensemble};
/// use fascicle_dynamics::{MeanField, Simulation, SpinBoson};
///
/// let mut sim = Simulation::new(SpinBoson { A: 10, ..Default::default() }, MeanField::default());
/// sim.settings.num_trajs = 20;
/// sim.settings.tmax = 1.0;
/// sim.settings.dt_update = 0.01;
/// sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
///
/// let data = run_ensemble(&sim.prepare()?, &Serial, &RunOptions::new(), &mut ignore_events)?;
/// assert_eq!(data.complex("dm_db")?.shape(), [11, 2, 2]);
/// assert_eq!(data.complex("dm_db")?[[0, 0, 0]], c64(1.0, 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulation<M, A> {
    /// Settings.
    pub settings: Settings,
    /// What all trajectories start from.
    pub initial_state: InitialState,
    /// The model.
    pub model: M,
    /// The algorithm.
    pub algorithm: A,
}

impl<M: Model, A: Algorithm> Simulation<M, A> {
    /// A simulation with the default settings. The initial state is yet to be given.
    pub fn new(model: M, algorithm: A) -> Self {
        let (settings, initial_state) = (Settings::default(), InitialState::default());
        Self { settings, initial_state, model, algorithm }
    }

    /// Checks everything and makes it ready to run: what it gives is an
    /// [`Ensemble`](fascicle_core::Ensemble), which no longer depends on the types of model and
    /// algorithm.
    ///
    /// # Errors
    /// The first thing that cannot be, with its value and what was expected.
    pub fn prepare(&self) -> Result<Prepared<'_>, SimulationError> {
        Prepared::new(&self.model, &self.algorithm, &self.settings, &self.initial_state)
    }
}
