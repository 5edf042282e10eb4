//! A driver with a journal.

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::format::Identity;
use super::read::Contents;
use super::resume::{Ledger, Rest, Resumed};
use super::there::There;
use super::write::Journal;
use super::{JournalError, file};
use crate::ranks::run_on_ranks;
use crate::{
    Event, Execute, ExecuteOptions, Fold, Listener, LogLine, PieceFailure, Ranks, Report, RunError,
    Work,
};

/// A question after each record: is it time to bring the journal to the disk?
#[derive(Clone)]
pub struct SyncDue(Arc<dyn Fn() -> bool + Send + Sync>);

impl SyncDue {
    /// Asks this.
    pub fn new(due: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(due))
    }

    pub(super) fn ask(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for SyncDue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SyncDue")
    }
}

/// A driver that keeps a journal of the finished pieces, and goes on from one that is there.
///
/// The pieces are run by another driver, any one, and with any number of workers: what was begun on
/// threads may be finished by processes. What comes out has the same bits as without a journal.
///
/// - A record is written when its piece is merged. A crash of the program loses no record, and the
///   operating system's, or a power failure, at most those not yet brought to the disk: 64, or
///   16 MiB and one more, at the most, none from before the end of a round or run, and fewer by
///   [`Journaled::with_sync_due`].
/// - A journal of another run is refused, with the first fact in which they differ.
/// - A record that has changed on the disk is left out, with a warning in the log, and its piece run
///   again. The others are used.
/// - Pieces that failed are not written down: they are run again.
/// - A run whose journal cannot be written, as on a full disk, is ended, and what could be written
///   stays.
/// - When all is done the journal stays. The same run with it gives the same results and runs nothing.
/// - The file is locked while the run goes on; another run that wants it is refused after a second.
///   Where workers outlive a killed program for a while, as elsewhere than on Linux, so does the lock.
///
/// Events tell of a resumed run as of the whole one: with its numbers of pieces, and with progress
/// that begins where the journal ends. What pieces of the journal have logged is told again.
///
/// ```
/// use fascicle_core::{
///     Context, Execute, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, Journaled,
///     Serial, Work, ignore_events,
/// };
///
/// /// Squares of 0, 1, …, 9.
/// struct Squares;
///
/// impl Work for Squares {
///     fn pieces(&self) -> u64 {
///         10
///     }
///     fn fingerprint(&self, to: &mut Fingerprint) {
///         to.text("squares");
///     }
///     fn run(&self, piece: u64, _: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
///         out.put_i64s("square", vec![(piece * piece) as i64]);
///         Ok(())
///     }
/// }
///
/// struct Total(i64);
///
/// impl Fold for Total {
///     fn add(&mut self, _: u64, frame: &Frame) -> Result<(), FoldError> {
///         self.0 += frame.i64s("square")?[0];
///         Ok(())
///     }
/// }
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("squares.journal");
/// for resumed in [0, 10] {
///     let driver = Journaled::new(&Serial, &path);
///     let mut total = Total(0);
///     let options = ExecuteOptions::new();
///     let report = driver.run(&Squares, &mut total, &options, &mut ignore_events)?;
///     assert_eq!((total.0, report.done, report.resumed), (285, 10, resumed));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Journaled<'a> {
    driver: &'a dyn Execute,
    path: PathBuf,
    due: Option<SyncDue>,
}

impl fmt::Debug for Journaled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journaled").field("path", &self.path).finish_non_exhaustive()
    }
}

impl<'a> Journaled<'a> {
    /// Runs pieces on this driver and keeps a journal in this file.
    pub fn new(driver: &'a dyn Execute, path: impl Into<PathBuf>) -> Self {
        Self { driver, path: path.into(), due: None }
    }

    /// With a question that is asked after each record: whether it is time to bring the journal to
    /// the disk. Default: it never is before 64 records or 16 MiB.
    #[must_use]
    pub fn with_sync_due(mut self, due: Option<SyncDue>) -> Self {
        self.due = due;
        self
    }

    fn open(&self, work: &dyn Work) -> Result<Opened, JournalError> {
        let (file, lock) = file::open(&self.path)?;
        let identity = Identity::new(work);
        let accepts = &mut |piece, frame: &_| work.accepts(piece, frame);
        let (journal, contents) = Journal::open(file, &self.path, &identity, accepts)?;
        file::sync_folder(&self.path);
        Ok(Opened { journal, contents, _lock: lock })
    }
}

/// A journal with what it has; nobody else has it meanwhile.
struct Opened {
    journal: Journal<std::fs::File>,
    contents: Contents,
    _lock: file::Lock,
}

impl Execute for Journaled<'_> {
    fn name(&self) -> &'static str {
        self.driver.name()
    }

    fn workers(&self) -> usize {
        self.driver.workers()
    }

    fn ranks(&self) -> Option<&dyn Ranks> {
        self.driver.ranks()
    }

    /// On ranks the journal is the leader's.
    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        match self.driver.ranks() {
            None => self.go_on(self.driver, work, fold, options, on),
            Some(ranks) => {
                run_on_ranks(ranks, work, fold, options, on, &mut |manager, fold, on| {
                    self.go_on(manager, work, fold, options, on)
                })
            }
        }
    }
}

impl Journaled<'_> {
    /// Runs what the journal does not have on a driver.
    fn go_on(
        &self,
        driver: &dyn Execute,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        let Opened { journal, contents, _lock } = self.open(work)?;
        for line in &told(&contents, &self.path) {
            // There is nothing to end yet.
            let _ = on(Event::Log { piece: None, line });
        }
        let there = There::new(contents.records.keys().copied());
        let ledger = RefCell::new(Ledger::new(on, &there));
        let (places, due) = (contents.records, self.due.as_ref());
        let mut resumed =
            Resumed { work, fold, ledger: &ledger, there: &there, places, journal, due, pieces: 0 };
        let pieces = resumed.begin_round(work.pieces())?;
        let shared = work.shared().map(|work| Rest { work, there: &there, pieces, shared: None });
        let shared = shared.as_ref().map(|rest| rest as &(dyn Work + Sync));
        let rest = Rest { work, there: &there, pieces, shared };
        let listen = &mut |event: Event<'_>| ledger.borrow_mut().hear(event);
        let result = driver.run(&rest, &mut resumed, options, listen);
        let synced = resumed.journal.sync();
        let mut ledger = ledger.borrow_mut();
        if let Some(error) = ledger.broken.take() {
            return Err(error.into());
        }
        let mut report = result?;
        synced?;
        let mut failures: Vec<PieceFailure> =
            report.failures.iter().map(|failure| ledger.renumbered(failure)).collect();
        report.resumed = ledger.resumed.items;
        report.done += ledger.resumed.pieces - ledger.failures.len() as u64;
        failures.append(&mut ledger.failures);
        PieceFailure::sort(&mut failures);
        report.failures = failures;
        Ok(report)
    }
}

/// What is worth telling of a journal that was there.
fn told(contents: &Contents, path: &Path) -> Vec<LogLine> {
    let path = path.display();
    let Contents { records, damaged, unfit, .. } = contents;
    let mut lines = Vec::new();
    if *damaged > 0 {
        lines.push(LogLine::warning(format!(
            "{damaged} bytes of the journal {path} are no whole record, as after a crash: they are left out"
        )));
    }
    if *unfit > 0 {
        lines.push(LogLine::info(format!(
            "{unfit} batches of the journal {path} were run for other trajectories to keep or to drop: they are run again"
        )));
    }
    if !records.is_empty() {
        let count = records.len();
        lines.push(LogLine::info(format!("{count} batches come from the journal {path}")));
    }
    lines
}
