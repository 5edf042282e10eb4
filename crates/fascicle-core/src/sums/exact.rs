//! Exact sums: an accumulator of 32-bit digits as wide as the values need.

use super::decompose;

/// The exponent of digit 0: a multiple of 32 below that of the square of the smallest subnormal.
pub(super) const BASE: i32 = -2176;

/// More digits than the square of the largest double takes, with room for 2^60 of them.
pub(super) const MOST_DIGITS: usize = 136;

/// Digits grow by less than 2^32 with each addition: so many fit in an i64 before carries must move.
const MOST_PENDING: u64 = 1 << 29;

const DIGIT: i64 = 0xFFFF_FFFF;

/// Sums of ±m 2^e for each component: Σ_k digit_k 2^(32 k + BASE), the digits signed and not
/// normalised, for k in a window that all components share.
#[derive(Clone, Debug)]
pub(super) struct Exact {
    len: usize,
    /// The first digit of the window.
    low: usize,
    /// The digits of a component.
    width: usize,
    /// `[component][digit]`
    digits: Vec<i64>,
    /// Additions since carries were last moved.
    pending: u64,
}

impl Exact {
    pub fn new(len: usize) -> Self {
        Self { len, low: 0, width: 0, digits: Vec::new(), pending: 0 }
    }

    /// From digits below 2^32 in size.
    pub fn from_digits(len: usize, low: usize, width: usize, digits: Vec<i64>) -> Self {
        Self { len, low, width, digits, pending: 1 }
    }

    /// The digits of a component and the exponent of the first.
    pub fn component(&self, component: usize) -> (&[i64], i32) {
        let at = component * self.width;
        (&self.digits[at..at + self.width], BASE + 32 * self.low as i32)
    }

    pub fn add_values(&mut self, values: &[f64]) {
        self.make_room(values, 1, 3);
        for (component, &value) in values.iter().enumerate() {
            let (negative, m, e) = decompose(value);
            if m != 0 {
                self.add_at(component, negative, m, e - BASE);
            }
        }
    }

    pub fn add_squares(&mut self, values: &[f64]) {
        self.make_room(values, 2, 5);
        for (component, &value) in values.iter().enumerate() {
            let (_, m, e) = decompose(value);
            if m != 0 {
                let square = u128::from(m) * u128::from(m);
                self.add_at(component, false, square as u64, 2 * e - BASE);
                self.add_at(component, false, (square >> 64) as u64, 2 * e + 64 - BASE);
            }
        }
    }

    pub fn merge(&mut self, other: &Self) {
        if other.width == 0 {
            return;
        }
        if self.pending + other.pending > MOST_PENDING {
            self.normalise();
        }
        self.widen(other.low, other.low + other.width);
        self.pending += other.pending.max(1);
        for component in 0..self.len {
            let at = component * self.width + other.low - self.low;
            let more = other.component(component).0;
            self.digits[at..].iter_mut().zip(more).for_each(|(all, more)| *all += more);
        }
    }

    /// Adds ±m 2^position: three digits at most. The window is wide enough.
    #[inline]
    fn add_at(&mut self, component: usize, negative: bool, m: u64, position: i32) {
        let (digit, offset) = (position as usize / 32, position as usize % 32);
        let at = component * self.width + digit - self.low;
        let shifted = u128::from(m) << offset;
        for (k, to) in self.digits[at..at + 3].iter_mut().enumerate() {
            let part = (shifted >> (32 * k)) as i64 & DIGIT;
            *to += if negative { -part } else { part };
        }
    }

    /// Makes the window wide enough for the values' `power`-th powers, `span` digits each.
    fn make_room(&mut self, values: &[f64], power: i32, span: usize) {
        if self.pending >= MOST_PENDING {
            self.normalise();
        }
        self.pending += 2;
        let (mut low, mut high) = (i32::MAX, i32::MIN);
        for &value in values {
            let (_, m, e) = decompose(value);
            if m != 0 {
                low = low.min(e);
                high = high.max(e);
            }
        }
        if low <= high {
            let digit = |e: i32| (power * e - BASE) as usize / 32;
            self.widen(digit(low), digit(high) + span);
        }
    }

    /// Widens the window to include these digits.
    fn widen(&mut self, low: usize, high: usize) {
        if self.width > 0 && low >= self.low && high <= self.low + self.width {
            return;
        }
        let (low, high) = if self.width == 0 {
            (low, high)
        } else {
            (low.min(self.low), high.max(self.low + self.width))
        };
        let width = high - low;
        let mut digits = vec![0; self.len * width];
        if self.width > 0 {
            let shift = self.low - low;
            for (new, old) in
                digits.chunks_exact_mut(width).zip(self.digits.chunks_exact(self.width))
            {
                new[shift..shift + self.width].copy_from_slice(old);
            }
        }
        (self.low, self.width, self.digits) = (low, width, digits);
    }

    /// Moves carries, so that all digits but the last are in 0..2^32.
    fn normalise(&mut self) {
        self.widen(self.low, (self.low + self.width + 1).min(MOST_DIGITS));
        if self.width == 0 {
            return;
        }
        for digits in self.digits.chunks_exact_mut(self.width) {
            let mut carry = 0;
            let last = digits.len() - 1;
            for digit in &mut digits[..last] {
                let value = *digit + carry;
                *digit = value & DIGIT;
                carry = value >> 32;
            }
            digits[last] += carry;
        }
        self.pending = 1;
    }
}
