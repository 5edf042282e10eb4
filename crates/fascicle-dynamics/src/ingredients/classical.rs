//! Classical Hamiltonians.

use crate::sys::{Kernel, Pack, dispatch};
use crate::{Coords, Lane};

/// Harmonic oscillators: H_c = Σ_j p_j²/(2 m_j) + m_j ω_j² q_j²/2 = Σ_j h_j (Im z_j)² + (ω_j²/h_j) (Re z_j)².
pub fn h_c_harmonic(frequency: &[f64], weight: &[f64], z: &Coords) -> Lane {
    dispatch(Energy { stiffness: &stiffness(frequency, weight), weight, z })
}

/// Free particles: H_c = Σ_j p_j²/(2 m_j) = Σ_j h_j (Im z_j)².
pub fn h_c_free(weight: &[f64], z: &Coords) -> Lane {
    dispatch(Energy { stiffness: &[], weight, z })
}

/// Adds ∂H_c/∂z_j* = (ω_j²/h_j) Re z_j + i h_j Im z_j.
pub fn dh_c_dzc_harmonic(frequency: &[f64], weight: &[f64], z: &Coords, out: &mut Coords) {
    dispatch(Gradient { stiffness: &stiffness(frequency, weight), weight, z, out });
}

/// Adds ∂H_c/∂z_j* = i h_j Im z_j.
pub fn dh_c_dzc_free(weight: &[f64], z: &Coords, out: &mut Coords) {
    dispatch(Gradient { stiffness: &[], weight, z, out });
}

/// ω²/h.
pub(crate) fn stiffness(frequency: &[f64], weight: &[f64]) -> Vec<f64> {
    frequency.iter().zip(weight).map(|(w, h)| w * w / h).collect()
}

/// H_c; without stiffness of free particles.
pub(crate) struct Energy<'a> {
    pub stiffness: &'a [f64],
    pub weight: &'a [f64],
    pub z: &'a Coords,
}

impl Kernel for Energy<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run<P: Pack>(self) -> Lane {
        let Self { stiffness, weight, z } = self;
        let mut out = Lane::ZERO;
        for at in 0..P::COUNT {
            let kinetic = sum_of_squares::<P>(weight, &z.im, at);
            let sum = kinetic + sum_of_squares::<P>(stiffness, &z.re, at);
            sum.store(&mut out, at);
        }
        out
    }
}

/// Σ_j f_j x_j² in four partial sums, as [`weighted_sum`](super::coupling::weighted_sum).
#[inline(always)]
fn sum_of_squares<P: Pack>(factors: &[f64], x: &[Lane], at: usize) -> P {
    let mut sums = [P::zero(); 4];
    for (j, &factor) in factors.iter().enumerate() {
        let x = P::load(&x[j], at);
        sums[j % 4] = sums[j % 4].plus_product(x * x, P::splat(factor));
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// Adds the gradient of H_c; without stiffness of free particles.
pub(crate) struct Gradient<'a> {
    pub stiffness: &'a [f64],
    pub weight: &'a [f64],
    pub z: &'a Coords,
    pub out: &'a mut Coords,
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { stiffness, weight, z, out } = self;
        add_products::<P>(stiffness, &z.re, &mut out.re);
        add_products::<P>(weight, &z.im, &mut out.im);
    }
}

/// out_j += f_j x_j.
#[inline(always)]
fn add_products<P: Pack>(factors: &[f64], x: &[Lane], out: &mut [Lane]) {
    for (j, &factor) in factors.iter().enumerate() {
        for at in 0..P::COUNT {
            let sum = P::load(&out[j], at).plus_product(P::load(&x[j], at), P::splat(factor));
            sum.store(&mut out[j], at);
        }
    }
}
