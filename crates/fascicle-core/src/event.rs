//! The one stream of what happens during a run.

use crate::{Data, LogLine, PieceFailure, Snapshot, WorkerLost};

/// Where a worker's line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// `stdout` or `stderr`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pieces done or failed.
    pub pieces: u64,
    /// Of so many (in the rounds known so far).
    pub all_pieces: u64,
    /// What is done of [`Work::size`](crate::Work::size): trajectories, for example.
    pub items: u64,
    /// Of so many.
    pub all_items: u64,
}

/// Something that happened during a run. Listeners are called on the driver's thread; one that
/// returns [`Break`](std::ops::ControlFlow::Break) ends the run, which then gives what is finished.
///
/// [`Done`](Event::Done) and [`Round`](Event::Round) carry the results so far, for charts that are
/// drawn while a run goes on. They cost nothing unless they are asked for, so that the listener
/// chooses how often; asking changes no result. What is there after a round is the same on every
/// driver; what is there after a piece depends on which pieces were done first.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// The driver's name.
        driver: &'static str,
        /// The number of workers.
        workers: usize,
        /// What is counted, in the plural.
        unit: &'static str,
        /// Nothing of how much, but for what a journal had.
        progress: Progress,
    },
    /// A piece is done and merged.
    Done {
        /// Its number.
        piece: u64,
        /// The worker that ran it.
        worker: usize,
        /// How far the run is.
        progress: Progress,
        /// The merged results so far, made when asked for.
        partial: &'a dyn Fn() -> Option<Data>,
    },
    /// A piece has failed; the others go on.
    Failed {
        /// Which and why.
        failure: &'a PieceFailure,
        /// How far the run is.
        progress: Progress,
    },
    /// A worker was lost and is replaced; the piece it ran is run again.
    WorkerLost {
        /// The worker's number.
        worker: usize,
        /// How it was lost.
        lost: &'a WorkerLost,
        /// The piece it ran, if it ran one.
        piece: Option<u64>,
    },
    /// A line was written into the log.
    Log {
        /// The piece that wrote it, or none if it belongs to the run as a whole.
        piece: Option<u64>,
        /// The line.
        line: &'a LogLine,
    },
    /// A worker process wrote a whole line.
    Output {
        /// The worker's number.
        worker: usize,
        /// Where it wrote it.
        stream: Stream,
        /// The line, without its end.
        line: &'a str,
    },
    /// A round is over. Another one begins if there are pieces that are not done.
    Round {
        /// Its number, from 1.
        round: u64,
        /// How far the run is, with the next round counted in.
        progress: Progress,
        /// The merged results so far, made when asked for.
        partial: &'a dyn Fn() -> Option<Data>,
        /// How good they are, found when asked for; much less than all of them.
        snapshot: &'a dyn Fn() -> Option<Snapshot>,
    },
}
