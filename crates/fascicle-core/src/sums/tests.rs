//! The sums against exact rational arithmetic.

use num_bigint::{BigInt, Sign};
use proptest::prelude::*;

use super::big::Big;
use super::{Scale, Sums, decompose};

/// Doubles of all sizes, so chosen that sums cancel.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |x| x.is_finite()),
        prop::sample::select(vec![
            0.0,
            -0.0,
            5e-324,
            -5e-324,
            1e300,
            -1e300,
            1e-300,
            f64::MAX,
            f64::MIN,
            1.0,
            -1.0,
            0.1,
        ]),
        -1.0..1.0_f64,
    ]
}

fn of(scale: Scale, values: &[f64]) -> Sums {
    let mut sums = Sums::new(scale, 1);
    values.iter().for_each(|&x| sums.add(&[x]).expect("the value is summable"));
    sums
}

/// Adds the values in parts, merged back to front.
fn in_parts(scale: Scale, values: &[f64], part: usize) -> Sums {
    let mut sums = Sums::new(scale, 1);
    for part in values.chunks(part).rev() {
        let mut one = of(scale, &part.iter().rev().copied().collect::<Vec<_>>());
        one.merge(&sums).unwrap();
        sums = Sums::from_bytes(&one.to_bytes()).unwrap();
    }
    sums
}

/// x × 2^1074, x² × 2^2148.
fn integer(x: f64) -> BigInt {
    let (negative, m, e) = decompose(x);
    let value = BigInt::from(m) << (e + 1074) as u64;
    if negative { -value } else { value }
}

/// numerator / denominator × 2^-exponent, rounded to nearest by comparing with its neighbours.
fn nearest(numerator: &BigInt, denominator: u64, exponent: u64, found: f64) -> bool {
    // 2 |found − true| ≤ gap to either neighbour, all as integers over the same denominator.
    let over = |x: f64| (integer(x) * denominator) << (exponent - 1074);
    let miss = |x: f64| {
        let difference: BigInt = over(x) - numerator;
        difference.magnitude().clone()
    };
    let here = miss(found);
    [found.next_up(), found.next_down()].iter().filter(|x| x.is_finite()).all(|&x| here <= miss(x))
}

