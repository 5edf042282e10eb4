//! What the driver and its workers say to each other: headers of packets of the core's one codec.

use fascicle_core::{Failure, LogLine};
use serde::{Deserialize, Serialize};

/// From the driver to a worker. A worker ends when the pipe does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Run a piece.
    Run {
        /// Its number.
        piece: u64,
        /// How often a worker was lost on it before.
        attempt: u32,
    },
}

/// From a worker to the driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// The worker has started and waits for a piece.
    Hello,
    /// A piece is done; its results are the packet's frame.
    Done {
        /// Its number.
        piece: u64,
        /// The lines that it wrote into the log.
        log: Vec<LogLine>,
    },
    /// A piece has failed, and the worker is well.
    Failed {
        /// Its number.
        piece: u64,
        /// The lines that it wrote into the log.
        log: Vec<LogLine>,
        /// Why.
        failure: Failure,
    },
}
