//! Fixed-point sums.

use super::big::scale;
use super::mirror::Mirrored;
use super::near::{LANES, Near, all_zero, far};

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

/// A multiple of the grid is high 2^46 + low with |high| ≤ 2^44 and |low| ≤ 2^45.
const LOW_BITS: i32 = 46;

/// Adding it to a double below 2^51 in size rounds that to a whole number, which is then in the
/// difference of the bits.
const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 × 2^52

/// Σ low², Σ 2 low high and Σ high², each below 2^127 for 2^36 values: a sum of squares is
/// Σ_k digit_k 2^(46 k).
#[derive(Clone, Copy, Debug, Default)]
struct Squares([i128; 3]);

impl Squares {
    /// Adds the square of high 2^46 + low.
    #[inline]
    fn add(&mut self, high: i64, low: i64) {
        self.0[0] += i128::from(low) * i128::from(low);
        self.0[1] += i128::from(2 * low) * i128::from(high);
        self.0[2] += i128::from(high) * i128::from(high);
    }

    /// Adds squares × 2^by, for squares below 2^122 and an even `by` up to 64.
    #[inline]
    fn add_shifted(&mut self, squares: u128, by: i32) {
        let mask = (1 << LOW_BITS) - 1;
        let digits = [squares & mask, squares >> LOW_BITS & mask, squares >> (2 * LOW_BITS)];
        let [a, b, c] = digits.map(u128::cast_signed);
        if by < LOW_BITS {
            self.0[0] += a << by;
            self.0[1] += b << by;
            self.0[2] += c << by;
        } else {
            self.0[1] += a << (by - LOW_BITS);
            self.0[2] += (b << (by - LOW_BITS)) + (c << by);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(all, more)| *all += more);
    }

    /// From the low and the high 128 bits, the latter at most 2^88.
    fn from_halves(low: u128, high: u128) -> Self {
        let mask = (1 << LOW_BITS) - 1;
        let top = low >> (2 * LOW_BITS) | high << (128 - 2 * LOW_BITS);
        Self([low & mask, low >> LOW_BITS & mask, top].map(u128::cast_signed))
    }

    /// The low and the high 128 bits.
    fn halves(&self) -> (u128, u128) {
        let [a, b, c] = self.0;
        let shifted = |digit: i128, by: i32| {
            ((digit << by).cast_unsigned(), (digit >> (128 - by)).cast_unsigned())
        };
        let (b, c) = (shifted(b, LOW_BITS), shifted(c, 2 * LOW_BITS));
        let (low, first) = a.cast_unsigned().overflowing_add(b.0);
        let (low, second) = low.overflowing_add(c.0);
        let high = b.1.wrapping_add(c.1).wrapping_add(u128::from(first) + u128::from(second));
        (low, high)
    }
}

impl Fixed {
    pub fn new(range: i32, len: usize) -> Self {
        assert!((-400..=400).contains(&range), "range must be -400 to 400, found {range}");
        Self { range, x: vec![0; len], x2: vec![Squares::default(); len] }
    }

    /// From Σx and the low and high 128 bits of Σx², as many, if they can be the sums of 2^36 integers.
    pub fn from_parts(
        range: i32,
        x: Vec<i128>,
        x2: impl Iterator<Item = (u128, u128)>,
    ) -> Option<Self> {
        let mut squares = Vec::with_capacity(x.len());
        let mut possible = true;
        for (x, (low, high)) in x.iter().zip(x2) {
            // For integers, |Σg| ≤ Σ|g| ≤ Σg².
            let x = x.unsigned_abs();
            possible &= x <= MOST_X && high <= MOST_X2_HIGH && (high > 0 || low >= x);
            squares.push(Squares::from_halves(low, high));
        }
        possible.then_some(Self { range, x, x2: squares })
    }

    /// Σ x of a component and the exponent of its unit.
    pub fn x(&self, component: usize) -> (i128, i32) {
        (self.x[component], self.range - BITS)
    }

