//! The Fenna–Matthews–Olson complex.

use std::f64::consts::PI;

use fascicle_core::c64;
use fascicle_core::elementary::tan;

use super::constants;
use crate::ingredients::{self, Sampler};
use crate::{Hermitian, Model, Structure, Units};

/// The number of sites.
const SITES: usize = 7;

/// The Hamiltonian of the sites in wavenumbers, lower triangle.
const SITE_ENERGIES: [&[f64]; SITES] = [
    &[12410.0],
    &[-87.7, 12530.0],
    &[5.5, 30.8, 12210.0],
    &[-5.9, 8.2, -53.5, 12320.0],
    &[6.7, 0.7, -2.2, -70.7, 12480.0],
    &[-13.7, 11.8, -9.6, -17.0, 81.1, 12630.0],
    &[-9.9, 4.3, 6.0, -63.3, -1.3, 39.7, 12440.0],
];

/// A wavenumber (1/cm) in units of kT at 300 K, from the exact constants of the SI.
fn wavenumber() -> f64 {
    let (planck, light, boltzmann) = (6.626_070_15e-34, 299_792_458.0, 1.380_649e-23);
    100.0 * (planck * light) / (boltzmann * 300.0)
}

/// The Fenna–Matthews–Olson complex: seven sites with N harmonic modes each (Mulvihill et al., J.
/// Chem. Phys. 154, 204109 (2021), doi:10.1063/5.0051101; QC Lab's `FMOComplex`).
///
/// Energies are in units of kT at 300 K (208.51 wavenumbers), times in units of ħ/kT (25.46 fs).
/// H_q is the complex's, less its lowest site energy on the diagonal; site n couples to its own modes
/// by ω_j √(2 λ/N) / √(2 m h_j), with ω_j = `w_c` tan((j + ½) π / (2 N)) and weights h = ω. The modes
/// of the first site come first. Initial coordinates are in classical thermal equilibrium.
#[derive(Clone, Debug, PartialEq)]
#[expect(non_snake_case, reason = "the constants' names in QC Lab")]
pub struct FMOComplex {
    /// The thermal quantum kT (default 1).
    pub kBT: f64,
    /// The mass of the modes (default 1).
    pub mass: f64,
    /// The reorganisation energy λ (default 35 wavenumbers).
    pub l_reorg: f64,
    /// The characteristic frequency (default 106.14 wavenumbers).
    pub w_c: f64,
    /// The number of modes of each site N (default 200).
    pub N: usize,
}

impl Default for FMOComplex {
    fn default() -> Self {
        let (l_reorg, w_c) = (35.0 * wavenumber(), 106.14 * wavenumber());
        Self { kBT: 1.0, mass: 1.0, l_reorg, w_c, N: 200 }
    }
}

impl FMOComplex {
    /// The frequencies of one site's modes.
    fn frequencies_of_a_site(&self) -> Vec<f64> {
        let omega = |j: usize| self.w_c * tan((j as f64 + 0.5) * PI * 0.5 / self.N as f64);
        (0..self.N).map(omega).collect()
    }
}

impl Model for FMOComplex {
    constants!(kBT: NonNegative ["kT at 300 K"], mass: Positive, l_reorg: NonNegative ["kT at 300 K"],
               w_c: Positive ["kT/ħ"], N: Count);

    fn units(&self) -> Units {
        Units { time: "ħ/kT, 25.46 fs", energy: "kT at 300 K" }
    }

    fn num_quantum_states(&self) -> usize {
        SITES
    }

    fn num_classical_coordinates(&self) -> usize {
        SITES * self.N
    }

    fn classical_coordinate_mass(&self) -> Vec<f64> {
        vec![self.mass; SITES * self.N]
    }

    fn classical_coordinate_weight(&self) -> Vec<f64> {
        self.frequencies_of_a_site().repeat(SITES)
    }

    fn structure(&self) -> Structure {
        let reorganisation = (2.0 * self.l_reorg / self.N as f64).sqrt();
        let coupling = |w: &f64| w * reorganisation * (1.0 / (2.0 * self.mass * w).sqrt());
        let frequency = self.frequencies_of_a_site();
        let of_a_site: Vec<f64> = frequency.iter().map(coupling).collect();
        let of_site = |site: usize| {
            let mut g = vec![0.0; SITES * self.N];
            g[site * self.N..(site + 1) * self.N].copy_from_slice(&of_a_site);
            g
        };
        Structure::general()
            .with_harmonic(frequency.repeat(SITES))
            .with_diagonal_linear((0..SITES).map(of_site).collect())
    }

    fn h_q(&self, h: &mut Hermitian) {
        let unit = wavenumber();
        let lowest = (0..SITES).map(|n| SITE_ENERGIES[n][n] * unit).fold(f64::INFINITY, f64::min);
        for (row, elements) in SITE_ENERGIES.iter().enumerate() {
            for (column, element) in elements.iter().enumerate() {
                let offset = if row == column { lowest } else { 0.0 };
                h.add_constant(row, column, c64(element * unit - offset, 0.0));
            }
        }
    }

    fn init_classical(&self) -> Sampler<'_> {
        // The weights are the frequencies.
        let (mass, frequency) =
            (self.classical_coordinate_mass(), self.classical_coordinate_weight());
        ingredients::boltzmann_harmonic(self.kBT, &mass, &frequency, &frequency)
    }
}
