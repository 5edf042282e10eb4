//! Elementary functions from + − × ÷ √ and bits alone, so that every machine gives the same bits.
//!
//! The C library's functions change with the library and with the CPU (glibc's give other last bits
//! with and without fused multiply-add). These do not, have no branches that depend on their
//! argument, and vectorise when they are applied to lanes.
//!
//! Largest errors measured against 140-bit arithmetic, over 10⁵ arguments or more: `exp` 0.97 ulp
//! (0.75 where the result is subnormal), `ln` 0.81 ulp; absolute, `sin_cos` 1.2e-16 for |x| ≤ 10 and
//! 1.5e-16 for |x| ≤ 10⁶, `sin_cos_turns` 1.4e-16; `tanh` 2.5 ulp, `tan` 2.6
//! ulp for |x| ≤ 1.57 and 3.5 ulp for |x| ≤ 10⁶, `erf` 1.4 ulp.
//!
//! Over 2 × 10⁶ arguments in each range the tests hold `exp` and `ln` to 1 ulp of the C library's,
//! `tanh` to 4 (of which 2 are the library's own), `tan` to 3 and 4, and `sin_cos` to 1.7e-16.

#![expect(clippy::inline_always, reason = "lanes vectorise only with the whole function inside")]

mod erf;
mod number;

pub use erf::erf;
pub use number::Number;

/// Adding and subtracting it rounds a double of moderate size to a whole number, halves to even.
const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 × 2^52

/// ln 2 in two parts, of which the first has 21 zeros at its end: a multiple of it by a small whole
/// number is exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN_2_LOW: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);

/// π/2 in three parts, of which the first two have many zeros at their ends.
const HALF_PI_HIGH: f64 = f64::from_bits(0x3FF9_21FB_5440_0000);
const HALF_PI_MIDDLE: f64 = f64::from_bits(0x3DD0_B461_1A60_0000);
const HALF_PI_LOW: f64 = f64::from_bits(0x3BA3_198A_2E03_7073);

/// e^x.
///
/// Overflows to infinity above 709.78, underflows to 0 below −745.13, and passes NaN on.
#[inline(always)]
pub fn exp<N: Number>(x: N) -> N {
    // Beyond these bounds the result is 0 or infinity already. (The comparisons keep a NaN.)
    let (most, least) = (N::splat(710.0), N::splat(-746.0));
    let bounded = N::select(x.above(most), most, x);
    let bounded = N::select(least.above(bounded), least, bounded);
    let (beyond_one, shifted) = exp_reduced(bounded);
    // 2^k in two factors, so that subnormal results are rounded once.
    let k = shifted - N::splat(ROUND);
    let half = (k * N::splat(0.5) - N::splat(0.25)) + N::splat(ROUND);
    let rest = (k - (half - N::splat(ROUND))) + N::splat(ROUND);
    (N::splat(1.0) + beyond_one) * half.power_of_two() * rest.power_of_two()
}

/// e^x = 2^k (1 + p): p, and k in the last bits of a double.
#[inline(always)]
fn exp_reduced<N: Number>(x: N) -> (N, N) {
    let shifted = N::splat(ROUND).plus_product(x, N::splat(std::f64::consts::LOG2_E));
    let k = shifted - N::splat(ROUND);
    let r = x.minus_product(k, N::splat(LN_2_HIGH)).minus_product(k, N::splat(LN_2_LOW));
    // Taylor's series: r^14/14! is below 5e-18 for |r| ≤ ln 2 / 2.
    let (r2, [a, b, c]) = (r * r, EXP_TAIL);
    let r4 = r2 * r2;
    let tail = cubic(r, r2, b).plus_product(cubic(r, r2, a), r4);
    let tail = cubic(r, r2, c).plus_product(tail, r4);
    (r.plus_product(r2, tail), shifted)
}

/// The inverses of 13!, 12! … 2!.
const EXP_TAIL: [[f64; 4]; 3] = [
    [1.0 / 6_227_020_800.0, 1.0 / 479_001_600.0, 1.0 / 39_916_800.0, 1.0 / 3_628_800.0],
    [1.0 / 362_880.0, 1.0 / 40_320.0, 1.0 / 5_040.0, 1.0 / 720.0],
    [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5],
];

/// a x³ + b x² + c x + d by Estrin's scheme, x² given: few operations wait for each other.
#[inline(always)]
fn cubic<N: Number>(x: N, x2: N, [a, b, c, d]: [f64; 4]) -> N {
    let high = N::splat(b).plus_product(N::splat(a), x);
    let low = N::splat(d).plus_product(N::splat(c), x);
    low.plus_product(high, x2)
}

/// The hyperbolic tangent, within 3 ulp. NaN is passed on.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    // Beyond 20 the result is 1. (The comparison keeps a NaN.)
    let size = if x.abs() > 20.0 { 20.0 } else { x.abs() };
    // e^(2x) − 1 = 2^k p + (2^k − 1), without a loss where x is small; 0 ≤ k ≤ 58.
    let (p, shifted) = exp_reduced(2.0 * size);
    let power = f64::from_bits((shifted.to_bits().wrapping_add(1023) & 0xFFF) << 52);
    let beyond_one = power * p + (power - 1.0);
    (beyond_one / (beyond_one + 2.0)).copysign(x)
}

