//! Streams side by side against the same streams alone.

use proptest::prelude::*;

use super::{Draws, LANES, LaneDraws, Purpose, Seed, Seeding};

const PURPOSE: Purpose = Purpose::new("lanes");

#[derive(Clone, Copy, Debug)]
enum Call {
    Uniforms(usize),
    Normals(usize),
    Skip(u64),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        (0_usize..40).prop_map(Call::Uniforms),
        (0_usize..40).prop_map(Call::Normals),
        (500_usize..700).prop_map(Call::Uniforms),
        (100_usize..400).prop_map(Call::Normals),
        (0_u64..20).prop_map(Call::Skip),
        (300_u64..2000).prop_map(Call::Skip),
    ]
}

fn seed() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..4, Just(u64::from(u32::MAX)), Just(u64::MAX), any::<u64>()]
}

fn alone(draws: &mut Draws, call: Call) -> Vec<f64> {
    let mut out = Vec::new();
    match call {
        Call::Uniforms(count) => {
            out.resize(count, 0.0);
            draws.fill_uniform(&mut out);
        }
        Call::Normals(count) => {
            out.resize(count, 0.0);
            draws.fill_normal(&mut out);
        }
        Call::Skip(count) => draws.skip_uniforms(count),
    }
    out
}

fn together(draws: &mut LaneDraws, call: Call) -> Vec<[f64; LANES]> {
    let mut out = Vec::new();
    match call {
        Call::Uniforms(count) => {
            out.resize(count, [0.0; LANES]);
            draws.fill_uniform(&mut out);
        }
        Call::Normals(count) => {
            out.resize(count, [0.0; LANES]);
            draws.fill_normal(&mut out);
        }
        Call::Skip(count) => draws.skip_uniforms(count),
    }
    out
}

/// Makes the same calls both ways and compares all bits.
fn agree(seeding: Seeding, seeds: [Seed; LANES], calls: &[Call]) {
    let mut lanes = LaneDraws::new(seeding, &seeds, PURPOSE);
    let mut each = seeds.map(|seed| seeding.draws(seed, PURPOSE));
    for (at, &call) in calls.iter().enumerate() {
        let found = together(&mut lanes, call);
        for (lane, draws) in each.iter_mut().enumerate() {
            let expected = alone(draws, call);
            for (k, expected) in expected.into_iter().enumerate() {
                let found = found[k][lane];
                assert_eq!(
                    found.to_bits(),
                    expected.to_bits(),
                    "{seeding}, seed {}, number {k} of call {at} of {calls:?}: {found}, {expected}",
                    seeds[lane]
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn lanes_are_the_streams_of_their_seeds(
        seeds in prop::array::uniform16(seed()),
        calls in prop::collection::vec(call(), 1..8),
    ) {
        let seeds = seeds.map(Seed);
        agree(Seeding::Independent, seeds, &calls);
        agree(Seeding::QcLab, seeds, &calls);
    }
}

#[test]
fn lanes_hold_on_for_long_and_when_they_drift_apart() {
    let seeds = std::array::from_fn(|lane| Seed(lane as u64 / 2));
    for seeding in [Seeding::Independent, Seeding::QcLab] {
        agree(seeding, seeds, &[Call::Normals(30_001), Call::Uniforms(7), Call::Normals(2)]);
        agree(seeding, seeds, &[Call::Uniforms(10_000), Call::Skip(100_001), Call::Normals(65)]);
        agree(seeding, seeds, &[Call::Normals(1), Call::Skip(1), Call::Normals(2)]);
        // The lane that is behind has used all that is in store, and others have not.
        agree(seeding, seeds, &[Call::Normals(100), Call::Skip(12), Call::Uniforms(500)]);
    }
}

#[test]
fn all_short_fills_agree() {
    let seeds = std::array::from_fn(|lane| Seed(1000 + lane as u64));
    for seeding in [Seeding::Independent, Seeding::QcLab] {
        for first in 0..4 {
            for second in 0..70 {
                let (one, other) = (Call::Normals(first), Call::Normals(second));
                agree(seeding, seeds, &[one, other, Call::Uniforms(second), one]);
            }
        }
    }
}

#[test]
fn skipping_far_takes_no_time() {
    let seeds = std::array::from_fn(|lane| Seed(lane as u64));
    let far = [Call::Uniforms(3), Call::Skip(1 << 50), Call::Uniforms(20), Call::Normals(3)];
    agree(Seeding::Independent, seeds, &far);
}
