//! What the functions are computed for.

use std::ops::{Add, Mul, Neg, Sub};

/// A number, or some side by side, as vector registers hold them.
pub trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
    /// What comparisons give.
    type Mask: Copy;

    /// The same number everywhere.
    fn splat(value: f64) -> Self;

    /// self > other; false for NaN.
    fn above(self, other: Self) -> Self::Mask;

    /// `yes` where it holds, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// self + a × b, rounded twice; kinds of numbers that [fuse](crate::Arithmetic::Fused) round once.
    #[must_use]
    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        self + a * b
    }

    /// self − a × b, likewise.
    #[must_use]
    #[inline(always)]
    fn minus_product(self, a: Self, b: Self) -> Self {
        self - a * b
    }

    /// 2^k for −1022 ≤ k ≤ 1023, from k + 1.5 × 2^52.
    #[must_use]
    fn power_of_two(self) -> Self;

    /// Whether a bit is set: one of k in k + 1.5 × 2^52, or the sign's, the 63rd.
    fn bit<const BIT: u32>(self) -> Self::Mask;

    /// Row k mod 64 of a table, from k + 1.5 × 2^52.
    fn look_up<const COLUMNS: usize>(self, table: &[[f64; COLUMNS]; 64]) -> [Self; COLUMNS];
}

impl Number for f64 {
    type Mask = bool;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn above(self, other: Self) -> bool {
        self > other
    }

    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self::from_bits(self.to_bits().wrapping_add(1023) << 52)
    }

    #[inline(always)]
    fn bit<const BIT: u32>(self) -> bool {
        self.to_bits() & (1 << BIT) != 0
    }

    #[inline(always)]
    fn look_up<const COLUMNS: usize>(self, table: &[[f64; COLUMNS]; 64]) -> [Self; COLUMNS] {
        table[self.to_bits() as usize & 63]
    }
}
