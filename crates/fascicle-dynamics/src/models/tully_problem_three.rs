//! Tully's third problem.

use fascicle_core::elementary::exp;

use super::constants;
use super::tully::{Potential, tully};
use crate::Model;
use crate::sys::Pack;

/// Tully's third problem, extended coupling of two states in one dimension (Tully, J. Chem. Phys. 93,
/// 1061 (1990), doi:10.1063/1.459170; QC Lab's `TullyProblemThree`). Atomic units.
///
/// H_00 = A, H_11 = −A, H_01 = B (2 − e^(−C q)) for q ≥ 0 and B e^(C q) for q < 0. The particle starts
/// at one position with one momentum; weight h = 1.
#[derive(Clone, Debug, PartialEq)]
#[expect(non_snake_case, reason = "the constants' names in QC Lab and in the paper")]
pub struct TullyProblemThree {
    /// The initial momentum (default 10).
    pub init_momentum: f64,
    /// The initial position (default −25).
    pub init_position: f64,
    /// The mass (default 2000).
    pub mass: f64,
    /// The energy A (default 0.0006).
    pub A: f64,
    /// The coupling B (default 0.1).
    pub B: f64,
    /// The inverse width of the coupling C (default 0.9).
    pub C: f64,
}

impl Default for TullyProblemThree {
    fn default() -> Self {
        Self { init_momentum: 10.0, init_position: -25.0, mass: 2000.0, A: 0.0006, B: 0.1, C: 0.9 }
    }
}

impl Model for TullyProblemThree {
    constants!(init_momentum: Finite ["ħ/a₀"], init_position: Finite ["a₀"], mass: Positive ["mₑ"],
               A: Finite ["Eₕ"], B: Finite ["Eₕ"], C: Finite ["1/a₀"]);
    tully!();
}

impl Potential for TullyProblemThree {
    #[inline(always)]
    fn values<P: Pack>(&self, q: P) -> [P; 3] {
        // exp(−C |q|) serves both sides.
        let tail = exp(-(q.abs() * P::splat(self.C)));
        let coupling = P::select(q.at_least(P::zero()), P::splat(2.0) - tail, tail);
        [P::splat(self.A), P::splat(-self.A), coupling * P::splat(self.B)]
    }

    #[inline(always)]
    fn slopes<P: Pack>(&self, q: P) -> [P; 3] {
        let coupling = exp(-(q.abs() * P::splat(self.C))) * P::splat(self.B * self.C);
        [P::zero(), P::zero(), coupling]
    }

    fn mass(&self) -> f64 {
        self.mass
    }
}
