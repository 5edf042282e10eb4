//! Properties of the streams that physics relies on.

use super::{Draws, Purpose, Seed, Seeding};

const START: Purpose = Purpose::new("initial coordinates");
const HOPS: Purpose = Purpose::new("hops");
const MANY: usize = 200_000;

fn stream(seed: u64, purpose: Purpose) -> Draws {
    Seeding::Independent.draws(Seed(seed), purpose)
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / n;
    let (a, b) = (mean(&|p| p.0), mean(&|p| p.1));
    let cov = mean(&|p| (p.0 - a) * (p.1 - b));
    cov / (mean(&|p| (p.0 - a).powi(2)) * mean(&|p| (p.1 - b).powi(2))).sqrt()
}

#[test]
fn normals_have_the_normal_distribution() {
    let mut values = vec![0.0; MANY];
    stream(3, START).fill_normal(&mut values);
    let n = MANY as f64;
    let moment = |k| values.iter().map(|x: &f64| x.powi(k)).sum::<f64>() / n;
    // Four standard errors each: of x^k they are √(E x^2k − (E x^k)²) / √n.
    assert!(moment(1).abs() < 4.0 / n.sqrt());
    assert!((moment(2) - 1.0).abs() < 4.0 * (2.0 / n).sqrt());
    assert!(moment(3).abs() < 4.0 * (15.0 / n).sqrt());
    assert!((moment(4) - 3.0).abs() < 4.0 * (96.0 / n).sqrt());
    // P(|x| > 3) = 0.0026998
    let tail = values.iter().filter(|x| x.abs() > 3.0).count() as f64;
    assert!((tail - 0.002_699_8 * n).abs() < 4.0 * (0.0027 * n).sqrt());
}

#[test]
fn uniforms_fill_the_unit_interval_evenly() {
    let mut values = vec![0.0; MANY];
    stream(4, HOPS).fill_uniform(&mut values);
    values.sort_by(f64::total_cmp);
    let n = MANY as f64;
    let apart = |(k, x): (usize, &f64)| ((k as f64 + 0.5) / n - x).abs();
    let worst = values.iter().enumerate().map(apart).fold(0.0, f64::max);
    // Kolmogorov and Smirnov: exceeded by chance once in ten thousand.
    assert!(worst < 2.23 / n.sqrt(), "{worst}");
    assert!(values[0] >= 0.0 && values[MANY - 1] < 1.0);
}

#[test]
fn purposes_and_neighbouring_seeds_are_uncorrelated() {
    let limit = 4.0 / (20_000_f64).sqrt();
    let first = |seed, purpose| stream(seed, purpose).normal();
    let purposes: Vec<_> = (0..20_000).map(|s| (first(s, START), first(s, HOPS))).collect();
    assert!(correlation(&purposes).abs() < limit);
    let neighbours: Vec<_> = (0..20_000).map(|s| (first(s, START), first(s + 1, START))).collect();
    assert!(correlation(&neighbours).abs() < limit);
}

/// The first normal of the initial condition with the second hop number, over 4000 seeds.
fn start_with_hops(seeding: Seeding) -> f64 {
    let pair = |seed| {
        let mut hops = seeding.draws(Seed(seed), HOPS);
        hops.uniform();
        (seeding.draws(Seed(seed), START).normal(), hops.uniform())
    };
    correlation(&(0..4000).map(pair).collect::<Vec<_>>())
}

#[test]
fn qc_labs_hops_are_correlated_with_the_start_and_ours_are_not() {
    assert!((start_with_hops(Seeding::QcLab) - 0.45).abs() < 0.05);
    assert!(start_with_hops(Seeding::Independent).abs() < 4.0 / (4000_f64).sqrt());
}

