//! The shift of the coordinates that conserves energy in a hop.
//!
//! z becomes z − i γ d, with d the direction, such that H_c falls by the gap by which the energy of
//! the active surface rises. Of the two real solutions the one of smaller |γ| counts.

use fascicle_core::c64;

use super::classical::with_stiffness;
use crate::Coords;
use crate::structure::Classical;

/// Harmonic oscillators: A γ² − B γ + Δ = 0 with
/// A = Σ_j h (Re d)² + (ω²/h) (Im d)², B = 2 Σ_j h Im z Re d − (ω²/h) Re z Im d.
pub fn hop_harmonic(
    frequency: &[f64],
    weight: &[f64],
    z: &[c64],
    direction: &[c64],
    gap: f64,
) -> Option<Vec<c64>> {
    let line = with_stiffness(frequency, weight, |stiffness| {
        Line::harmonic(stiffness, weight, |j| z[j].re, |j| z[j].im, direction)
    });
    Some(shift(line.gamma(gap)?, direction))
}

/// Free particles: A γ² − B γ + C = 0 with A = −Σ_j h (Re d)², B = −2 Σ_j h Re d Im z, C = −Δ.
pub fn hop_free(weight: &[f64], z: &[c64], direction: &[c64], gap: f64) -> Option<Vec<c64>> {
    let line = Line::free(weight, |j| z[j].im, direction);
    Some(shift(line.gamma(gap)?, direction))
}

/// The classical energy along z − i γ d where it is a quadratic in γ, ±(A γ² − B γ) but for its value
/// at γ = 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    a: f64,
    b: f64,
    sign: f64,
}

impl Line {
    /// That of one trajectory of a block, if the classical Hamiltonian is known; `stiffness` is ω²/h
    /// of harmonic modes.
    pub fn new(
        classical: &Classical,
        stiffness: &[f64],
        weight: &[f64],
        (z, lane): (&Coords, usize),
        direction: &[c64],
    ) -> Option<Self> {
        match classical {
            Classical::Harmonic { .. } => {
                let (re, im) = (|j: usize| z.re[j][lane], |j: usize| z.im[j][lane]);
                Some(Self::harmonic(stiffness, weight, re, im, direction))
            }
            Classical::Free => Some(Self::free(weight, |j| z.im[j][lane], direction)),
            Classical::General => None,
        }
    }

    /// That of the kinetic energy Σ_j p_j²/(2 m_j) alone.
    pub fn kinetic(weight: &[f64], (z, lane): (&Coords, usize), direction: &[c64]) -> Self {
        Self::free(weight, |j| z.im[j][lane], direction)
    }

    fn harmonic(
        stiffness: &[f64],
        weight: &[f64],
        re: impl Fn(usize) -> f64,
        im: impl Fn(usize) -> f64,
        direction: &[c64],
    ) -> Self {
        let (mut a, mut b) = (0.0, 0.0);
        for (j, d) in direction.iter().enumerate() {
            let (h, k) = (weight[j], stiffness[j]);
            // A direction of momenta alone needs no look at positions.
            let positions = if d.im == 0.0 { 0.0 } else { k * re(j) * d.im };
            a += h * d.re * d.re + k * d.im * d.im;
            b += 2.0 * (h * im(j) * d.re - positions);
        }
        Self { a, b, sign: 1.0 }
    }

    fn free(weight: &[f64], im: impl Fn(usize) -> f64, direction: &[c64]) -> Self {
        let (mut a, mut b) = (0.0, 0.0);
        for (j, d) in direction.iter().enumerate() {
            let h = weight[j];
            a -= h * d.re * d.re;
            b -= 2.0 * h * d.re * im(j);
        }
        Self { a, b, sign: -1.0 }
    }

    /// The γ at which the energy has fallen by the gap; of two the smaller one.
    pub fn gamma(self, gap: f64) -> Option<f64> {
        gamma(self.a, self.b, self.sign * gap)
    }

    /// The γ ≠ 0 that costs no energy: where a hop is frustrated, it reverses the momentum along d
    /// (Hammes-Schiffer and Tully, J. Chem. Phys. 101, 4657 (1994), doi:10.1063/1.467455), if d is real.
    /// 0 for a d that is zero or not finite.
    pub fn reflection(self) -> f64 {
        let gamma = self.b / self.a;
        if gamma.is_finite() { gamma } else { 0.0 }
    }
}

/// The root of A γ² − B γ + C = 0 of smaller size; none if it is not real; 0 if A is.
pub(super) fn gamma(a: f64, b: f64, c: f64) -> Option<f64> {
    let discriminant = b * b - 4.0 * a * c;
    // Not `< 0`: a NaN is no solution either.
    if !(discriminant >= 0.0) {
        return None;
    }
    if a == 0.0 {
        return Some(0.0);
    }
    let root = discriminant.sqrt();
    Some(0.5 * if b < 0.0 { b + root } else { b - root } / a)
}

/// −i γ d.
pub(super) fn shift(gamma: f64, direction: &[c64]) -> Vec<c64> {
    direction.iter().map(|d| c64(gamma * d.im, -gamma * d.re)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingredients::{NumericalHop, hop_numerical};
    use crate::{ClosureModel, Coords, LANES, Model, Structure};

    const FREQUENCY: [f64; 2] = [0.7, 1.3];
    const WEIGHT: [f64; 2] = [0.7, 2.0];

    /// The same oscillators as facts, and as a closure of which nothing is known.
    fn models() -> (ClosureModel, ClosureModel) {
        let base = ClosureModel::new("oscillators", 2, 2).with_weight(&WEIGHT);
        let facts = Structure::general().with_harmonic(FREQUENCY.to_vec());
        let energy = |z: &[c64]| {
            let mode = |j: usize| {
                let k = FREQUENCY[j] * FREQUENCY[j] / WEIGHT[j];
                WEIGHT[j] * z[j].im * z[j].im + k * z[j].re * z[j].re
            };
            mode(0) + mode(1)
        };
        (base.clone().with_structure(facts), base.with_h_c(energy))
    }

    fn energy(model: &ClosureModel, z: &[c64], shift: &[c64]) -> f64 {
        let mut at = Coords::zeros(z.len());
        for lane in 0..LANES {
            let z: Vec<c64> = z.iter().zip(shift).map(|(z, shift)| z + shift).collect();
            at.set_trajectory(lane, &z);
        }
        model.h_c(&at)[0]
    }

    proptest! {
        #[test]
        fn a_hop_takes_its_energy_from_the_coordinates(
            numbers in prop::collection::vec(-2.0..2.0_f64, 8),
            gap in -3.0..3.0_f64,
        ) {
            let pair = |at: usize| c64(numbers[at], numbers[at + 1]);
            let (z, direction) = ([pair(0), pair(2)], [pair(4), pair(6)]);
            let (facts, unknown) = models();
            let exact = hop_harmonic(&FREQUENCY, &WEIGHT, &z, &direction, gap);
            let searched = hop_numerical(&unknown, &NumericalHop::default(), &z, &direction, gap);
            let nothing = [c64(0.0, 0.0); 2];
            let found = [(&exact, 1e-9), (&searched, 1.01e-6)];
            for (shift, tolerance) in found {
                let Some(shift) = shift else { continue };
                let lost = energy(&facts, &z, &nothing) - energy(&facts, &z, shift);
                prop_assert!((lost - gap).abs() < tolerance, "{lost} for a gap of {gap}");
            }
            // The search finds nothing where there is nothing; it may miss what there is.
            prop_assert!(exact.is_some() || searched.is_none());
        }
    }
}
