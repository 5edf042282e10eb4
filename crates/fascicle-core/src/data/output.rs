//! One named output: its mean, its standard error, and the sums they come from.

use ndarray::{ArrayD, ArrayViewD, IxDyn};
use serde::{Deserialize, Serialize};

use super::DataError;
use super::convergence::largest;
use crate::c64;
use crate::sums::{Scale, Sums};

/// The name, shape and kind of an output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputSpec {
    /// The name, unique in its data.
    pub name: String,
    /// The shape at one time; empty for a number.
    pub shape: Vec<usize>,
    /// Whether it is complex.
    pub complex: bool,
    /// How it is summed.
    pub scale: Scale,
}

impl OutputSpec {
    /// The number of reals at one time: components, twice if complex.
    pub fn width(&self) -> usize {
        let components = self.shape.iter().fold(1_usize, |all, &n| all.saturating_mul(n));
        components.saturating_mul(if self.complex { 2 } else { 1 })
    }

    fn kind(&self) -> &'static str {
        if self.complex { "complex" } else { "real" }
    }
}

impl std::fmt::Display for OutputSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}", self.name, self.kind(), self.shape)
    }
}

/// What is known of an output over the units.
#[derive(Clone, Debug, PartialEq)]
pub enum Summed {
    /// Exact sums, `[time, …, (re, im)]`.
    Sums(Sums),
    /// Only means, in the same order, as another program wrote them.
    Means(Vec<f64>),
}

impl Summed {
    fn len(&self) -> usize {
        match self {
            Self::Sums(sums) => sums.len(),
            Self::Means(means) => means.len(),
        }
    }
}

/// An output as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputParts {
    /// Name, shape and kind.
    pub spec: OutputSpec,
    /// Sums, or means.
    pub summed: Summed,
}

/// One named output: its mean, its standard error, and the sums they come from. `==` compares bits.
#[derive(Clone, Debug)]
pub struct Output {
    spec: OutputSpec,
    summed: Summed,
    mean: Mean,
    error: ArrayD<f64>,
    error_im: Option<ArrayD<f64>>,
}

#[derive(Clone, Debug)]
enum Mean {
    Real(ArrayD<f64>),
    Complex(ArrayD<c64>),
}

impl Output {
    pub(super) fn from_parts(
        parts: OutputParts,
        times: usize,
        units: u64,
    ) -> Result<Self, DataError> {
        let OutputParts { spec, summed } = parts;
        let expected = times.checked_mul(spec.width());
        if expected != Some(summed.len()) {
            let found = summed.len();
            return Err(DataError::corrupt(format!("{times} times of {spec} in {found} sums")));
        }
        let (means, errors) = match &summed {
            Summed::Sums(sums) => (sums.means(units), sums.standard_errors(units)),
            Summed::Means(means) => (means.clone(), vec![f64::NAN; means.len()]),
        };
        let shape: Vec<usize> = std::iter::once(times).chain(spec.shape.iter().copied()).collect();
        let (mean, error, error_im) = if spec.complex {
            let part = |offset: usize| errors.iter().skip(offset).step_by(2).copied().collect();
            let (pairs, _) = means.as_chunks::<2>();
            let mean = pairs.iter().map(|&[re, im]| c64(re, im)).collect();
            let error_im = Some(array(&shape, part(1))?);
            (Mean::Complex(array(&shape, mean)?), array(&shape, part(0))?, error_im)
        } else {
            (Mean::Real(array(&shape, means)?), array(&shape, errors)?, None)
        };
        Ok(Self { spec, summed, mean, error, error_im })
    }

    pub(super) fn into_parts(self) -> OutputParts {
        OutputParts { spec: self.spec, summed: self.summed }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Name, shape and kind.
    pub fn spec(&self) -> &OutputSpec {
        &self.spec
    }

    /// The sums, or means, underneath.
    pub fn summed(&self) -> &Summed {
        &self.summed
    }

    /// The mean, if the output is real.
    ///
    /// # Errors
    /// When it is complex.
    pub fn real(&self) -> Result<ArrayViewD<'_, f64>, DataError> {
        match &self.mean {
            Mean::Real(mean) => Ok(mean.view()),
            Mean::Complex(_) => Err(self.wrong_kind("real")),
        }
    }

    /// The mean, if the output is complex.
    ///
    /// # Errors
    /// When it is real.
    pub fn complex(&self) -> Result<ArrayViewD<'_, c64>, DataError> {
        match &self.mean {
            Mean::Complex(mean) => Ok(mean.view()),
            Mean::Real(_) => Err(self.wrong_kind("complex")),
        }
    }

    /// The standard error of the mean, of its real part if it is complex.
    pub fn standard_error(&self) -> ArrayViewD<'_, f64> {
        self.error.view()
    }

    /// The standard error of the imaginary part.
    ///
    /// # Errors
    /// When the output is real.
    pub fn standard_error_im(&self) -> Result<ArrayViewD<'_, f64>, DataError> {
        let error = self.error_im.as_ref().ok_or_else(|| self.wrong_kind("complex"))?;
        Ok(error.view())
    }

    /// The largest standard error of all components, times and parts; NaN if one of them is.
    pub fn largest_error(&self) -> f64 {
        largest(self.error.iter().chain(self.error_im.iter().flatten()).copied())
    }

    /// The reals of mean and standard error, `[time, …, (re, im)]`, for digests and files.
    pub(crate) fn mean_bits(&self) -> Vec<f64> {
        match &self.mean {
            Mean::Real(mean) => mean.iter().copied().collect(),
            Mean::Complex(mean) => mean.iter().flat_map(|z| [z.re, z.im]).collect(),
        }
    }

    fn wrong_kind(&self, expected: &'static str) -> DataError {
        DataError::Kind { name: self.spec.name.clone(), expected, found: self.spec.kind() }
    }
}

impl PartialEq for Output {
    fn eq(&self, other: &Self) -> bool {
        let summed = match (&self.summed, &other.summed) {
            (Summed::Sums(a), Summed::Sums(b)) => a == b,
            (Summed::Means(a), Summed::Means(b)) => same_bits(a, b),
            _ => false,
        };
        summed && self.spec == other.spec && same_bits(&self.mean_bits(), &other.mean_bits())
    }
}

/// Values in the order of the axes, as an array.
pub(super) fn array<T>(shape: &[usize], values: Vec<T>) -> Result<ArrayD<T>, DataError> {
    ArrayD::from_shape_vec(IxDyn(shape), values)
        .map_err(|error| DataError::corrupt(format!("shape {shape:?}: {error}")))
}

/// Whether two lists of reals have the same bits.
pub(super) fn same_bits(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}