#[test]
fn normals_are_distributed_as_the_error_function_says() {
    let mut values = vec![0.0; MANY];
    stream(6, START).fill_normal(&mut values);
    let n = MANY as f64;
    // P(x < at), to 16 digits.
    for (at, below) in [
        (-4.0, 3.167_124_183_311_992e-5),
        (-3.0, 1.349_898_031_630_094e-3),
        (-2.0, 2.275_013_194_817_921e-2),
        (-1.0, 0.158_655_253_931_457_1),
        (0.0, 0.5),
        (1.0, 0.841_344_746_068_542_9),
        (2.0, 0.977_249_868_051_820_8),
        (3.0, 0.998_650_101_968_369_9),
        (4.0, 0.999_968_328_758_166_9),
    ] {
        let found = values.iter().filter(|&&x| x < at).count() as f64;
        let error = (n * below * (1.0 - below)).sqrt();
        assert!((found - n * below).abs() < 4.0 * error, "{found} below {at}");
    }
    values.sort_by(f64::total_cmp);
    let apart = |(k, &x): (usize, &f64)| ((k as f64 + 0.5) / n - cumulative(x)).abs();
    let worst = values.iter().enumerate().map(apart).fold(0.0, f64::max);
    // Kolmogorov and Smirnov: exceeded by chance once in ten thousand.
    assert!(worst < 2.23 / n.sqrt(), "{worst}");
}

/// Φ(x) = ½ + φ(x) (x + x³/3 + x⁵/15 + …), whose terms are all of one sign.
fn cumulative(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for k in 1..100 {
        term *= x * x / f64::from(2 * k + 1);
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
}

#[test]
fn whole_streams_are_uncorrelated() {
    const LONG: usize = 100_000;
    let limit = 4.0 / (LONG as f64).sqrt();
    for seed in [0, 1, 41, u64::MAX - 1] {
        for (mut one, mut other) in [
            (stream(seed, START), stream(seed, HOPS)),
            (stream(seed, START), stream(seed + 1, START)),
        ] {
            let normals: Vec<_> = (0..LONG).map(|_| (one.normal(), other.normal())).collect();
            assert!(correlation(&normals).abs() < limit, "normals of seed {seed}");
            let uniforms: Vec<_> = (0..LONG).map(|_| (one.uniform(), other.uniform())).collect();
            assert!(correlation(&uniforms).abs() < limit, "uniforms of seed {seed}");
        }
    }
}

#[test]
fn filling_is_drawing_wherever_it_begins_and_ends() {
    for seeding in [Seeding::Independent, Seeding::QcLab] {
        for before in 0..4 {
            for length in [0, 1, 2, 15, 16, 17, 33, 100] {
                let (mut fill, mut draw) =
                    (seeding.draws(Seed(2), START), seeding.draws(Seed(2), START));
                for _ in 0..before {
                    assert_eq!(fill.normal(), draw.normal());
                }
                let mut filled = vec![0.0; length];
                fill.fill_normal(&mut filled);
                for x in filled.into_iter().chain([fill.normal(), fill.normal()]) {
                    assert_eq!(x, draw.normal(), "{seeding}, {before}, {length}");
                }
            }
        }
    }
}

#[test]
fn a_stream_is_a_function_of_seed_and_purpose() {
    for purpose in [START, HOPS] {
        let (mut one, mut other) = (stream(9, purpose), stream(9, purpose));
        let mut filled = [0.0; 101];
        other.fill_normal(&mut filled);
        for x in filled {
            assert_eq!(x, one.normal());
        }
    }
    assert_ne!(stream(9, START).uniform(), stream(9 + (1 << 32), START).uniform());
}

#[test]
fn qc_lab_has_no_seed_above_32_bits() {
    let largest = u64::from(u32::MAX);
    assert!(Seeding::QcLab.check(Seed(largest)).is_ok());
    let error = Seeding::QcLab.check(Seed(largest + 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "seed 4294967296 is too large for QC Lab's seeding: expected at most 4294967295"
    );
    assert!(Seeding::Independent.check(Seed(u64::MAX)).is_ok());
}

#[test]
fn whole_numbers_are_numpys_and_evenly_spread() {
    let known = [
        (0, [2732, 9845, 3264, 3, 3, 3]),
        (5, [2915, 2254, 4079, 5, 6, 6]),
        (0xFFFF_FFFF, [290, 4310, 506, 1, 0, 3]),
    ];
    for (seed, expected) in known {
        let mut draws = Seeding::QcLab.draws(Seed(seed), Purpose::new("whole numbers"));
        let found = [10_000, 10_000, 10_000, 7, 7, 7].map(|n| draws.below(n));
        assert_eq!(found, expected, "seed {seed}");
    }
    let mut draws = Seeding::Independent.draws(Seed(3), Purpose::new("whole numbers"));
    let mut counts = [0_u32; 5];
    (0..50_000).for_each(|_| counts[draws.below(5) as usize] += 1);
    assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 400), "{counts:?}");
    assert_eq!((draws.below(1), draws.below(0)), (0, 0));
}
