//! One whole trajectory, kept on request.

use ndarray::ArrayD;

use super::output::{array, same_bits};
use super::{DataError, OutputSpec};
use crate::c64;

/// The outputs of one trajectory over time, kept on request. `==` compares bits.
#[derive(Clone, Debug, Default)]
pub struct Trajectory {
    outputs: Vec<(OutputSpec, Vec<f64>)>,
}

impl Trajectory {
    /// From specifications and values `[time, …, (re, im)]`.
    pub fn new(outputs: Vec<(OutputSpec, Vec<f64>)>) -> Self {
        Self { outputs }
    }

    /// Specifications and values `[time, …, (re, im)]`.
    pub fn outputs(&self) -> &[(OutputSpec, Vec<f64>)] {
        &self.outputs
    }

    /// A real output, `[time, …]`.
    ///
    /// # Errors
    /// When there is no such output, or it is complex.
    pub fn real(&self, name: &str) -> Result<ArrayD<f64>, DataError> {
        let (spec, values) = self.find(name)?;
        if spec.complex {
            return Err(wrong_kind(name, "real", "complex"));
        }
        array(&full_shape(spec, values), values.clone())
    }

    /// A complex output, `[time, …]`.
    ///
    /// # Errors
    /// When there is no such output, or it is real.
    pub fn complex(&self, name: &str) -> Result<ArrayD<c64>, DataError> {
        let (spec, values) = self.find(name)?;
        if !spec.complex {
            return Err(wrong_kind(name, "complex", "real"));
        }
        let (pairs, _) = values.as_chunks::<2>();
        array(&full_shape(spec, values), pairs.iter().map(|&[re, im]| c64(re, im)).collect())
    }

    fn find(&self, name: &str) -> Result<&(OutputSpec, Vec<f64>), DataError> {
        self.outputs.iter().find(|(spec, _)| spec.name == name).ok_or_else(|| {
            let known = self.outputs.iter().map(|(spec, _)| spec.name.clone()).collect();
            DataError::NoOutput { name: name.to_string(), known }
        })
    }
}

fn wrong_kind(name: &str, expected: &'static str, found: &'static str) -> DataError {
    DataError::Kind { name: name.to_string(), expected, found }
}

fn full_shape(spec: &OutputSpec, values: &[f64]) -> Vec<usize> {
    let times = values.len() / spec.width().max(1);
    std::iter::once(times).chain(spec.shape.iter().copied()).collect()
}

impl PartialEq for Trajectory {
    fn eq(&self, other: &Self) -> bool {
        self.outputs.len() == other.outputs.len()
            && self
                .outputs
                .iter()
                .zip(&other.outputs)
                .all(|(a, b)| a.0 == b.0 && same_bits(&a.1, &b.1))
    }
}
