//! Tully's first problem.

use fascicle_core::elementary::exp;

use super::constants;
use super::tully::{Potential, tully};
use crate::Model;
use crate::sys::Pack;

/// Tully's first problem, a simple avoided crossing of two states in one dimension (Tully, J. Chem.
/// Phys. 93, 1061 (1990), doi:10.1063/1.459170; QC Lab's `TullyProblemOne`). Atomic units.
///
/// H_00 = −H_11 = A (1 − e^(−B q)) for q ≥ 0 and −A (1 − e^(B q)) for q < 0,
/// H_01 = C e^(−D q²). The particle starts at one position with one momentum; weight h = 1.
#[derive(Clone, Debug, PartialEq)]
#[expect(non_snake_case, reason = "the constants' names in QC Lab and in the paper")]
pub struct TullyProblemOne {
    /// The initial momentum (default 10).
    pub init_momentum: f64,
    /// The initial position (default −25).
    pub init_position: f64,
    /// The mass (default 2000).
    pub mass: f64,
    /// The height A (default 0.01).
    pub A: f64,
    /// The inverse width B (default 1.6).
    pub B: f64,
    /// The coupling C (default 0.005).
    pub C: f64,
    /// The inverse squared width of the coupling D (default 1).
    pub D: f64,
}

impl Default for TullyProblemOne {
    fn default() -> Self {
        Self {
            init_momentum: 10.0,
            init_position: -25.0,
            mass: 2000.0,
            A: 0.01,
            B: 1.6,
            C: 0.005,
            D: 1.0,
        }
    }
}

impl Model for TullyProblemOne {
    constants!(init_momentum: Finite ["ħ/a₀"], init_position: Finite ["a₀"], mass: Positive ["mₑ"],
               A: Finite ["Eₕ"], B: Finite ["1/a₀"], C: Finite ["Eₕ"], D: Finite ["1/a₀²"]);
    tully!();
}

impl Potential for TullyProblemOne {
    #[inline(always)]
    fn values<P: Pack>(&self, q: P) -> [P; 3] {
        // exp(−B |q|) serves both sides.
        let step = exp(-(q.abs() * P::splat(self.B)));
        let height = (P::splat(1.0) - step) * P::splat(self.A);
        let v = P::select(q.at_least(P::zero()), height, -height);
        [v, -v, exp(-(q * q * P::splat(self.D))) * P::splat(self.C)]
    }

    #[inline(always)]
    fn slopes<P: Pack>(&self, q: P) -> [P; 3] {
        let d = exp(-(q.abs() * P::splat(self.B))) * P::splat(self.A * self.B);
        let bell = exp(-(q * q * P::splat(self.D)));
        [d, -d, q * bell * P::splat(-2.0 * self.C * self.D)]
    }

    fn mass(&self) -> f64 {
        self.mass
    }
}
