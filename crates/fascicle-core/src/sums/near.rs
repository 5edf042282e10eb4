//! Sums of values of about the same size, in one word.

/// So many values are added up at a time.
pub(super) const LANES: usize = 16;

/// Exponents of near values are less than so far below the largest: integers of at most 2^59 each,
/// below 2^63 together, and their squares below 2^122.
const NEAR: i32 = 6;

/// Of up to sixteen values, the sum of those that are near the largest, and of their squares, as
/// integers.
pub(super) struct Near {
    /// Σ x / 2^base
    pub sum: i64,
    /// Σ x² / 2^(2 base)
    pub squares: u128,
    /// Whether there are others.
    pub some_far: bool,
}

/// The exponent of a normal number's last bit, from its bits; that of zeros and subnormals is one
/// less than it should be.
#[inline]
fn exponent(bits: u64) -> i32 {
    (bits >> 52 & 0x7FF) as i32 - 1075
}

impl Near {
    /// The exponent of the unit for these values.
    #[inline]
    pub fn base(values: &[f64]) -> i32 {
        // The upper half of the bits: signed numbers of 32 bits have vectors on any machine.
        let upper = |value: &f64| (value.to_bits() >> 32) as i32 & i32::MAX;
        let largest = values.iter().fold(0, |most, value| most.max(upper(value)));
        // Near values are to be normal.
        ((largest >> 20) - 1075).max(NEAR - 1074) - NEAR
    }

    /// Adds up what is near.
    #[inline]
    pub fn of(values: &[f64], base: i32) -> Self {
        let (mut sum, mut squares, mut all) = (0_i64, 0_u128, 0);
        for &value in values {
            let bits = value.to_bits();
            let shift = exponent(bits) - base;
            let integer = (bits & 0x000F_FFFF_FFFF_FFFF | 1 << 52) << (shift & 63);
            let integer = if shift < 0 { 0 } else { integer };
            let sign = bits.cast_signed() >> 63;
            sum += (integer.cast_signed() ^ sign) - sign;
            squares += u128::from(integer) * u128::from(integer);
            all |= shift;
        }
        Self { sum, squares, some_far: all < 0 }
    }
}

/// The values that are not near.
pub(super) fn far(values: &[f64], base: i32) -> impl Iterator<Item = f64> {
    values.iter().copied().filter(move |value| exponent(value.to_bits()) < base)
}
