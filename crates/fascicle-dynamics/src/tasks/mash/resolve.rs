//! What happens at a crossing: a hop, or a reversal where energy forbids it.

use fascicle_core::Failure;

use super::super::hop::{check_length, move_along, reflect};
use super::super::refresh::Mask;
use super::crossings::Point;
use super::direction;
use crate::algorithms::MashSettings;
use crate::block::Scratch;
use crate::{Coords, LANES, Lane, Step, c64};

/// Resolves the crossings of some lanes from one surface to another: moves their coordinates, and says
/// which surfaces change.
pub(super) fn resolve(
    step: &Step<'_>,
    at: &Point,
    lanes: Mask,
    (from, to): (Lane, Lane),
    settings: &MashSettings,
    scratch: &mut Scratch,
    z: &mut Coords,
) -> Result<Mask, Failure> {
    let mut hopped = [false; LANES];
    if !lanes.contains(&true) {
        return Ok(hopped);
    }
    let covariant = settings.covariant_direction;
    let couplings = direction::of_couplings(step, at, (from, to), covariant, scratch);
    for lane in (0..LANES).filter(|&lane| lanes[lane]) {
        let coupling = couplings.trajectory(lane);
        let pair = (from[lane] as usize, to[lane] as usize);
        let reverse = settings.reverse_frustrated_hops;
        hopped[lane] = resolve_one(step, at, lane, pair, &coupling, reverse, z)?;
    }
    Ok(hopped)
}

fn resolve_one(
    step: &Step<'_>,
    at: &Point,
    lane: usize,
    (from, to): (usize, usize),
    coupling: &[c64],
    reverse: bool,
    z: &mut Coords,
) -> Result<bool, Failure> {
    let task = "update_resolve_hops_msmash";
    let own = direction::of_model(step, at, lane, (from, to));
    let direction = own.as_deref().unwrap_or(coupling);
    check_length(task, "rescaling_direction_fssh", direction.len(), z)?;
    let gap = at.states.eigvals[to][lane] - at.states.eigvals[from][lane];
    let hopped = move_along(step, z, lane, direction, gap, task)?;
    if !hopped && reverse {
        // Along the derivative coupling, also where the model has a direction of its own.
        reflect(step, z, lane, coupling);
    }
    Ok(hopped)
}
