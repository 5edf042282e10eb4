//! The free phase of eigenvectors.

use super::task;
use crate::algorithms::GaugeFixing;
use crate::block::Scratch;
use crate::kernels::{FixGauge, Gauge};
use crate::{Basis, Block, Coords, LANES, Lane, States, Step};

/// An angle below this counts as 0, as in QC Lab.
const SMALL: f64 = 1e-10;

task! {
    /// Fixes the free phase of the first eigenvectors such that derivative couplings of neighbouring
    /// states are real, whatever the setting `gauge_fixing`, as QC Lab does.
    InitializeEigvecsGauge, "update_eigvecs_gauge", |step, block| {
        block.eigvecs_previous.copy_from(&block.eigvecs);
        let Block { z, eigvecs_previous: previous, eigvecs, scratch, .. } = block;
        fix(step, GaugeFixing::PhaseDerCouple, z, previous, eigvecs, scratch);
        Ok(())
    }
}

task! {
    /// Fixes the free phase of each eigenvector as the setting `gauge_fixing` says.
    UpdateEigvecsGauge, "update_eigvecs_gauge", |step, block| {
        let gauge_fixing = step.surfaces().gauge_fixing;
        let Block { z, eigvecs_previous: previous, eigvecs, scratch, .. } = block;
        fix(step, gauge_fixing, z, previous, eigvecs, scratch);
        if gauge_fixing == GaugeFixing::PhaseDerCouple {
            // A hop takes its direction from where the gradient was evaluated last, which is here.
            let z = std::mem::take(&mut block.z);
            block.set_gradient_at(step, &z);
            block.z = z;
        }
        Ok(())
    }
}

/// Fixes the phases of eigenvectors at z by those before.
pub(super) fn fix(
    step: &Step<'_>,
    gauge_fixing: GaugeFixing,
    z: &Coords,
    previous: &Basis,
    eigvecs: &mut Basis,
    scratch: &mut Scratch,
) {
    let gauge = match gauge_fixing {
        GaugeFixing::SignOverlap => Gauge::Sign,
        GaugeFixing::PhaseOverlap => Gauge::Phase,
        GaugeFixing::PhaseDerCouple => {
            // Real vectors and a real gradient have real couplings already.
            if !eigvecs.is_real() || step.system().diagonal_linear.is_none() {
                make_couplings_real(step, z, eigvecs, scratch);
            }
            Gauge::Sign
        }
    };
    step.run(FixGauge { gauge, previous, eigvecs });
}

/// Turns eigenvectors 1, 2 … such that the derivative coupling by position of each with the one before
/// is real, at the coordinate where it is largest.
fn make_couplings_real(step: &Step<'_>, z: &Coords, eigvecs: &mut Basis, scratch: &mut Scratch) {
    for k in 1..eigvecs.n() {
        let (x, y) = coupling_phase(step, z, eigvecs, k, scratch);
        for i in 0..eigvecs.n() {
            let (re, im) = eigvecs.at(i, k);
            eigvecs.set(i, k, re * x + im * y, im * x - re * y);
        }
    }
}

/// The phase of ⟨V_(k−1)|∂H/∂q_j|V_k⟩ at the j where it is largest; 1 where all vanish.
fn coupling_phase(
    step: &Step<'_>,
    z: &Coords,
    eigvecs: &Basis,
    k: usize,
    scratch: &mut Scratch,
) -> (Lane, Lane) {
    let [left, right, _] = &mut scratch.states;
    column(eigvecs, k - 1, left);
    column(eigvecs, k, right);
    let [there, back, ..] = &mut scratch.slopes;
    there.clear();
    back.clear();
    step.dh_qc_dzc(z, left, right, there);
    step.dh_qc_dzc(z, right, left, back);
    let (mut largest, mut x, mut y) = (Lane::ZERO, Lane::splat(1.0), Lane::ZERO);
    for j in 0..z.len() {
        // ∂/∂q is √(m h/2) (∂/∂z + ∂/∂z*), and ⟨k|∂H/∂z|l⟩ the conjugate of ⟨l|∂H/∂z*|k⟩.
        let scale = (0.5 * step.mass()[j] * step.weight()[j]).sqrt();
        let re = (there.re[j] + back.re[j]) * scale;
        let im = (there.im[j] - back.im[j]) * scale;
        let size = re.hypot(im);
        for l in 0..LANES {
            if size[l] > largest[l] {
                (largest[l], x[l], y[l]) = (size[l], re[l] / size[l], im[l] / size[l]);
            }
        }
    }
    for l in 0..LANES {
        if x[l] > 0.0 && y[l].abs() < SMALL {
            (x[l], y[l]) = (1.0, 0.0);
        }
    }
    (x, y)
}

/// Eigenvector k.
pub(super) fn column(eigvecs: &Basis, k: usize, out: &mut States) {
    for i in 0..eigvecs.n() {
        (out.re[i], out.im[i]) = eigvecs.at(i, k);
    }
}
