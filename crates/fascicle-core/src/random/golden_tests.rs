//! NumPy's own numbers, as `tests/peers/make_random.py` wrote them.

use serde::Deserialize;

use super::{Draws, Purpose, Seed, Seeding};

const DRAWS: usize = 1000;

#[derive(Deserialize)]
struct Uniform {
    hash: Vec<String>,
    apart: Vec<Apart>,
}

#[derive(Deserialize)]
struct Apart {
    seed: u64,
    hash: String,
    first: Vec<f64>,
}

#[derive(Deserialize)]
struct Normal {
    draws: Vec<usize>,
    values: Vec<Vec<f64>>,
}

fn read(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/numpy-legacy");
    std::fs::read(format!("{folder}/{name}")).expect("the golden data are in the repository")
}

fn legacy(seed: u64) -> Draws {
    Seeding::QcLab.draws(Seed(seed), Purpose::new("any"))
}

fn fnv1a(values: &[f64]) -> String {
    let bytes = values.iter().flat_map(|value| value.to_bits().to_le_bytes());
    let hash = bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    format!("{hash:016x}")
}

fn uniforms(seed: u64) -> Vec<f64> {
    let mut values = vec![0.0; DRAWS];
    legacy(seed).fill_uniform(&mut values);
    values
}

#[test]
fn uniforms_of_a_thousand_seeds_are_numpys_bit_for_bit() {
    let golden: Uniform = serde_json::from_slice(&read("uniform.json")).unwrap();
    assert_eq!(golden.hash.len(), 1000);
    for (seed, hash) in golden.hash.iter().enumerate() {
        assert_eq!(&fnv1a(&uniforms(seed as u64)), hash, "seed {seed}");
    }
    for apart in golden.apart {
        let values = uniforms(apart.seed);
        assert_eq!(values[..apart.first.len()], apart.first);
        assert_eq!(fnv1a(&values), apart.hash, "seed {}", apart.seed);
    }
}

#[test]
fn normals_of_a_thousand_seeds_are_numpys_within_two_ulp() {
    let golden: Normal = serde_json::from_slice(&read("normal.json")).unwrap();
    let low = read("normal.bin");
    assert_eq!((golden.values.len(), low.len()), (1000, 1000 * DRAWS / 2));
    for (seed, full) in golden.values.iter().enumerate() {
        let mut values = vec![0.0; DRAWS];
        legacy(seed as u64).fill_normal(&mut values);
        for (&draw, &expected) in golden.draws.iter().zip(full) {
            let apart = values[draw].to_bits().abs_diff(expected.to_bits());
            assert!(apart <= 2, "seed {seed}, draw {draw}: {} for {expected}", values[draw]);
        }
        for (draw, value) in values.iter().enumerate() {
            let byte = low[seed * DRAWS / 2 + draw / 2];
            let expected = if draw % 2 == 0 { byte & 15 } else { byte >> 4 };
            // The low four bits, compared around the corner.
            let apart = (value.to_bits() as u8).wrapping_sub(expected) & 15;
            assert!(apart <= 2 || apart >= 14, "seed {seed}, draw {draw}");
        }
    }
}

#[test]
fn skipping_is_drawing() {
    for skipped in [0, 1, 311, 312, 313, 624, 10_000] {
        let (mut skip, mut draw) = (legacy(5), legacy(5));
        skip.skip_uniforms(skipped);
        for _ in 0..skipped {
            draw.uniform();
        }
        (0..10).for_each(|_| assert_eq!(skip.uniform(), draw.uniform()));
    }
}