/// The natural logarithm.
///
/// −∞ at 0, NaN below, infinity at infinity; NaN is passed on.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    const SQRT_HALF_BITS: u64 = 0x3FE6_A09E_667F_3BCD;
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = if subnormal { x * 18_014_398_509_481_984.0 } else { x }; // 2^54
    // x = 2^k m with √½ ≤ m < √2.
    let bits = scaled.to_bits().wrapping_sub(SQRT_HALF_BITS);
    // k + 2048 in the last bits of 2^52: vectors of 64-bit integers become doubles, on any machine.
    let shifted = f64::from_bits(((bits ^ (1 << 63)) >> 52) | 0x4330_0000_0000_0000);
    let k = shifted - (4_503_599_627_370_496.0 + if subnormal { 2102.0 } else { 2048.0 });
    let m = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF).wrapping_add(SQRT_HALF_BITS));
    // ln(1 + f) = f − f²/2 + s (f²/2 + R(s²)) with s = f/(2 + f), R = 2/3 s² + 2/5 s⁴ + …
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut r = 0.0;
    for n in [23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        r = (r + 2.0 / n) * z;
    }
    let half = 0.5 * f * f;
    let value = k * LN_2_HIGH - ((half - (s * (half + r) + k * LN_2_LOW)) - f);
    let value = if x == f64::INFINITY { x } else { value };
    let value = if x == 0.0 { f64::NEG_INFINITY } else { value };
    if x < 0.0 || x.is_nan() { f64::NAN } else { value }
}

/// Sine and cosine.
///
/// For |x| ≤ 10⁶; NaN beyond, rather than digits that mean nothing.
#[inline(always)]
pub fn sin_cos<N: Number>(x: N) -> (N, N) {
    let size = N::select(x.above(-x), x, -x);
    let x = N::select(size.above(N::splat(1e6)), N::splat(f64::NAN), x);
    let shifted = N::splat(ROUND).plus_product(x, N::splat(std::f64::consts::FRAC_2_PI));
    let k = shifted - N::splat(ROUND);
    let r = x.minus_product(k, N::splat(HALF_PI_HIGH));
    let r = r.minus_product(k, N::splat(HALF_PI_MIDDLE));
    let r = r.minus_product(k, N::splat(HALF_PI_LOW));
    turn(r, shifted)
}

/// Sine, as [`sin_cos`] has it.
#[inline(always)]
pub fn sin(x: f64) -> f64 {
    sin_cos(x).0
}

/// Cosine, as [`sin_cos`] has it.
#[inline(always)]
pub fn cos(x: f64) -> f64 {
    sin_cos(x).1
}

/// Tangent, within 3 ulp for |x| ≤ π/2 and 4 ulp for |x| ≤ 10⁶; NaN beyond.
#[inline(always)]
pub fn tan(x: f64) -> f64 {
    let (sin, cos) = sin_cos(x);
    sin / cos
}

/// Sine and cosine of an angle in turns, 2π u, for 0 ≤ u ≤ 1.
#[inline(always)]
pub fn sin_cos_turns(u: f64) -> (f64, f64) {
    let shifted = 4.0 * u + ROUND;
    let r = (4.0 * u - (shifted - ROUND)) * std::f64::consts::FRAC_PI_2;
    turn(r, shifted)
}

/// Sine and cosine of r + k π/2, |r| ≤ π/4, k in the last bits.
#[inline(always)]
fn turn<N: Number>(r: N, k: N) -> (N, N) {
    let (one, z) = (N::splat(1.0), r * r);
    let z2 = z * z;
    let sin = r.plus_product(r * z, eighth(z, z2, SINE));
    let half = N::splat(0.5) * z;
    let near = one - half;
    let cos = near + ((one - near) - half).plus_product(z2, eighth(z, z2, COSINE));
    let odd = k.bit::<0>();
    let (a, b) = (N::select(odd, cos, sin), N::select(odd, sin, cos));
    (N::select(k.bit::<1>(), -a, a), N::select((k + one).bit::<1>(), -b, b))
}

/// Taylor's series of the sine beyond its first term, in the square; the terms left out are below 1e-19.
const SINE: [[f64; 4]; 2] = [
    [
        1.0 / 355_687_428_096_000.0,
        -1.0 / 1_307_674_368_000.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 39_916_800.0,
    ],
    [1.0 / 362_880.0, -1.0 / 5_040.0, 1.0 / 120.0, -1.0 / 6.0],
];

/// That of the cosine beyond its second term.
const COSINE: [[f64; 4]; 2] = [
    [
        -1.0 / 6_402_373_705_728_000.0,
        1.0 / 20_922_789_888_000.0,
        -1.0 / 87_178_291_200.0,
        1.0 / 479_001_600.0,
    ],
    [-1.0 / 3_628_800.0, 1.0 / 40_320.0, -1.0 / 720.0, 1.0 / 24.0],
];

