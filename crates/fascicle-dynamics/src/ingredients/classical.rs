//! Classical Hamiltonians.

use crate::sys::{Kernel, Pack, dispatch};
use crate::{Coords, Lane};

/// Harmonic oscillators: H_c = Σ_j p_j²/(2 m_j) + m_j ω_j² q_j²/2 = Σ_j h_j (Im z_j)² + (ω_j²/h_j) (Re z_j)².
pub fn h_c_harmonic(frequency: &[f64], weight: &[f64], z: &Coords) -> Lane {
    with_stiffness(frequency, weight, |stiffness| dispatch(Energy { stiffness, weight, z }))
}

/// Free particles: H_c = Σ_j p_j²/(2 m_j) = Σ_j h_j (Im z_j)².
pub fn h_c_free(weight: &[f64], z: &Coords) -> Lane {
    dispatch(Energy { stiffness: &[], weight, z })
}

/// Adds ∂H_c/∂z_j* = (ω_j²/h_j) Re z_j + i h_j Im z_j.
pub fn dh_c_dzc_harmonic(frequency: &[f64], weight: &[f64], z: &Coords, out: &mut Coords) {
    with_stiffness(frequency, weight, |stiffness| dispatch(Gradient { stiffness, weight, z, out }));
}

/// Adds ∂H_c/∂z_j* = i h_j Im z_j.
pub fn dh_c_dzc_free(weight: &[f64], z: &Coords, out: &mut Coords) {
    dispatch(Gradient { stiffness: &[], weight, z, out });
}

/// ω²/h.
pub(crate) fn stiffness(frequency: &[f64], weight: &[f64]) -> Vec<f64> {
    frequency.iter().zip(weight).map(|(w, h)| w * w / h).collect()
}

/// Does something with ω²/h. A model calls this in each time step: of not too many modes they are held
/// without allocating.
pub(super) fn with_stiffness<R>(
    frequency: &[f64],
    weight: &[f64],
    f: impl FnOnce(&[f64]) -> R,
) -> R {
    const ROOM: usize = 256;
    let mut room = [0.0; ROOM];
    let length = frequency.len().min(weight.len());
    if length > ROOM {
        return f(&stiffness(frequency, weight));
    }
    for ((k, w), h) in room.iter_mut().zip(frequency).zip(weight) {
        *k = w * w / h;
    }
    f(&room[..length])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_modes_gives_the_bits_of_a_list() {
        for modes in [1, 63, 64, 65, 200] {
            let frequency: Vec<f64> = (0..modes).map(|j| 0.3 + 0.01 * j as f64).collect();
            let weight: Vec<f64> = (0..modes).map(|j| 1.7 - 0.003 * j as f64).collect();
            let mut z = Coords::zeros(modes);
            for j in 0..modes {
                z.re[j] = Lane::from_fn(|l| ((j + 3 * l) as f64).sin());
                z.im[j] = Lane::from_fn(|l| ((2 * j + l) as f64).cos());
            }
            let (stiffness, weight) = (&stiffness(&frequency, &weight), &weight[..]);
            let expected = dispatch(Energy { stiffness, weight, z: &z });
            assert_eq!(h_c_harmonic(&frequency, weight, &z), expected, "{modes} modes");
            let (mut own, mut expected) = (z.clone(), z.clone());
            dh_c_dzc_harmonic(&frequency, weight, &z, &mut own);
            dispatch(Gradient { stiffness, weight, z: &z, out: &mut expected });
            assert_eq!(own, expected, "{modes} modes");
        }
    }
}
