//! Exact sums: an accumulator of 32-bit digits as wide as the values need.

use super::decompose;
use super::mirror::Mirrored;
use super::near::{LANES, Near, far};

/// The exponent of digit 0: a multiple of 32 below that of the square of the smallest subnormal.
pub(super) const BASE: i32 = -2176;

/// More digits than the square of the largest double takes, with room for 2^60 of them.
pub(super) const MOST_DIGITS: usize = 136;

/// Digits grow by less than 2^32 with each addition: so many fit in an i64 before carries must move.
const MOST_PENDING: u64 = 1 << 29;

const DIGIT: i64 = 0xFFFF_FFFF;

/// Digits that one addition reaches.
const SPAN: usize = 5;

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

    /// Some of the components, or minus them if signs count.
    pub fn picked(&self, parts: &[Mirrored], signs: bool) -> Self {
        let mut digits = Vec::with_capacity(parts.len() * self.width);
        for part in parts {
            match *part {
                Mirrored::Zero => digits.extend(std::iter::repeat_n(0, self.width)),
                Mirrored::Minus(at) if signs => {
                    digits.extend(self.component(at).0.iter().map(|digit| -digit));
                }
                Mirrored::Same(at) | Mirrored::Minus(at) => digits.extend(self.component(at).0),
            }
        }
        Self { len: parts.len(), digits, ..*self }
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

    /// Adds ±m 2^position to a component, m below 2^127: five digits at most.
    #[inline]
    fn add_at(&mut self, component: usize, negative: bool, m: u128, position: i32) {
        let (digit, offset) = (position as usize / 32, position as u32 % 32);
        if digit < self.low || digit + SPAN > self.low + self.width {
            self.widen(digit, digit + SPAN);
        }
        let at = component * self.width + digit - self.low;
        let low = m << offset;
        // In two steps, as 128 bits cannot be shifted at once where the offset is 0.
        let top = (m >> 64 >> (64 - offset)) as i64;
        let parts = [low, low >> 32, low >> 64, low >> 96].map(|part| part as i64 & DIGIT);
        let sign = -i64::from(negative);
        let digits = &mut self.digits[at..at + SPAN];
        for (to, part) in digits.iter_mut().zip(parts.into_iter().chain([top])) {
            *to += (part ^ sign) - sign;
        }
    }

    /// Makes room for so many additions to each digit.
    fn reserve(&mut self, additions: usize) {
        if self.pending + additions as u64 > MOST_PENDING {
            self.normalise();
        }
        self.pending += additions as u64;
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

/// Adds values and their squares, of this many units side by side: `values[component * units + unit]`.
#[inline(always)]
pub(super) fn add_units(x: &mut Exact, x2: &mut Exact, values: &[f64], units: usize) {
    x.reserve(units + units.div_ceil(LANES));
    x2.reserve(units + units.div_ceil(LANES));
    for (component, values) in values.chunks_exact(units).enumerate() {
        for values in values.chunks(LANES) {
            add_few(x, x2, component, values);
        }
    }
}

/// Adds up to sixteen values and their squares to a component.
#[inline(always)]
fn add_few(x: &mut Exact, x2: &mut Exact, component: usize, values: &[f64]) {
    let base = Near::base(values);
    let near = Near::of(values, base);
    if near.squares != 0 {
        x.add_at(component, near.sum < 0, near.sum.unsigned_abs().into(), base - BASE);
        x2.add_at(component, false, near.squares, 2 * base - BASE);
    }
    if near.some_far {
        far(values, base).for_each(|value| add_one(x, x2, component, value));
    }
}

/// Adds a value and its square to a component.
#[inline(never)]
fn add_one(x: &mut Exact, x2: &mut Exact, component: usize, value: f64) {
    let (negative, m, e) = decompose(value);
    if m != 0 {
        x.add_at(component, negative, m.into(), e - BASE);
        x2.add_at(component, false, u128::from(m) * u128::from(m), 2 * e - BASE);
    }
}
