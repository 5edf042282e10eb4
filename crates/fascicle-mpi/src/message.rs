//! What ranks say to each other: packets of the core's one codec, with these headers.

use std::sync::Arc;
use std::time::Duration;

use fascicle_core::wire::{WireError, encode};
use fascicle_core::{Facts, Failure, Frame, LogLine, Outcome};
use serde::{Deserialize, Serialize};

use crate::piece::Ran;

/// A word and a frame as bytes. It may go to several ranks.
pub(crate) type Packet = Arc<Vec<u8>>;

/// The header of a packet. `at` counts the occasions on which all ranks come together; what belongs to
/// one that is over is not looked at.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Word {
    /// A sign of life.
    Beat,
    /// To the leader: this rank is there.
    Arrived { at: u64, errand: Errand },
    /// To the others: go on.
    GoOn { at: u64, passed: Passed },
    /// To the others: run a piece, by the number that all ranks know it by.
    Run { at: u64, piece: Numbered },
    /// To the others: give back what is not begun.
    TakeBack { at: u64 },
    /// To the leader: so many were not begun, and will not be.
    TakenBack { at: u64, pieces: usize },
    /// To the leader: a piece is done, and the frame has its results, or it has failed.
    Finished { at: u64, piece: u64, took: Duration, log: Vec<LogLine>, result: Result<(), Failure> },
    /// To the leader: something was printed while a piece ran.
    Said { at: u64, line: String },
    /// To the leader: this rank was told to end the run. To the others: it is ended, give up.
    End { at: u64 },
    /// To the others, from one to the next: what the leader has come to; the frame has the fold's state.
    Outcome { at: u64, outcome: Outcome },
    /// To the leader: another rank has died.
    Died { rank: usize },
    /// This rank leaves, and is not missed.
    Bye,
}

/// For what the leader has come to an occasion, in words, and what has failed there, if anything did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Passed {
    pub(crate) told: String,
    pub(crate) failed: Option<String>,
}

/// A piece, as the leader and as all ranks count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Numbered {
    /// The number that the leader's driver has for it.
    pub(crate) piece: u64,
    /// The number in the whole work.
    pub(crate) number: u64,
}

/// What a rank has come for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Errand {
    /// A run of this.
    Run { host: String, facts: Facts },
    /// To wait for the others, in words.
    Meet { what: String },
}

impl Errand {
    /// In a few words.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Run { .. } => "at a run".to_string(),
            Self::Meet { what } => format!("at {what}"),
        }
    }
}

impl Word {
    /// As a packet without numbers.
    pub(crate) fn packet(&self) -> Packet {
        self.packet_with(&Frame::default()).expect("small values can be encoded")
    }

    /// With a frame.
    pub(crate) fn packet_with(&self, frame: &Frame) -> Result<Packet, WireError> {
        encode(self, frame).map(Arc::from)
    }
}

/// What a piece has come to, with its frame. A result that cannot be sent becomes a failure that says so.
pub(crate) fn finished(at: u64, piece: u64, ran: Ran, frame: &Frame) -> Packet {
    let Ran { took, log, result } = ran;
    let word = Word::Finished { at, piece, took, log, result };
    word.packet_with(frame).unwrap_or_else(|error| {
        let result = Err(Failure::other(format!("the result could not be sent: {error}")));
        Word::Finished { at, piece, took, log: Vec::new(), result }.packet()
    })
}