proptest! {
    #[test]
    fn exact_sums_are_exact_and_independent_of_order(
        values in prop::collection::vec(wild(), 1..40),
        part in 1_usize..12,
    ) {
        let n = values.len() as u64;
        let all = of(Scale::Exact, &values);
        let parts = in_parts(Scale::Exact, &values, part);
        prop_assert_eq!(&all, &parts);
        prop_assert_eq!(all.to_bytes(), parts.to_bytes());
        prop_assert_eq!(all.means(n)[0].to_bits(), parts.means(n)[0].to_bits());
        prop_assert_eq!(all.standard_errors(n)[0].to_bits(), parts.standard_errors(n)[0].to_bits());

        let sum: BigInt = values.iter().map(|&x| integer(x)).sum();
        let mean = all.means(n)[0];
        prop_assert!(!mean.is_finite() || nearest(&sum, n, 1074, mean), "{mean} of {values:?}");

        let squares: BigInt = values.iter().map(|&x| integer(x).pow(2)).sum();
        let difference: BigInt = squares * n - sum.pow(2);
        prop_assert!(difference.sign() != Sign::Minus);
        let error = all.standard_errors(n)[0];
        if n > 1 && difference == BigInt::from(0) {
            prop_assert_eq!(error, 0.0);
        } else if n > 1 {
            // error² n² (n − 1) 2^2148 against the difference, in logarithms
            let n = n as f64;
            let expected = (log2(&difference) - (n * n * (n - 1.0)).log2()) / 2.0 - 1074.0;
            if error.is_finite() && error > 1e-300 {
                prop_assert!((error.log2() - expected).abs() < 1e-12 * expected.abs().max(1.0));
            }
        }
    }

    #[test]
    fn fixed_sums_are_independent_of_order_and_close(
        values in prop::collection::vec(-8.0..8.0_f64, 1..40),
        part in 1_usize..12,
    ) {
        let scale = Scale::Fixed { log2_range: 3 };
        let n = values.len() as u64;
        let (all, parts) = (of(scale, &values), in_parts(scale, &values, part));
        prop_assert_eq!(all.to_bytes(), parts.to_bytes());
        prop_assert_eq!(all.means(n), parts.means(n));
        // What is rounded is the value alone, down to a grid of 2^-87.
        let grid: Vec<f64> = values.iter().map(|x| (x * 2.0_f64.powi(87)).floor() / 2.0_f64.powi(87)).collect();
        let exact = of(Scale::Exact, &grid);
        prop_assert_eq!(all.means(n), exact.means(n));
        if n > 1 {
            prop_assert_eq!(all.standard_errors(n), exact.standard_errors(n));
        }
    }

    #[test]
    fn fixed_sums_hold_small_values_beside_large_ones(small in -1e-20..1e-20_f64, n in 2_u64..50) {
        let scale = Scale::Fixed { log2_range: 0 };
        let mut sums = of(scale, &vec![small; n as usize]);
        prop_assert_eq!(sums.standard_errors(n)[0], 0.0);
        sums.merge(&of(scale, &[1.0, -1.0])).unwrap();
        let exact = of(Scale::Exact, &[1.0, -1.0]).standard_errors(2)[0];
        prop_assert!((sums.standard_errors(n + 2)[0] * (((n + 2) * (n + 1)) as f64).sqrt() - exact * 2.0_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn units_side_by_side_are_units_one_by_one(
        values in prop::collection::vec(wild(), 40),
        near in prop::collection::vec(-3.0..3.0_f64, 40),
        units in 1_usize..40,
    ) {
        for (scale, values) in [
            (Scale::Exact, &values),
            (Scale::Exact, &near),
            (Scale::Fixed { log2_range: 2 }, &near),
        ] {
            let components = values.len() / units;
            let values = &values[..components * units];
            let mut together = Sums::new(scale, components);
            together.add_units(values, units);
            together.add_units(values, units);
            let mut one_by_one = Sums::new(scale, components);
            for unit in (0..units).chain(0..units) {
                let own: Vec<f64> = values.iter().skip(unit).step_by(units).copied().collect();
                one_by_one.add(&own).unwrap();
            }
            prop_assert_eq!(together.to_bytes(), one_by_one.to_bytes());
        }
    }

    #[test]
    fn fixed_sums_are_those_of_the_grid(
        range in prop_oneof![-400..=400_i32, Just(-400), Just(400), Just(0)],
        values in prop::collection::vec((any::<f64>(), -1070_i32..=0), 1..20),
    ) {
        let limit = 2.0_f64.powi(range);
        let mut sums = Sums::new(Scale::Fixed { log2_range: range }, 1);
        let (mut x, mut x2) = (BigInt::from(0), BigInt::from(0));
        for (value, exponent) in values {
            let signed_one = (1.0 + (value.to_bits() >> 12 & 0xFFFF) as f64 / 65_536.0).copysign(value);
            for value in [value, signed_one * 2.0_f64.powi((range + exponent).max(-1060)), limit, -limit, -0.0, -5e-324] {
                if value.abs() <= limit {
                    sums.add(&[value]).unwrap();
                    // Rounded down, in units of 2^(range - 90).
                    let grid: BigInt = (integer(value) << 300) >> (1374 - 90 + range) as u64;
                    x2 += &grid * &grid;
                    x += grid;
                }
            }
        }
        let bytes = sums.to_bytes();
        prop_assert_eq!(BigInt::from_signed_bytes_le(&bytes[13..29]), x);
        prop_assert_eq!(BigInt::from_bytes_le(Sign::Plus, &bytes[29..61]), x2);
    }

    #[test]
    fn any_bytes_are_sums_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(first) = bytes.first_mut() {
            *first %= 4;
        }
        if let Ok(sums) = Sums::from_bytes(&bytes) {
            prop_assert_eq!(Sums::from_bytes(&sums.to_bytes()).unwrap(), sums);
        }
    }

    #[test]
    fn damaged_sums_are_sums_or_an_error(
        values in prop::collection::vec(wild(), 1..5),
        at in 0_usize..1000,
        byte in any::<u8>(),
    ) {
        let grid: Vec<f64> = values.iter().map(|x| x.sin()).collect();
        for sums in [of(Scale::Exact, &values), of(Scale::Fixed { log2_range: 1 }, &grid)] {
            let mut bytes = sums.to_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(sums) = Sums::from_bytes(&bytes) {
                let error = sums.standard_errors(7)[0];
                prop_assert!(error.is_nan() || error >= 0.0);
                prop_assert_eq!(sums.means(7).len(), sums.len());
            }
            bytes.truncate(at);
            prop_assert!(Sums::from_bytes(&bytes).is_err());
        }
    }

    #[test]
    fn sums_that_no_values_have_are_refused(x in 1.0..8.0_f64, units in 2_i128..1000) {
        // Σx larger than Σx², in units of the grid.
        let mut fixed = of(Scale::Fixed { log2_range: 3 }, &[x]).to_bytes();
        fixed[13..29].copy_from_slice(&units.to_le_bytes());
        fixed[29..61].copy_from_slice(&[0; 32]);
        prop_assert_eq!(Sums::from_bytes(&fixed).unwrap_err().what, "sums that no values have");
        // The sign of an exact Σx² is the byte before its digits, of which there are four or fewer.
        let exact = of(Scale::Exact, &[x]).to_bytes();
        let digits = u32::from_le_bytes(exact[13..17].try_into().unwrap()) as usize;
        let sign = 9 + 8 + 1 + 4 * digits + 8;
        let mut negative = exact.clone();
        negative[sign] = 1;
        prop_assert_eq!(Sums::from_bytes(&negative).unwrap_err().what, "a negative sum of squares");
    }

    #[test]
    fn big_integers_are_num_bigints(a in any::<i128>(), b in any::<i128>(), k in any::<u64>(), s in 0_u64..200) {
        let (x, y) = (BigInt::from(a), BigInt::from(b));
        prop_assert_eq!(to_num(&Big::from_i128(a).shifted(s)), x.clone() << s);
        prop_assert_eq!(to_num(&Big::from_i128(a).times(k)), &x * k);
        prop_assert_eq!(to_num(&Big::from_i128(a).square()), &x * &x);
        let (p, q) = (Big::from_i128(a).square(), Big::from_i128(b).square());
        prop_assert_eq!(to_num(&p.minus(&q)), &x * &x - &y * &y);
        let (low, high) = (a.unsigned_abs(), b.unsigned_abs());
        let joined = BigInt::from(low) + (BigInt::from(high) << 128);
        prop_assert_eq!(to_num(&Big::from_u256(low, high)), joined);
        if k > 0 {
            let (quotient, more) = p.divided(k);
            prop_assert_eq!(to_num(&quotient), &x * &x / k);
            prop_assert_eq!(more, &x * &x % k != BigInt::from(0));
        }
        let digits = [a as i64, b as i64, (a >> 64) as i64, (b >> 64) as i64];
        let expected: BigInt = digits.iter().enumerate().map(|(k, &d)| BigInt::from(d) << (32 * k)).sum();
        prop_assert_eq!(to_num(&Big::from_signed_digits(&digits)), expected);
    }
}

fn to_num(big: &Big) -> BigInt {
    BigInt::from_slice(if big.negative { Sign::Minus } else { Sign::Plus }, &big.digits)
}

fn log2(value: &BigInt) -> f64 {
    let bits = value.bits();
    let shift = bits.saturating_sub(60);
    let top: BigInt = value >> shift;
    let top: f64 = top.to_string().parse().expect("a number");
    top.log2() + shift as f64
}

#[test]
fn standard_errors_of_known_samples() {
    for scale in [Scale::Exact, Scale::Fixed { log2_range: 2 }] {
        assert_eq!(of(scale, &[1.0, 3.0]).standard_errors(2), [1.0]);
        assert_eq!(of(scale, &[0.5; 7]).standard_errors(7), [0.0]);
        assert!(of(scale, &[0.5]).standard_errors(1)[0].is_nan());
        assert!(Sums::new(scale, 1).means(0)[0].is_nan());
        assert_eq!(Sums::new(scale, 2).means(3), [0.0, 0.0]);
        // 1, 2, 3, 4: variance 5/3
        let error = of(scale, &[1.0, 2.0, 3.0, 4.0]).standard_errors(4)[0];
        assert!((error - (5.0_f64 / 12.0).sqrt()).abs() < 1e-15);
    }
}

#[test]
fn values_that_cannot_be_summed_add_nothing() {
    let mut sums = Sums::new(Scale::Fixed { log2_range: 0 }, 2);
    sums.add(&[1.0, -1.0]).unwrap();
    let before = sums.clone();
    for bad in [1.5, f64::NAN, f64::INFINITY] {
        let error = sums.add(&[0.5, bad]).unwrap_err();
        assert_eq!(error.index, 1);
        assert_eq!(sums, before);
    }
    let mut exact = Sums::new(Scale::Exact, 1);
    assert!(exact.add(&[f64::NEG_INFINITY]).is_err());
    exact.add(&[f64::MAX]).unwrap();
    assert_eq!(exact.means(1), [f64::MAX]);
}

#[test]
fn sums_of_other_outputs_are_refused() {
    let mut sums = Sums::new(Scale::Exact, 2);
    assert!(sums.merge(&Sums::new(Scale::Exact, 3)).is_err());
    let error = sums.merge(&Sums::new(Scale::Fixed { log2_range: 1 }, 2)).unwrap_err();
    assert!(error.to_string().contains("cannot be merged"));
    assert!(
        Sums::new(Scale::Fixed { log2_range: 1 }, 1)
            .merge(&Sums::new(Scale::Fixed { log2_range: 2 }, 1))
            .is_err()
    );
}

#[test]
fn many_additions_carry() {
    let mut sums = Sums::new(Scale::Exact, 1);
    let one = of(Scale::Exact, &[f64::MAX, f64::MIN_POSITIVE]);
    // Doubling merges far beyond the 2^29 additions after which carries must move.
    let mut twice = one.clone();
    for _ in 0..40 {
        let copy = twice.clone();
        twice.merge(&copy).unwrap();
    }
    sums.merge(&twice).unwrap();
    assert_eq!(sums.means(1 << 40), one.means(1));
    assert_eq!(twice.standard_errors(1 << 40).len(), 1);
}