/// The polynomial of eight coefficients, the highest power's first; z² given.
#[inline(always)]
fn eighth<N: Number>(z: N, z2: N, [high, low]: [[f64; 4]; 2]) -> N {
    cubic(z, z2, low).plus_product(cubic(z, z2, high), z2 * z2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Seed, Seeding};

    const ARGUMENTS: usize = 2_000_000;

    fn arguments(range: std::ops::Range<f64>) -> impl Iterator<Item = f64> {
        let mut draws = Seeding::Independent.draws(Seed(1), Purpose::new("arguments"));
        let width = range.end - range.start;
        (0..ARGUMENTS).map(move |_| range.start + width * draws.uniform())
    }

    /// The distance in units of the last place; the reference is within half a unit or so itself.
    fn ulps(found: f64, expected: f64) -> u64 {
        found.to_bits().abs_diff(expected.to_bits())
    }

    #[test]
    fn exp_is_within_an_ulp_over_the_whole_range() {
        let worst = |range| arguments(range).map(|x| ulps(exp(x), x.exp())).max();
        assert!(worst(-1.0..1.0) <= Some(1));
        assert!(worst(-745.0..709.7) <= Some(1));
        for (x, expected) in [(0.0, 1.0), (-746.0, 0.0), (710.0, f64::INFINITY), (-1e300, 0.0)] {
            assert_eq!(exp(x), expected);
        }
        assert_eq!(exp(f64::INFINITY), f64::INFINITY);
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn ln_is_within_an_ulp_over_the_whole_range() {
        let worst = |range| arguments(range).map(|x| ulps(ln(x), x.ln())).max();
        assert!(worst(f64::MIN_POSITIVE..1.0) <= Some(1));
        assert!(worst(0.9..1.1) <= Some(1));
        assert!(worst(1.0..1e300) <= Some(1));
        for x in [5e-324, 1e-310, f64::MIN_POSITIVE, f64::MAX] {
            assert!(ulps(ln(x), x.ln()) <= 1, "{x}");
        }
        assert_eq!((ln(1.0), ln(0.0), ln(f64::INFINITY)), (0.0, f64::NEG_INFINITY, f64::INFINITY));
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
    }

    #[test]
    fn tangents_are_within_their_bounds() {
        let worst = |range, own: fn(f64) -> f64, reference: fn(f64) -> f64| {
            arguments(range).map(|x| ulps(own(x), reference(x))).max()
        };
        for range in [-1e-3..1e-3, -0.6..0.6, -21.0..21.0] {
            // The reference is within 2 ulp itself.
            assert!(worst(range, tanh, f64::tanh) <= Some(4));
        }
        assert!(worst(-1.57..1.57, tan, f64::tan) <= Some(3));
        assert!(worst(-1e6..1e6, tan, f64::tan) <= Some(4));
        for (x, expected) in [(0.0, 0.0), (30.0, 1.0), (-1e300, -1.0), (f64::INFINITY, 1.0)] {
            assert_eq!(tanh(x), expected);
        }
        // Small and odd, to the last bit.
        for x in [1e-300, 5e-324] {
            assert_eq!((tanh(x), tan(x)), (x, x));
            assert_eq!((tanh(-x), tan(-x)), (-x, -x));
        }
        assert!(tanh(-0.0).is_sign_negative() && tan(-0.0) == 0.0);
        assert!(tanh(f64::NAN).is_nan() && tan(f64::NAN).is_nan() && tan(1e7).is_nan());
        assert_eq!((sin(0.5), cos(0.5)), sin_cos(0.5));
    }

    #[test]
    fn sine_and_cosine_are_right_to_the_last_digit() {
        let miss = |(s, c): (f64, f64), x: f64| (s - x.sin()).abs().max((c - x.cos()).abs());
        for range in [-4.0..4.0, -1e5..1e5, -1e6..1e6] {
            let worst = arguments(range).map(|x| miss(sin_cos(x), x)).fold(0.0, f64::max);
            assert!(worst < 1.7e-16, "{worst:e}");
        }
        let turns = |u: f64| miss(sin_cos_turns(u), u * std::f64::consts::TAU);
        // In the first eighth of a turn the reference's own argument is good to 1.4e-16.
        let worst = arguments(0.0..0.125).map(turns).fold(0.0, f64::max);
        assert!(worst < 2.8e-16, "{worst:e}");
        // Quarter turns later it is the same to the last bit.
        for u in arguments(0.0..0.125).take(100_000).map(|u| (u + 1.0) - 1.0) {
            let (s, c) = sin_cos_turns(u);
            assert_eq!(sin_cos_turns(u + 0.25), (c, -s));
            assert_eq!(sin_cos_turns(u + 0.5), (-s, -c));
            assert_eq!(sin_cos_turns(u + 0.75), (-c, s));
        }
        for (u, expected) in
            [(0.0, (0.0, 1.0)), (0.25, (1.0, 0.0)), (0.5, (0.0, -1.0)), (0.75, (-1.0, 0.0))]
        {
            assert_eq!(sin_cos_turns(u), expected);
        }
        assert!(sin_cos(1e7).0.is_nan() && sin_cos(f64::INFINITY).1.is_nan());
    }
}
