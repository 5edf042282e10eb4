//! The adiabatic states of some trajectories after their coordinates have changed.

use super::gauge;
use crate::algorithms::GaugeFixing;
use crate::kernels::{Diagonalize, Room, ToAdiabatic};
use crate::{Basis, Block, Coords, Hermitian, LANES, Lane, States, Step, Vector};

/// Lanes for which something holds.
pub(super) type Mask = [bool; LANES];

/// H, its eigenvalues and its eigenvectors.
#[derive(Debug)]
pub(crate) struct Adiabatic {
    pub h: Hermitian,
    pub eigvals: Vec<Lane>,
    pub eigvecs: Basis,
    room: Room,
}

impl Adiabatic {
    pub fn zeros(n: usize) -> Self {
        Self {
            h: Hermitian::zeros(n),
            eigvals: vec![Lane::ZERO; n],
            eigvecs: Basis::zeros(n),
            room: Room::new(n),
        }
    }

    /// Those at z, with the phases that diagonalising leaves.
    pub fn at(&mut self, step: &Step<'_>, z: &Coords) {
        step.h_q_tot(z, &mut self.h);
        let Self { h, eigvals, eigvecs, room } = self;
        h.settle();
        step.run(Diagonalize { h, start: None, room, eigvals, eigvecs });
    }

    /// b = V† c.
    pub fn wf_adb(&self, step: &Step<'_>, wf_db: &States, wf_adb: &mut States) {
        step.run(ToAdiabatic { eigvecs: &self.eigvecs, wf_db, wf_adb });
    }
}

/// Which eigenvectors the phases are fixed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Those that are there now.
    Current,
    /// Those of the time step before.
    Previous,
}

/// Diagonalises H at the coordinates of these lanes, and gives their wave functions in that basis; other
/// lanes keep every bit.
pub(super) fn refresh(
    step: &Step<'_>,
    gauge_fixing: GaugeFixing,
    by: By,
    block: &mut Block,
    lanes: Mask,
) {
    look(step, block, |block, there| {
        let Block { z, eigvecs, eigvecs_previous, wf_db, wf_adb, scratch, .. } = &mut *block;
        let reference = if by == By::Current { eigvecs } else { eigvecs_previous };
        gauge::fix(step, gauge_fixing, z, reference, &mut there.eigvecs, scratch);
        let b = &mut scratch.states[0];
        there.wf_adb(step, wf_db, b);
        take_vectors(wf_adb, b, lanes);
        take(block, there, lanes);
    });
}

fn take(block: &mut Block, from: &Adiabatic, lanes: Mask) {
    for l in (0..LANES).filter(|&l| lanes[l]) {
        for k in 0..from.eigvals.len() {
            block.eigvals[k][l] = from.eigvals[k][l];
        }
        block.eigvecs.take_lane(&from.eigvecs, l);
        block.h_q_tot.take_lane(&from.h, l);
    }
}

/// Takes the vectors of some lanes.
pub(super) fn take_vectors(to: &mut Vector, from: &Vector, lanes: Mask) {
    for j in 0..to.len() {
        for l in (0..LANES).filter(|&l| lanes[l]) {
            (to.re[j][l], to.im[j][l]) = (from.re[j][l], from.im[j][l]);
        }
    }
}

/// Shows the adiabatic states at the coordinates, in room of the block's; the block has its own still.
pub(super) fn look(
    step: &Step<'_>,
    block: &mut Block,
    see: impl FnOnce(&mut Block, &mut Adiabatic),
) {
    let mut there = std::mem::take(&mut block.scratch.there);
    let now = there.get_or_insert_with(|| Box::new(Adiabatic::zeros(step.num_quantum_states())));
    now.at(step, &block.z);
    see(block, now);
    block.scratch.there = there;
}
