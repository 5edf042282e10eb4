//! What the core could do, and what of it is reached: the roofline (Williams, Waterman and Patterson,
//! Commun. ACM 52, 65 (2009), doi:10.1145/1498765.1498785).

use std::error::Error;
use std::time::Instant;

use fascicle::dynamics::Algorithm;
use fascicle::prelude::*;
use fascicle_tests::documents;
use fascicle_tests::simulations::surface_hopping;
use fascicle_tests::speed::{Case, FSSH, MEAN_FIELD, cases};

use crate::draw::{Chart, Curve, Mark, SeriesLabelPosition};
use crate::report::Section;
use crate::{sys, work};

const TRAJECTORIES: u64 = 1000;
const RUNS: usize = 5;

/// Sizes of the caches where Linux does not tell.
const CACHES: [usize; 2] = [32 << 10, 1 << 20];

/// A memory, the nearest first.
struct Level {
    name: &'static str,
    /// What fits.
    bytes: f64,
    gigabytes: f64,
}

/// What was measured of a case.
struct Point {
    case: Case,
    micros: f64,
    work: work::Work,
    level: usize,
}

impl Point {
    /// Operations for each byte.
    fn intensity(&self) -> f64 {
        self.work.flops / (8.0 * self.work.doubles)
    }

    fn gigaflops(&self) -> f64 {
        self.work.flops / self.micros / 1e3
    }

    /// The most that arithmetic and the nearest memory that holds a block allow.
    fn roof(&self, peak: f64, levels: &[Level]) -> f64 {
        peak.min(self.intensity() * levels[self.level].gigabytes)
    }
}

pub fn sections() -> Result<Vec<Section>, Box<dyn Error>> {
    let peak = sys::gigaflops();
    let levels = levels();
    let mut points = Vec::new();
    for case in cases() {
        points.extend(measure(case, &levels)?);
    }
    chart(peak, &levels, &points).save(documents::path("roofline.svg"))?;
    Ok(vec![machine(peak, &levels), shares(peak, &levels, &points)])
}

fn machine(peak: f64, levels: &[Level]) -> Section {
    let mut rows = vec![vec![
        format!("+ and ×, half of each, not fused, {}", sys::name()),
        format!("{peak:.1} GFLOP/s"),
    ]];
    rows.extend(levels.iter().map(|level| {
        let what = format!("read and write again in {}", level.name);
        vec![what, format!("{:.1} GB/s", level.gigabytes)]
    }));
    Section::of_figures("What one core can do", &["what", "figure"], rows)
}

fn shares(peak: f64, levels: &[Level], points: &[Point]) -> Section {
    let row = |point: &Point| {
        let (reached, roof) = (point.gigaflops(), point.roof(peak, levels));
        vec![
            point.case.name(),
            format!("{:.4}", point.micros),
            format!("{:.0}", point.work.flops),
            format!("{:.0}", 8.0 * point.work.doubles),
            levels[point.level].name.to_string(),
            format!("{reached:.1}"),
            format!("{:.0} %", 100.0 * reached / peak),
            format!("{roof:.1}"),
            format!("{:.0} %", 100.0 * reached / roof),
        ]
    };
    let columns = [
        "model, algorithm",
        "µs per step",
        "operations",
        "bytes",
        "a block is in",
        "GFLOP/s",
        "share of the peak",
        "roof, GFLOP/s",
        "share of the roof",
    ];
    let rows = points.iter().map(row).collect();
    Section::of_figures("What a time step of a trajectory reaches of it", &columns, rows)
}

fn levels() -> Vec<Level> {
    let [first, second] = [0, 2].map(|index| {
        let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.trim().strip_suffix('K').and_then(|kibibytes| kibibytes.parse::<usize>().ok())
    });
    let caches = [
        first.map_or(CACHES[0], |kibibytes| kibibytes << 10),
        second.map_or(CACHES[1], |kibibytes| kibibytes << 10),
    ];
    let level = |name, bytes, measured| Level { name, bytes, gigabytes: sys::gigabytes(measured) };
    vec![
        level("the L1 cache", caches[0] as f64, caches[0] / 2),
        level("the L2 cache", caches[1] as f64, caches[1] / 2),
        level("memory", f64::INFINITY, 256 << 20),
    ]
}

/// The case, if it has formulas.
fn measure(case: Case, levels: &[Level]) -> Result<Option<Point>, Box<dyn Error>> {
    let (Some(work), Some(bytes)) = (work::of_step(&case), work::bytes_of_state(&case)) else {
        return Ok(None);
    };
    // Multi-state MASH has no formula.
    let micros = match case.algorithm {
        FSSH => micros(&case, surface_hopping(false))?,
        MEAN_FIELD => micros(&case, MeanField::default())?,
        _ => return Ok(None),
    };
    let block = bytes * LANES as f64;
    let level = levels.iter().position(|level| block <= level.bytes).unwrap_or(levels.len() - 1);
    Ok(Some(Point { case, micros, work, level }))
}

/// Microseconds per trajectory and step, of time steps alone: what is collected is the start and the
/// end. The least of some runs.
fn micros<A: Algorithm>(case: &Case, algorithm: A) -> Result<f64, Box<dyn Error>> {
    let mut sim = case.simulation(algorithm, TRAJECTORIES);
    sim.settings.dt_collect = sim.settings.tmax;
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        serial_driver(&sim)?;
        least = least.min(started.elapsed().as_secs_f64());
    }
    Ok(1e6 * least / (TRAJECTORIES * case.steps) as f64)
}

fn chart(peak: f64, levels: &[Level], points: &[Point]) -> Chart {
    let intensities = || points.iter().map(Point::intensity);
    let first = intensities().fold(f64::INFINITY, f64::min) / 2.0;
    let last = intensities().fold(0.0, f64::max) * 3.0;
    let roof = |level: &Level| {
        let ridge = peak / level.gigabytes;
        let ends = [first, ridge.clamp(first, last), last];
        let points = ends.map(|x| (x, peak.min(x * level.gigabytes)));
        let label = format!("from {}, {:.0} GB/s", level.name, level.gigabytes);
        Curve { label, points: points.to_vec(), measured: false }
    };
    let mark = |point: &Point| {
        let below = point.case.algorithm == FSSH;
        let label = format!("{} {}", short(point.case.model), if below { "FSSH" } else { "MF" });
        // Its words would be on the spin-boson model's.
        let left = point.case.model == "FMOComplex";
        Mark { label, at: (point.intensity(), point.gigaflops()), below, left }
    };
    Chart {
        title: "Roofline of one core, and the time steps under it",
        x: "operations per byte",
        y: "GFLOP/s",
        curves: levels.iter().map(roof).collect(),
        marks: points.iter().map(mark).collect(),
        labels: SeriesLabelPosition::LowerRight,
    }
}

fn short(model: &str) -> &str {
    match model {
        "HolsteinLatticeReciprocalSpace" => "reciprocal Holstein",
        "HolsteinLattice" => "Holstein",
        "TullyProblemOne" => "Tully 1",
        "FMOComplex" => "FMO",
        other => other,
    }
}
