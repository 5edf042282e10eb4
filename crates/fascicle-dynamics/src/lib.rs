//! Mixed quantum-classical dynamics: trajectories of classical coordinates and a quantum wave
//! function, sixteen side by side.
//!
//! ```
//! use fascicle_core::{RunOptions, Serial, c64, ignore_events, run_ensemble};
//! use fascicle_dynamics::{FewestSwitchesSurfaceHopping, Simulation, SpinBoson};
//!
//! let model = SpinBoson { A: 10, ..Default::default() };
//! let mut sim = Simulation::new(model, FewestSwitchesSurfaceHopping::default());
//! sim.settings.num_trajs = 40;
//! sim.settings.tmax = 2.0;
//! sim.settings.dt_update = 0.01;
//! sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
//!
//! let data = run_ensemble(&sim.prepare()?, &Serial, &RunOptions::new(), &mut ignore_events)?;
//! let upper = data.complex("dm_db")?[[20, 0, 0]].re;
//! let error = data.standard_error("dm_db")?[[20, 0, 0]];
//! println!("population of the upper state at t = 2: {upper:.3} ± {error:.3}");
//! # assert!((0.0..1.0).contains(&upper) && error > 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - A [`Model`] is a Hamiltonian: a type that works on blocks of lanes, or a [`ClosureModel`] of
//!   closures that see one trajectory. Those of QC Lab are built in: [`SpinBoson`], [`FMOComplex`] …
//! - An [`Algorithm`] is a [`Recipe`] of named [`Task`]s, which can be inserted, replaced and
//!   removed: [`MeanField`], [`FewestSwitchesSurfaceHopping`],
//!   [`MultiStateMappingApproachToSurfaceHopping`].
//! - A [`Simulation`] joins them with settings and an initial state; [`Simulation::prepare`] checks
//!   all of it and gives an ensemble that any driver runs.
//!
//! Units are the model's; ħ = 1. Formulas and their order are those of QC Lab 1.3.0, to which results
//! agree but for rounding under [`Seeding::QcLab`].

#![deny(unsafe_code)]

mod algorithms;
mod basis;
mod block;
mod hermitian;
pub mod ingredients;
mod kernels;
mod lanes;
mod model;
mod models;
mod recipe;
mod simulation;
mod step;
mod structure;
#[expect(unsafe_code, reason = "the one module that calls compiled-for-this-machine kernels")]
mod sys;
pub mod tasks;
mod warm;

pub use algorithms::{
    Algorithm, FewestSwitchesSurfaceHopping, FsshSettings, GaugeFixing, MashSettings, MeanField,
    MeanFieldSettings, MultiStateMappingApproachToSurfaceHopping, SurfaceSettings,
};
pub use basis::Basis;
pub use block::{Block, Outputs};
pub use fascicle_core::{Arithmetic, Seeding, c64};
pub use hermitian::Hermitian;
pub use lanes::{Coords, LANES, Lane, States, Vector};
pub use model::{Hop, Model, ModelError, Units, unknown_constant};
pub use models::{
    ClosureModel, ComplexAvoidedCrossingA, ComplexAvoidedCrossingB, ComplexAvoidedCrossingC,
    FMOComplex, HolsteinLattice, HolsteinLatticeReciprocalSpace, Matrix, SpinBoson,
    TullyProblemOne, TullyProblemThree, TullyProblemTwo,
};
pub use recipe::{Recipe, RecipeError, Task, Tasks, task};
pub use simulation::{InitialState, Prepared, Sampling, Settings, Simulation, SimulationError};
pub use step::Step;
pub use structure::{Classical, Coupling, Structure};
