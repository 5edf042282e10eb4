//! From outputs to curves.

use fascicle_core::{Data, Output};

use super::ChartError;

/// A curve over time with its standard errors.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub label: String,
    pub values: Vec<f64>,
    /// NaN where there is none.
    pub errors: Vec<f64>,
}

/// The diagonal of a complex output of shape N × N.
pub(super) fn diagonal(data: &Data, name: &str) -> Result<Vec<Curve>, ChartError> {
    let output = data.output(name)?;
    let (mean, error) = (output.complex()?, output.standard_error());
    let &[n, columns] = output.spec().shape.as_slice() else {
        return Err(wrong_shape(output, "[N, N]"));
    };
    if n != columns || n == 0 {
        return Err(wrong_shape(output, "[N, N]"));
    }
    let times = 0..data.times().len();
    let curve = |k: usize| Curve {
        label: format!("state {k}"),
        values: times.clone().map(|time| mean[[time, k, k]].re).collect(),
        errors: times.clone().map(|time| error[[time, k, k]]).collect(),
    };
    Ok((0..n).map(curve).collect())
}

/// The components of a real output that is a number or a list.
pub(super) fn components(data: &Data, name: &str) -> Result<Vec<Curve>, ChartError> {
    let output = data.output(name)?;
    let (mean, error) = (output.real()?, output.standard_error());
    let times = 0..data.times().len();
    match output.spec().shape.as_slice() {
        [] => Ok(vec![Curve {
            label: name.replace('_', " "),
            values: mean.iter().copied().collect(),
            errors: error.iter().copied().collect(),
        }]),
        &[n] => {
            let curve = |k: usize| Curve {
                label: format!("{} {k}", name.replace('_', " ")),
                values: times.clone().map(|time| mean[[time, k]]).collect(),
                errors: times.clone().map(|time| error[[time, k]]).collect(),
            };
            Ok((0..n).map(curve).collect())
        }
        _ => Err(wrong_shape(output, "[] or [N]")),
    }
}

fn wrong_shape(output: &Output, expected: &'static str) -> ChartError {
    let spec = output.spec();
    ChartError::Shape { name: spec.name.clone(), expected, found: spec.shape.clone() }
}
