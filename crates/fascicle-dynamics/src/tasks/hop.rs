//! Hops: their probability, their destination, and the energy they cost.

use fascicle_core::{Cause, Failure, c64};

use super::gauge::column;
use super::numbers::hop_numbers;
use super::surface_hopping::no_numbers;
use super::task;
use crate::kernels::{HopDestination, HopProbability};
use crate::sys::dispatch;
use crate::{Block, LANES, Step};

task! {
    /// P_k = −2 Re[⟨V_a(t)|V_k(t − dt)⟩ b_k / b_a], P_a = 0, a the active surface.
    UpdateHopProbFssh, "update_hop_prob_fssh", |_, block| {
        let Block { eigvecs, eigvecs_previous: previous, wf_adb, hop_prob, scratch, .. } = block;
        let active_wf = &mut scratch.states[0];
        let active = block.act_surf_ind;
        dispatch(HopProbability { previous, wf_adb, active, eigvecs, active_wf, hop_prob });
        Ok(())
    }
}

task! {
    /// The surface to hop to: the first k with Σ_{j ≤ k} P_j > ξ, where negative and undefined P
    /// count as 0; −1 for none.
    UpdateHopIndsFssh, "update_hop_inds_fssh", |step, block| {
        if block.hop_numbers.surface.is_none() {
            return Err(no_numbers("update_hop_inds_fssh"));
        }
        let numbers = hop_numbers(step, block);
        block.hop_dest = dispatch(HopDestination { hop_prob: &block.hop_prob, numbers });
        Ok(())
    }
}

task! {
    /// For each trajectory that is to hop: shifts z along the derivative coupling such that energy is
    /// conserved and changes the active surface, or, where there is not enough energy, leaves both.
    /// H, E and V stay those of the z before the shift until the next time step.
    UpdateZHop, "update_z_hop", |step, block| {
        for lane in 0..LANES {
            if block.hop_dest[lane] >= 0.0 {
                hop(step, block, lane)?;
            }
        }
        Ok(())
    }
}

fn hop(step: &Step<'_>, block: &mut Block, lane: usize) -> Result<(), Failure> {
    let (from, to) = (block.act_surf_ind[lane] as usize, block.hop_dest[lane] as usize);
    let gap = block.eigvals[to][lane] - block.eigvals[from][lane];
    let z = block.z.trajectory(lane);
    let direction = step
        .model()
        .rescaling_direction_fssh(&z, from, to)
        .unwrap_or_else(|| derivative_coupling(step, block, lane, (from, to), gap));
    check_length("update_z_hop", "rescaling_direction_fssh", &direction, &z)?;
    if let Some(shift) = step.model().hop(&z, &direction, gap) {
        check_length("update_z_hop", "hop", &shift, &z)?;
        shift.iter().enumerate().for_each(|(j, &shift)| block.z.add(j, lane, shift));
        block.act_surf_ind[lane] = to as f64;
    }
    Ok(())
}

/// Checks what a model's function gave.
pub(super) fn check_length(
    task: &str,
    function: &str,
    found: &[c64],
    z: &[c64],
) -> Result<(), Failure> {
    if found.len() == z.len() {
        return Ok(());
    }
    let (found, expected) = (found.len(), z.len());
    let message = format!("the model's {function} gave {found} numbers, expected {expected}");
    Err(Failure::new(Cause::Task { task: task.to_string(), message }))
}

/// d_j = ⟨V_a|∂H_qc/∂z_j*|V_f⟩ / (E_f − E_a), with the gradient where it was last evaluated in this
/// time step, else at z.
fn derivative_coupling(
    step: &Step<'_>,
    block: &mut Block,
    lane: usize,
    (from, to): (usize, usize),
    gap: f64,
) -> Vec<c64> {
    let evaluated = block.z_gradient_step == Some(step.index());
    let Block { eigvecs, scratch, z_gradient, z, .. } = block;
    let at = if evaluated { z_gradient } else { z };
    let [left, right, _] = &mut scratch.states;
    column(eigvecs, from, left);
    column(eigvecs, to, right);
    let out = &mut scratch.slopes[0];
    out.clear();
    step.dh_qc_dzc(at, left, right, out);
    out.trajectory(lane).into_iter().map(|d| d / gap).collect()
}
