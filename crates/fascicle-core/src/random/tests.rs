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
fn a_stream_is_a_function_of_seed_and_purpose() {
    for purpose in [START, HOPS] {
        let (mut one, mut other) = (stream(9, purpose), stream(9, purpose));
        let mut filled = [0.0; 101];
        other.fill_normal(&mut filled);
        filled.iter().for_each(|&x| assert_eq!(x, one.normal()));
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
