//! The spin-boson model.

use std::f64::consts::PI;

use fascicle_core::c64;
use fascicle_core::elementary::tan;

use super::constants;
use crate::ingredients::{self, Sampler};
use crate::{Hermitian, Model, Structure, Units};

/// The spin-boson model: two states, each coupled linearly to A harmonic modes (Tempelaar and
/// Reichman, J. Chem. Phys. 148, 102309 (2018), doi:10.1063/1.5000843; QC Lab's `SpinBoson`).
///
/// H_q = E σ_z + V σ_x, H_qc = σ_z Σ_j g_j (z_j + z_j*), H_c harmonic, with
/// ω_j = W tan((j + ½) π / (2 A)), g_j = ω_j √(2 λ / A) / √(2 m h_j), weights h = ω. Initial
/// coordinates are in thermal equilibrium. Energies are in units of kT at 300 K where constants are
/// the default ones; ħ = 1.
#[derive(Clone, Debug, PartialEq)]
#[expect(non_snake_case, reason = "the constants' names in QC Lab and in the paper")]
pub struct SpinBoson {
    /// The thermal quantum kT (default 1).
    pub kBT: f64,
    /// The coupling of the states, off-diagonal (default 0.5).
    pub V: f64,
    /// Half the offset of the states, ± on the diagonal (default 0.5).
    pub E: f64,
    /// The characteristic frequency W (default 0.1).
    pub W: f64,
    /// The reorganisation energy λ (default 0.005).
    pub l_reorg: f64,
    /// The mass of the modes (default 1).
    pub boson_mass: f64,
    /// The number of modes A (default 100).
    pub A: usize,
}

impl Default for SpinBoson {
    fn default() -> Self {
        Self { kBT: 1.0, V: 0.5, E: 0.5, W: 0.1, l_reorg: 0.005, boson_mass: 1.0, A: 100 }
    }
}

impl SpinBoson {
    /// ω_j, A of them.
    fn frequencies(&self) -> Vec<f64> {
        let omega = |j: usize| self.W * tan((j as f64 + 0.5) * PI * 0.5 / self.A as f64);
        (0..self.A).map(omega).collect()
    }

    /// g_j, A of them.
    fn couplings(&self) -> Vec<f64> {
        let reorganisation = (2.0 * self.l_reorg / self.A as f64).sqrt();
        let g = |w: &f64| w * reorganisation * (1.0 / (2.0 * self.boson_mass * w).sqrt());
        self.frequencies().iter().map(g).collect()
    }
}

impl Model for SpinBoson {
    constants!(kBT: NonNegative ["kT"], V: Finite ["kT"], E: Finite ["kT"], W: Positive ["kT/ħ"],
               l_reorg: NonNegative ["kT"], boson_mass: Positive, A: Count);

    fn units(&self) -> Units {
        Units { time: "ħ/kT", energy: "kT" }
    }

    fn num_quantum_states(&self) -> usize {
        2
    }

    fn num_classical_coordinates(&self) -> usize {
        self.A
    }

    fn classical_coordinate_mass(&self) -> Vec<f64> {
        vec![self.boson_mass; self.A]
    }

    fn classical_coordinate_weight(&self) -> Vec<f64> {
        self.frequencies()
    }

    fn structure(&self) -> Structure {
        let g = self.couplings();
        let minus = g.iter().map(|g| -g).collect();
        Structure::general().with_harmonic(self.frequencies()).with_diagonal_linear(vec![g, minus])
    }

    fn h_q(&self, h: &mut Hermitian) {
        ingredients::h_q_two_level(h, [self.E, -self.E], c64(self.V, 0.0));
    }

    fn init_classical(&self) -> Sampler<'_> {
        // The weights are the frequencies.
        let (mass, frequency) = (self.classical_coordinate_mass(), self.frequencies());
        ingredients::boltzmann_harmonic(self.kBT, &mass, &frequency, &frequency)
    }
}
