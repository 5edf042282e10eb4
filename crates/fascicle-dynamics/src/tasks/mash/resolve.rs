//! What happens at a crossing: a hop, or a reversal where energy forbids it.

use fascicle_core::Failure;

use super::super::hop::check_length;
use super::super::refresh::Mask;
use super::crossings::Point;
use super::direction;
use crate::block::Scratch;
use crate::{LANES, Lane, Step, c64, ingredients};

/// The coordinates after the crossing, and whether the surface changes; for the lanes asked for.
pub(super) type Outcome = [Option<(Vec<c64>, bool)>; LANES];

/// Resolves the crossings of some lanes from one surface to another.
pub(super) fn resolve(
    step: &Step<'_>,
    at: &Point,
    lanes: Mask,
    (from, to): (Lane, Lane),
    reverse: bool,
    scratch: &mut Scratch,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    if !lanes.contains(&true) {
        return Ok(outcome);
    }
    let couplings = direction::of_couplings(step, at, (from, to), scratch);
    for lane in (0..LANES).filter(|&lane| lanes[lane]) {
        let coupling: Vec<f64> = couplings.iter().map(|d| d[lane]).collect();
        let pair = (from[lane] as usize, to[lane] as usize);
        outcome[lane] = Some(resolve_one(step, at, lane, pair, &coupling, reverse)?);
    }
    Ok(outcome)
}

fn resolve_one(
    step: &Step<'_>,
    at: &Point,
    lane: usize,
    (from, to): (usize, usize),
    coupling: &[f64],
    reverse: bool,
) -> Result<(Vec<c64>, bool), Failure> {
    let task = "update_resolve_hops_msmash";
    let mut z = at.z.trajectory(lane);
    let direction = direction::of_model(step, at, lane, (from, to))
        .unwrap_or_else(|| coupling.iter().map(|&d| c64(d, 0.0)).collect());
    check_length(task, "rescaling_direction_fssh", &direction, &z)?;
    let gap = at.states.eigvals[to][lane] - at.states.eigvals[from][lane];
    if let Some(shift) = step.model().hop(&z, &direction, gap) {
        check_length(task, "hop", &shift, &z)?;
        z.iter_mut().zip(shift).for_each(|(z, shift)| *z += shift);
        return Ok((z, true));
    }
    if reverse {
        let direction: Vec<c64> = coupling.iter().map(|&d| c64(d, 0.0)).collect();
        let classical = &step.structure().classical;
        let shift = ingredients::reflection(classical, step.weight(), &z, &direction);
        z.iter_mut().zip(shift).for_each(|(z, shift)| *z += shift);
    }
    Ok((z, false))
}
