//! What can go wrong with files.

use std::path::PathBuf;

use thiserror::Error;

/// What can go wrong with files.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The operating system said no.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// Of several ranks, the one that writes could not.
    #[error("rank 0: {message}")]
    OnLeader {
        /// What it says.
        message: String,
    },
    /// It is a folder, a device, a pipe.
    #[error("could not {action} {}: expected a plain file, found something else", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
    },
    /// It is no HDF5 file at all.
    #[error("{} is no HDF5 file: expected its signature, found {found}", path.display())]
    NotHdf5 {
        /// The file.
        path: PathBuf,
        /// What it begins with.
        found: String,
    },
    /// It is cut short, or changed, or contradicts itself.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How that shows.
        what: String,
    },
    /// It is an HDF5 file of something else.
    #[error("{} holds no ensemble data: {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is missing or different.
        what: String,
    },
    /// A later version of fascicle wrote it.
    #[error("{} has format {found}, expected at most {expected}: update fascicle", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The format that this version reads.
        expected: u32,
        /// The file's.
        found: u32,
    },
    /// An output has a name that the file cannot hold.
    #[error(
        "output `{name}` cannot be saved to {}: expected a name of at most 1024 bytes without `/` that is none of t, seed, norm_factor, fascicle",
        path.display()
    )]
    Name {
        /// The file.
        path: PathBuf,
        /// The output's name.
        name: String,
    },
}
