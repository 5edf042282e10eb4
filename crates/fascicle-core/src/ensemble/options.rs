//! What a user may ask of one run of an ensemble.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::until::Until;
use crate::{CancelHandle, Data, ExecuteOptions, Seed, SyncDue};

/// Which whole trajectories to keep beside the means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// None.
    #[default]
    None,
    /// Those of these seeds.
    Seeds(BTreeSet<Seed>),
    /// All of them.
    All,
}

impl Keep {
    pub(crate) fn wants(&self, seed: Seed) -> bool {
        match self {
            Self::None => false,
            Self::Seeds(seeds) => seeds.contains(&seed),
            Self::All => true,
        }
    }
}

/// What becomes of the run when a batch fails or a trajectory goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// All other batches are finished, then the run is an error that names what failed and has
    /// what is finished. On ranks of MPI the run ends at once, with what is finished: many cores are not
    /// kept busy for an error.
    #[default]
    Fail,
    /// Failed batches and trajectories that are not finite are left out, and listed in
    /// [`Data::failures`]. It is an error all the same when nothing is left, or when batches
    /// disagree about the shapes of outputs.
    Drop,
}

/// What a user may ask of one run: seeds, data to append to, trajectories to keep, and so on.
///
/// Drivers take anything that converts into it: a number of tasks, `None` for all cores, or the
/// options themselves.
///
/// ```
/// use fascicle_core::{RunOptions, Seed};
///
/// let all_cores: RunOptions = None.into();
/// let four: RunOptions = 4.into();
/// let more = RunOptions::new().with_tasks(4).with_seeds([10, 11, 12]).with_keep_trajectories([10]);
/// # let _ = (all_cores, four, more);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    pub(crate) tasks: Option<i64>,
    pub(crate) seeds: Option<Vec<Seed>>,
    pub(crate) append: Option<Data>,
    pub(crate) until: Option<Until>,
    pub(crate) keep: Keep,
    pub(crate) on_failure: OnFailure,
    pub(crate) progress: Option<bool>,
    pub(crate) execute: ExecuteOptions,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) sync_due: Option<SyncDue>,
}

impl RunOptions {
    /// The defaults: all cores, seeds from 0, nothing to append to, no trajectories kept.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this many workers, 1 to 4096; checked when the run begins. Default: all cores.
    #[must_use]
    pub fn with_tasks(mut self, tasks: i64) -> Self {
        self.tasks = Some(tasks);
        self
    }

    /// With these seeds instead of `num_trajs` consecutive ones. They are checked when the run
    /// begins: none may repeat, nor be in the data to append to.
    #[must_use]
    pub fn with_seeds<S: Into<Seed>>(mut self, seeds: impl IntoIterator<Item = S>) -> Self {
        self.seeds = Some(seeds.into_iter().map(Into::into).collect());
        self
    }

    /// Adds the trajectories to data of the same simulation, given or lent. Default seeds go on after
    /// the highest.
    #[must_use]
    pub fn with_append(mut self, data: impl Into<Data>) -> Self {
        self.append = Some(data.into());
        self
    }

