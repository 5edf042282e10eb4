//! Just enough big integers to form n Σx² − (Σx)² exactly and to round once.

use std::cmp::Ordering;

/// A big integer: a sign and 32-bit digits, the least first, without zeros at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Big {
    pub negative: bool,
    pub digits: Vec<u32>,
}

impl Big {
    fn new(negative: bool, mut digits: Vec<u32>) -> Self {
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self { negative: negative && !digits.is_empty(), digits }
    }

    /// Σ_k digits_k 2^(32 k) of signed digits that may be longer than 32 bits.
    pub fn from_signed_digits(digits: &[i64]) -> Self {
        let mut carry = 0_i64;
        let mut out: Vec<u32> = Vec::with_capacity(digits.len() + 2);
        for &digit in digits {
            let value = i128::from(digit) + i128::from(carry);
            out.push(value as u32);
            carry = (value >> 32) as i64;
        }
        out.push(carry as u32);
        out.push((carry >> 32) as u32);
        if carry >= 0 {
            return Self::new(false, out);
        }
        // Two's complement of the whole.
        let mut borrow = true;
        for digit in &mut out {
            let (value, over) = (!*digit).overflowing_add(u32::from(borrow));
            *digit = value;
            borrow = over;
        }
        Self::new(true, out)
    }

    pub fn from_i128(value: i128) -> Self {
        let magnitude = value.unsigned_abs();
        Self::new(value < 0, (0..4).map(|k| (magnitude >> (32 * k)) as u32).collect())
    }

    /// low + high 2^128
    pub fn from_u256(low: u128, high: u128) -> Self {
        let digits = |half: u128| (0..4).map(move |k| (half >> (32 * k)) as u32);
        Self::new(false, digits(low).chain(digits(high)).collect())
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The number of bits of the magnitude.
    pub fn bits(&self) -> u64 {
        let last = self.digits.last().map_or(0, |digit| 32 - u64::from(digit.leading_zeros()));
        (self.digits.len() as u64).saturating_sub(1) * 32 + last
    }

    /// This × 2^bits.
    pub fn shifted(&self, bits: u64) -> Self {
        let (whole, part) = ((bits / 32) as usize, bits % 32);
        let mut digits = vec![0; whole];
        let mut carry = 0_u64;
        for &digit in &self.digits {
            let value = u64::from(digit) << part | carry;
            digits.push(value as u32);
            carry = value >> 32;
        }
        digits.push(carry as u32);
        Self::new(self.negative, digits)
    }

    /// This × factor.
    pub fn times(&self, factor: u64) -> Self {
        let mut digits = Vec::with_capacity(self.digits.len() + 2);
        let mut carry = 0_u128;
        for &digit in &self.digits {
            let value = u128::from(digit) * u128::from(factor) + carry;
            digits.push(value as u32);
            carry = value >> 32;
        }
        digits.extend([carry as u32, (carry >> 32) as u32]);
        Self::new(self.negative, digits)
    }

    /// This².
    pub fn square(&self) -> Self {
        let mut out = vec![0_u32; 2 * self.digits.len() + 1];
        for (i, &a) in self.digits.iter().enumerate() {
            let mut carry = 0_u64;
            for (j, &b) in self.digits.iter().enumerate() {
                let value = u64::from(a) * u64::from(b) + u64::from(out[i + j]) + carry;
                out[i + j] = value as u32;
                carry = value >> 32;
            }
            out[i + self.digits.len()] = carry as u32;
        }
        Self::new(false, out)
    }

    /// This − other, for two numbers that are not negative.
    pub fn minus(&self, other: &Self) -> Self {
        match compare(&self.digits, &other.digits) {
            Ordering::Less => Self::new(true, subtract(&other.digits, &self.digits)),
            _ => Self::new(false, subtract(&self.digits, &other.digits)),
        }
    }

    /// The quotient by a divisor, rounded to zero, and whether anything was left.
    pub fn divided(&self, divisor: u64) -> (Self, bool) {
        let mut digits = vec![0; self.digits.len()];
        let mut rest = 0_u128;
        for (to, &digit) in digits.iter_mut().zip(&self.digits).rev() {
            let value = rest << 32 | u128::from(digit);
            *to = (value / u128::from(divisor)) as u32;
            rest = value % u128::from(divisor);
        }
        (Self::new(self.negative, digits), rest != 0)
    }

    /// The bits from `from` on, as far as a u64 goes.
    fn bits_from(&self, from: u64) -> u64 {
        let (whole, part) = ((from / 32) as usize, from % 32);
        let digit = |k: usize| u128::from(self.digits.get(whole + k).copied().unwrap_or(0));
        ((digit(0) | digit(1) << 32 | digit(2) << 64) >> part) as u64
    }

    fn any_bit_below(&self, bit: u64) -> bool {
        let (whole, part) = ((bit / 32) as usize, bit % 32);
        let front = self.digits.iter().take(whole).any(|&digit| digit != 0);
        front || self.digits.get(whole).is_some_and(|digit| digit & ((1 << part) - 1) != 0)
    }

    /// (m, e) such that this × 2^exponent ≈ ±m 2^e, rounded to nearest, halves to even, where m has
    /// at most 53 bits and e is at least `least`. `more` says that the true value is a little larger.
    pub fn rounded(&self, exponent: i64, least: i64, more: bool) -> (u64, i64) {
        let cut = (self.bits() as i64 - 53).max(least - exponent);
        if cut <= 0 {
            return (self.bits_from(0), exponent);
        }
        let cut = cut as u64;
        let m = self.bits_from(cut);
        let half = self.bits_from(cut - 1) & 1 == 1;
        let above_half = half && (more || self.any_bit_below(cut - 1));
        let up = above_half || (half && m & 1 == 1);
        (m + u64::from(up), exponent + cut as i64)
    }

    /// This × 2^exponent as a double, rounded once.
    pub fn to_f64(&self, exponent: i64, more: bool) -> f64 {
        let (m, e) = self.rounded(exponent, -1074, more);
        let value = scale(m as f64, e);
        if self.negative { -value } else { value }
    }
}

/// m 2^e, for an m of at most 53 bits and a result that is exact or overflows.
pub(super) fn scale(m: f64, e: i64) -> f64 {
    let power = |e: i64| f64::from_bits(((e + 1023) as u64) << 52);
    let e = e.clamp(-2200, 2200);
    let mut value = m;
    let mut left = e;
    while left > 1000 {
        value *= power(1000);
        left -= 1000;
    }
    while left < -1000 {
        // 2^53 and less stays normal down to here; the last factor rounds, exactly.
        value *= power(-1000);
        left += 1000;
    }
    value * power(left)
}

fn compare(a: &[u32], b: &[u32]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// a − b for a ≥ b.
fn subtract(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut borrow = 0_i64;
    let mut out = Vec::with_capacity(a.len());
    for (k, &digit) in a.iter().enumerate() {
        let value = i64::from(digit) - i64::from(b.get(k).copied().unwrap_or(0)) + borrow;
        out.push(value as u32);
        borrow = value >> 32;
    }
    out
}
