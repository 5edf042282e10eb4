//! The Holstein model of a lattice.

use super::constants;
use crate::ingredients::{self, Sampler};
use crate::{Hermitian, Model, Structure, Units};

/// The Holstein model of a chain or ring of N sites, each with one optical mode (Krotz et al., J. Chem.
/// Phys. 154, 224101 (2021), doi:10.1063/5.0053177; QC Lab's `HolsteinLattice`).
///
/// H_q = −J Σ_n (|n⟩⟨n+1| + h.c.), H_qc = g w √(w/h) Σ_n |n⟩⟨n| (z_n + z_n*), H_c harmonic of
/// frequency w, weights h = w. Initial coordinates are in classical thermal equilibrium. Energies in
/// units of kT where kBT is 1; ħ = 1.
#[derive(Clone, Debug, PartialEq)]
#[expect(non_snake_case, reason = "the constants' names in QC Lab and in the paper")]
pub struct HolsteinLattice {
    /// The thermal quantum kT (default 1).
    pub kBT: f64,
    /// The dimensionless coupling g (default 0.5).
    pub g: f64,
    /// The frequency w (default 0.5).
    pub w: f64,
    /// The number of sites N (default 10).
    pub N: usize,
    /// The hopping energy J (default 1).
    pub J: f64,
    /// The mass of the modes (default 1).
    pub phonon_mass: f64,
    /// Whether the chain is closed to a ring (default true).
    pub periodic: bool,
}

impl Default for HolsteinLattice {
    fn default() -> Self {
        Self { kBT: 1.0, g: 0.5, w: 0.5, N: 10, J: 1.0, phonon_mass: 1.0, periodic: true }
    }
}

impl Model for HolsteinLattice {
    constants!(kBT: NonNegative ["kT"], g: Finite, w: Positive ["kT/ħ"], N: Count, J: Finite ["kT"],
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
        // The weight is the frequency, so that √(w/h) is 1.
        let coupling = |site: usize| {
            let mut g = vec![0.0; self.N];
            g[site] = self.g * self.w;
            g
        };
        Structure::general()
            .with_harmonic(vec![self.w; self.N])
            .with_diagonal_linear((0..self.N).map(coupling).collect())
    }

    fn h_q(&self, h: &mut Hermitian) {
        ingredients::h_q_nearest_neighbor(h, self.J, self.periodic);
    }

    fn init_classical(&self) -> Sampler<'_> {
        let frequency = vec![self.w; self.N];
        let mass = self.classical_coordinate_mass();
        ingredients::boltzmann_harmonic(self.kBT, &mass, &frequency, &frequency)
    }
}
