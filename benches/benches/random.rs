//! Random numbers: one stream, and sixteen side by side. Items are numbers.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use fascicle::core::{LaneDraws, Purpose, Seed, Seeding};

const NUMBERS: usize = 1024;

const PURPOSE: Purpose = Purpose::new("benchmark");

const SEEDINGS: [&str; 2] = ["independent", "QC Lab"];

fn seeding(name: &str) -> Seeding {
    if name == "QC Lab" { Seeding::QcLab } else { Seeding::Independent }
}

fn seeds() -> [Seed; 16] {
    std::array::from_fn(|lane| Seed(7 + lane as u64))
}

/// A stream that is made and gives one number.
#[divan::bench(args = SEEDINGS)]
fn start(bencher: Bencher<'_, '_>, name: &str) {
    let seeding = seeding(name);
    bencher.bench_local(|| seeding.draws(black_box(Seed(7)), PURPOSE).uniform());
}

/// Sixteen streams that are made and give one number each.
#[divan::bench(args = SEEDINGS)]
fn start_lanes(bencher: Bencher<'_, '_>, name: &str) {
    let seeding = seeding(name);
    bencher.counter(ItemsCount::new(16_usize)).bench_local(|| {
        let mut out = [[0.0; 16]];
        LaneDraws::new(seeding, black_box(&seeds()), PURPOSE).fill_uniform(&mut out);
        out
    });
}

#[divan::bench(args = SEEDINGS)]
fn uniform(bencher: Bencher<'_, '_>, name: &str) {
    let mut draws = seeding(name).draws(Seed(7), PURPOSE);
    let mut out = vec![0.0; NUMBERS];
    bencher
        .counter(ItemsCount::new(NUMBERS))
        .bench_local(|| draws.fill_uniform(black_box(&mut out)));
}

#[divan::bench(args = SEEDINGS)]
fn normal(bencher: Bencher<'_, '_>, name: &str) {
    let mut draws = seeding(name).draws(Seed(7), PURPOSE);
    let mut out = vec![0.0; NUMBERS];
    bencher
        .counter(ItemsCount::new(NUMBERS))
        .bench_local(|| draws.fill_normal(black_box(&mut out)));
}

#[divan::bench(args = SEEDINGS)]
fn uniform_lanes(bencher: Bencher<'_, '_>, name: &str) {
    let mut draws = LaneDraws::new(seeding(name), &seeds(), PURPOSE);
    let mut out = vec![[0.0; 16]; NUMBERS / 16];
    bencher
        .counter(ItemsCount::new(NUMBERS))
        .bench_local(|| draws.fill_uniform(black_box(&mut out)));
}

#[divan::bench(args = SEEDINGS)]
fn normal_lanes(bencher: Bencher<'_, '_>, name: &str) {
    let mut draws = LaneDraws::new(seeding(name), &seeds(), PURPOSE);
    let mut out = vec![[0.0; 16]; NUMBERS / 16];
    bencher
        .counter(ItemsCount::new(NUMBERS))
        .bench_local(|| draws.fill_normal(black_box(&mut out)));
}
