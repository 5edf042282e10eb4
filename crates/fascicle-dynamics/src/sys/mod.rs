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

/// The vector instructions that a kernel is compiled for; not every build has all (build.rs).
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
            if has_avx2() {
                all.push(Self::Avx2);
            }
            if has_avx512() {
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
            if has_avx512() {
                return Self::Avx512;
            }
            if has_avx2() {
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
        Arithmetic::Strict => true,
    }
}

#[cfg(target_arch = "x86_64")]
fn has_fused() -> bool {
    #[cfg(test)]
    if WITHOUT_FMA.get() {
        return false;
    }
    (has_avx2() || has_avx512()) && std::is_x86_feature_detected!("fma")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_fused() -> bool {
    cfg!(target_arch = "aarch64")
}

/// Runs a kernel in this arithmetic.
///
/// # Panics
/// When the machine has it not; simulations are not prepared for it then.
#[inline]
pub fn dispatch_in<K: Kernel>(arithmetic: Arithmetic, kernel: K) -> K::Output {
    match arithmetic {
        Arithmetic::Fused => {
            assert!(has_fused(), "this machine has no fused multiply-add");
            dispatch_fused(kernel)
        }
        Arithmetic::Strict => dispatch(kernel),
    }
}

/// Runs a kernel in strict arithmetic, compiled for the widest vectors that this machine has.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match Path::widest() {
        Path::Plain => plain(kernel),
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
        // SAFETY: the one caller has asked for the instructions; the path is forced by a test.
        #[cfg(all(test, target_arch = "x86_64"))]
        Path::Plain => unsafe { plain_fused(kernel) },
        #[cfg(all(not(test), target_arch = "x86_64"))]
        Path::Plain => unreachable!("a machine without AVX2 is refused fused arithmetic"),
        #[cfg(test)]
        Path::Portable => kernel.run::<portable::Portable<true>>(),
        // SAFETY: the path is given only where the machine has the instructions, and the one caller has
        // asked for those of fused arithmetic.
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => unsafe { avx2_fused(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 => unsafe { avx512_fused(kernel) },
    }
}

/// Not inlined: a kernel is compiled once for each path, however many callers it has.
#[inline(never)]
fn plain<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Plain<false>>()
}

