//! From data to curves.

use fascicle_core::{Data, Output, c64};

use super::ChartError;

/// The most coherences that are drawn unasked.
const COHERENCES: usize = 3;

/// A curve with its standard errors.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub label: String,
    pub x: Vec<f64>,
    pub values: Vec<f64>,
    /// NaN where there is none.
    pub errors: Vec<f64>,
    pub kind: Kind,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line with a band of its errors.
    Line,
    /// Dashes, to compare lines with.
    Guide,
    /// Steps: values between one x and the next, of which there is one more.
    Steps,
}

impl Curve {
    /// Of an output over time.
    fn over_time(data: &Data, label: String, at: impl Fn(usize) -> (f64, f64)) -> Self {
        let (values, errors) = (0..data.times().len()).map(at).unzip();
        Self { label, x: data.times().to_vec(), values, errors, kind: Kind::Line }
    }
}

/// The diagonal of a complex output of shape N × N.
pub(super) fn diagonal(data: &Data, name: &str) -> Result<Vec<Curve>, ChartError> {
    let output = data.output(name)?;
    let (mean, error) = (output.complex()?, output.standard_error());
    let n = size(output)?;
    let curve = |k: usize| {
        let at = |time| (mean[[time, k, k]].re, error[[time, k, k]]);
        Curve::over_time(data, format!("state {k}"), at)
    };
    Ok((0..n).map(curve).collect())
}

/// Real and imaginary parts of an element off the diagonal of a complex output of shape N × N.
pub(super) fn coherence(
    data: &Data,
    name: &str,
    (row, column): (usize, usize),
) -> Result<Vec<Curve>, ChartError> {
    let output = data.output(name)?;
    let (mean, n) = (output.complex()?, size(output)?);
    if row >= n || column >= n {
        let name = name.to_string();
        return Err(ChartError::NoElement { name, row, column, states: n });
    }
    let (error, error_im) = (output.standard_error(), output.standard_error_im()?);
    let label = |part: &str| format!("{part} {row}{column}");
    let re = |time| (mean[[time, row, column]].re, error[[time, row, column]]);
    let im = |time| (mean[[time, row, column]].im, error_im[[time, row, column]]);
    Ok(vec![Curve::over_time(data, label("Re"), re), Curve::over_time(data, label("Im"), im)])
}

/// Those coherences that become largest, at most three.
pub(super) fn coherences(data: &Data, name: &str) -> Result<Vec<Curve>, ChartError> {
    let output = data.output(name)?;
    let (mean, n) = (output.complex()?, size(output)?);
    let largest = |(row, column): (usize, usize)| {
        let sizes = (0..data.times().len()).map(|time| mean[[time, row, column]]);
        sizes.map(|c: c64| c.norm_sqr()).fold(0.0, f64::max)
    };
    let pairs = (0..n).flat_map(|row| (row + 1..n).map(move |column| (row, column)));
    let mut pairs: Vec<_> = pairs.map(|pair| (pair, largest(pair))).collect();
    if pairs.is_empty() {
        return Err(wrong_shape(output, "[N, N] with N above 1"));
    }
    pairs.sort_by(|a, b| b.1.total_cmp(&a.1));
    pairs.truncate(COHERENCES);
    pairs.sort_by_key(|&(pair, _)| pair);
    let curves = pairs.iter().map(|&(pair, _)| coherence(data, name, pair));
    Ok(curves.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The components of a real output that is a number or a list.
pub(super) fn components(data: &Data, name: &str) -> Result<Vec<Curve>, ChartError> {
    let output = data.output(name)?;
    let (mean, error) = (output.real()?, output.standard_error());
    let words = name.replace('_', " ");
    match output.spec().shape.as_slice() {
        [] => {
            let at = |time| (mean[[time]], error[[time]]);
            Ok(vec![Curve::over_time(data, words, at)])
        }
        &[n] => {
            let curve = |k: usize| {
                let at = |time| (mean[[time, k]], error[[time, k]]);
                Curve::over_time(data, format!("{words} {k}"), at)
            };
            Ok((0..n).map(curve).collect())
        }
        _ => Err(wrong_shape(output, "[] or [N]")),
    }
}

/// The largest standard errors of outputs at the ends of rounds, and what they would be if the first of
/// them shrank with the square root of the trajectories.
pub(super) fn convergence(data: &Data, names: &[&str]) -> Result<Vec<Curve>, ChartError> {
    let curve = |name: &&str| {
        data.output(name)?;
        let points = data.convergence().iter().filter_map(|snapshot| {
            let error = snapshot.largest_error(name).filter(|&error| error > 0.0)?;
            Some((snapshot.trajectories as f64, error))
        });
        let (x, values): (Vec<f64>, Vec<f64>) = points.unzip();
        let errors = vec![f64::NAN; x.len()];
        Ok(Curve { label: name.to_string(), x, values, errors, kind: Kind::Line })
    };
    let mut curves = names.iter().map(curve).collect::<Result<Vec<_>, ChartError>>()?;
    curves.retain(|curve| !curve.x.is_empty());
    let Some(first) = curves.first().filter(|curve| curve.x.len() > 1) else {
        return if curves.is_empty() { Err(ChartError::NoErrors) } else { Ok(curves) };
    };
    let (start, error, x) = (first.x[0], first.values[0], first.x.clone());
    let values = x.iter().map(|n| error * (start / n).sqrt()).collect();
    let (label, errors) = ("as 1/√n".to_string(), vec![f64::NAN; x.len()]);
    curves.push(Curve { label, x, values, errors, kind: Kind::Guide });
    Ok(curves)
}

/// How often a real output of the kept trajectories is in each of some intervals at one of the times.
pub(super) fn distribution(data: &Data, name: &str, time: usize) -> Result<Curve, ChartError> {
    let kept = data.trajectories();
    if kept.is_empty() {
        return Err(ChartError::NothingKept);
    }
    let mut values = Vec::new();
    for trajectory in kept.values() {
        let all = trajectory.real(name)?;
        let row = all
            .outer_iter()
            .nth(time)
            .ok_or(ChartError::NoTime { found: time, times: data.times().len() })?;
        values.extend(row.iter().copied().filter(|value| value.is_finite()));
    }
    if values.is_empty() {
        return Err(ChartError::Empty);
    }
    Ok(histogram(name.replace('_', " "), &values))
}

/// As many intervals as the square root of the values, 5 to 50.
fn histogram(label: String, values: &[f64]) -> Curve {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bins = ((values.len() as f64).sqrt().ceil() as usize).clamp(5, 50);
    let width = if high > low { (high - low) / bins as f64 } else { low.abs().max(1.0) / 10.0 };
    let low = if high > low { low } else { low - width * bins as f64 / 2.0 };
    let mut counts = vec![0.0; bins];
    for value in values {
        let bin = ((value - low) / width) as usize;
        counts[bin.min(bins - 1)] += 1.0;
    }
    let x = (0..=bins).map(|edge| low + width * edge as f64).collect();
    Curve { label, x, values: counts, errors: vec![f64::NAN; bins], kind: Kind::Steps }
}

/// N of a complex output of shape N × N.
fn size(output: &Output) -> Result<usize, ChartError> {
    match output.spec().shape.as_slice() {
        &[n, columns] if n == columns && n > 0 => Ok(n),
        _ => Err(wrong_shape(output, "[N, N]")),
    }
}

fn wrong_shape(output: &Output, expected: &'static str) -> ChartError {
    let spec = output.spec();
    ChartError::Shape { name: spec.name.clone(), expected, found: spec.shape.clone() }
}
