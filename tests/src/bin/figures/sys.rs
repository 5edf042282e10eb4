//! What this core can do: arithmetic with its widest vectors, and bytes from each level of memory.

use std::hint::black_box;
use std::time::Instant;

/// Measurements of which the quickest counts.
const TRIES: usize = 20;

/// Passes over the accumulators in one measurement.
const ROUNDS: u64 = 4_000_000;

/// Chains of additions, and as many of multiplications: enough for two pipes of each that take four
/// cycles, and few enough for the registers.
#[cfg(target_arch = "x86_64")]
const CHAINS: usize = 6;

/// The vectors of one kind of machine, and the two loops compiled for them.
struct Vectors {
    name: &'static str,
    /// Does so many passes; the operations of one.
    arithmetic: fn(u64) -> u64,
    /// Multiplies all numbers.
    scale: fn(&mut [f64], f64),
}

/// The loops for the vectors of x86-64.
#[cfg(target_arch = "x86_64")]
macro_rules! vectors {
    ($module:ident, $feature:tt, $name:expr, $lanes:expr, $set:ident, $add:ident, $mul:ident) => {
        mod $module {
            use std::arch::x86_64::{$add, $mul, $set};
            use std::hint::black_box;

            use super::{CHAINS, Vectors};

            pub const VECTORS: Vectors = Vectors {
                name: $name,
                arithmetic: |rounds| {
                    assert!(available());
                    // SAFETY: the machine has the instructions, as was just asked.
                    unsafe { arithmetic(rounds) }
                },
                scale: |numbers, factor| {
                    assert!(available());
                    // SAFETY: the machine has the instructions, as was just asked.
                    unsafe { scale(numbers, factor) }
                },
            };

            /// Whether the machine has the instructions.
            pub fn available() -> bool {
                std::is_x86_feature_detected!($feature)
            }

            #[target_feature(enable = $feature)]
            fn arithmetic(rounds: u64) -> u64 {
                let (term, factor) = ($set(black_box(1e-9)), $set(black_box(1.000_000_001)));
                let mut sums = [$set(0.0); CHAINS];
                let mut products = [$set(1.0); CHAINS];
                for _ in 0..rounds {
                    for k in 0..CHAINS {
                        sums[k] = $add(sums[k], term);
                        products[k] = $mul(products[k], factor);
                    }
                }
                black_box((sums, products));
                2 * CHAINS as u64 * $lanes
            }

            #[target_feature(enable = $feature)]
            fn scale(numbers: &mut [f64], factor: f64) {
                for x in numbers {
                    *x *= factor;
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
vectors!(sse2, "sse2", "SSE2", 2, _mm_set1_pd, _mm_add_pd, _mm_mul_pd);
#[cfg(target_arch = "x86_64")]
vectors!(avx2, "avx2", "AVX2", 4, _mm256_set1_pd, _mm256_add_pd, _mm256_mul_pd);
#[cfg(target_arch = "x86_64")]
vectors!(avx512, "avx512f", "AVX-512", 8, _mm512_set1_pd, _mm512_add_pd, _mm512_mul_pd);

/// The widest that this machine has.
#[cfg(target_arch = "x86_64")]
fn widest() -> Vectors {
    if avx512::available() {
        avx512::VECTORS
    } else if avx2::available() {
        avx2::VECTORS
    } else {
        sse2::VECTORS
    }
}

/// Whatever the compiler makes of plain loops.
#[cfg(not(target_arch = "x86_64"))]
fn widest() -> Vectors {
    const WIDTH: usize = 16;
    Vectors {
        name: std::env::consts::ARCH,
        arithmetic: |rounds| {
            let (term, factor) = (black_box(1e-9), black_box(1.000_000_001));
            let (mut sums, mut products) = ([0.0; WIDTH], [1.0; WIDTH]);
            for _ in 0..rounds {
                sums.iter_mut().for_each(|sum| *sum += term);
                products.iter_mut().for_each(|product| *product *= factor);
            }
            black_box((sums, products));
            2 * WIDTH as u64
        },
        scale: |numbers, factor| numbers.iter_mut().for_each(|x| *x *= factor),
    }
}

/// The name of the widest vectors of this machine, which kernels use.
pub fn name() -> &'static str {
    widest().name
}

/// 10⁹ additions and multiplications a second, half of them each, independent of each other and not
/// fused.
pub fn gigaflops() -> f64 {
    let vectors = widest();
    let quickest = quickest(|| (vectors.arithmetic)(ROUNDS) * ROUNDS);
    quickest / 1e9
}

/// 10⁹ bytes a second that are read and written again in so many bytes of memory, over and over.
pub fn gigabytes(bytes: usize) -> f64 {
    let vectors = widest();
    let mut numbers = vec![1.0; bytes / 8];
    // Some hundredths of a second.
    let passes = (2_000_000_000 / bytes).max(1);
    let factor = black_box(1.0);
    let quickest = quickest(|| {
        for _ in 0..passes {
            (vectors.scale)(black_box(&mut numbers), factor);
        }
        (2 * bytes * passes) as u64
    });
    quickest / 1e9
}

/// The most of something in a second.
fn quickest(mut work: impl FnMut() -> u64) -> f64 {
    let mut most = 0.0_f64;
    for _ in 0..TRIES {
        let started = Instant::now();
        let done = work();
        most = most.max(done as f64 / started.elapsed().as_secs_f64());
    }
    most
}
