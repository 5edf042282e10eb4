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
    /// Whether there are others, zeros not counted.
    pub some_far: bool,
}

/// The exponent of a normal number's last bit, from its bits; that of zeros and subnormals is one
/// less than it should be.
#[inline(always)]
fn exponent(bits: u64) -> i32 {
    (bits >> 52 & 0x7FF) as i32 - 1075
}

impl Near {
    /// The exponent of the unit for these values.
    #[inline(always)]
    pub fn base(values: &[f64]) -> i32 {
        // The upper half of the bits: signed numbers of 32 bits have vectors on any machine.
        let upper = |value: &f64| (value.to_bits() >> 32) as i32 & i32::MAX;
        let largest = values.iter().fold(0, |most, value| most.max(upper(value)));
        // Near values are to be normal.
        ((largest >> 20) - 1075).max(NEAR - 1074) - NEAR
    }

    /// Adds up what is near.
    #[inline(always)]
    pub fn of(values: &[f64], base: i32) -> Self {
        if let Ok(all) = <&[f64; LANES]>::try_from(values) {
            return Self::of_all(all, base);
        }
        // Zeros add nothing.
        let mut all = [0.0; LANES];
        all[..values.len()].copy_from_slice(values);
        Self::of_all(&all, base)
    }

    /// The same of sixteen, side by side. The square of an integer below 2^60 is put together from those
    /// of its halves of 30 bits, whose products are below 2^60 in turn.
    #[inline(always)]
    fn of_all(values: &[f64; LANES], base: i32) -> Self {
        const HALF: u32 = 30;
        let mut sums = [0_i64; LANES];
        let (mut high, mut cross, mut low) = ([0_u64; LANES], [0_u64; LANES], [0_u64; LANES]);
        let mut far = [0_i64; LANES];
        for l in 0..LANES {
            let bits = values[l].to_bits();
            // In 64 bits throughout, so that all of it has lanes of one width.
            let shift = (bits >> 52 & 0x7FF).cast_signed() - (1075 + i64::from(base));
            let integer = (bits & 0x000F_FFFF_FFFF_FFFF | 1 << 52) << (shift & 63);
            let integer = if shift < 0 { 0 } else { integer };
            let sign = bits.cast_signed() >> 63;
            sums[l] = (integer.cast_signed() ^ sign) - sign;
            let (a, b) = (integer >> HALF, integer & ((1 << HALF) - 1));
            high[l] = a * a;
            cross[l] = a * b;
            low[l] = b * b;
            far[l] = if bits << 1 == 0 { 0 } else { shift };
        }
        let total = |parts: [u64; LANES]| u128::from(parts.iter().sum::<u64>());
        let squares = (total(high) << (2 * HALF)) + (total(cross) << (HALF + 1)) + total(low);
        let some_far = far.iter().fold(0, |all, shift| all | shift) < 0;
        Self { sum: sums.iter().sum(), squares, some_far }
    }
}

/// Whether all are zero.
#[inline(always)]
pub(super) fn all_zero(values: &[f64]) -> bool {
    values.iter().fold(0, |any, value| any | value.to_bits() << 1) == 0
}

/// The values that are not near.
pub(super) fn far(values: &[f64], base: i32) -> impl Iterator<Item = f64> {
    values.iter().copied().filter(move |value| exponent(value.to_bits()) < base)
}
