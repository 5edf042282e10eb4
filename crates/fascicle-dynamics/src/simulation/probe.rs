//! What a model is, beyond its name and constants: the bits of its functions where trajectories
//! start.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fascicle_core::{Fingerprint, Purpose, Seed, Seeding, c64};

use super::SimulationError;
use crate::step::System;
use crate::structure::{Classical, Coupling};
use crate::{Coords, Hermitian, LANES, Lane};

/// The stream of the points at which a model is looked at.
const PROBE: Purpose = Purpose::new("probe");

/// A digest of masses, weights, facts, H_q, and of H_qc and H_c at sixteen starting points, by which
/// data of another model are refused. Empty for a model that panics there: its run says so, by batch
/// and seeds.
///
/// # Errors
/// When the model states facts that its own functions contradict.
pub(super) fn fingerprint(system: &System<'_>) -> Result<String, SimulationError> {
    let Ok((own, stated)) = catch_unwind(AssertUnwindSafe(|| values(system))) else {
        return Ok(String::new());
    };
    let differ = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-9 * (1.0 + b.abs());
    if let Some(at) = own.iter().zip(&stated).position(differ) {
        let what = if at < own.len() - LANES { "h_qc" } else { "h_c" };
        let (model, stated, found) = (system.model.name(), stated[at], own[at]);
        return Err(SimulationError::Contradiction { model, what, stated, found });
    }
    let mut to = Fingerprint::new();
    to.reals(&system.mass);
    to.reals(&system.weight);
    to.text(&format!("{:?}", system.structure));
    to.reals(&flat(&system.h_q, Lane::ZERO));
    to.reals(&own);
    Ok(to.hex()[..16].to_string())
}

/// H_qc and H_c at the points, from the model's functions and from the facts that it states.
fn values(system: &System<'_>) -> (Vec<f64>, Vec<f64>) {
    let z = points(system);
    let (model, n) = (system.model, system.h_q.n());
    let mut own = Hermitian::zeros(n);
    model.h_qc(&z, &mut own);
    let own_h_c = model.h_c(&z);
    let (mut stated, mut stated_h_c) = (own.clone(), own_h_c);
    if system.structure.coupling != Coupling::General {
        stated = Hermitian::zeros(n);
        system.structure.h_qc(&z, &mut stated);
    }
    if system.structure.classical != Classical::General {
        stated_h_c = system.structure.h_c(&system.weight, &z);
    }
    (flat(&own, own_h_c), flat(&stated, stated_h_c))
}

/// The starts of sixteen trajectories.
fn points(system: &System<'_>) -> Coords {
    let mut points = Coords::zeros(system.mass.len());
    for lane in 0..LANES {
        let mut z = vec![c64(0.0, 0.0); points.len()];
        let mut draws = Seeding::Independent.draws(Seed(lane as u64), PROBE);
        (system.sampler)(&mut draws, &mut z);
        points.set_trajectory(lane, &z);
    }
    points
}

/// The lower triangle of H, and then E.
fn flat(h: &Hermitian, energy: Lane) -> Vec<f64> {
    let elements = (0..h.n()).flat_map(|row| (0..=row).map(move |column| (row, column)));
    let parts = elements.flat_map(|(row, column)| {
        let (re, im) = h.lower(row, column);
        re.0.into_iter().chain(im.0)
    });
    parts.chain(energy.0).collect()
}
