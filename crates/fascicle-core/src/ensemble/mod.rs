//! Ensembles: many units of one simulation, named by seeds, of which one wants the mean.

mod batches;
mod checkpoint;
mod error;
mod fold;
mod options;
mod plan;
#[cfg(test)]
mod rank_tests;
mod recorder;
#[cfg(test)]
mod round_tests;
mod run;
mod seeds;
mod state;
#[cfg(test)]
mod tests;
mod until;

pub use checkpoint::BITS;
pub use error::EnsembleError;
pub use options::{Keep, OnFailure, RunOptions};
pub use recorder::{Lanes, Recorder};
pub use run::run_ensemble;
pub use seeds::SeedsError;

use crate::{Context, Description, Failure, LogLine, Seed};

/// Something that can be run for many seeds: trajectories of a simulation, trials of a network.
///
/// What a unit gives may depend on the ensemble and the unit's seed alone.
///
/// ```
/// use fascicle_core::{
///     Context, Description, Ensemble, Failure, Lanes, Purpose, Recorder, RunOptions, Scale, Seed,
///     Seeding, Serial, ignore_events, run_ensemble,
/// };
///
/// /// A walk of ten steps of normal length.
/// struct Walk;
///
/// impl Ensemble for Walk {
///     fn describe(&self) -> Description {
///         Description { simulation: "walk".into(), steps: 10, ..Default::default() }
///     }
///     fn times(&self) -> Vec<f64> {
///         vec![0.0, 10.0]
///     }
///     fn num_trajs(&self) -> u64 {
///         1000
///     }
///     fn batch_size(&self) -> usize {
///         25
///     }
///     fn run(&self, seeds: &[Seed], _: &mut Context<'_>, out: &mut Recorder<'_>) -> Result<(), Failure> {
///         for &seed in seeds {
///             let mut draws = Seeding::Independent.draws(seed, Purpose::new("steps"));
///             let end: f64 = (0..10).map(|_| draws.normal()).sum();
///             out.begin(&[seed]);
///             out.real(0, "x", &[], Scale::Exact, Lanes::one(&[0.0]))?;
///             out.real(1, "x", &[], Scale::Exact, Lanes::one(&[end]))?;
///             out.end()?;
///         }
///         Ok(())
///     }
/// }
/// let data = run_ensemble(&Walk, &Serial, &RunOptions::new(), &mut ignore_events)?;
/// let error = data.standard_error("x")?[1];
/// assert!((error - 0.1).abs() < 0.01); // √(10 / 1000)
/// assert!(data.real("x")?[1].abs() < 4.0 * error);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Ensemble: Sync {
    /// All that two results must agree on to be merged.
    fn describe(&self) -> Description;

    /// The times at which outputs are recorded, known beforehand.
    fn times(&self) -> Vec<f64>;

    /// How many units to run unless seeds are given.
    fn num_trajs(&self) -> u64;

    /// How many units make a piece of work. It is rounded up to whole groups.
    fn batch_size(&self) -> usize;

    /// How many consecutive seeds make one unit of sums and errors: 1, or the N branches that share
    /// one initial condition. Groups are aligned: seeds g N … g N + N − 1.
    fn group(&self) -> usize {
        1
    }

    /// What is worth a line in the log before the run begins.
    fn log(&self) -> Vec<LogLine> {
        Vec::new()
    }

    /// Runs the units of these seeds and records their outputs, block by block and in order.
    ///
    /// # Errors
    /// When the batch as a whole, or a unit that may not be dropped, fails.
    fn run(
        &self,
        seeds: &[Seed],
        cx: &mut Context<'_>,
        record: &mut Recorder<'_>,
    ) -> Result<(), Failure>;
}
