//! The classical energy along the direction of a hop.

use super::hop::shift;
use crate::{Coords, LANES, Model, c64};

/// The coordinates along the direction of a hop.
pub(super) struct Line<'a, M: ?Sized> {
    model: &'a M,
    z: &'a [c64],
    direction: &'a [c64],
    /// H_c(z).
    pub before: f64,
    /// By how much the energy of the active surface rises.
    pub gap: f64,
}

impl<'a, M: Model + ?Sized> Line<'a, M> {
    pub fn new(model: &'a M, z: &'a [c64], direction: &'a [c64], gap: f64) -> Self {
        let line = Self { model, z, direction, before: 0.0, gap };
        Self { before: line.energies([0.0; LANES])[0], ..line }
    }

    /// H_c(z − i γ d).
    fn energies(&self, gammas: [f64; LANES]) -> [f64; LANES] {
        let mut shifted = Coords::zeros(self.z.len());
        for (lane, gamma) in gammas.into_iter().enumerate() {
            for (j, shift) in shift(gamma, self.direction).into_iter().enumerate() {
                shifted.set(j, lane, self.z[j] + shift);
            }
        }
        self.model.h_c(&shifted).0
    }

    /// H_c(z − i γ d) − H_c(z) + gap, which a hop makes vanish.
    pub fn misses(&self, gammas: [f64; LANES]) -> [f64; LANES] {
        self.energies(gammas).map(|energy| (energy - self.before) + self.gap)
    }
}
