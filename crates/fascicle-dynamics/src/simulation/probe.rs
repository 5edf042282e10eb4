//! What a model is, beyond its name and constants: the bits of its functions where trajectories
//! start.

use fascicle_core::{Fingerprint, Purpose, Seed, c64};

use super::SimulationError;
use crate::step::{Own, System};
use crate::structure::{Classical, Coupling};
use crate::{Coords, Hermitian, Hop, LANES, Lane, States, Step, Vector};

/// The stream of the points at which a model is looked at.
const PROBE: Purpose = Purpose::new("probe");

/// What of hops the model does in its own way, which it says whatever the coordinates: asked where a
/// trajectory starts, for a hop between its first and its last state.
pub(super) fn own_of_hops(system: &System<'_>) -> Own {
    let z = points(system).trajectory(0);
    let model = system.model;
    let hop = model.hop(&z, &vec![c64(1.0, 0.0); z.len()], 0.0) != Hop::AsStated;
    let last = system.h_q.n() - 1;
    let direction = last > 0 && model.rescaling_direction_fssh(&z, 0, last).is_some();
    Own { hop, direction }
}

/// How far from their starts the last points are, in units of a coordinate's size plus one: a model
/// whose trajectories all start in one place is seen elsewhere too.
const SHIFTS: [c64; 3] = [c64::new(0.1, 0.0), c64::new(0.0, 0.1), c64::new(-0.06, 0.08)];

/// A digest of masses, weights, facts, H_q, sixteen points, and H_qc, H_c and their gradients there,
/// by which data and journals of another model are refused.
///
/// # Errors
/// When the model states facts that its own functions contradict.
pub(super) fn fingerprint(system: &System<'_>) -> Result<String, SimulationError> {
    let (z, wf) = (points(system), wave_function(system.h_q.n()));
    let own = own(system, &z, &wf);
    for (own, stated) in own.iter().zip(&stated(system, &z, &wf)) {
        check(system, own, stated)?;
    }
    let mut to = Fingerprint::new();
    to.reals(&system.mass);
    to.reals(&system.weight);
    to.text(&format!("{:?}", system.structure));
    to.reals(&lower_triangle(&system.h_q));
    to.reals(&both_parts(&z));
    own.iter().for_each(|quantity| to.reals(&quantity.values));
    Ok(to.hex()[..16].to_string())
}

/// A function of the model at the points.
struct Quantity {
    name: &'static str,
    values: Vec<f64>,
    /// How far, relative to the largest value, facts may be off: gradients may be by differences.
    tolerance: f64,
}

/// The model's own functions.
fn own(system: &System<'_>, z: &Coords, wf: &States) -> [Quantity; 4] {
    let model = system.model;
    let mut h_qc = Hermitian::zeros(system.h_q.n());
    model.h_qc(z, &mut h_qc);
    let (mut dh_qc, mut dh_c) = (Coords::zeros(z.len()), Coords::zeros(z.len()));
    model.dh_qc_dzc(z, wf, wf, &mut dh_qc);
    model.dh_c_dzc(z, &mut dh_c);
    quantities(&h_qc, model.h_c(z), &dh_qc, &dh_c)
}

/// The same by the facts, where there are facts.
fn stated(system: &System<'_>, z: &Coords, wf: &States) -> [Quantity; 4] {
    let step = Step::new(system, 0);
    let mut h_qc = Hermitian::zeros(system.h_q.n());
    match &system.structure.coupling {
        Coupling::General => system.model.h_qc(z, &mut h_qc),
        Coupling::DiagonalLinear { .. } => system.structure.h_qc(z, &mut h_qc),
    }
    let h_c = match &system.structure.classical {
        Classical::General => system.model.h_c(z),
        Classical::Harmonic { .. } | Classical::Free => system.structure.h_c(&system.weight, z),
    };
    let (mut dh_qc, mut dh_c) = (Coords::zeros(z.len()), Coords::zeros(z.len()));
    step.dh_qc_dzc(z, wf, wf, &mut dh_qc);
    step.dh_c_dzc(z, &mut dh_c);
    quantities(&h_qc, h_c, &dh_qc, &dh_c)
}

fn quantities(h_qc: &Hermitian, h_c: Lane, dh_qc: &Coords, dh_c: &Coords) -> [Quantity; 4] {
    let quantity = |name, values, tolerance| Quantity { name, values, tolerance };
    [
        quantity("h_qc", lower_triangle(h_qc), 1e-9),
        quantity("h_c", h_c.0.to_vec(), 1e-9),
        quantity("dh_qc_dzc", both_parts(dh_qc), 1e-3),
        quantity("dh_c_dzc", both_parts(dh_c), 1e-3),
    ]
}

fn check(system: &System<'_>, own: &Quantity, stated: &Quantity) -> Result<(), SimulationError> {
    let largest =
        own.values.iter().chain(&stated.values).fold(0.0_f64, |most, x| most.max(x.abs()));
    let pairs = || own.values.iter().zip(&stated.values);
    let differ = |(a, b): (&f64, &f64)| (a - b).abs() > own.tolerance * largest;
    let Some(at) = pairs().position(differ) else {
        return Ok(());
    };
    let (model, what) = (system.model.name(), own.name);
    let (stated, found) = (stated.values[at], own.values[at]);
    Err(SimulationError::Contradiction { model, what, stated, found })
}

/// The starts of sixteen trajectories, the last three of them shifted.
fn points(system: &System<'_>) -> Coords {
    let mut points = Coords::zeros(system.mass.len());
    for lane in 0..LANES {
        let mut z = vec![c64(0.0, 0.0); points.len()];
        let mut draws = system.seeding.draws(Seed(lane as u64), PROBE);
        system.sampler.draw(&mut draws, &mut z);
        if let Some(&shift) = SHIFTS.iter().rev().nth(LANES - 1 - lane) {
            move_by(shift, &mut z);
        }
        points.set_trajectory(lane, &z);
    }
    points
}

/// Moves each coordinate, some further than others, so that their differences change as well.
fn move_by(shift: c64, z: &mut [c64]) {
    for (at, z) in z.iter_mut().enumerate() {
        let size = 1.0 + (z.re * z.re + z.im * z.im).sqrt();
        *z += shift * size * (1 + at % 3) as f64;
    }
}

/// A wave function with all states in it, in different parts and phases.
fn wave_function(n: usize) -> States {
    let mut wf = States::zeros(n);
    for state in 0..n {
        let size = (state + 1) as f64 / n as f64;
        let phase = if state % 2 == 0 { c64(0.8, 0.6) } else { c64(-0.6, 0.8) };
        (0..LANES).for_each(|lane| wf.set(state, lane, phase * size));
    }
    wf
}

fn lower_triangle(h: &Hermitian) -> Vec<f64> {
    let elements = (0..h.n()).flat_map(|row| (0..=row).map(move |column| (row, column)));
    let parts = elements.flat_map(|(row, column)| {
        let (re, im) = h.lower(row, column);
        re.0.into_iter().chain(im.0)
    });
    parts.collect()
}

fn both_parts(vector: &Vector) -> Vec<f64> {
    vector.re.iter().chain(&vector.im).flat_map(|lane| lane.0).collect()
}
