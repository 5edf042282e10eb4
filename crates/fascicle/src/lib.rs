//! Ensembles of simulated trajectories in parallel: build a simulation, call a driver, look at the
//! data.
//!
//! ```
//! use fascicle::prelude::*;
//!
//! let mut sim = Simulation::new(SpinBoson::default(), MeanField::default());
//! sim.settings.num_trajs = 100;
//! sim.settings.tmax = 2.0;
//! sim.settings.dt_update = 0.01;
//! sim.settings.progress_bar = false;
//! sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
//!
//! let data = parallel_driver_multiprocessing(&sim, 2)?;
//! let upper = data.complex("dm_db")?[[20, 0, 0]].re;
//! let error = data.standard_error("dm_db")?[[20, 0, 0]];
//! println!("population of the upper state at t = 2: {upper:.4} ± {error:.4}");
//! # assert!((0.0..1.0).contains(&upper) && error < 0.1);
//!
//! // One answer, bit for bit, whatever runs it.
//! assert_eq!(data.digest(), serial_driver(&sim)?.digest());
//! # Ok::<(), fascicle::Error>(())
//! ```
//!
//! # A model and a task of one's own
//!
//! ```
//! use fascicle::prelude::*;
//!
//! // Two states that one oscillator of frequency 1 modulates.
//! let model = ClosureModel::new("dimer", 2, 1)
//!     .with_h_q(|h| h[(1, 0)] = c64(0.5, 0.0))
//!     .with_h_qc(|z, h| {
//!         h[(0, 0)] = c64(0.6 * z[0].re, 0.0);
//!         h[(1, 1)] = c64(-0.6 * z[0].re, 0.0);
//!     })
//!     .with_structure(Structure::general().with_harmonic(vec![1.0]))
//!     .with_init_classical(|draws, z| z[0] = c64(draws.normal(), draws.normal()));
//!
//! // Surface hopping that also collects the mean position, √2 Re z.
//! let mut algorithm = FewestSwitchesSurfaceHopping::default();
//! let position = task("collect_position", |_step, block| {
//!     let position = block.z.re[0] * 2.0_f64.sqrt();
//!     block.outputs.real("position", &[], Scale::Exact, &[position]);
//!     Ok(())
//! });
//! algorithm.recipe.collect.insert_after("collect_dm_db", position)?;
//!
//! let mut sim = Simulation::new(model, algorithm);
//! sim.settings.dt_update = 0.01;
//! sim.settings.progress_bar = false;
//! sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
//! let data = parallel_driver_multiprocessing(&sim, 2)?;
//! assert!(data.standard_error("position")?[100] < 0.2);
//!
//! // At full speed: the trait, on blocks of sixteen trajectories.
//! struct Dimer;
//!
//! impl Model for Dimer {
//!     fn num_quantum_states(&self) -> usize {
//!         2
//!     }
//!     fn num_classical_coordinates(&self) -> usize {
//!         1
//!     }
//!     fn structure(&self) -> Structure {
//!         Structure::general().with_harmonic(vec![1.0])
//!     }
//!     fn h_q(&self, h: &mut Hermitian) {
//!         h.add_constant(1, 0, c64(0.5, 0.0));
//!     }
//!     fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
//!         h.add_re(0, 0, z.re[0] * 0.6);
//!         h.add_re(1, 1, z.re[0] * -0.6);
//!     }
//!     fn init_classical(&self) -> Sampler<'_> {
//!         Sampler::new(|draws, z| z[0] = c64(draws.normal(), draws.normal()))
//!     }
//! }
//!
//! let mut fast = Simulation::new(Dimer, sim.algorithm.clone());
//! fast.settings = sim.settings.clone();
//! fast.initial_state = sim.initial_state.clone();
//! let difference = serial_driver(&fast)?.real("position")?[100] - data.real("position")?[100];
//! assert!(difference.abs() < 1e-3); // gradients are by finite differences in both
//! # Ok::<(), fascicle::Error>(())
//! ```
//!
//! # Where to look
//!
//! - Drivers: [`serial_driver`], [`parallel_driver_threads`], [`parallel_driver_multiprocessing`],
//!   [`parallel_driver_mpi`], or a [`Driver`] by name. Each takes a number of tasks, `None` for all cores, or [`RunOptions`]:
//!   seeds, data to append to, trajectories to keep, a standard error to stop at, a
//!   [checkpoint](RunOptions::with_checkpoint) to go on from.
//! - [`Data`] has means and standard errors of every output, and is saved to and loaded from HDF5.
//! - [`chart`] draws it; [`show`] is how it looks in a notebook, and as a table of plain text.
//! - Models, algorithms and tasks are in [`dynamics`], and the contracts underneath in [`core`].

mod channel;
pub mod chart;
mod driver;
mod error;
mod launched;
mod progress;
pub mod show;
mod watch;

pub use driver::{
    Driver, parallel_driver_mpi, parallel_driver_multiprocessing, parallel_driver_threads,
    serial_driver,
};
pub use error::{Error, Rescue};
pub use fascicle_core as core;
#[doc(no_inline)]
pub use fascicle_core::ndarray;
pub use fascicle_core::{
    Arithmetic, CancelHandle, Data, DataError, OnFailure, RunOptions, Seed, Seeding, c64,
};
pub use fascicle_dynamics as dynamics;
pub use launched::is_leader;
pub use progress::Progress;

/// What a notebook needs: `use fascicle::prelude::*;`
pub mod prelude {
    pub use fascicle_core::{
        Arithmetic, CancelHandle, Data, Draws, Failure, OnFailure, RunOptions, Scale, Seed,
        Seeding, c64,
    };
    pub use fascicle_dynamics::ingredients::{self, MonteCarlo, Sampler};
    pub use fascicle_dynamics::{
        Algorithm, Block, ClosureModel, ComplexAvoidedCrossingA, ComplexAvoidedCrossingB,
        ComplexAvoidedCrossingC, Coords, FMOComplex, FewestSwitchesSurfaceHopping, GaugeFixing,
        Hermitian, HolsteinLattice, HolsteinLatticeReciprocalSpace, LANES, Lane, MeanField, Model,
        ModelError, MultiStateMappingApproachToSurfaceHopping, Recipe, Sampling, Simulation,
        SpinBoson, States, Step, Structure, Tasks, TullyProblemOne, TullyProblemThree,
        TullyProblemTwo, task, tasks,
    };

    pub use crate::chart::{Chart, Plots};
    pub use crate::show::{Live, Show, ShowModel};
    pub use crate::{
        Driver, parallel_driver_mpi, parallel_driver_multiprocessing, parallel_driver_threads,
        serial_driver,
    };
}

/// The README's programs compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// Those for people who come from QC Lab as well.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/models.md")]
#[doc = include_str!("../../../docs/qclab.md")]
struct QcLab;
