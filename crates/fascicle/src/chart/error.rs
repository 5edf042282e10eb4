//! Why there is no chart.

use std::path::PathBuf;

use fascicle_core::DataError;
use thiserror::Error;

/// Why there is no chart.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChartError {
    /// The data have no such output, or it is of the wrong kind.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The output has the wrong shape.
    #[error("output `{name}` has shape {found:?} at one time, expected {expected}")]
    Shape {
        /// The output's name.
        name: String,
        /// The shape that is needed.
        expected: &'static str,
        /// The shape it has.
        found: Vec<usize>,
    },
    /// The matrix has no such element.
    #[error(
        "output `{name}` has no element ({row}, {column}): expected two of its {states} states"
    )]
    NoElement {
        /// The output's name.
        name: String,
        /// The row asked for.
        row: usize,
        /// The column asked for.
        column: usize,
        /// The number of states.
        states: usize,
    },
    /// No trajectory was kept whole.
    #[error(
        "the data have no trajectories of their own, only means: expected some that were kept, by \
         RunOptions::with_keep_trajectories"
    )]
    NothingKept,
    /// There is no such time.
    #[error("there is no time number {found}: expected one from 0 to {}", times.saturating_sub(1))]
    NoTime {
        /// The number asked for.
        found: usize,
        /// How many times there are.
        times: usize,
    },
    /// There are no standard errors, as of a single trajectory.
    #[error("the data have no standard errors to draw: expected two trajectories at least")]
    NoErrors,
    /// There is nothing to draw.
    #[error(
        "there is nothing to draw: expected data of one trajectory at least, and curves that there are"
    )]
    Empty,
    /// The library that draws gave up.
    #[error("the chart could not be drawn: {why}")]
    Drawing {
        /// What it said.
        why: String,
    },
    /// The library was compiled without the feature `png`.
    #[error(
        "PNG needs the feature `png` of fascicle, in Cargo.toml or after `:dep`: `fascicle = {{ path = \"…\", features = [\"png\"] }}`, or take SVG, which needs none"
    )]
    NoPng,
    /// The name of the file does not say what it is to be.
    #[error("expected the name of a file that ends in .svg or .png, found {}", path.display())]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be written.
    #[error("could not write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Of several ranks, the one that writes could not.
    #[error("rank 0: {message}")]
    OnLeader {
        /// What it says.
        message: String,
    },
}
