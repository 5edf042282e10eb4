//! What can go wrong with journals.

use std::path::PathBuf;

use thiserror::Error;

use crate::wire::WireError;

/// What can go wrong with a journal.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The operating system said no.
    #[error("could not {action} the journal {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// The file system has no locks, or will not give one.
    #[error(
        "could not lock the journal {}, so that no other run writes to it: {source}; expected a file \
         system with locks (flock), such as a local disk",
        path.display()
    )]
    NoLock {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Somebody has deleted it, and what was written to it is lost.
    #[error("the journal {} was deleted, moved or replaced during the run", path.display())]
    Gone {
        /// The path.
        path: PathBuf,
    },
    /// Another run has it.
    #[error("the journal {} is in use by another run: expected to be its only writer", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It is a folder, a device, a pipe.
    #[error("could not open the journal {}: expected a plain file, found something else", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// It is a file of another kind, which is left alone.
    #[error("{} is no journal: expected its magic number, found {found}", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// What it begins with.
        found: String,
    },
    /// Another version of fascicle wrote it.
    #[error("the journal {} has format {found}, expected {expected}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format that this version reads and writes.
        expected: u32,
        /// The file's.
        found: u32,
    },
    /// It is of another run.
    #[error("{} is the journal of another run: {what} is {journal} in the journal and {here} here", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
        /// Its value in the journal.
        journal: String,
        /// Its value in this run.
        here: String,
    },
    /// A result cannot be written down.
    #[error("the result of batch {piece} could not be written to the journal {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The piece.
        piece: u64,
        /// Why not.
        #[source]
        source: WireError,
    },
    /// A record that was there is there no more.
    #[error("the record of batch {piece} in the journal {} has changed since the run began", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The piece.
        piece: u64,
    },
}
