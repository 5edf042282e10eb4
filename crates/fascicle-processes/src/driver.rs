//! The driver as users see it.

use fascicle_core::{
    Execute, ExecuteOptions, Fold, Launch, Listener, Report, RunError, Work, available_cores,
    check_workers,
};

/// Runs pieces on forked worker processes, which live for one run.
///
/// A piece that panics or returns a failure has failed at once; a worker that dies is replaced, see
/// the [crate's description](crate). Text that this process has printed but not yet flushed is never
/// printed by a worker too.
///
/// A run inside a worker's piece works and forks workers of its own: as many, if it is not told, as the
/// worker's share of the cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processes {
    workers: usize,
}

impl Processes {
    /// With this many workers. No more are forked than there are pieces to run.
    ///
    /// # Errors
    /// When it is not in `1..=4096`.
    pub fn new(workers: i64) -> Result<Self, RunError> {
        Ok(Self { workers: check_workers(workers)? })
    }

    /// With a worker per core that a run may use here; see [`available_cores`].
    pub fn all_cores() -> Self {
        Self { workers: available_cores() }
    }

    fn check(self, work: &dyn Work) -> Result<(), RunError> {
        let unsupported =
            |option, hint| Err(RunError::Unsupported { driver: self.name(), option, hint });
        if cfg!(not(unix)) {
            return unsupported("fork() on this system", "use parallel_driver_threads");
        }
        if Launch::here().is_some() {
            return unsupported("fork() in a rank of MPI", "use MPI");
        }
        if work.gang() != 1 {
            return unsupported("gangs", "its workers run whole pieces alone");
        }
        Ok(())
    }
}

impl Execute for Processes {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn workers(&self) -> usize {
        self.workers
    }

    #[cfg(unix)]
    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        self.check(work)?;
        if let Some(found) = options.timeout.filter(|limit| limit.is_zero()) {
            return Err(RunError::NoTime { found });
        }
        let mut rounds =
            fascicle_core::Rounds::begin(work, fold, on, options, (self.name(), self.workers));
        rounds.warn_of_cores(self.workers, available_cores());
        crate::supervise::Supervisor::new(work, self.workers, options).run(rounds)
    }

    #[cfg(not(unix))]
    fn run(
        &self,
        work: &dyn Work,
        _: &mut dyn Fold,
        _: &ExecuteOptions,
        _: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        self.check(work).map(|()| Report::default())
    }
}
