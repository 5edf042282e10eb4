//! Programs on ranks: started by `mpirun` or by a real Slurm, ended in every way, and what comes of it.

mod bits;
mod faults;
mod hosts;
mod launch;
mod slurm;
mod speed;

use std::error::Error;
use std::path::{Path, PathBuf};

pub use bits::{COLUMNS, Line, lines};
pub use launch::{Ended, end, mpirun};
pub use speed::ROWS as SPEED;

/// What was found: in words, and whether it is as wanted.
pub type Found = Result<(String, bool), Box<dyn Error>>;

/// A row of a table: its name, what is done, what is wanted, and how it is tried.
pub type Row = (&'static str, &'static str, &'static str, fn(&Programs) -> Found);

/// The programs that are started.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `ranked`.
    pub ranked: PathBuf,
    /// `journaled`, built with MPI.
    pub journaled: PathBuf,
}

impl Programs {
    /// Those beside a program.
    ///
    /// # Errors
    /// When they are not there: the command that builds them.
    pub fn beside(program: &Path) -> Result<Self, String> {
        let folder = program.parent().unwrap_or(Path::new("."));
        let find = |name: &str| {
            let path = folder.join(name);
            let missing = || {
                format!(
                    "expected {}, found nothing: build it with `cargo build --release -p fascicle-tests \
                     --features mpi --bins`",
                    path.display()
                )
            };
            if path.exists() { Ok(path.clone()) } else { Err(missing()) }
        };
        Ok(Self { ranked: find("ranked")?, journaled: find("journaled")? })
    }
}

/// All rows of what goes wrong.
pub fn rows() -> Vec<Row> {
    [faults::ROWS, hosts::ROWS, slurm::ROWS].concat()
}
