//! The contract of drivers.

use std::ops::ControlFlow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::failure::name_seeds;
use crate::{CancelHandle, Event, Fold, JournalError, LogLine, PieceFailure, Ranks, Seed, Work};

/// What a driver calls for each event, on the thread that called the driver.
pub type Listener<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

/// A listener that lets everything pass.
pub fn ignore_events(_: Event<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A driver: runs the pieces of a work somewhere, and hands their results to a fold.
pub trait Execute {
    /// The driver's name, for messages and provenance.
    fn name(&self) -> &'static str;

    /// The number of workers it uses.
    fn workers(&self) -> usize;

    /// The ranks on which the program runs in step, of which this is one; none for drivers inside of one
    /// process.
    fn ranks(&self) -> Option<&dyn Ranks> {
        None
    }

    /// Runs all pieces, round by round. Failures are in the report. A piece that fails does not stop the
    /// others, unless [that is asked for](ExecuteOptions::end_at_failure).
    ///
    /// # Errors
    /// When the work cannot be run at all. Whatever was finished has gone to the fold.
    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError>;
}

/// What a driver is told about a run, beyond the work itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecuteOptions {
    /// How often a piece is tried whose worker is lost, before it counts as failed (default 3).
    pub attempts: u32,
    /// The longest that a piece may take (default: no limit). Only drivers that can end a worker
    /// accept one.
    pub timeout: Option<Duration>,
    /// What ends the run from outside (default: nothing).
    pub cancel: Option<CancelHandle>,
    /// Whether the first piece that fails ends the run (default: the others are finished).
    pub end_at_failure: bool,
}

impl Default for ExecuteOptions {
    fn default() -> Self {
        Self { attempts: 3, timeout: None, cancel: None, end_at_failure: false }
    }
}

impl ExecuteOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// With so many attempts, at least 1, at a piece whose worker is lost.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// With this longest time for a piece.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// With a handle that ends the run from outside.
    #[must_use]
    pub fn with_cancel(mut self, cancel: CancelHandle) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// Has the first piece that fails end the run, or not.
    #[must_use]
    pub fn with_end_at_failure(mut self, end_at_failure: bool) -> Self {
        self.end_at_failure = end_at_failure;
        self
    }
}

/// What became of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// Pieces done and merged.
    pub done: u64,
    /// Pieces that failed, by number.
    pub failures: Vec<PieceFailure>,
    /// Whether a listener or a handle ended the run before all pieces were done.
    pub interrupted: bool,
    /// Workers that were lost and replaced.
    pub workers_lost: u64,
    /// How much of [`Work::size`] came from a journal.
    pub resumed: u64,
    /// What the driver has to say of the run, for the log of its results.
    pub log: Vec<LogLine>,
}

/// Why a work could not be run at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A driver needs workers.
    #[error("num_tasks must be at least 1, found {found}")]
    NoWorkers {
        /// The number asked for.
        found: i64,
    },
    /// Too many workers to be meant.
    #[error("num_tasks must be at most {limit}, found {found}")]
    TooManyWorkers {
        /// The number asked for.
        found: i64,
        /// The most that is accepted.
        limit: usize,
    },
    /// A piece needs time.
    #[error("the time limit of a batch must be positive, found {found:?}")]
    NoTime {
        /// The limit given.
        found: Duration,
    },
    /// The thread driver needs work that is `Sync`.
    #[error(
        "this work cannot be shared between threads: implement Work::shared for it, or run it on processes"
    )]
    NotShareable,
    /// Ranks need a fold that can be given to the others.
    #[error(
        "the results of this work cannot be given to other ranks: implement Fold::state and Fold::restore"
    )]
    NotForRanks,
    /// There are not so many ranks.
    #[error(
        "num_tasks is {found}, but the program runs on {ranks} rank(s): start it with mpirun -n {found}, or \
         ask for at most {ranks}"
    )]
    TooFewRanks {
        /// The number asked for.
        found: usize,
        /// The ranks that there are.
        ranks: usize,
    },
    /// Ranks are about to run different things.
    #[error(transparent)]
    RanksDiffer(Box<RanksDiffer>),
    /// A rank was lost in the middle of a run.
    #[error(transparent)]
    RankLost(Box<RankLost>),
    /// Rank 0, which hands pieces out, could not go on.
    #[error("rank 0 has ended the run: {message}")]
    OnLeader {
        /// Why.
        message: String,
        /// Whether it has results all the same, which are not there on this rank.
        keeps_results: bool,
    },
    /// The program was started on several ranks, and was not built for it.
    #[error(
        "{launcher} has started this program{}, but it is built without MPI: ask for the feature in Cargo.toml, \
         as in `fascicle = {{ path = \"…\", features = [\"mpi\"] }}`, or start it without a launcher",
        ranks.map_or(String::new(), |ranks| format!(" on {ranks} ranks"))
    )]
    WithoutMpi {
        /// Who started it.
        launcher: &'static str,
        /// On how many ranks, if it said so.
        ranks: Option<usize>,
    },
    /// The driver cannot do what an option asks for.
    #[error("the {driver} driver has no {option}: {hint}")]
    Unsupported {
        /// The driver's name.
        driver: &'static str,
        /// What was asked for.
        option: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// The journal cannot be used, or could not be written any more.
    #[error(transparent)]
    Journal(#[from] Box<JournalError>),
    /// Something the driver needs from its surroundings failed.
    #[error("the {driver} driver could not {action}: {source}")]
    Driver {
        /// The driver's name.
        driver: &'static str,
        /// What it tried.
        action: String,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What one rank is to run differs from what rank 0 is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "rank {rank} on {host} is to run something else than rank 0: {what}: expected {expected}, found {found}"
)]
pub struct RanksDiffer {
    /// The first rank that differs.
    pub rank: usize,
    /// Its host.
    pub host: String,
    /// In what.
    pub what: String,
    /// What rank 0 has.
    pub expected: String,
    /// What it has.
    pub found: String,
}

/// A rank that died, or that is not heard of any more.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("rank {rank} on {host} {how}{}", name_had(had.as_ref()))]
pub struct RankLost {
    /// Which.
    pub rank: usize,
    /// Its host.
    pub host: String,
    /// How it was lost, in words.
    pub how: String,
    /// The batch that it had to run, as far as rank 0 knows, and its seeds.
    pub had: Option<(u64, Vec<Seed>)>,
}

fn name_had(had: Option<&(u64, Vec<Seed>)>) -> String {
    had.map_or(String::new(), |(batch, seeds)| {
        format!("; it had batch {batch}{} to run", name_seeds(seeds))
    })
}

impl From<JournalError> for RunError {
    fn from(error: JournalError) -> Self {
        Box::new(error).into()
    }
}

/// The most workers that a driver accepts: more are taken for a mistake.
pub const MOST_WORKERS: usize = 4096;

/// Checks a number of workers as users give it.
///
/// # Errors
/// When it is not in `1..=MOST_WORKERS`.
pub fn check_workers(found: i64) -> Result<usize, RunError> {
    match usize::try_from(found) {
        Err(_) | Ok(0) => Err(RunError::NoWorkers { found }),
        Ok(n) if n > MOST_WORKERS => Err(RunError::TooManyWorkers { found, limit: MOST_WORKERS }),
        Ok(n) => Ok(n),
    }
}
