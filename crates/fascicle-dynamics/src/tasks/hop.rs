//! Hops: their probability, their destination, and the energy they cost.

use fascicle_core::{Cause, Failure, c64};

use super::gauge::column;
use super::numbers::hop_numbers;
use super::refresh::{By, refresh};
use super::surface_hopping::no_numbers;
use super::task;
use crate::algorithms::SurfaceSettings;
use crate::ingredients::HopLine;
use crate::kernels::{HopDestination, HopProbability};
use crate::sys::dispatch;
use crate::{Block, Coords, Hop, LANES, Step, ingredients};

task! {
    /// P_k = −2 Re[⟨V_a(t)|V_k(t − dt)⟩ b_k / b_a], P_a = 0, a the active surface.
    UpdateHopProbFssh, "update_hop_prob_fssh", |step, block| {
        let Block { eigvecs, eigvecs_previous: previous, wf_adb, hop_prob, scratch, .. } = block;
        let active_wf = &mut scratch.states[0];
        let active = &block.act_surf_ind;
        step.run(HopProbability { previous, wf_adb, active, eigvecs, active_wf, hop_prob });
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
        let numbers = &hop_numbers(step, block);
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
    let states = (block.act_surf_ind[lane] as usize, block.hop_dest[lane] as usize);
    let gap = block.eigvals[states.1][lane] - block.eigvals[states.0][lane];
    let mut direction = std::mem::take(&mut block.scratch.direction);
    let own = find_direction(step, block, lane, states, gap, &mut direction);
    check_length("update_z_hop", "rescaling_direction_fssh", direction.len(), &block.z)?;
    let hopped = move_along(step, &mut block.z, lane, &direction, gap, "update_z_hop")?;
    let reversed = !hopped && step.surfaces().reverse_frustrated_hops;
    if hopped {
        block.act_surf_ind[lane] = states.1 as f64;
    }
    if reversed {
        if !own {
            make_real(step, block, lane, states, gap, &mut direction);
        }
        reflect(step, &mut block.z, lane, &direction);
    }
    block.scratch.direction = direction;
    Ok(hopped || reversed)
}

/// The direction of a hop: the model's own, or that of the derivative coupling; whether it is its own.
fn find_direction(
    step: &Step<'_>,
    block: &mut Block,
    lane: usize,
    (from, to): (usize, usize),
    gap: f64,
    direction: &mut Vec<c64>,
) -> bool {
    if step.system().own.direction {
        let z = block.z.trajectory(lane);
        if let Some(own) = step.model().rescaling_direction_fssh(&z, from, to) {
            *direction = own;
            return true;
        }
    }
    coupling(step, block, lane, (from, to), gap, direction);
    false
}

/// Makes the derivative coupling its real part in positions and momenta: with a complex H, the other part
/// would move positions.
fn make_real(
    step: &Step<'_>,
    block: &mut Block,
    lane: usize,
    (from, to): (usize, usize),
    gap: f64,
    direction: &mut [c64],
) {
    let mut back = Vec::new();
    coupling(step, block, lane, (to, from), gap, &mut back);
    direction.iter_mut().zip(back).for_each(|(d, back)| *d = 0.5 * (*d + back));
}

/// Shifts the coordinates of a trajectory along −i γ d such that energy is conserved, if it can be;
/// whether it can.
pub(super) fn move_along(
    step: &Step<'_>,
    z: &mut Coords,
    lane: usize,
    direction: &[c64],
    gap: f64,
    task: &str,
) -> Result<bool, Failure> {
    let stated = if step.system().own.hop { None } else { step.line((z, lane), direction) };
    if let Some(line) = stated {
        let gamma = line.gamma(gap);
        if let Some(gamma) = gamma {
            shift_along(z, lane, direction, gamma);
        }
        return Ok(gamma.is_some());
    }
    let here = z.trajectory(lane);
    let shift = match step.model().hop(&here, direction, gap) {
        Hop::Shift(shift) => Some(shift),
        Hop::Frustrated => None,
        Hop::AsStated => ingredients::hop_general(step.model(), &here, direction, gap),
    };
    let Some(shift) = shift else { return Ok(false) };
    check_length(task, "hop", shift.len(), z)?;
    shift.iter().enumerate().for_each(|(j, &shift)| z.add(j, lane, shift));
    Ok(true)
}

/// Reverses the momentum of a trajectory along a direction.
pub(super) fn reflect(step: &Step<'_>, z: &mut Coords, lane: usize, direction: &[c64]) {
    let line = step.line((z, lane), direction);
    let line = line.unwrap_or_else(|| HopLine::kinetic(step.weight(), (z, lane), direction));
    shift_along(z, lane, direction, line.reflection());
}

/// z ← z − i γ d.
fn shift_along(z: &mut Coords, lane: usize, direction: &[c64], gamma: f64) {
    for (j, d) in direction.iter().enumerate() {
        if d.im != 0.0 {
            z.re[j][lane] += gamma * d.im;
        }
        z.im[j][lane] -= gamma * d.re;
    }
}

/// Checks what a model's function gave.
pub(super) fn check_length(
    task: &str,
    function: &str,
    found: usize,
    z: &Coords,
) -> Result<(), Failure> {
    let expected = z.len();
    if found == expected {
        return Ok(());
    }
    let message = format!("the model's {function} gave {found} numbers, expected {expected}");
    Err(Failure::new(Cause::Task { task: task.to_string(), message }))
}

/// ⟨V_a|∂H_qc/∂z_j*|V_f⟩ / gap, with the gradient where it was last evaluated in this time step, or, if hops
/// are refreshed, at z.
fn coupling(
    step: &Step<'_>,
    block: &mut Block,
    lane: usize,
    (from, to): (usize, usize),
    gap: f64,
    out: &mut Vec<c64>,
) {
    let elsewhere = !step.surfaces().refresh_at_hop && block.z_gradient_step == Some(step.index());
    let Block { eigvecs, scratch, z_gradient, z, .. } = block;
    out.clear();
    if let Some(coupling) = &step.system().diagonal_linear {
        out.resize(z.len(), c64(0.0, 0.0));
        let product = |n| eigvecs.get(n, from, lane).conj() * eigvecs.get(n, to, lane) / gap;
        return coupling.add_element(product, out);
    }
    let at = if elsewhere { z_gradient } else { z };
    let [left, right, _] = &mut scratch.states;
    column(eigvecs, from, left);
    column(eigvecs, to, right);
    let element = &mut scratch.slopes[0];
    element.clear();
    step.dh_qc_dzc(at, left, right, element);
    out.extend((0..element.len()).map(|j| element.get(j, lane) / gap));
}
