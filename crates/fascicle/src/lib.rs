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
//! - Drivers: [`serial_driver`], [`parallel_driver_threads`], [`parallel_driver_multiprocessing`], or
//!   a [`Driver`] by name. Each takes a number of tasks, `None` for all cores, or [`RunOptions`]:
//!   seeds, data to append to, trajectories to keep.
//! - [`Data`] has means and standard errors of every output, and is saved to and loaded from HDF5.
//! - [`chart`] draws it; [`terminal`] shows progress and a table.
//! - Models, algorithms and tasks are in [`dynamics`], and the contracts underneath in [`core`].

pub mod chart;
mod driver;
mod error;
pub mod terminal;

pub use driver::{Driver, parallel_driver_multiprocessing, parallel_driver_threads, serial_driver};
pub use error::{Error, Rescue};
pub use fascicle_core as core;
pub use fascicle_core::{Data, DataError, OnFailure, RunOptions, Seed, Seeding, c64};
pub use fascicle_dynamics as dynamics;

/// What a notebook needs: `use fascicle::prelude::*;`
pub mod prelude {
    pub use fascicle_core::{Data, Draws, OnFailure, RunOptions, Scale, Seed, Seeding, c64};
    pub use fascicle_dynamics::{
        Algorithm, ClosureModel, FewestSwitchesSurfaceHopping, MeanField, Model, Simulation,
        SpinBoson, TullyProblemOne, task,
    };

    pub use crate::{
        Driver, parallel_driver_multiprocessing, parallel_driver_threads, serial_driver,
    };
}

/// The README's programs compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
