//! Hops: their probability, their destination, and the energy they cost.

use fascicle_core::{Cause, Failure, c64};

use super::gauge::column;
use super::numbers::hop_numbers;
use super::refresh::{By, refresh};
use super::surface_hopping::no_numbers;
use super::task;
use crate::algorithms::FsshSettings;
use crate::kernels::{HopDestination, HopProbability, ToAdiabatic};
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
        let settings = *step.settings::<FsshSettings>()?;
        let mut hopped = [false; LANES];
        for lane in 0..LANES {
            if block.hop_dest[lane] >= 0.0 {
                hopped[lane] = hop(step, block, lane, settings)?;
            }
        }
        if settings.refresh_at_hop && hopped.contains(&true) {
            refresh(step, settings.gauge_fixing, By::Current, block, hopped);
            let Block { eigvecs, wf_db, wf_adb, .. } = block;
            dispatch(ToAdiabatic { eigvecs, wf_db, wf_adb });
        }
        Ok(())
    }
}

/// Tries to hop; whether it did.
fn hop(
    step: &Step<'_>,
    block: &mut Block,
    lane: usize,
    settings: FsshSettings,
) -> Result<bool, Failure> {
    let (from, to) = (block.act_surf_ind[lane] as usize, block.hop_dest[lane] as usize);
    let gap = block.eigvals[to][lane] - block.eigvals[from][lane];
    let z = block.z.trajectory(lane);
    let here = settings.refresh_at_hop;
    let direction = step
        .model()
        .rescaling_direction_fssh(&z, from, to)
        .unwrap_or_else(|| derivative_coupling(step, block, lane, (from, to), gap, here));
    check_length("update_z_hop", "rescaling_direction_fssh", &direction, &z)?;
    let shift = step.model().hop(&z, &direction, gap);
    let accepted = shift.is_some();
    let shift = match shift {
        None if !settings.reverse_frustrated_hops => return Ok(false),
        None => {
            let classical = &step.structure().classical;
            ingredients::reflection(classical, step.weight(), &z, &direction)
        }
        Some(shift) => shift,
    };
    check_length("update_z_hop", "hop", &shift, &z)?;
    shift.iter().enumerate().for_each(|(j, &shift)| block.z.add(j, lane, shift));
    if accepted {
        block.act_surf_ind[lane] = to as f64;
    }
    Ok(accepted)
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
/// time step, or at z.
fn derivative_coupling(
    step: &Step<'_>,
    block: &mut Block,
    lane: usize,
    (from, to): (usize, usize),
    gap: f64,
    here: bool,
) -> Vec<c64> {
    let elsewhere = !here && block.z_gradient_step == Some(step.index());
    let Block { eigvecs, scratch, z_gradient, z, .. } = block;
    let at = if elsewhere { z_gradient } else { z };
    let [left, right, _] = &mut scratch.states;
    column(eigvecs, from, left);
    column(eigvecs, to, right);
    let out = &mut scratch.slopes[0];
    out.clear();
    step.dh_qc_dzc(at, left, right, out);
    out.trajectory(lane).into_iter().map(|d| d / gap).collect()
}
