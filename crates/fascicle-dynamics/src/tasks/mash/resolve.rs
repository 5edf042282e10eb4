//! What happens at a crossing: a hop, or a reversal where energy forbids it.

use fascicle_core::Failure;

use super::super::hop::check_length;
use super::super::refresh::Mask;
use super::crossings::Point;
use super::direction;
use crate::algorithms::MashSettings;
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
    settings: &MashSettings,
    scratch: &mut Scratch,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    if !lanes.contains(&true) {
        return Ok(outcome);
    }
    let covariant = settings.covariant_direction;
    let couplings = direction::of_couplings(step, at, (from, to), covariant, scratch);
    for lane in (0..LANES).filter(|&lane| lanes[lane]) {
        let coupling = couplings.trajectory(lane);
        let pair = (from[lane] as usize, to[lane] as usize);
        let reverse = settings.reverse_frustrated_hops;
        outcome[lane] = Some(resolve_one(step, at, lane, pair, &coupling, reverse)?);
    }
    Ok(outcome)
}

fn resolve_one(
    step: &Step<'_>,
    at: &Point,
    lane: usize,
    (from, to): (usize, usize),
    coupling: &[c64],
    reverse: bool,
) -> Result<(Vec<c64>, bool), Failure> {
    let task = "update_resolve_hops_msmash";
    let mut z = at.z.trajectory(lane);
    let own = direction::of_model(step, at, lane, (from, to));
    let direction = own.as_deref().unwrap_or(coupling);
    check_length(task, "rescaling_direction_fssh", direction, &z)?;
    let gap = at.states.eigvals[to][lane] - at.states.eigvals[from][lane];
    if let Some(shift) = step.model().hop(&z, direction, gap) {
        check_length(task, "hop", &shift, &z)?;
        z.iter_mut().zip(shift).for_each(|(z, shift)| *z += shift);
        return Ok((z, true));
    }
    if reverse {
        // Along the derivative coupling, also where the model has a direction of its own.
        let classical = &step.structure().classical;
        let shift = ingredients::reflection(classical, step.weight(), &z, coupling);
        z.iter_mut().zip(shift).for_each(|(z, shift)| *z += shift);
    }
    Ok((z, false))
}
