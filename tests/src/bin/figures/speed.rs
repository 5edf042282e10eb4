//! Speed against QC Lab, one core each, in turn on the same machine.

use std::error::Error;
use std::time::Instant;

use fascicle::dynamics::{Algorithm, Model};
use fascicle::prelude::*;
use fascicle_tests::{peers, simulations};
use serde::Deserialize;

use crate::{Row, Section};

const TRAJECTORIES: u64 = 1000;
const STEPS: u32 = 200;
const REPEATS: usize = 3;

/// A line that `qclab_speed.py` prints.
#[derive(Deserialize)]
struct Line {
    batch_size: u64,
    us_per_trajectory_step: f64,
}

/// Goal: 20 times for the spin-boson model. Times are those of whole runs, initial conditions, sums
/// and driver included. QC Lab makes one update more than there are steps, and its time is divided by
/// all of them.
pub fn section() -> Result<Section, Box<dyn Error>> {
    peers::python()?;
    let fssh = || simulations::surface_hopping(false);
    let (boson, tully) = (SpinBoson::default(), tully());
    let rows = vec![
        compare("SpinBoson", "MeanField", Some(20.0), &sim(&boson, MeanField::default(), 0.01))?,
        compare(
            "SpinBoson",
            "FewestSwitchesSurfaceHopping",
            Some(20.0),
            &sim(&boson, fssh(), 0.01),
        )?,
        compare("TullyProblemOne", "MeanField", None, &sim(&tully, MeanField::default(), 2.0))?,
        compare(
            "TullyProblemOne",
            "FewestSwitchesSurfaceHopping",
            None,
            &sim(&tully, fssh(), 2.0),
        )?,
    ];
    Ok(Section {
        title: "Microseconds per trajectory and step, one core each, in one run",
        columns: vec![
            "model",
            "algorithm",
            "QC Lab 1.3.0, batches of 25 / 200 / 1000",
            "fascicle",
            "ratio to QC Lab's best",
            "wanted",
        ],
        rows,
    })
}

fn tully() -> TullyProblemOne {
    TullyProblemOne { init_position: -5.0, ..Default::default() }
}

/// The simulation that `qclab_speed.py` runs.
fn sim<M: Model + Clone, A: Algorithm>(model: &M, algorithm: A, dt: f64) -> Simulation<M, A> {
    let mut sim = Simulation::new(model.clone(), algorithm);
    sim.settings.num_trajs = TRAJECTORIES;
    sim.settings.tmax = f64::from(STEPS) * dt;
    sim.settings.dt_update = dt;
    sim.settings.dt_collect = 10.0 * dt;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    sim
}

fn compare<M: Model, A: Algorithm>(
    model: &str,
    algorithm: &str,
    wanted: Option<f64>,
    sim: &Simulation<M, A>,
) -> Result<Row, Box<dyn Error>> {
    let (mut ours, mut theirs) = (f64::INFINITY, [f64::INFINITY; 3]);
    for _ in 0..REPEATS {
        for _ in 0..REPEATS {
            ours = ours.min(time(sim)?);
        }
        let steps = STEPS.to_string();
        let arguments =
            ["--model", model, "--algorithm", algorithm, "--steps", &steps, "--repeats", "1"];
        let printed = peers::run("qclab_speed.py", &arguments)?;
        for (best, line) in theirs.iter_mut().zip(printed.lines()) {
            let line: Line = serde_json::from_str(line)?;
            assert!([25, 200, 1000].contains(&line.batch_size), "a batch size that was asked for");
            *best = best.min(line.us_per_trajectory_step);
        }
    }
    let best = theirs.iter().copied().fold(f64::INFINITY, f64::min);
    let ratio = best / ours;
    let [a, b, c] = theirs;
    let cells = vec![
        model.to_string(),
        algorithm.to_string(),
        format!("{a:.2} / {b:.2} / {c:.2}"),
        format!("{ours:.4}"),
        format!("{ratio:.1}"),
        wanted.map_or("none".to_string(), |wanted| format!("{wanted:.0}")),
    ];
    Ok(Row { cells, reached: wanted.is_none_or(|wanted| ratio >= wanted) })
}

/// Microseconds per trajectory and update of one serial run.
fn time<M: Model, A: Algorithm>(sim: &Simulation<M, A>) -> Result<f64, Box<dyn Error>> {
    let started = Instant::now();
    let data = serial_driver(sim)?;
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(data.norm_factor(), TRAJECTORIES);
    Ok(1e6 * seconds / (TRAJECTORIES as f64 * f64::from(STEPS)))
}
