//! The wave function of multi-state MASH and what it says.

use std::f64::consts::TAU;

use fascicle_core::random::Pcg64;
use fascicle_core::{Purpose, Seed, Seeding, c64};

use super::super::task;
use crate::kernels::{Projector, ToAdiabatic};
use crate::{Block, LANES, Lane, States, Step};

/// The stream of the phases of the initial wave function.
const PHASES: Purpose = Purpose::new("mapping phases");

/// α_N = (N − 1) / (H_N − 1).
pub(in crate::tasks) fn alpha(states: usize) -> f64 {
    let harmonic: f64 = (1..=states).map(|k| 1.0 / k as f64).sum();
    (states - 1) as f64 / (harmonic - 1.0)
}

task! {
    /// The focused initial wave function: sizes by the largest component of `initial_state.wf_db`,
    /// phases at random. With [`Seeding::QcLab`] they are those of NumPy's `default_rng(seed)`.
    InitializeWfDbMsmash, "initialize_wf_db_msmash", |step, block| {
        let n = step.num_quantum_states();
        let populations = |k: usize| step.system().wf_db[k].norm_sqr();
        // The first of the largest.
        let focus =
            (1..n).fold(0, |best, k| if populations(k) > populations(best) { k } else { best });
        let (alpha, states) = (alpha(n), n as f64);
        let other = (alpha - 1.0) / (alpha * states);
        let focused = 1.0 / states + (states - 1.0) / (alpha * states);
        for lane in 0..LANES {
            let phases = phases(step, step.draw_seed(block.seed_of(lane)));
            for (k, (sin, cos)) in phases.into_iter().enumerate() {
                let size = if k == focus { focused } else { other }.sqrt();
                block.wf_db.set(k, lane, c64(cos * size, sin * size));
            }
        }
        Ok(())
    }
}

/// Sines and cosines of N random angles.
fn phases(step: &Step<'_>, seed: Seed) -> Vec<(f64, f64)> {
    let mut pcg = Pcg64::default_rng(seed.0 as u32);
    let mut draws = step.seeding().draws(seed, PHASES);
    let angle = |_| match step.seeding() {
        Seeding::QcLab => pcg.uniform() * TAU,
        _ => draws.uniform() * TAU,
    };
    let angles = (0..step.num_quantum_states()).map(angle);
    angles.map(fascicle_core::elementary::sin_cos).collect()
}

task! {
    /// The active surface: the one of the largest adiabatic population.
    InitializeActSurfMsmash, "initialize_act_surf_msmash", |step, block| {
        let Block { eigvecs, wf_db, wf_adb, .. } = block;
        step.run(ToAdiabatic { eigvecs, wf_db, wf_adb });
        block.act_surf_ind = dominant(wf_adb);
        Ok(())
    }
}

/// The first state of the largest population.
pub(super) fn dominant(wf_adb: &States) -> Lane {
    largest(wf_adb, |_, _| true).0
}

/// The first state of the largest population among those that are allowed, and that population.
pub(super) fn largest(wf_adb: &States, allowed: impl Fn(usize, usize) -> bool) -> (Lane, Lane) {
    let (mut which, mut most) = (Lane::ZERO, Lane::splat(f64::NEG_INFINITY));
    for k in 0..wf_adb.len() {
        let population = wf_adb.re[k] * wf_adb.re[k] + wf_adb.im[k] * wf_adb.im[k];
        for lane in 0..LANES {
            if allowed(k, lane) && population[lane] > most[lane] {
                (which[lane], most[lane]) = (k as f64, population[lane]);
            }
        }
    }
    (which, most)
}

task! {
    /// ρ = α c c† + (1 − α)/N.
    UpdateDmDbMsmash, "update_dm_db_msmash", |step, block| {
        let n = step.num_quantum_states();
        let alpha = alpha(n);
        let Block { wf_db: wf, dm_db: dm, .. } = block;
        step.run(Projector { wf, dm });
        for at in 0..n * n {
            dm.re[at] = dm.re[at] * alpha;
            dm.im[at] = dm.im[at] * alpha;
        }
        for state in 0..n {
            dm.re[state * n + state] += Lane::splat((1.0 - alpha) / n as f64);
        }
        Ok(())
    }
}
