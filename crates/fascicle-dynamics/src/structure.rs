//! Facts about a model that select fast kernels and default ingredients.

use crate::{Coords, Hermitian, Lane, States, ingredients};

/// What is known of the classical Hamiltonian.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Classical {
    /// Nothing: the model's own `h_c` and `dh_c_dzc` count.
    #[default]
    General,
    /// H_c = Σ_j p_j²/(2 m_j) + m_j ω_j² q_j²/2, with C frequencies ω.
    Harmonic {
        /// ω, one per coordinate.
        frequency: Vec<f64>,
    },
    /// H_c = Σ_j p_j²/(2 m_j).
    Free,
}

/// What is known of the coupling H_qc.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Coupling {
    /// Nothing: the model's own `h_qc` and `dh_qc_dzc` count.
    #[default]
    General,
    /// H_qc,nn = Σ_j g_nj (z_j + z_j*), and nothing off the diagonal.
    DiagonalLinear {
        /// `g[state n][coordinate j]`
        g: Vec<Vec<f64>>,
    },
}

/// Facts about a model. Each is independent of the others, and each may be left out: a model that
/// states nothing runs on its own functions, more slowly, and to the same results but for rounding if
/// it gives gradients, and for the error of finite differences if it does not.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Structure {
    /// The classical Hamiltonian.
    pub classical: Classical,
    /// The coupling.
    pub coupling: Coupling,
}

impl Structure {
    /// Adds H_qc(z), if it is known.
    pub(crate) fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        if let Coupling::DiagonalLinear { g } = &self.coupling {
            ingredients::h_qc_diagonal_linear(g, z, h);
        }
    }

    /// H_c(z), if it is known, else 0.
    pub(crate) fn h_c(&self, weight: &[f64], z: &Coords) -> Lane {
        match &self.classical {
            Classical::Harmonic { frequency } => ingredients::h_c_harmonic(frequency, weight, z),
            Classical::Free => ingredients::h_c_free(weight, z),
            Classical::General => Lane::ZERO,
        }
    }

    /// Adds ∂H_c/∂z_j* to each `out_j`, if it is known; whether it is.
    pub(crate) fn dh_c_dzc(&self, weight: &[f64], z: &Coords, out: &mut Coords) -> bool {
        match &self.classical {
            Classical::Harmonic { frequency } => {
                ingredients::dh_c_dzc_harmonic(frequency, weight, z, out);
            }
            Classical::Free => ingredients::dh_c_dzc_free(weight, z, out),
            Classical::General => return false,
        }
        true
    }

    /// ω²/h of each coordinate where they are harmonic, else nothing.
    pub(crate) fn stiffness(&self, weight: &[f64]) -> Vec<f64> {
        match &self.classical {
            Classical::Harmonic { frequency } => ingredients::stiffness(frequency, weight),
            Classical::Free | Classical::General => Vec::new(),
        }
    }

    /// Adds ⟨left|∂H_qc/∂z_j*|right⟩ to each `out_j`, if it is known; whether it is.
    pub(crate) fn dh_qc_dzc(&self, left: &States, right: &States, out: &mut Coords) -> bool {
        let Coupling::DiagonalLinear { g } = &self.coupling else {
            return false;
        };
        ingredients::dh_qc_dzc_diagonal_linear(g, left, right, out);
        true
    }

    /// No facts.
    pub fn general() -> Self {
        Self::default()
    }

    /// With a harmonic classical Hamiltonian of these C frequencies.
    #[must_use]
    pub fn with_harmonic(mut self, frequency: Vec<f64>) -> Self {
        self.classical = Classical::Harmonic { frequency };
        self
    }

    /// With free classical particles.
    #[must_use]
    pub fn with_free(mut self) -> Self {
        self.classical = Classical::Free;
        self
    }

    /// With a diagonal linear coupling `g[state][coordinate]`.
    #[must_use]
    pub fn with_diagonal_linear(mut self, g: Vec<Vec<f64>>) -> Self {
        self.coupling = Coupling::DiagonalLinear { g };
        self
    }
}
