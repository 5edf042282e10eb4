//! Exact sums.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use fascicle::core::{Scale, Sums};

const COMPONENTS: usize = 400;

const SCALES: [&str; 2] = ["fixed", "exact"];

fn scale(name: &str) -> Scale {
    if name == "fixed" { Scale::Fixed { log2_range: 0 } } else { Scale::Exact }
}

/// Numbers of different size and sign, none beyond 1.
fn values() -> Vec<f64> {
    (0..COMPONENTS).map(|k| (k as f64 * 0.7).sin() * 2.0_f64.powi(-(k as i32 % 9))).collect()
}

fn sums(name: &str) -> Sums {
    let mut sums = Sums::new(scale(name), COMPONENTS);
    for _ in 0..100 {
        sums.add(&values()).expect("they fit");
    }
    sums
}

/// One unit. Items are components.
#[divan::bench(args = SCALES)]
fn add(bencher: Bencher<'_, '_>, name: &str) {
    let (mut sums, values) = (sums(name), values());
    bencher
        .counter(ItemsCount::new(COMPONENTS))
        .bench_local(|| sums.add(black_box(&values)).expect("they fit"));
}

/// The sums of another batch.
#[divan::bench(args = SCALES)]
fn merge(bencher: Bencher<'_, '_>, name: &str) {
    let (mut all, batch) = (sums(name), sums(name));
    bencher
        .counter(ItemsCount::new(COMPONENTS))
        .bench_local(|| all.merge(black_box(&batch)).expect("they are alike"));
}

/// From sums to bytes and back, as in a batch's frame.
#[divan::bench(args = SCALES)]
fn bytes(bencher: Bencher<'_, '_>, name: &str) {
    let sums = sums(name);
    bencher
        .counter(ItemsCount::new(COMPONENTS))
        .bench_local(|| Sums::from_bytes(&black_box(&sums).to_bytes()).expect("they are whole"));
}

/// Means, which are rounded once.
#[divan::bench(args = SCALES)]
fn means(bencher: Bencher<'_, '_>, name: &str) {
    let sums = sums(name);
    bencher.counter(ItemsCount::new(COMPONENTS)).bench_local(|| black_box(&sums).means(100));
}
