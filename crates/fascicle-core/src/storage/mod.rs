//! Data on disk, in HDF5.
//!
//! At the root lie QC Lab's keys: a dataset of means for each output, with `t`, `seed` and
//! `norm_factor`, and the attribute `log`. h5py and QC Lab read them. The group `fascicle` has what
//! is needed to go on: exact sums, kept trajectories, the description and the history, under a
//! checksum. [`Data::save_qclab`] leaves the group out, for QC Lab's own `load` knows no groups.
//!
//! A file is written beside its place, brought to the disk and then renamed, so that there is always
//! a whole one: the old or the new.

mod atomic;
mod error;
mod hdf5;
mod header;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::path::Path;

pub use error::StorageError;

use crate::{Data, write_once};

/// The group with what QC Lab does not know.
const GROUP: &str = "fascicle";

/// Files that are larger are not read: 64 GiB.
const MOST_BYTES: u64 = 64 << 30;

impl Data {
    /// Writes everything to an HDF5 file, which replaces one that is there. Of several ranks that run in
    /// step, rank 0 writes it, and all go on when it is there.
    ///
    /// # Errors
    /// When an output has a name that the file needs for itself, or the file cannot be written; an
    /// old file is left as it is then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), StorageError> {
        self.write(path.as_ref(), true)
    }

    /// Writes an HDF5 file with QC Lab's keys alone, which QC Lab's `Data().load` reads. Sums are
    /// left out: nothing can be appended to what is loaded from it.
    ///
    /// # Errors
    /// As [`Data::save`].
    pub fn save_qclab(&self, path: impl AsRef<Path>) -> Result<(), StorageError> {
        self.write(path.as_ref(), false)
    }

    fn write(&self, path: &Path, with_own: bool) -> Result<(), StorageError> {
        write_once(
            "saving data",
            || atomic::replace(path, &write::file(self, path, with_own)?),
            |message| StorageError::OnLeader { message },
        )
    }

    /// Reads a file that [`Data::save`], [`Data::save_qclab`] or QC Lab wrote. Of a file without
    /// fascicle's own group there are means only.
    ///
    /// # Errors
    /// When it cannot be read, is no HDF5 file, is damaged, or holds something else.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        let path = path.as_ref();
        let io = |source| StorageError::Io { path: path.into(), action: "read", source };
        let there = std::fs::metadata(path).map_err(io)?;
        if !there.is_file() {
            return Err(StorageError::NotAFile { path: path.into(), action: "read" });
        }
        let length = there.len();
        if length > MOST_BYTES {
            let what = format!("{length} bytes, expected at most {MOST_BYTES}");
            return Err(StorageError::Damaged { path: path.into(), what });
        }
        read::file(&std::fs::read(path).map_err(io)?, path)
    }
}
