//! Tully's second problem.

use fascicle_core::elementary::exp;

use super::constants;
use super::tully::{Potential, tully};
use crate::Model;
use crate::sys::Pack;

/// Tully's second problem, a dual avoided crossing of two states in one dimension (Tully, J. Chem.
/// Phys. 93, 1061 (1990), doi:10.1063/1.459170; QC Lab's `TullyProblemTwo`). Atomic units.
///
/// H_00 = 0, H_11 = −A e^(−B q²) + E_0, H_01 = C e^(−D q²). The particle starts at one position with
/// one momentum; weight h = 1.
#[derive(Clone, Debug, PartialEq)]
#[expect(non_snake_case, reason = "the constants' names in QC Lab and in the paper")]
pub struct TullyProblemTwo {
    /// The initial momentum (default 10).
    pub init_momentum: f64,
    /// The initial position (default −25).
    pub init_position: f64,
    /// The mass (default 2000).
    pub mass: f64,
    /// The depth A (default 0.1).
    pub A: f64,
    /// The inverse squared width B (default 0.28).
    pub B: f64,
    /// The coupling C (default 0.015).
    pub C: f64,
    /// The inverse squared width of the coupling D (default 0.06).
    pub D: f64,
    /// The offset `E_0` (default 0.05).
    pub E_0: f64,
}

impl Default for TullyProblemTwo {
    fn default() -> Self {
        Self {
            init_momentum: 10.0,
            init_position: -25.0,
            mass: 2000.0,
            A: 0.1,
            B: 0.28,
            C: 0.015,
            D: 0.06,
            E_0: 0.05,
        }
    }
}

impl Model for TullyProblemTwo {
    constants!(init_momentum: Finite ["ħ/a₀"], init_position: Finite ["a₀"], mass: Positive ["mₑ"],
               A: Finite ["Eₕ"], B: Finite ["1/a₀²"], C: Finite ["Eₕ"], D: Finite ["1/a₀²"],
               E_0: Finite ["Eₕ"]);
    tully!();
}

impl Potential for TullyProblemTwo {
    #[inline(always)]
    fn values<P: Pack>(&self, q: P) -> [P; 3] {
        let bell = exp(-(q * q * P::splat(self.B)));
        let well = bell * P::splat(-self.A) + P::splat(self.E_0);
        [P::zero(), well, exp(-(q * q * P::splat(self.D))) * P::splat(self.C)]
    }

    #[inline(always)]
    fn slopes<P: Pack>(&self, q: P) -> [P; 3] {
        let (well, bell) = (exp(-(q * q * P::splat(self.B))), exp(-(q * q * P::splat(self.D))));
        let well = q * well * P::splat(2.0 * self.A * self.B);
        [P::zero(), well, q * bell * P::splat(-2.0 * self.C * self.D)]
    }

    fn mass(&self) -> f64 {
        self.mass
    }
}
