//! Fixed-point sums.

use super::decompose;

/// Bits of the grid below the largest value: 2^36 values of 2^90 units stay below 2^126.
const BITS: i32 = 90;

/// Σ x in units of 2^(range − 90), Σ x² in units of 2^(2 range − 90).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fixed {
    range: i32,
    x: Vec<i128>,
    x2: Vec<i128>,
}

impl Fixed {
    pub fn new(range: i32, len: usize) -> Self {
        assert!((-400..=400).contains(&range), "range must be -400 to 400, found {range}");
        Self { range, x: vec![0; len], x2: vec![0; len] }
    }

    pub fn from_parts(range: i32, x: Vec<i128>, x2: Vec<i128>) -> Self {
        Self { range, x, x2 }
    }

    /// Σ x of a component and the exponent of its unit.
    pub fn x(&self, component: usize) -> (i128, i32) {
        (self.x[component], self.range - BITS)
    }

    /// Σ x² of a component and the exponent of its unit.
    pub fn x2(&self, component: usize) -> (i128, i32) {
        (self.x2[component], 2 * self.range - BITS)
    }

    /// Adds values that are within the range.
    pub fn add(&mut self, values: &[f64]) {
        let (unit, unit2) = (self.range - BITS, 2 * self.range - BITS);
        for ((x, x2), &value) in self.x.iter_mut().zip(&mut self.x2).zip(values) {
            let (negative, m, e) = decompose(value);
            let m = i128::from(m);
            *x = sum(*x, shift(if negative { -m } else { m }, e - unit));
            *x2 = sum(*x2, shift(m * m, 2 * e - unit2));
        }
    }

    pub fn merge(&mut self, other: &Self) {
        let all = self.x.iter_mut().chain(&mut self.x2);
        let more = other.x.iter().chain(&other.x2);
        all.zip(more).for_each(|(all, &more)| *all = sum(*all, more));
    }
}

/// value × 2^by, rounded down.
#[inline]
fn shift(value: i128, by: i32) -> i128 {
    if by >= 0 { value << by } else { value >> (-by).min(127) }
}

#[inline]
fn sum(a: i128, b: i128) -> i128 {
    a.checked_add(b).expect("sums hold up to 2^36 units")
}
