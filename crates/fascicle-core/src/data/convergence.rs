//! How standard errors shrink from round to round.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Data;

/// How good the means were at the end of a round. Rounds are of a fixed number of trajectories, so
/// this does not depend on batch size, driver or number of workers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Trajectories until then, with those of data that were appended to.
    pub trajectories: u64,
    /// By the output's name, the largest of its standard errors: of all components, times, and real
    /// and imaginary parts. Outputs without any, those of a single trajectory for example, are left
    /// out.
    pub errors: BTreeMap<String, f64>,
}

impl Snapshot {
    /// The largest standard error of an output, if it had one.
    pub fn largest_error(&self, output: &str) -> Option<f64> {
        self.errors.get(output).copied()
    }

    /// From the standard errors of the outputs.
    pub(crate) fn new(trajectories: u64, errors: impl Iterator<Item = (String, f64)>) -> Self {
        Self { trajectories, errors: errors.filter(|(_, error)| error.is_finite()).collect() }
    }

    /// Of data as they are.
    pub(crate) fn of(data: &Data) -> Self {
        let outputs = data.outputs().iter();
        let errors = outputs.map(|output| (output.name().to_string(), output.largest_error()));
        Self::new(data.seeds().len() as u64, errors)
    }
}

/// The largest, or NaN if one of them is.
pub(crate) fn largest(errors: impl IntoIterator<Item = f64>) -> f64 {
    // Not `f64::max`, which passes over a NaN.
    let larger = |a: f64, b: f64| if a > b || a.is_nan() { a } else { b };
    errors.into_iter().fold(0.0, larger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_the_largest() {
        assert_eq!(largest([0.1, 0.3, 0.2]), 0.3);
        for errors in [[f64::NAN, 1.0, 2.0], [1.0, f64::NAN, 0.5], [1.0, 2.0, f64::NAN]] {
            assert!(largest(errors).is_nan());
        }
    }

    #[test]
    fn outputs_without_errors_are_left_out() {
        let errors = [("a".to_string(), f64::NAN), ("b".to_string(), 0.5)];
        let snapshot = Snapshot::new(1, errors.into_iter());
        assert_eq!((snapshot.largest_error("a"), snapshot.largest_error("b")), (None, Some(0.5)));
    }
}
