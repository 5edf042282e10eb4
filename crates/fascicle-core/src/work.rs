//! Work that falls into independent, numbered pieces, and what a piece sees while it runs.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::{CancelHandle, Comm, Failure, Fingerprint, Frame, Seed, Solo};

/// Work that falls into independent, numbered pieces: batches of trajectories, trials, points of a
/// sweep, individuals of a generation.
///
/// A [driver](crate::Execute) runs the pieces somewhere and hands each piece's [`Frame`] to a
/// [`Fold`](crate::Fold). What a piece puts into its frame may depend on nothing but the work and
/// the piece's number: not on the worker, nor on the pieces that ran before it. That is what makes
/// one answer of all drivers.
///
/// The trait is object-safe and needs neither `Send` nor serde: serial and multiprocess drivers
/// inherit the work as it is. Thread drivers ask for [`Work::shared`].
///
/// ```
/// use fascicle_core::{Context, Failure, Fingerprint, Frame, Work};
///
/// /// Sums of the digits of n, n = 0, 1, ….
/// struct DigitSums(u64);
///
/// impl Work for DigitSums {
///     fn pieces(&self) -> u64 {
///         self.0
///     }
///     fn fingerprint(&self, to: &mut Fingerprint) {
///         to.text("digit sums");
///     }
///     fn run(&self, piece: u64, _: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
///         let digits = piece.to_string().bytes().map(|b| i64::from(b - b'0')).sum();
///         out.put_i64s("sum", vec![digits]);
///         Ok(())
///     }
/// }
/// let mut frame = Frame::default();
/// DigitSums(100).run(97, &mut Context::default(), &mut frame).unwrap();
/// assert_eq!(frame.i64s("sum").unwrap(), [16]);
/// ```
pub trait Work {
    /// The number of pieces of the first round. Pieces are numbered from 0; later
    /// [rounds](crate::Fold::round) go on counting.
    fn pieces(&self) -> u64;

    /// The number of workers that share one piece and speak through [`Context::comm`].
    fn gang(&self) -> usize {
        1
    }

    /// Writes down all that another rank, or a run that resumes this one, must agree on.
    fn fingerprint(&self, to: &mut Fingerprint);

    /// The same in words, names and values, by which a difference can be told.
    fn facts(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// What the run is asked for besides, in words: ranks must agree on it, and a run that resumes this one
    /// need not.
    fn wishes(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Runs one piece and puts its results into `out`, which comes empty.
    ///
    /// # Errors
    /// What went wrong, as a value: the driver adds the piece's number and goes on with the others.
    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure>;

    /// The seeds of a piece, by which messages name what is in it. Empty where there are none.
    fn seeds(&self, piece: u64) -> Vec<Seed> {
        let _ = piece;
        Vec::new()
    }

    /// Whether a frame that an earlier run of this work has kept is what the piece would give now.
    /// It says no where the run is asked for something that its fingerprint does not have, such as
    /// other trajectories to be kept whole; the piece is then run again.
    fn accepts(&self, piece: u64, frame: &Frame) -> bool {
        let _ = (piece, frame);
        true
    }

    /// The number by which other ranks, which may know nothing of a journal, know a piece.
    fn number(&self, piece: u64) -> u64 {
        piece
    }

    /// How much a piece counts for progress: trajectories in a batch, for example.
    fn size(&self, piece: u64) -> u64 {
        let _ = piece;
        1
    }

    /// What [`Work::size`] counts, in the plural, for progress: `"trajectories"`.
    fn unit(&self) -> &'static str {
        "pieces"
    }

    /// The same work as something that threads may share: `Some(self)` for a type that is `Sync`.
    fn shared(&self) -> Option<&(dyn Work + Sync)> {
        None
    }
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Something that a reader of the results may want to know.
    Info,
    /// Something that was probably not meant.
    Warning,
}

/// One line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// One line, without its end.
    pub text: String,
}

impl LogLine {
    /// A line that a reader of the results may want to know.
    pub fn info(text: impl Into<String>) -> Self {
        Self { level: Level::Info, text: text.into() }
    }

    /// A line about something that was probably not meant.
    pub fn warning(text: impl Into<String>) -> Self {
        Self { level: Level::Warning, text: text.into() }
    }
}

impl std::fmt::Display for LogLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.level {
            Level::Info => f.write_str(&self.text),
            Level::Warning => write!(f, "warning: {}", self.text),
        }
    }
}

enum Peers<'a> {
    Solo(Solo),
    Gang(&'a mut dyn Comm),
}

/// What a piece of work sees of its surroundings while it runs.
pub struct Context<'a> {
    worker: usize,
    attempt: u32,
    stop: Option<&'a AtomicBool>,
    cancel: Option<CancelHandle>,
    peers: Peers<'a>,
    log: Vec<LogLine>,
}

impl Default for Context<'_> {
    fn default() -> Self {
        Self::new(0)
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("worker", &self.worker)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

impl<'a> Context<'a> {
    /// The surroundings on one worker, numbered from 0, that works alone.
    pub fn new(worker: usize) -> Self {
        Self {
            worker,
            attempt: 0,
            stop: None,
            cancel: None,
            peers: Peers::Solo(Solo),
            log: Vec::new(),
        }
    }

    /// With the other workers of the gang.
    #[must_use]
    pub fn with_comm(mut self, comm: &'a mut dyn Comm) -> Self {
        self.peers = Peers::Gang(comm);
        self
    }

    /// With a flag that tells long pieces to give up.
    #[must_use]
    pub fn with_stop(mut self, stop: &'a AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// With the handle that ends the run, if there is one.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Option<CancelHandle>) -> Self {
        self.cancel = cancel;
        self
    }

    /// With the number of times this piece was lost before, together with its worker.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The worker's number, from 0. For messages only: a result must not depend on it.
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// How often this piece was lost before, together with its worker. For tests and messages only.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether the run was interrupted and the piece's result will not be used. Long pieces look
    /// now and then, and return [`Failure::cancelled`].
    pub fn cancelled(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
            || self.cancel.as_ref().is_some_and(CancelHandle::is_cancelled)
    }

    /// The workers that share this piece: a [`Solo`] unless [`Work::gang`] asks for more.
    pub fn comm(&mut self) -> &mut dyn Comm {
        match &mut self.peers {
            Peers::Solo(solo) => solo,
            Peers::Gang(comm) => *comm,
        }
    }

    /// Writes a line into the run's log. It travels with the piece's result, so the lines of a
    /// piece that is lost are lost too, and the log's order does not depend on the driver.
    pub fn log(&mut self, line: LogLine) {
        self.log.push(line);
    }

    /// Takes the lines written so far. For drivers.
    pub fn take_log(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.log)
    }
}
