//! Hops: their probability, their destination, and the energy they cost.

use fascicle_core::{Cause, Failure, c64};

use super::gauge::column;
use super::numbers::hop_numbers;
use super::refresh::{By, refresh};
use super::surface_hopping::no_numbers;
use super::task;
use crate::algorithms::SurfaceSettings;
use crate::kernels::{HopDestination, HopProbability};
use crate::sys::dispatch;
use crate::{Block, LANES, Step, ingredients};

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
    ///
    /// The settings `reverse_frustrated_hops` and `refresh_at_hop` change that.
    UpdateZHop, "update_z_hop", |step, block| {
        let mut moved = [false; LANES];
        for lane in 0..LANES {
            if block.hop_dest[lane] >= 0.0 {
                moved[lane] = hop(step, block, lane)?;
            }
        }
        let SurfaceSettings { refresh_at_hop, gauge_fixing, .. } = step.surfaces();
        if refresh_at_hop && moved.contains(&true) {
            refresh(step, gauge_fixing, By::Current, block, moved);
        }
        Ok(())
    }
}

/// Tries to hop; whether the coordinates have moved.
fn hop(step: &Step<'_>, block: &mut Block, lane: usize) -> Result<bool, Failure> {
    let task = "update_z_hop";
    let (from, to) = (block.act_surf_ind[lane] as usize, block.hop_dest[lane] as usize);
    let gap = block.eigvals[to][lane] - block.eigvals[from][lane];
    let z = block.z.trajectory(lane);
    let own = step.model().rescaling_direction_fssh(&z, from, to);
    let coupling = |block: &mut Block, from, to| {
        let coupling = gradient_element(step, block, lane, (from, to));
        coupling.into_iter().map(|d| d / gap).collect::<Vec<c64>>()
    };
    let direction = own.clone().unwrap_or_else(|| coupling(block, from, to));
    check_length(task, "rescaling_direction_fssh", &direction, &z)?;
    if let Some(shift) = step.model().hop(&z, &direction, gap) {
        check_length(task, "hop", &shift, &z)?;
        shift.iter().enumerate().for_each(|(j, &shift)| block.z.add(j, lane, shift));
        block.act_surf_ind[lane] = to as f64;
        return Ok(true);
    }
    if !step.surfaces().reverse_frustrated_hops {
        return Ok(false);
    }
    // The real part of the coupling in positions and momenta: with a complex H, the other part would
    // move positions.
    let direction = own.unwrap_or_else(|| {
        let back = coupling(block, to, from);
        direction.iter().zip(back).map(|(there, back)| 0.5 * (there + back)).collect()
    });
    let classical = &step.structure().classical;
    let shift = ingredients::reflection(classical, step.weight(), &z, &direction);
    shift.iter().enumerate().for_each(|(j, &shift)| block.z.add(j, lane, shift));
    Ok(true)
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

/// ⟨V_a|∂H_qc/∂z_j*|V_f⟩, with the gradient where it was last evaluated in this time step, or, if hops
/// are refreshed, at z.
fn gradient_element(
    step: &Step<'_>,
    block: &mut Block,
    lane: usize,
    (from, to): (usize, usize),
) -> Vec<c64> {
    let elsewhere = !step.surfaces().refresh_at_hop && block.z_gradient_step == Some(step.index());
    let Block { eigvecs, scratch, z_gradient, z, .. } = block;
    let at = if elsewhere { z_gradient } else { z };
    let [left, right, _] = &mut scratch.states;
    column(eigvecs, from, left);
    column(eigvecs, to, right);
    let out = &mut scratch.slopes[0];
    out.clear();
    step.dh_qc_dzc(at, left, right, out);
    out.trajectory(lane)
}