/// Functions compiled for the vector instructions of a path, if this build has the path (build.rs).
#[cfg(target_arch = "x86_64")]
macro_rules! path {
    ($path:ident: $($name:ident $features:literal $pack:ty),*) => {$(
        #[cfg(any(test, $path))]
        #[target_feature(enable = $features)]
        fn $name<K: Kernel>(kernel: K) -> K::Output {
            kernel.run::<$pack>()
        }

        #[cfg(not(any(test, $path)))]
        unsafe fn $name<K: Kernel>(_: K) -> K::Output {
            unreachable!("this build has no such path")
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
path!(avx2_path: avx2 "avx2" x86::Avx2<false>, avx2_fused "avx2,fma" x86::Avx2<true>);
#[cfg(target_arch = "x86_64")]
path!(avx512_path: avx512 "avx512f" x86::Avx512<false>, avx512_fused "avx512f,fma" x86::Avx512<true>);

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    cfg!(any(test, avx2_path)) && std::is_x86_feature_detected!("avx2")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    cfg!(any(test, avx512_path)) && std::is_x86_feature_detected!("avx512f")
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

    /// Whether a test wants a machine without fused multiply-add.
    static WITHOUT_FMA: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Ends what a test forces, also when it fails.
#[cfg(test)]
struct Free;

#[cfg(test)]
impl Drop for Free {
    fn drop(&mut self) {
        FORCED.set(None);
        WITHOUT_FMA.set(false);
    }
}

/// Runs something on one path, which the machine must have.
#[cfg(test)]
pub fn on_path<R>(path: Path, f: impl FnOnce() -> R) -> R {
    assert!(Path::all().contains(&path), "the machine has no {path:?}");
    let _free = Free;
    FORCED.set(Some(path));
    f()
}

#[cfg(test)]
mod tests {
    use fascicle_core::{RunOptions, Serial, c64, ignore_events, run_ensemble};

    use super::*;
    use crate::tasks::EnergyBasedDecoherence;
    use crate::{
        Algorithm, ComplexAvoidedCrossingA, ComplexAvoidedCrossingB, ComplexAvoidedCrossingC,
        FMOComplex, FewestSwitchesSurfaceHopping, GaugeFixing, HolsteinLattice,
        HolsteinLatticeReciprocalSpace, MeanField, Model,
        MultiStateMappingApproachToSurfaceHopping, Simulation, SimulationError, SpinBoson,
        TullyProblemOne,
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

    #[test]
    fn all_paths_give_the_same_bits_in_larger_matrices() {
        let (mean_field, fssh) = (MeanField::default, FewestSwitchesSurfaceHopping::default);
        let chain = || HolsteinLattice { N: 5, ..Default::default() };
        let lattice = || HolsteinLatticeReciprocalSpace { N: 6, ..Default::default() };
        agree(Simulation::new(chain(), mean_field()), 0.02);
        agree(Simulation::new(chain(), fssh()), 0.02);
        agree(Simulation::new(lattice(), mean_field()), 0.02);
        agree(Simulation::new(FMOComplex::default(), mean_field()), 0.02);
        agree(Simulation::new(FMOComplex::default(), fssh()), 0.02);
    }

    #[test]
    fn all_paths_give_the_same_bits_with_options() {
        let mut fssh = FewestSwitchesSurfaceHopping::default();
        fssh.settings.gauge_fixing = GaugeFixing::PhaseDerCouple;
        fssh.settings.use_gauge_field_force = true;
        let start = -1.5;
        let b = ComplexAvoidedCrossingB { init_position_x: start, ..Default::default() };
        let c = ComplexAvoidedCrossingC { init_position_x: start, ..Default::default() };
        agree(Simulation::new(b.clone(), MeanField::default()), 0.002);
        agree(Simulation::new(b, fssh.clone()), 0.002);
        agree(Simulation::new(c, fssh.clone()), 0.002);
        let decoherence = EnergyBasedDecoherence::default();
        let fssh = fssh.with_decoherence(decoherence).expect("it has the tasks");
        agree(Simulation::new(HolsteinLattice { N: 3, ..Default::default() }, fssh), 0.02);
    }

    #[test]
    fn a_machine_without_fused_multiply_add_refuses_it() {
        let mut sim = Simulation::new(SpinBoson::default(), MeanField::default());
        sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
        let _free = Free;
        WITHOUT_FMA.set(true);
        sim.prepare().expect("strict arithmetic is everywhere");
        sim.settings.arithmetic = Arithmetic::Fused;
        let error = sim.prepare().expect_err("there is no FMA");
        assert_eq!(error, SimulationError::NoSuchArithmetic { arithmetic: Arithmetic::Fused });
        assert_eq!(
            error.to_string(),
            "settings.arithmetic is fused, which needs a processor with fused multiply-add (AVX2 and \
             FMA on x86-64): this one has none, or it is not the one that this \
             development build was made for; expected Arithmetic::Strict"
        );
    }

    /// e^x and the sine of x, of one number.
    struct Elementary(f64);

    impl Kernel for Elementary {
        type Output = [f64; 3];

        #[inline(always)]
        fn run<P: Pack>(self) -> [f64; 3] {
            let x = P::load(&Lane::splat(self.0), 0);
            let (sin, cos) = fascicle_core::elementary::sin_cos(x);
            [fascicle_core::elementary::exp(x), sin, cos].map(|value| {
                let mut lanes = Lane::ZERO;
                value.store(&mut lanes, 0);
                lanes[0]
            })
        }
    }

    #[test]
    fn elementary_functions_keep_their_bounds_in_every_arithmetic() {
        for arithmetic in [Arithmetic::Strict, Arithmetic::Fused] {
            for path in Path::all() {
                on_path(path, || {
                    for k in 0..20_000 {
                        let x = f64::from(k - 10_000) * 0.069_9;
                        let [exp, sin, cos] = dispatch_in(arithmetic, Elementary(x));
                        let off = exp.to_bits().abs_diff(x.exp().to_bits());
                        assert!(off <= 1, "{arithmetic} {path:?}: exp {x} is {off} ulp off");
                        let off = (sin - x.sin()).abs().max((cos - x.cos()).abs());
                        assert!(off < 1.7e-16, "{arithmetic} {path:?}: sin, cos {x} off {off:e}");
                    }
                });
            }
        }
    }
}
