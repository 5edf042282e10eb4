//! Means and standard errors from exact sums.

use super::big::{Big, scale};
use super::{Store, Sums};

impl Sums {
    /// The mean of each component over this many units, Σx / n, correctly rounded. NaN for none.
    pub fn means(&self, count: u64) -> Vec<f64> {
        (0..self.len()).map(|component| self.mean(component, count)).collect()
    }

    /// The standard error of the mean of each component over n units,
    /// √((n Σx² − (Σx)²) / (n² (n − 1))). The difference is formed exactly and rounded once. NaN for
    /// fewer than two units.
    pub fn standard_errors(&self, count: u64) -> Vec<f64> {
        (0..self.len()).map(|component| self.standard_error(component, count)).collect()
    }

    fn mean(&self, component: usize, count: u64) -> f64 {
        if count == 0 {
            return f64::NAN;
        }
        let (sum, exponent) = self.x(component);
        if sum.is_zero() {
            return 0.0;
        }
        // Enough bits that the quotient has more than a double holds.
        let wanted = 130_u64.saturating_sub(sum.bits());
        let (quotient, more) = sum.shifted(wanted).divided(count);
        quotient.to_f64(exponent - wanted as i64, more)
    }

    fn standard_error(&self, component: usize, count: u64) -> f64 {
        if count < 2 {
            return f64::NAN;
        }
        let ((x, x_exponent), (x2, x2_exponent)) = (self.x(component), self.x2(component));
        let (products, square) = (x2.times(count), x.square());
        let exponent = x2_exponent.min(2 * x_exponent);
        let align = |big: &Big, from: i64| big.shifted((from - exponent) as u64);
        let difference = align(&products, x2_exponent).minus(&align(&square, 2 * x_exponent));
        if difference.is_zero() {
            return 0.0;
        }
        if difference.negative {
            // No values have such sums; they came from elsewhere.
            return f64::NAN;
        }
        let (m, e) = difference.rounded(exponent, i64::MIN / 2, false);
        let (m, e) = if e % 2 == 0 { (m as f64, e) } else { (m as f64 * 2.0, e - 1) };
        let n = count as f64;
        scale((m / (n * n * (n - 1.0))).sqrt(), e / 2)
    }

    /// Σx of a component as an integer and its exponent.
    fn x(&self, component: usize) -> (Big, i64) {
        match &self.store {
            Store::Fixed(fixed) => {
                let (value, exponent) = fixed.x(component);
                (Big::from_i128(value), exponent.into())
            }
            Store::Exact { x, .. } => from_digits(x.component(component)),
        }
    }

    /// Σx² of a component as an integer and its exponent.
    fn x2(&self, component: usize) -> (Big, i64) {
        match &self.store {
            Store::Fixed(fixed) => {
                let ((low, high), exponent) = fixed.x2(component);
                (Big::from_u256(low, high), exponent.into())
            }
            Store::Exact { x2, .. } => from_digits(x2.component(component)),
        }
    }
}

fn from_digits((digits, exponent): (&[i64], i32)) -> (Big, i64) {
    (Big::from_signed_digits(digits), exponent.into())
}
