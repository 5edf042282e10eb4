//! Fixed-point sums.

use super::decompose;

/// Bits of the grid below the largest value: 2^36 values of 2^90 units stay below 2^126.
const BITS: i32 = 90;

/// The largest sums of 2^36 values: 2^126 units of x, 2^216 of x².
const MOST_X: u128 = 1 << 126;
const MOST_X2_HIGH: u128 = 1 << (216 - 128);

/// Σ g and Σ g² for the multiples g of 2^(range − 90) that the values are rounded down to.
#[derive(Clone, Debug)]
pub(super) struct Fixed {
    range: i32,
    x: Vec<i128>,
    x2: Vec<Squares>,
}

/// A sum of squares as Σ_k digit_k 2^(64 k). A square adds less than 2^65 to a digit, so 2^36 of
/// them fit without moving carries.
#[derive(Clone, Copy, Debug, Default)]
struct Squares([u128; 3]);

impl Squares {
    /// Adds g², for |g| ≤ 2^90.
    #[inline]
    fn add(&mut self, g: u128) {
        let (low, high) = (u128::from(g as u64), g >> 64);
        let (first, cross) = (low * low, 2 * low * high);
        self.0[0] += u128::from(first as u64);
        self.0[1] += (first >> 64) + u128::from(cross as u64);
        self.0[2] += (cross >> 64) + high * high;
    }

    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(all, more)| *all += more);
    }

    /// The same sum with its carries moved: the low and the high 128 bits.
    fn carried(&self) -> (u128, u128) {
        let [a, b, c] = self.0;
        let b = b + (a >> 64);
        let low = u128::from(a as u64) | b << 64;
        (low, c + (b >> 64))
    }
}

impl Fixed {
    pub fn new(range: i32, len: usize) -> Self {
        assert!((-400..=400).contains(&range), "range must be -400 to 400, found {range}");
        Self { range, x: vec![0; len], x2: vec![Squares::default(); len] }
    }

    /// From Σx and the low and high 128 bits of Σx², if they can be the sums of 2^36 integers.
    pub fn from_parts(range: i32, x: Vec<i128>, x2: &[(u128, u128)]) -> Option<Self> {
        // For integers, |Σg| ≤ Σ|g| ≤ Σg².
        let possible = |(x, &(low, high)): (&i128, &(u128, u128))| {
            let x = x.unsigned_abs();
            x <= MOST_X && high <= MOST_X2_HIGH && (high > 0 || low >= x)
        };
        if !x.iter().zip(x2).all(possible) {
            return None;
        }
        let digits =
            |&(low, high): &(u128, u128)| Squares([u128::from(low as u64), low >> 64, high]);
        Some(Self { range, x, x2: x2.iter().map(digits).collect() })
    }

    /// Σ x of a component and the exponent of its unit.
    pub fn x(&self, component: usize) -> (i128, i32) {
        (self.x[component], self.range - BITS)
    }

    /// The low and the high 128 bits of Σ x² of a component, and the exponent of its unit.
    pub fn x2(&self, component: usize) -> ((u128, u128), i32) {
        (self.x2[component].carried(), 2 * (self.range - BITS))
    }

    /// Adds values that are within the range.
    pub fn add(&mut self, values: &[f64]) {
        let unit = self.range - BITS;
        for ((x, x2), &value) in self.x.iter_mut().zip(&mut self.x2).zip(values) {
            let (negative, m, e) = decompose(value);
            let m = i128::from(m);
            let grid = shift(if negative { -m } else { m }, e - unit);
            *x = sum(*x, grid);
            x2.add(grid.unsigned_abs());
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.x.iter_mut().zip(&other.x).for_each(|(all, &more)| *all = sum(*all, more));
        self.x2.iter_mut().zip(&other.x2).for_each(|(all, more)| all.merge(more));
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
