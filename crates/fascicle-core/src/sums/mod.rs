//! Sums that do not depend on their order.
//!
//! For each component of an output, the sum of x and the sum of x² over units (trajectories) are
//! kept as integers, x² as the exact product. Integer addition is associative, so any partition of
//! the units, merged in any order, gives the same bits; the rounding happens once, at the end.
//! (Double-double sums do not have this property: 10⁵ orders of ill-conditioned data gave three
//! different results.)
//!
//! [`Scale::Fixed`] is fixed point within a declared range; [`Scale::Exact`] takes every finite
//! double, in an accumulator as wide as the values need (Kulisch's; see Neal, "Fast exact summation
//! using small and large superaccumulators", arXiv:1505.05571).
//!
//! ```
//! use fascicle_core::sums::{Scale, Sums};
//!
//! let mut all = Sums::new(Scale::Exact, 1);
//! for x in [1e100, 1.0, -1e100, 3.0] {
//!     all.add(&[x])?;
//! }
//! let mut front = Sums::new(Scale::Exact, 1);
//! let mut back = Sums::new(Scale::Exact, 1);
//! front.add(&[3.0])?;
//! front.add(&[1e100])?;
//! back.add(&[-1e100])?;
//! back.add(&[1.0])?;
//! back.merge(&front)?;
//! assert_eq!(all, back);
//! assert_eq!(all.means(4), [1.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod big;
mod bytes;
mod exact;
mod fixed;
mod mirror;
mod near;
mod statistics;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use bytes::SumsCorrupt;
use exact::Exact;
use fixed::Fixed;
pub(crate) use mirror::mirror;

/// How an output is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Scale {
    /// Fixed point for |x| ≤ 2^log2_range, quicker than exact sums. Each value is rounded down to a
    /// multiple of 2^(log2_range − 90) by itself, so the order cannot matter; what is summed then, and its square, is exact. Up to 2³⁶
    /// units fit.
    Fixed {
        /// The binary logarithm of the largest |x|, −400 to 400: 0 for numbers up to 1, 10 for
        /// numbers up to 1024.
        log2_range: i32,
    },
    /// Every finite double, without rounding. The choice where no range is known.
    Exact,
}

impl Scale {
    /// The largest |x| that can be added.
    pub(crate) fn limit(self) -> f64 {
        match self {
            Self::Fixed { log2_range: range } => big::scale(1.0, i64::from(range)),
            Self::Exact => f64::MAX,
        }
    }
}

/// A value that cannot be added.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("component {index} is {value}, which {scale:?} cannot hold")]
pub struct NotSummable {
    /// Which component.
    pub index: usize,
    /// Its value.
    pub value: f64,
    /// What the sums are declared to hold.
    pub scale: Scale,
}

/// Sums of different outputs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "sums of {expected_len} components with {expected:?} and of {found_len} with {found:?} cannot be merged"
)]
pub struct SumsMismatch {
    /// The scale of the sums that are there.
    pub expected: Scale,
    /// Their number of components.
    pub expected_len: usize,
    /// The scale of the others.
    pub found: Scale,
    /// Their number of components.
    pub found_len: usize,
}

/// Σ x and Σ x² over units, for each component of an output. `==` compares the sums.
#[derive(Clone, Debug)]
pub struct Sums {
    scale: Scale,
    len: usize,
    store: Store,
}

#[derive(Clone, Debug)]
enum Store {
    Fixed(Fixed),
    Exact { x: Exact, x2: Exact },
}

impl Sums {
    /// Empty sums of this many components.
    ///
    /// # Panics
    /// When a fixed range is not within −400 to 400.
    pub fn new(scale: Scale, len: usize) -> Self {
        let store = match scale {
            Scale::Fixed { log2_range: range } => Store::Fixed(Fixed::new(range, len)),
            Scale::Exact => Store::Exact { x: Exact::new(len), x2: Exact::new(len) },
        };
        Self { scale, len, store }
    }

    /// How values are summed.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// The number of components.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no components.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds one unit's values, one per component.
    ///
    /// # Errors
    /// When a value is not finite or out of range; nothing is added then.
    ///
    /// # Panics
    /// When the number of values is not that of the components.
    pub fn add(&mut self, values: &[f64]) -> Result<(), NotSummable> {
        assert_eq!(values.len(), self.len, "expected one value per component");
        self.check(values, 1)?;
        self.add_units(values, 1);
        Ok(())
    }

    /// Checks that the values of this many units, `values[component * units + unit]`, can be added.
    pub(crate) fn check(&self, values: &[f64], units: usize) -> Result<(), NotSummable> {
        let (scale, limit) = (self.scale, self.scale.limit());
        // Not `> limit`: a NaN must not pass.
        match values.iter().position(|x| !(x.abs() <= limit)) {
            Some(at) => Err(NotSummable { index: at / units, value: values[at], scale }),
            None => Ok(()),
        }
    }

    /// Adds the values of this many units, which are [checked](Sums::check).
    #[inline(always)]
    pub(crate) fn add_units(&mut self, values: &[f64], units: usize) {
        if units == 0 {
            return;
        }
        match &mut self.store {
            Store::Fixed(fixed) => fixed.add_units(values, units),
            Store::Exact { x, x2 } => exact::add_units(x, x2, values, units),
        }
    }

    /// Adds other sums: the same bits as if their values had been added one by one.
    ///
    /// # Errors
    /// When scale or number of components differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), SumsMismatch> {
        if self.len != other.len {
            return Err(self.mismatch(other));
        }
        match (&mut self.store, &other.store) {
            (Store::Fixed(fixed), Store::Fixed(more)) if self.scale == other.scale => {
                fixed.merge(more);
            }
            (Store::Exact { x, x2 }, Store::Exact { x: more, x2: more2 }) => {
                x.merge(more);
                x2.merge(more2);
            }
            _ => return Err(self.mismatch(other)),
        }
        Ok(())
    }

    fn mismatch(&self, other: &Self) -> SumsMismatch {
        SumsMismatch {
            expected: self.scale,
            expected_len: self.len,
            found: other.scale,
            found_len: other.len,
        }
    }
}

impl PartialEq for Sums {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

/// A finite double as ±m 2^e with m < 2^53.
#[inline]
fn decompose(x: f64) -> (bool, u64, i32) {
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32;
    let fraction = bits & 0x000F_FFFF_FFFF_FFFF;
    let negative = bits >> 63 == 1;
    if exponent == 0 {
        (negative, fraction, -1074)
    } else {
        (negative, fraction | 1 << 52, exponent - 1075)
    }
}
