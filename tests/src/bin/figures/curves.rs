//! How the cost of a trajectory's time step goes with the size of the problem.

use std::error::Error;

use fascicle::prelude::*;
use fascicle_tests::documents;
use fascicle_tests::speed::{Case, FSSH, MEAN_FIELD};

use crate::draw::{Chart, Curve, SeriesLabelPosition};
use crate::report::Section;

const MODES: [u64; 8] = [10, 20, 50, 100, 200, 500, 1000, 2000];

const STATES: [u64; 9] = [2, 3, 4, 6, 8, 10, 14, 20, 30];

const TRAJECTORIES: [u64; 8] = [16, 64, 256, 1000, 4000, 16_000, 50_000, 100_000];

const ALGORITHMS: [&str; 2] = [MEAN_FIELD, FSSH];

const DRIVERS: [(&str, Driver); 3] = [
    ("serial", Driver::Serial),
    ("1 worker", Driver::Processes(1)),
    ("2 workers", Driver::Processes(2)),
];

/// Trajectories of the runs whose number of modes or states varies.
const SOME: u64 = 160;

const STEPS: u64 = 200;

const RUNS: usize = 5;

const Y: &str = "µs per trajectory and step";

pub fn sections() -> Result<Vec<Section>, Box<dyn Error>> {
    let modes = Sizes {
        file: "cost_modes.svg",
        title: "Cost against modes: SpinBoson",
        x: "modes A",
        model: "SpinBoson",
        constant: "A",
        values: &MODES,
    };
    let states = Sizes {
        file: "cost_states.svg",
        title: "Cost against states: HolsteinLattice",
        x: "states N",
        model: "HolsteinLattice",
        constant: "N",
        values: &STATES,
    };
    Ok(vec![of_sizes(&modes)?, of_sizes(&states)?, of_trajectories()?])
}

/// A chart against sizes of a model.
struct Sizes {
    file: &'static str,
    title: &'static str,
    x: &'static str,
    model: &'static str,
    constant: &'static str,
    values: &'static [u64],
}

fn of_sizes(of: &Sizes) -> Result<Section, Box<dyn Error>> {
    let mut curves = ALGORITHMS.map(curve);
    let mut rows = Vec::new();
    for &size in of.values {
        let mut cells = vec![size.to_string()];
        for (curve, algorithm) in curves.iter_mut().zip(ALGORITHMS) {
            let constants = vec![(of.constant, size as f64)];
            let case = Case { constants, ..Case::new(of.model, algorithm, 0.0, 0.01, STEPS) };
            let micros = least(&case, Driver::Serial, SOME)?;
            curve.points.push((size as f64, micros));
            cells.push(format!("{micros:.4}"));
        }
        rows.push(cells);
    }
    save(of.file, of.title, of.x, curves.into())?;
    let columns = [of.x, "MeanField, µs", "FewestSwitchesSurfaceHopping, µs"];
    Ok(Section::of_figures(of.title, &columns, rows))
}

fn of_trajectories() -> Result<Section, Box<dyn Error>> {
    let case = Case::new("SpinBoson", MEAN_FIELD, 0.0, 0.01, STEPS);
    let mut curves = DRIVERS.map(|(name, _)| curve(name));
    let mut rows = Vec::new();
    for trajectories in TRAJECTORIES {
        let mut cells = vec![trajectories.to_string()];
        for (curve, (_, driver)) in curves.iter_mut().zip(DRIVERS) {
            let micros = least(&case, driver, trajectories)?;
            curve.points.push((trajectories as f64, micros));
            cells.push(format!("{micros:.4}"));
        }
        rows.push(cells);
    }
    let title = "Cost against trajectories and workers: SpinBoson, MeanField";
    save("cost_trajectories.svg", title, "trajectories", curves.into())?;
    let columns = ["trajectories", "serial, µs", "1 worker, µs", "2 workers, µs"];
    Ok(Section::of_figures(title, &columns, rows))
}

fn curve(label: &str) -> Curve {
    Curve { label: label.to_string(), points: Vec::new(), measured: true }
}

fn save(
    file: &str,
    title: &'static str,
    x: &'static str,
    curves: Vec<Curve>,
) -> Result<(), Box<dyn Error>> {
    let labels = SeriesLabelPosition::UpperMiddle;
    Chart { title, x, y: Y, curves, marks: Vec::new(), labels }.save(documents::path(file))
}

/// The least microseconds of some whole runs.
fn least(case: &Case, driver: Driver, trajectories: u64) -> Result<f64, fascicle::Error> {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        least = least.min(case.time(driver, trajectories)?);
    }
    Ok(least)
}
