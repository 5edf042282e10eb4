//! The one place that is `unsafe`: calling a kernel with the vector instructions of the machine.

mod pack;
mod pair;
#[cfg(any(test, not(target_arch = "x86_64")))]
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use fascicle_core::elementary::Number;

pub use pack::{Complex, Pack};
pub use pair::Pair;
#[cfg(not(target_arch = "x86_64"))]
use portable::Portable as Plain;
#[cfg(target_arch = "x86_64")]
use x86::Sse2 as Plain;

use crate::{Arithmetic, LANES, Lane};

/// A computation that is worth the widest vectors the machine has. Its `run` must be
/// `#[inline(always)]`, and so must all that matters for speed inside.
///
/// Kernels use + − × ÷ √ in one order per lane, and `plus_product` and `minus_product`, which are
/// fused or not as the pack says. Rustc contracts nothing, so all paths of an arithmetic give the same
/// bits.
pub trait Kernel {
    /// What it gives.
    type Output;

    /// Does it, some lanes at once.
    fn run<P: Pack>(self) -> Self::Output;
}

/// The vector instructions that a kernel is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// What every machine of its kind has.
    Plain,
    /// What machines of other kinds have.
    #[cfg(test)]
    Portable,
    /// Four doubles at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Eight doubles at a time.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Path {
    /// All that this machine has, the widest last.
    #[cfg(test)]
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Portable, Self::Plain];
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx2") {
                all.push(Self::Avx2);
            }
            if std::is_x86_feature_detected!("avx512f") {
                all.push(Self::Avx512);
            }
        }
        all
    }

    #[inline]
    fn widest() -> Self {
        #[cfg(test)]
        if let Some(forced) = FORCED.get() {
            return forced;
        }
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if std::is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Plain
    }
}

/// Whether this machine has the arithmetic.
pub fn has(arithmetic: Arithmetic) -> bool {
    match arithmetic {
        Arithmetic::Fused => has_fused(),
        _ => true,
    }
}

#[cfg(target_arch = "x86_64")]
fn has_fused() -> bool {
    std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_fused() -> bool {
    cfg!(target_arch = "aarch64")
}

/// Runs a kernel in this arithmetic, which the machine must have.
#[inline]
pub fn dispatch_in<K: Kernel>(arithmetic: Arithmetic, kernel: K) -> K::Output {
    match arithmetic {
        Arithmetic::Fused => dispatch_fused(kernel),
        _ => dispatch(kernel),
    }
}

/// Runs a kernel in strict arithmetic, compiled for the widest vectors that this machine has.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match Path::widest() {
        Path::Plain => kernel.run::<Plain<false>>(),
        #[cfg(test)]
        Path::Portable => kernel.run::<portable::Portable<false>>(),
        // SAFETY: the path is given only where the machine has the instructions.
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => unsafe { avx2(kernel) },
        // SAFETY: the path is given only where the machine has the instructions.
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 => unsafe { avx512(kernel) },
    }
}

