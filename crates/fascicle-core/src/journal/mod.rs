//! Journals: finished pieces on disk, from which a run that was cut off goes on.
//!
//! [`Journaled`] is a driver around another driver. It writes each finished piece to the end of a file
//! and, when the same work is run with the same file again, has only the missing pieces run.
//!
//! The file begins with what is run, in words, under a checksum:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic, `fascjrnl` |
//! | 4 | format |
//! | 4 | length of the facts |
//! | 4 | CRC-32 of format, length and facts |
//! | … | the facts, as JSON |
//!
//! A record follows for each piece, in the order in which pieces were finished. It proves by itself
//! which run it is of, so that nothing but itself is lost with any of its bytes:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic |
//! | 8 | number of the piece |
//! | 8 | length of the packet |
//! | 32 | digest of the run's facts |
//! | 4 | CRC-32 of the above |
//! | … | the piece's log and frame, as a packet of [`wire`](crate::wire) |
//! | 4 | CRC-32 of the packet |
//!
//! All numbers are little-endian. A reader that finds no record where one should be looks for the next
//! head. What is half written at the end is cut off.

mod driver;
mod error;
mod file;
mod format;
mod read;
mod resume;
#[cfg(test)]
mod tests;
mod there;
mod write;

pub use driver::{Journaled, SyncDue};
pub use error::JournalError;
