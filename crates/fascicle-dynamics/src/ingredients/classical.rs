//! Classical Hamiltonians.

use crate::sys::{Kernel, Pack, dispatch};
use crate::{Coords, Lane};

/// Harmonic oscillators: H_c = Σ_j p_j²/(2 m_j) + m_j ω_j² q_j²/2 = Σ_j h_j (Im z_j)² + (ω_j²/h_j) (Re z_j)².
pub fn h_c_harmonic(frequency: &[f64], weight: &[f64], z: &Coords) -> Lane {
    dispatch(Harmonic { frequency: Some(frequency), weight, z })
}

/// Free particles: H_c = Σ_j p_j²/(2 m_j) = Σ_j h_j (Im z_j)².
pub fn h_c_free(weight: &[f64], z: &Coords) -> Lane {
    dispatch(Harmonic { frequency: None, weight, z })
}

struct Harmonic<'a> {
    frequency: Option<&'a [f64]>,
    weight: &'a [f64],
    z: &'a Coords,
}

impl Kernel for Harmonic<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run<P: Pack>(self) -> Lane {
        let mut sum = Lane::ZERO;
        let (z, weight) = (self.z, self.weight);
        // By index, as in the linear map.
        for j in 0..weight.len() {
            sum += z.im[j] * z.im[j] * weight[j];
        }
        if let Some(frequency) = self.frequency {
            for j in 0..weight.len() {
                sum += z.re[j] * z.re[j] * (frequency[j] * frequency[j] / weight[j]);
            }
        }
        sum
    }
}

/// Adds ∂H_c/∂z_j* = (ω_j²/h_j) Re z_j + i h_j Im z_j.
pub fn dh_c_dzc_harmonic(frequency: &[f64], weight: &[f64], z: &Coords, out: &mut Coords) {
    for j in 0..weight.len() {
        out.re[j] += z.re[j] * (frequency[j] * frequency[j] / weight[j]);
    }
    dh_c_dzc_free(weight, z, out);
}

/// Adds ∂H_c/∂z_j* = i h_j Im z_j.
pub fn dh_c_dzc_free(weight: &[f64], z: &Coords, out: &mut Coords) {
    for j in 0..weight.len() {
        out.im[j] += z.im[j] * weight[j];
    }
}
