//! When a run stops by itself.

use super::EnsembleError;
use crate::{Data, LogLine, Snapshot};

/// When a run stops by itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Until {
    /// The output that is watched.
    pub(crate) output: String,
    /// What its largest standard error must not exceed.
    pub(crate) target: f64,
    /// Trajectories of the run at the most.
    pub(crate) max_trajectories: u64,
}

impl Until {
    /// Refuses what no run can reach, as far as that is known beforehand.
    pub(super) fn check(&self, append: Option<&Data>) -> Result<(), EnsembleError> {
        if !(self.target > 0.0 && self.target.is_finite()) {
            return Err(EnsembleError::Target { found: self.target });
        }
        match append {
            Some(data) if !data.outputs().is_empty() => match data.output(&self.output) {
                Ok(_) => Ok(()),
                Err(source) => Err(EnsembleError::UnknownOutput { source, finished: None }),
            },
            _ => Ok(()),
        }
    }

    /// Whether it is good enough.
    pub(super) fn is_met_by(&self, snapshot: &Snapshot) -> bool {
        snapshot.largest_error(&self.output).is_some_and(|error| error <= self.target)
    }

    /// What to say at the end.
    pub(super) fn verdict(&self, end: &Snapshot) -> LogLine {
        let (output, target, n) = (&self.output, self.target, end.trajectories);
        let reached = match end.largest_error(output) {
            Some(error) => format!("the largest standard error of `{output}` is {error:?}"),
            None => format!("there is no standard error of `{output}`"),
        };
        if self.is_met_by(end) {
            LogLine::info(format!("{n} trajectories are enough: {reached}, wanted {target:?}"))
        } else {
            LogLine::warning(format!(
                "{n} trajectories are not enough: {reached}, wanted {target:?}"
            ))
        }
    }
}