    /// Adds rounds of `num_trajs` trajectories until the largest standard error of an output is at
    /// most the target, over all its components and times, of real and imaginary parts. This run has
    /// `max_trajectories` at the most, 2³⁰ in any case; the last round is cut to that, in whole seed
    /// groups.
    ///
    /// That is looked at when all trajectories of a round are done, and from exact sums: the number
    /// of rounds and every bit of the result depend on `num_trajs`, and not on batch size, driver or
    /// number of workers. With [data to append to](RunOptions::with_append) those count too, and
    /// where they are good enough already nothing is run. With [seeds](RunOptions::with_seeds), rounds
    /// take them in ascending order, until there are none left.
    ///
    /// A single trajectory has no standard error, so it is never enough. Of very few it means little:
    /// two that happen to agree have none. Rounds should have so many that it can be relied upon.
    ///
    /// If the target is not reached, the run is `Ok` all the same, and a warning in its log names the
    /// standard error that was reached. There is no other round after one with a failed batch, unless
    /// [failures are dropped](OnFailure::Drop): the run is an error in any case. An output that there
    /// is not is an error after the first round, with what was finished. [`Data::convergence`] has what
    /// was found after each round.
    ///
    /// An interrupted run is continued by running [what is missing](Data::missing), appended to it,
    /// and then this once more.
    ///
    /// ```
    /// # use fascicle_core::{Context, Description, Ensemble, Failure, Lanes, Recorder, Scale, Seed};
    /// use fascicle_core::{RunOptions, Threads, ignore_events, run_ensemble};
    /// # /// Trajectories that end at 1 or −1.
    /// # struct Coins;
    /// # impl Ensemble for Coins {
    /// #     fn describe(&self) -> Description {
    /// #         Description { simulation: "coins".into(), ..Default::default() }
    /// #     }
    /// #     fn times(&self) -> Vec<f64> {
    /// #         vec![0.0]
    /// #     }
    /// #     fn num_trajs(&self) -> u64 {
    /// #         100
    /// #     }
    /// #     fn batch_size(&self) -> usize {
    /// #         25
    /// #     }
    /// #     fn run(&self, seeds: &[Seed], _: &mut Context<'_>, out: &mut Recorder<'_>) -> Result<(), Failure> {
    /// #         for &seed in seeds {
    /// #             out.begin(&[seed]);
    /// #             let side = if seed.0 % 2 == 0 { 1.0 } else { -1.0 };
    /// #             out.real(0, "side", &[], Scale::Exact, Lanes::one(&[side]))?;
    /// #             out.end()?;
    /// #         }
    /// #         Ok(())
    /// #     }
    /// # }
    ///
    /// // `Coins` fall on either side, 1 or −1, and have `num_trajs` 100.
    /// let options = RunOptions::new().until_standard_error("side", 0.05, 10_000);
    /// let data = run_ensemble(&Coins, &Threads::new(2)?, &options, &mut ignore_events)?;
    /// assert_eq!(data.seeds().len(), 500); // 1 / √(n − 1) ≤ 0.05 from n = 401 on
    /// assert!(data.standard_error("side")?[0] <= 0.05);
    /// let errors = data.convergence().iter().filter_map(|round| round.largest_error("side"));
    /// assert_eq!(errors.count(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn until_standard_error(
        mut self,
        output: impl Into<String>,
        target: f64,
        max_trajectories: u64,
    ) -> Self {
        self.until = Some(Until { output: output.into(), target, max_trajectories });
        self
    }

    /// Keeps the whole trajectories of these seeds.
    #[must_use]
    pub fn with_keep_trajectories<S: Into<Seed>>(
        mut self,
        seeds: impl IntoIterator<Item = S>,
    ) -> Self {
        self.keep = Keep::Seeds(seeds.into_iter().map(Into::into).collect());
        self
    }

    /// Keeps all trajectories whole: they take T times the outputs' size each.
    #[must_use]
    pub fn with_keep_all_trajectories(mut self) -> Self {
        self.keep = Keep::All;
        self
    }

    /// Says what a failed batch or trajectory means for the run. Default: [`OnFailure::Fail`].
    #[must_use]
    pub fn with_on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = on_failure;
        self
    }

    /// Shows a progress bar or not, whatever the simulation's settings say.
    #[must_use]
    pub fn with_progress_bar(mut self, progress: bool) -> Self {
        self.progress = Some(progress);
        self
    }

    /// With so many attempts, at least 1, at a batch whose worker is lost. Default: 3.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.execute = self.execute.with_attempts(attempts);
        self
    }

    /// With a longest time for one batch, for worker processes. Default: no limit.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.execute = self.execute.with_timeout(timeout);
        self
    }

    /// With a handle that ends the run from another thread; see [`CancelHandle`].
    #[must_use]
    pub fn with_cancel(mut self, cancel: CancelHandle) -> Self {
        self.execute = self.execute.with_cancel(cancel);
        self
    }

    /// What ends the run from outside.
    pub fn cancel(&self) -> Option<&CancelHandle> {
        self.execute.cancel.as_ref()
    }

    /// With a checkpoint: a journal of finished batches in this file. The same run with the same file
    /// goes on where the last one ended, however that was, on any driver, to the same bits; when all is
    /// there it gives the data at once. A journal of other trajectories, or of another simulation,
    /// version, arithmetic or batch size, is refused. What may be lost, and when, is said of
    /// [`Journaled`](crate::Journaled). Default: none.
    #[must_use]
    pub fn with_checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.checkpoint = Some(path.into());
        self
    }

    /// With a question that is asked after each batch: whether it is time to bring the checkpoint to
    /// the disk. The drivers of crate `fascicle` ask a clock, once a second.
    #[must_use]
    pub fn with_checkpoint_sync(mut self, due: SyncDue) -> Self {
        self.sync_due = Some(due);
        self
    }

    /// The checkpoint's file.
    pub fn checkpoint(&self) -> Option<&Path> {
        self.checkpoint.as_deref()
    }

    /// The number of workers asked for, as given.
    pub fn tasks(&self) -> Option<i64> {
        self.tasks
    }

    /// Whether to show a progress bar, if the run says so.
    pub fn progress_bar(&self) -> Option<bool> {
        self.progress
    }
}

impl From<Option<usize>> for RunOptions {
    fn from(tasks: Option<usize>) -> Self {
        Self { tasks: tasks.map(|n| i64::try_from(n).unwrap_or(i64::MAX)), ..Self::new() }
    }
}

impl From<usize> for RunOptions {
    fn from(tasks: usize) -> Self {
        Some(tasks).into()
    }
}

impl From<u32> for RunOptions {
    fn from(tasks: u32) -> Self {
        Self::new().with_tasks(tasks.into())
    }
}

impl From<i32> for RunOptions {
    fn from(tasks: i32) -> Self {
        Self::new().with_tasks(tasks.into())
    }
}

impl From<&RunOptions> for RunOptions {
    fn from(options: &RunOptions) -> Self {
        options.clone()
    }
}