#[inline]
fn dispatch_fused<K: Kernel>(kernel: K) -> K::Output {
    match Path::widest() {
        #[cfg(not(target_arch = "x86_64"))]
        Path::Plain => kernel.run::<Plain<true>>(),
        // SAFETY: the path is forced by tests that have asked for the instructions.
        #[cfg(all(test, target_arch = "x86_64"))]
        Path::Plain => unsafe { plain_fused(kernel) },
        #[cfg(all(not(test), target_arch = "x86_64"))]
        Path::Plain => unreachable!("a machine without AVX2 is refused fused arithmetic"),
        #[cfg(test)]
        Path::Portable => kernel.run::<portable::Portable<true>>(),
        // SAFETY: the path is given only where the machine has the instructions, and simulations are
        // prepared for fused arithmetic only where it has those.
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => unsafe { avx2_fused(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 => unsafe { avx512_fused(kernel) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<x86::Avx512<false>>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
fn avx512_fused<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<x86::Avx512<true>>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<x86::Avx2<false>>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2_fused<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<x86::Avx2<true>>()
}

#[cfg(all(test, target_arch = "x86_64"))]
#[target_feature(enable = "fma")]
fn plain_fused<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Plain<true>>()
}

/// Lanes as the numbers that they are.
#[inline(always)]
pub fn flat(lanes: &[Lane]) -> &[f64] {
    // SAFETY: a lane is as many doubles one after the other and nothing else, so these are all theirs.
    unsafe { std::slice::from_raw_parts(lanes.as_ptr().cast(), lanes.len() * LANES) }
}

#[cfg(test)]
thread_local! {
    /// The path that tests force.
    static FORCED: std::cell::Cell<Option<Path>> = const { std::cell::Cell::new(None) };
}

/// Runs something on one path, which the machine must have.
#[cfg(test)]
pub fn on_path<R>(path: Path, f: impl FnOnce() -> R) -> R {
    assert!(Path::all().contains(&path), "the machine has no {path:?}");
    FORCED.set(Some(path));
    let result = f();
    FORCED.set(None);
    result
}

#[cfg(test)]
mod tests {
    use fascicle_core::{RunOptions, Serial, c64, ignore_events, run_ensemble};

    use super::*;
    use crate::{
        Algorithm, ComplexAvoidedCrossingA, FewestSwitchesSurfaceHopping,
        HolsteinLatticeReciprocalSpace, MeanField, Model,
        MultiStateMappingApproachToSurfaceHopping, Simulation, SpinBoson, TullyProblemOne,
    };

    /// The digest of a run on one path in one arithmetic.
    fn digest<M: Model, A: Algorithm>(sim: &Simulation<M, A>, path: Path) -> String {
        on_path(path, || {
            let prepared = sim.prepare().expect("a proper simulation");
            let data = run_ensemble(&prepared, &Serial, &RunOptions::new(), &mut ignore_events);
            data.expect("it runs").digest()
        })
    }

    /// Checks that all paths give the same bits, in each arithmetic its own.
    fn agree<M: Model, A: Algorithm>(mut sim: Simulation<M, A>, dt: f64) {
        sim.settings.num_trajs = 21;
        sim.settings.tmax = 200.0 * dt;
        sim.settings.dt_update = dt;
        sim.settings.dt_collect = 20.0 * dt;
        let n = sim.model.num_quantum_states();
        sim.initial_state.wf_db = vec![c64(0.0, 0.0); n];
        sim.initial_state.wf_db[..2].copy_from_slice(&[c64(0.8, 0.0), c64(0.0, 0.6)]);
        let of_arithmetic = [Arithmetic::Strict, Arithmetic::Fused].map(|arithmetic| {
            sim.settings.arithmetic = arithmetic;
            let digests = Path::all().into_iter().map(|path| digest(&sim, path));
            let digests: Vec<String> = digests.collect();
            assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "{arithmetic}: {digests:?}");
            digests[0].clone()
        });
        assert_ne!(of_arithmetic[0], of_arithmetic[1]);
    }

    #[test]
    fn all_paths_give_the_same_bits() {
        let spin_boson = || SpinBoson { l_reorg: 0.2, A: 13, ..Default::default() };
        let tully = || TullyProblemOne { init_position: -2.0, ..Default::default() };
        let fssh = FewestSwitchesSurfaceHopping::default;
        agree(Simulation::new(spin_boson(), MeanField::default()), 0.02);
        agree(Simulation::new(spin_boson(), fssh()), 0.02);
        agree(Simulation::new(tully(), MeanField::default()), 2.0);
        agree(Simulation::new(tully(), fssh()), 2.0);
        let lattice = || HolsteinLatticeReciprocalSpace { N: 4, ..Default::default() };
        let crossing = || ComplexAvoidedCrossingA { init_position_x: -1.5, ..Default::default() };
        let mash = MultiStateMappingApproachToSurfaceHopping::default;
        agree(Simulation::new(lattice(), fssh()), 0.02);
        agree(Simulation::new(lattice(), mash()), 0.02);
        agree(Simulation::new(crossing(), fssh()), 0.002);
        agree(Simulation::new(crossing(), mash()), 0.002);
    }
}