    /// The low and the high 128 bits of Σ x² of a component, and the exponent of its unit.
    pub fn x2(&self, component: usize) -> ((u128, u128), i32) {
        (self.x2[component].halves(), 2 * (self.range - BITS))
    }

    /// Adds values that are within the range, of this many units side by side:
    /// `values[component * units + unit]`.
    #[inline(always)]
    pub fn add_units(&mut self, values: &[f64], units: usize) {
        let grid = Grid::new(self.range);
        let sums = self.x.iter_mut().zip(&mut self.x2);
        for ((x, x2), values) in sums.zip(values.chunks_exact(units)) {
            for values in values.chunks(LANES) {
                grid.add_few(values, x, x2);
            }
        }
    }

    /// Some of the components, or minus them.
    pub fn picked(&self, parts: &[Mirrored]) -> Self {
        let one = |part: &Mirrored| match *part {
            Mirrored::Zero => (0, Squares::default()),
            Mirrored::Same(at) => (self.x[at], self.x2[at]),
            Mirrored::Minus(at) => (-self.x[at], self.x2[at]),
        };
        let (x, x2) = parts.iter().map(one).unzip();
        Self { range: self.range, x, x2 }
    }

    pub fn merge(&mut self, other: &Self) {
        self.x.iter_mut().zip(&other.x).for_each(|(all, &more)| *all = sum(*all, more));
        self.x2.iter_mut().zip(&other.x2).for_each(|(all, more)| all.merge(more));
    }
}

/// What takes values to the grid.
struct Grid {
    /// The exponent of its unit.
    unit: i32,
    /// 2^(44 − range)
    scale: f64,
}

impl Grid {
    fn new(range: i32) -> Self {
        Self { unit: range - BITS, scale: scale(1.0, i64::from(BITS - LOW_BITS - range)) }
    }

    /// Adds up to sixteen values: those that are multiples of the unit and of about the same size as
    /// one number.
    #[inline(always)]
    fn add_few(&self, values: &[f64], x: &mut i128, x2: &mut Squares) {
        let base = Near::base(values);
        if base < self.unit {
            if all_zero(values) {
                return;
            }
            self.add_each(values.iter().copied(), x, x2);
            return;
        }
        let (near, by) = (Near::of(values, base), base - self.unit);
        *x = sum(*x, i128::from(near.sum) << by);
        x2.add_shifted(near.squares, 2 * by);
        if near.some_far {
            self.add_each(far(values, base), x, x2);
        }
    }

    /// Adds any values, one by one.
    #[inline(never)]
    fn add_each(&self, values: impl Iterator<Item = f64>, x: &mut i128, x2: &mut Squares) {
        let (mut all, mut squares) = (0, *x2);
        for value in values {
            let (high, low) = self.split(value);
            all += (i128::from(high) << LOW_BITS) + i128::from(low);
            squares.add(high, low);
        }
        *x = sum(*x, all);
        *x2 = squares;
    }

    /// ⌊value / unit⌋ as high 2^46 + low, in arithmetic that is exact. Without branches.
    #[inline]
    fn split(&self, value: f64) -> (i64, i64) {
        let whole = |rounded: f64| rounded.to_bits().cast_signed() - ROUND.to_bits().cast_signed();
        let scaled = value * self.scale;
        let high = scaled + ROUND;
        let rest = (scaled - (high - ROUND)) * (1_i64 << LOW_BITS) as f64;
        let low = rest + ROUND;
        // What was rounded up, or is below zero and was too small to be scaled.
        let above = low - ROUND > rest;
        let vanished = i64::from(scaled == 0.0) & i64::from(value < 0.0);
        (whole(high), whole(low) - (i64::from(above) | vanished))
    }
}

#[inline]
fn sum(a: i128, b: i128) -> i128 {
    a.checked_add(b).expect("sums hold up to 2^36 units")
}
