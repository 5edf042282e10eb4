//! The Holstein model in reciprocal space.

use std::f64::consts::PI;

use fascicle_core::c64;
use fascicle_core::elementary::cos;

use super::constants;
use crate::ingredients::{self, Sampler};
use crate::sys::{Complex, Kernel, Pack, dispatch};
use crate::{Coords, Hermitian, Model, States, Structure, Units};

/// The Holstein model of a ring of N sites in reciprocal space, with wave vectors k = −N/2 … N/2 − 1 of
/// electron and phonons (Krotz et al., J. Chem. Phys. 154, 224101 (2021), doi:10.1063/5.0053177; QC
/// Lab's `HolsteinLatticeReciprocalSpace`). N is even.
///
/// H_q = −2 J Σ_k cos(2π k/N) |k⟩⟨k|, H_qc,ij = g w √(w/h) / √N (z_(j−i) + z_(i−j)*) with the
/// differences taken modulo N, H_c harmonic of frequency w, weights h = w. State i has k = i − N/2;
/// coordinate κ has the wave vector κ modulo N. Initial coordinates are in classical thermal
/// equilibrium. Energies in units of kT where kBT is 1; ħ = 1.
#[derive(Clone, Debug, PartialEq)]
#[expect(non_snake_case, reason = "the constants' names in QC Lab and in the paper")]
pub struct HolsteinLatticeReciprocalSpace {
    /// The thermal quantum kT (default 1).
    pub kBT: f64,
    /// The dimensionless coupling g (default 0.5).
    pub g: f64,
    /// The frequency w (default 0.5).
    pub w: f64,
    /// The number of sites N, even (default 10).
    pub N: usize,
    /// The hopping energy J (default 1).
    pub J: f64,
    /// The mass of the modes (default 1).
    pub phonon_mass: f64,
    /// A constant of QC Lab's that does nothing there either: the lattice is periodic.
    pub periodic: bool,
}

impl Default for HolsteinLatticeReciprocalSpace {
    fn default() -> Self {
        Self { kBT: 1.0, g: 0.5, w: 0.5, N: 10, J: 1.0, phonon_mass: 1.0, periodic: true }
    }
}

impl HolsteinLatticeReciprocalSpace {
    /// g w √(w/h) / √N, with h = w.
    fn coupling(&self) -> f64 {
        self.g * self.w / (self.N as f64).sqrt()
    }
}

impl Model for HolsteinLatticeReciprocalSpace {
    constants!(kBT: NonNegative ["kT"], g: Finite, w: Positive ["kT/ħ"], N: Even, J: Finite ["kT"],
               phonon_mass: Positive, periodic: Flag);

    fn units(&self) -> Units {
        Units { time: "ħ/kT", energy: "kT" }
    }

    fn num_quantum_states(&self) -> usize {
        self.N
    }

    fn num_classical_coordinates(&self) -> usize {
        self.N
    }

    fn classical_coordinate_mass(&self) -> Vec<f64> {
        vec![self.phonon_mass; self.N]
    }

    fn classical_coordinate_weight(&self) -> Vec<f64> {
        vec![self.w; self.N]
    }

    fn structure(&self) -> Structure {
        Structure::general().with_harmonic(vec![self.w; self.N])
    }

    fn h_q(&self, h: &mut Hermitian) {
        for i in 0..self.N {
            let k = i as f64 - (self.N / 2) as f64;
            let energy = -2.0 * self.J * cos(2.0 * PI * k / self.N as f64);
            h.add_constant(i, i, c64(energy, 0.0));
        }
    }

    fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        dispatch(AddCoupling { coupling: self.coupling(), z, h });
    }

    fn dh_qc_dzc(&self, _: &Coords, left: &States, right: &States, out: &mut Coords) {
        dispatch(AddGradient { coupling: self.coupling(), left, right, out });
    }

    fn update_dh_qc_dzc(&self) -> bool {
        false
    }

    fn init_classical(&self) -> Sampler<'_> {
        let frequency = vec![self.w; self.N];
        let mass = self.classical_coordinate_mass();
        ingredients::boltzmann_harmonic(self.kBT, &mass, &frequency, &frequency)
    }
}

struct AddCoupling<'a> {
    coupling: f64,
    z: &'a Coords,
    h: &'a mut Hermitian,
}

impl Kernel for AddCoupling<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { coupling, z, h } = self;
        let n = h.n();
        for i in 0..n {
            for j in 0..i {
                let (down, up) = (i - j, n + j - i);
                h.add_re(i, j, (z.re[up] + z.re[down]) * coupling);
                h.add_im(i, j, (z.im[up] - z.im[down]) * coupling);
            }
            h.add_re(i, i, (z.re[0] + z.re[0]) * coupling);
        }
    }
}

/// ∂H_ij/∂z_κ* is the coupling where (i − j) mod N = κ, else 0.
struct AddGradient<'a> {
    coupling: f64,
    left: &'a States,
    right: &'a States,
    out: &'a mut Coords,
}

impl Kernel for AddGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { coupling, left, right, out } = self;
        let n = left.len();
        let coupling = P::splat(coupling);
        for at in 0..P::COUNT {
            for kappa in 0..n {
                let mut sum = Complex::<P>::zero();
                for i in 0..n {
                    let j = if i >= kappa { i - kappa } else { n + i - kappa };
                    let left = Complex::<P>::load(left, i, at);
                    sum = sum + left.conj_times(Complex::load(right, j, at));
                }
                (Complex::load(out, kappa, at) + sum.scale(coupling)).store(out, kappa, at);
            }
        }
    }
}
