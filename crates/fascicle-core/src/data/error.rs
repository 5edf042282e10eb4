//! What can be wrong with data, or with what is asked of them.

use thiserror::Error;

/// What can be wrong with [`Data`](crate::Data), or with what is asked of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no output of this name.
    #[error("there is no output `{name}`: {}", expected_of(known))]
    NoOutput {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The output is real where complex was asked for, or the other way round.
    #[error("output `{name}` is {found}, expected {expected}")]
    Kind {
        /// The output's name.
        name: String,
        /// `real` or `complex`, as asked for.
        expected: &'static str,
        /// `real` or `complex`, as found.
        found: &'static str,
    },
    /// The data belong to another simulation.
    #[error("the data do not fit together: {what} is {expected} in one and {found} in the other")]
    Mismatch {
        /// What differs.
        what: String,
        /// Its value in the data that are there.
        expected: String,
        /// Its value in the others.
        found: String,
    },
    /// The same trajectory is in both.
    #[error("seed {seed} is in both data: a trajectory counts once")]
    SharedSeed {
        /// The first such seed.
        seed: u64,
    },
    /// Means without sums cannot be merged exactly.
    #[error(
        "output `{name}` has means only, as QC Lab writes them: expected the sums that fascicle's own files hold"
    )]
    MeansOnly {
        /// The output's name.
        name: String,
    },
    /// Parts contradict each other.
    #[error("the parts of the data contradict each other: {what}")]
    Corrupt {
        /// How.
        what: String,
    },
}

impl DataError {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }
}

fn expected_of(known: &[String]) -> String {
    match known {
        [] => "the data have none, as of a run that was ended before anything was finished"
            .to_string(),
        known => format!("expected one of {}", known.join(", ")),
    }
}
