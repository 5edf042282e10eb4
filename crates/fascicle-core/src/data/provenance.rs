//! How results came about.

use serde::{Deserialize, Serialize};

/// How results came about: nothing that they depend on, but what one wants to know of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The program that made the first of them, with its version.
    pub version: String,
    /// The runs that were merged into them, in order.
    pub runs: Vec<RunRecord>,
}

/// One run of a driver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The driver's name.
    pub driver: String,
    /// The number of its workers.
    pub tasks: usize,
    /// Trajectories per batch.
    pub batch_size: usize,
    /// Trajectories finished.
    pub trajectories: u64,
    /// Rounds finished: one, unless the run was to stop by itself. 0 in older files.
    #[serde(default)]
    pub rounds: u64,
    /// Of those, how many came from a checkpoint's journal.
    #[serde(default)]
    pub resumed: u64,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Workers that were lost and replaced.
    pub workers_lost: u64,
    /// How long it took, in seconds, if someone looked at the clock.
    pub seconds: Option<f64>,
}

impl RunRecord {
    /// Trajectories per second, without those from a journal.
    pub fn speed(&self) -> Option<f64> {
        let run = self.trajectories.saturating_sub(self.resumed) as f64;
        self.seconds.filter(|&s| s > 0.0).map(|seconds| run / seconds)
    }
}
