//! Why an ensemble gave no complete data.

use thiserror::Error;

use super::SeedsError;
use crate::{Data, DataError, PieceFailure, RunError};

/// Why an ensemble gave no complete data.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnsembleError {
    /// The seeds, or the number of trajectories or their batches, cannot be.
    #[error(transparent)]
    Seeds(#[from] SeedsError),
    /// A standard error to stop at that cannot be.
    #[error("the standard error to stop at must be positive and finite, found {found}")]
    Target {
        /// What was asked for.
        found: f64,
    },
    /// The run was to stop at the standard error of an output that there is not.
    #[error("the run was to stop at a standard error, but {source}")]
    UnknownOutput {
        /// Which outputs there are.
        #[source]
        source: DataError,
        /// What was finished when that came to be known, together with the data that were to be
        /// appended to; none if it was known before.
        finished: Option<Box<Data>>,
    },
    /// The data to append to do not fit.
    #[error("the run cannot be appended to the data: {0}")]
    Append(#[source] DataError),
    /// The driver could not run at all.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The driver could not go on; what was finished until then is in `finished`.
    #[error("the run could not go on: {source}")]
    Stopped {
        /// Why not.
        #[source]
        source: RunError,
        /// What was finished, together with the data that were to be appended to.
        finished: Box<Data>,
    },
    /// Some batches failed; the others are in `finished`.
    #[error("{} of {pieces} batches failed; the first: {}", failures.len(), failures[0])]
    Failed {
        /// The failed batches; at least one.
        failures: Vec<PieceFailure>,
        /// How many batches there were.
        pieces: u64,
        /// What was finished, together with the data that were to be appended to.
        finished: Box<Data>,
    },
    /// The results could not be put together.
    #[error("the results could not be put together")]
    Data(#[from] DataError),
}
