//! What can go wrong with a run, and what is saved from it.

use std::fmt;
use std::path::{Path, PathBuf};

#[cfg(feature = "hdf5")]
use fascicle_core::write_before_the_end;
use fascicle_core::{Data, DataError, EnsembleError, PieceFailure, RunError};
use fascicle_dynamics::{ModelError, RecipeError, SimulationError};
use thiserror::Error;

use crate::chart::ChartError;

/// What can go wrong with a run.
///
/// `{:?}` is for people, too: a `main` that returns it prints the message and its causes, and not the
/// data inside.
#[derive(Error)]
#[non_exhaustive]
pub enum Error {
    /// The simulation cannot be run as it is.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A constant cannot be.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A recipe cannot be changed so.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The seeds, the data to append to, or the driver cannot be.
    #[error(transparent)]
    Ensemble(EnsembleError),
    /// The driver cannot run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// What was asked of the data is not there.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is no chart.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// A file could not be read or written.
    #[cfg(feature = "hdf5")]
    #[error(transparent)]
    Storage(#[from] fascicle_core::StorageError),
    /// The driver could not go on. What was finished until then is saved.
    #[error("the run could not go on: {source}; {rescue}")]
    Stopped {
        /// Why not.
        #[source]
        source: RunError,
        /// What was finished, together with the data that were to be appended to.
        finished: Box<Data>,
        /// Where it is saved.
        rescue: Rescue,
    },
    /// The run was to stop at the standard error of an output that there is not. What was finished
    /// until then is saved.
    #[error("the run was to stop at a standard error, but {source}; {rescue}")]
    UnknownOutput {
        /// Which outputs there are.
        #[source]
        source: DataError,
        /// What was finished, together with the data that were to be appended to.
        finished: Box<Data>,
        /// Where it is saved.
        rescue: Rescue,
    },
    /// Some batches failed. What is finished is saved: all others, but on ranks of MPI, where the first
    /// failure ends the run.
    #[error(
        "{} of {batches} batches failed{}; {rescue}{}",
        failures.len(),
        ended_early(finished),
        list(failures)
    )]
    Failed {
        /// The failed batches with their seeds and causes.
        failures: Vec<PieceFailure>,
        /// How many batches there were.
        batches: u64,
        /// What was finished, together with the data that were to be appended to.
        finished: Box<Data>,
        /// Where it is saved.
        rescue: Rescue,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.to_string();
        f.write_str(&told)?;
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let text = cause.to_string();
            // Some messages hold their cause.
            if !told.contains(&text) {
                write!(f, "\n  because {text}")?;
            }
            told = text;
            source = cause.source();
        }
        Ok(())
    }
}

/// What became of the trajectories that were finished when others failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Rescue {
    /// No trajectory was finished.
    Nothing,
    /// They are where rank 0 says.
    ByLeader,
    /// They are in this file, to be loaded and appended to.
    File {
        /// The file.
        path: PathBuf,
        /// How many trajectories are in it.
        trajectories: usize,
    },
    /// They are in the run's checkpoint, from which the same command goes on.
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// How many trajectories are finished.
        trajectories: usize,
    },
    /// They could not be saved; the error has them in memory.
    Unsaved {
        /// Why.
        why: String,
        /// How many there are.
        trajectories: usize,
    },
}

impl fmt::Display for Rescue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no trajectory was finished"),
            Self::ByLeader => f.write_str("rank 0 says where what is finished is"),
            Self::File { path, trajectories } => {
                write!(f, "the {trajectories} finished trajectories are in {}", path.display())
            }
            Self::Checkpoint { path, trajectories } => write!(
                f,
                "the same command goes on from {}, with {trajectories} finished trajectories",
                path.display()
            ),
            Self::Unsaved { why, trajectories } => {
                write!(f, "the {trajectories} finished trajectories could not be saved: {why}")
            }
        }
    }
}

/// Whether all other batches were finished.
fn ended_early(finished: &Data) -> &'static str {
    match finished.provenance().runs.last() {
        Some(run) if run.interrupted && run.driver == "mpi" => {
            ", and the run was ended early (with OnFailure::Drop the others are finished)"
        }
        Some(run) if run.interrupted => ", and the run was ended early",
        _ => "",
    }
}

