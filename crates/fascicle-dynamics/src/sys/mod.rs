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

/// A computation that is worth the widest vectors the machine has. Its `run` must be
/// `#[inline(always)]`, and so must all that matters for speed inside.
///
/// Kernels use + − × ÷ √ in one order per lane and no fused multiply-add, and rustc contracts
/// nothing, so all paths give the same bits.
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

/// Runs a kernel, compiled for the widest vectors that this machine has.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match Path::widest() {
        Path::Plain => kernel.run::<Plain>(),
        #[cfg(test)]
        Path::Portable => kernel.run::<portable::Portable>(),
        // SAFETY: the path is given only where the machine has the instructions.
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => unsafe { avx2(kernel) },
        // SAFETY: the path is given only where the machine has the instructions.
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 => unsafe { avx512(kernel) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<x86::Avx512>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<x86::Avx2>()
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

    fn digest<M: Model, A: Algorithm>(path: Path, mut sim: Simulation<M, A>, dt: f64) -> String {
        sim.settings.num_trajs = 21;
        sim.settings.tmax = 200.0 * dt;
        sim.settings.dt_update = dt;
        sim.settings.dt_collect = 20.0 * dt;
        let n = sim.model.num_quantum_states();
        sim.initial_state.wf_db = vec![c64(0.0, 0.0); n];
        sim.initial_state.wf_db[..2].copy_from_slice(&[c64(0.8, 0.0), c64(0.0, 0.6)]);
        on_path(path, || {
            let prepared = sim.prepare().expect("a proper simulation");
            let data = run_ensemble(&prepared, &Serial, &RunOptions::new(), &mut ignore_events);
            data.expect("it runs").digest()
        })
    }

    fn agree(digest: impl Fn(Path) -> String) {
        let digests: Vec<String> = Path::all().into_iter().map(digest).collect();
        assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "{digests:?}");
    }

    #[test]
    fn all_paths_give_the_same_bits() {
        let spin_boson = || SpinBoson { l_reorg: 0.2, A: 13, ..Default::default() };
        let tully = || TullyProblemOne { init_position: -2.0, ..Default::default() };
        let fssh = FewestSwitchesSurfaceHopping::default;
        agree(|path| digest(path, Simulation::new(spin_boson(), MeanField::default()), 0.02));
        agree(|path| digest(path, Simulation::new(spin_boson(), fssh()), 0.02));
        agree(|path| digest(path, Simulation::new(tully(), MeanField::default()), 2.0));
        agree(|path| digest(path, Simulation::new(tully(), fssh()), 2.0));
        let lattice = || HolsteinLatticeReciprocalSpace { N: 4, ..Default::default() };
        let crossing = || ComplexAvoidedCrossingA { init_position_x: -1.5, ..Default::default() };
        let mash = MultiStateMappingApproachToSurfaceHopping::default;
        agree(|path| digest(path, Simulation::new(lattice(), fssh()), 0.02));
        agree(|path| digest(path, Simulation::new(lattice(), mash()), 0.02));
        agree(|path| digest(path, Simulation::new(crossing(), fssh()), 0.002));
        agree(|path| digest(path, Simulation::new(crossing(), mash()), 0.002));
    }
}
