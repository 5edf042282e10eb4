//! What the driver and its workers say to each other. Commands are all of one length, so that one that
//! is in a pipe is there whole, and can be taken back; replies are packets of the core's one codec.

use std::time::Duration;

use fascicle_core::{Failure, LogLine};
use serde::{Deserialize, Serialize};

/// From the driver to a worker: run a piece. A worker ends when the pipe does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// The piece's number.
    pub(crate) piece: u64,
    /// How often a worker was lost on it before.
    pub(crate) attempt: u32,
}

impl Command {
    /// How many bytes a command takes.
    pub(crate) const LENGTH: usize = 24;

    /// Both numbers, and both again with all bits flipped, by which other bytes are told apart.
    pub(crate) fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[0..8].copy_from_slice(&self.piece.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.attempt.to_le_bytes());
        let (front, back) = bytes.split_at_mut(Self::LENGTH / 2);
        back.iter_mut().zip(front).for_each(|(flipped, byte)| *flipped = !*byte);
        bytes
    }

    /// The command, if the bytes are one.
    pub(crate) fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Option<Self> {
        let (piece, attempt) =
            (u64::from_le_bytes(*bytes.first_chunk()?), bytes[8..].first_chunk()?);
        let command = Self { piece, attempt: u32::from_le_bytes(*attempt) };
        (command.to_bytes() == *bytes).then_some(command)
    }
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
        /// How long it took.
        took: Duration,
        /// The lines that it wrote into the log.
        log: Vec<LogLine>,
    },
    /// A piece has failed, and the worker is well.
    Failed {
        /// Its number.
        piece: u64,
        /// How long it took.
        took: Duration,
        /// The lines that it wrote into the log.
        log: Vec<LogLine>,
        /// Why.
        failure: Failure,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_command_is_told_apart() {
        let command = Command { piece: u64::MAX - 7, attempt: 3 };
        let bytes = command.to_bytes();
        assert_eq!(Command::from_bytes(&bytes), Some(command));
        for bit in 0..8 * Command::LENGTH {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Command::from_bytes(&bytes), None);
        }
        assert_eq!(Command::from_bytes(&[0; Command::LENGTH]), None);
    }
}