/// Whether a batch is set aside because it kills workers.
fn is_of_worker(failure: &PieceFailure) -> bool {
    matches!(failure.failure.cause, fascicle_core::Cause::WorkerLost { .. })
}

/// The first failures, a line each.
fn list(failures: &[PieceFailure]) -> String {
    const SHOWN: usize = 5;
    let line = |failure: &PieceFailure| {
        let again = failure.reproduce();
        let caution = if is_of_worker(failure) { " (it may end the program)" } else { "" };
        format!(
            "\n  {failure}{}",
            again.map_or(String::new(), |line| format!("\n    to run it alone{caution}: {line}"))
        )
    };
    let mut text: String = failures.iter().take(SHOWN).map(line).collect();
    if failures.len() > SHOWN {
        text.push_str(&format!("\n  and {} more", failures.len() - SHOWN));
    }
    text
}

/// Turns the error of a run into one that names the file with what was finished.
pub(crate) fn rescue(error: EnsembleError, seconds: f64, checkpoint: Option<&Path>) -> Error {
    match (error, checkpoint) {
        (
            EnsembleError::Stopped { source: source @ RunError::RankLost(_), mut finished },
            Some(path),
        ) => {
            meet_before_the_end();
            finished.set_elapsed(seconds);
            let (path, trajectories) = (path.to_path_buf(), finished.seeds().len());
            Error::Stopped { source, finished, rescue: Rescue::Checkpoint { path, trajectories } }
        }
        (error, _) => rescue_into_file(error, seconds),
    }
}

fn rescue_into_file(error: EnsembleError, seconds: f64) -> Error {
    match error {
        EnsembleError::Failed { failures, pieces, mut finished } => {
            finished.set_elapsed(seconds);
            let rescue = save(&finished);
            Error::Failed { failures, batches: pieces, finished, rescue }
        }
        EnsembleError::Stopped { source, mut finished } => {
            finished.set_elapsed(seconds);
            let rescue = save(&finished);
            Error::Stopped { source, finished, rescue }
        }
        EnsembleError::UnknownOutput { source, finished: Some(mut finished) } => {
            finished.set_elapsed(seconds);
            let rescue = save(&finished);
            Error::UnknownOutput { source, finished, rescue }
        }
        EnsembleError::Run(source @ RunError::OnLeader { keeps_results: true, .. }) => {
            meet_before_the_end();
            Error::Ensemble(EnsembleError::Run(source))
        }
        other => Error::Ensemble(other),
    }
}

/// What there is to be saved is on rank 0, and other ranks are not to end the job meanwhile.
#[cfg(feature = "hdf5")]
fn meet_before_the_end() {
    write_before_the_end(RESCUING, || ());
}

#[cfg(not(feature = "hdf5"))]
fn meet_before_the_end() {}

/// What ranks meet for then.
#[cfg(feature = "hdf5")]
const RESCUING: &str = "saving what is finished";

#[cfg(feature = "hdf5")]
fn save(data: &Data) -> Rescue {
    let trajectories = data.seeds().len();
    if trajectories == 0 {
        return Rescue::Nothing;
    }
    let mut rescue = Rescue::ByLeader;
    write_before_the_end(RESCUING, || rescue = save_here(data, trajectories));
    rescue
}

#[cfg(feature = "hdf5")]
fn save_here(data: &Data, trajectories: usize) -> Rescue {
    use std::time::{SystemTime, UNIX_EPOCH};

    // The time and the process keep runs that fail side by side apart.
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
    let name = format!("fascicle-rescued-{time}-{}.h5", std::process::id());
    let here = std::env::current_dir().map(|folder| folder.join(&name));
    let mut why = String::new();
    for path in here.into_iter().chain([std::env::temp_dir().join(&name)]) {
        match data.save(&path) {
            Ok(()) => return Rescue::File { path, trajectories },
            Err(error) => why = error.to_string(),
        }
    }
    Rescue::Unsaved { why, trajectories }
}

#[cfg(not(feature = "hdf5"))]
fn save(data: &Data) -> Rescue {
    match data.seeds().len() {
        0 => Rescue::Nothing,
        trajectories => {
            let why = "fascicle is built without its feature hdf5".to_string();
            Rescue::Unsaved { why, trajectories }
        }
    }
}
