//! Elementary functions of arrays. Items are numbers.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use fascicle::core::elementary;

const NUMBERS: usize = 1024;

fn bench(bencher: Bencher<'_, '_>, f: impl Fn(f64) -> f64) {
    let arguments: Vec<f64> = (0..NUMBERS).map(|k| 0.01 + k as f64 * 0.003).collect();
    let mut out = vec![0.0; NUMBERS];
    bencher.counter(ItemsCount::new(NUMBERS)).bench_local(|| {
        for (y, &x) in out.iter_mut().zip(black_box(&arguments)) {
            *y = f(x);
        }
        black_box(&mut out);
    });
}

#[divan::bench]
fn exp(bencher: Bencher<'_, '_>) {
    bench(bencher, |x| elementary::exp(-x));
}

#[divan::bench]
fn ln(bencher: Bencher<'_, '_>) {
    bench(bencher, elementary::ln);
}

#[divan::bench]
fn sin_cos(bencher: Bencher<'_, '_>) {
    bench(bencher, |x| {
        let (sin, cos) = elementary::sin_cos(x);
        sin + cos
    });
}

#[divan::bench]
fn sin_cos_turns(bencher: Bencher<'_, '_>) {
    bench(bencher, |x| {
        let (sin, cos) = elementary::sin_cos_turns(x);
        sin + cos
    });
}

#[divan::bench]
fn erf(bencher: Bencher<'_, '_>) {
    bench(bencher, elementary::erf);
}
