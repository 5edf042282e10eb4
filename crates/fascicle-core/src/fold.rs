//! Merging the results of pieces, in any order.

use thiserror::Error;

use crate::{Data, Frame, FrameError, Snapshot};

/// What comes after a round of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The run is over.
    Done,
    /// So many more pieces, numbered on from the last.
    More(u64),
}

/// Merges the frames of pieces. They come in any order, so merging must not depend on it.
pub trait Fold {
    /// Takes in the frame of one piece. A piece comes once.
    ///
    /// # Errors
    /// A frame that does not fit; the driver reports the piece as failed.
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError>;

    /// Decides, when all pieces of a round are done or have failed, whether there is another one. It is
    /// not asked after a round that was interrupted.
    /// It is the only place for decisions: a round is fixed beforehand, so what is decided does not
    /// depend on the order or the number of workers.
    fn round(&mut self) -> Next {
        Next::Done
    }

    /// What there is so far, for listeners that draw it.
    fn partial(&self) -> Option<Data> {
        None
    }

    /// How good that is, for listeners, when a round is over.
    fn snapshot(&self) -> Option<Snapshot> {
        None
    }

    /// All that was taken in and decided, as a frame from which another rank [restores](Fold::restore)
    /// it. Drivers whose program runs on several ranks ask for it; a fold that has none, the default,
    /// is not for them.
    fn state(&self) -> Option<Frame> {
        None
    }

    /// Whether there is such a state. It is asked before a run.
    fn has_state(&self) -> bool {
        self.state().is_some()
    }

    /// Takes over the state of another rank's fold, in place of its own.
    ///
    /// # Errors
    /// A frame that is no such state.
    fn restore(&mut self, state: &Frame) -> Result<(), FoldError> {
        let _ = state;
        Err(FoldError::Other("this fold has no state to be restored".to_string()))
    }
}

/// Why a frame could not be merged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FoldError {
    /// Outputs differ from those of earlier pieces.
    #[error("outputs changed shape between batches: expected {expected}, found {found}")]
    ShapeChanged {
        /// The outputs of the first piece.
        expected: String,
        /// Those of this one.
        found: String,
    },
    /// The frame lacks something, or holds something else.
    #[error("a result could not be read")]
    Frame(#[from] FrameError),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
