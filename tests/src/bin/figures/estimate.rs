//! What very large ensembles would cost, and where one driver would no longer keep up: from constants
//! that are measured here. The formulas are explained in docs/speed.md.

use std::cell::Cell;
use std::error::Error;
use std::time::Instant;

use fascicle::core::wire::encode;
use fascicle::core::{
    Execute, ExecuteOptions, Fold, FoldError, Frame, Listener, Next, Report, RunError, Serial,
    Work, ignore_events, run_ensemble,
};
use fascicle::prelude::*;
use fascicle_tests::simulations::surface_hopping;
use fascicle_tests::speed::{Case, FSSH, MEAN_FIELD, cases};

use crate::cost;
use crate::report::Section;

/// Assumed, in dollars: about what a core of a rented server costs an hour.
const PRICE: f64 = 0.04;

/// Trajectory-steps that are priced.
const STEPS: f64 = 1e9;

const WORKERS: [f64; 3] = [1e2, 1e4, 1e6];

/// Trajectories in a batch: few, and as many as a large run would take.
const BATCHES: [f64; 2] = [25.0, 1000.0];

const MODELS: [&str; 4] = ["SpinBoson", "FMOComplex", "HolsteinLattice", "TullyProblemOne"];

/// Batches of a measurement, of full blocks.
const MEASURED: u64 = 40;
const BLOCKS: usize = 2;

/// Rounds of handing out batches.
const ROUNDS: usize = 3;

/// What was measured of the driver.
struct Driving {
    /// Seconds to hand out a batch.
    dispatch: f64,
    /// Bytes a second from a worker to the fold.
    relay: f64,
}

/// What was measured of a case.
struct Costs {
    case: Case,
    /// Seconds per trajectory and step.
    step: f64,
    /// Bytes of a batch's packet.
    bytes: f64,
    /// Seconds to merge a batch.
    fold: f64,
}

pub fn sections() -> Result<Vec<Section>, Box<dyn Error>> {
    let (dispatch, relay) = (cost::dispatch(ROUNDS)?, cost::relay()?);
    let driving =
        Driving { dispatch: 1e-6 * dispatch[ROUNDS / 2], relay: 1e9 * relay[relay.len() / 2] };
    let chosen = |case: &Case| MODELS.contains(&case.model);
    let all: Vec<Costs> =
        cases().into_iter().filter(chosen).map(measure).collect::<Result<_, _>>()?;
    Ok(vec![constants(&driving), prices(&all), saturation(&driving, &all)])
}

fn constants(driving: &Driving) -> Section {
    let rows = vec![
        vec!["d, to hand out a batch".into(), format!("{:.1} µs", 1e6 * driving.dispatch)],
        vec!["r, a packet's way to the fold".into(), format!("{:.2} GB/s", driving.relay / 1e9)],
        vec!["assumed price of a core-hour".into(), format!("${PRICE}")],
    ];
    Section::of_figures("Constants of the driver", &["what", "figure"], rows)
}

fn prices(all: &[Costs]) -> Section {
    let row = |costs: &Costs| {
        let core_hours = STEPS * costs.step / 3600.0;
        vec![
            costs.case.name(),
            format!("{:.4}", 1e6 * costs.step),
            format!("{:.1}", costs.bytes / 1e3),
            format!("{:.0}", 1e6 * costs.fold),
            format!("{core_hours:.4}"),
            format!("{:.3}", 100.0 * PRICE * core_hours),
        ]
    };
    let columns = [
        "model, algorithm",
        "c, µs per trajectory-step",
        "B, kB of a batch's packet",
        "f, µs to merge it",
        "core-hours of 10⁹ trajectory-steps",
        "their price, cents",
    ];
    let rows = all.iter().map(row).collect();
    Section::of_figures("The cost of 10⁹ trajectory-steps", &columns, rows)
}

fn saturation(driving: &Driving, all: &[Costs]) -> Section {
    let mut rows = Vec::new();
    for costs in all {
        for batch in BATCHES {
            rows.push(saturation_row(driving, costs, batch));
        }
    }
    let columns = [
        "model, algorithm",
        "trajectories in a batch",
        "s per batch",
        "dispatch / wire / fold, µs",
        "driver cores that 10² / 10⁴ / 10⁶ workers keep busy",
        "first at its limit",
        "workers per driver, half busy",
        "levels of drivers for 10² / 10⁴ / 10⁶",
    ];
    Section::of_figures("Where one driver is busy", &columns, rows)
}

fn saturation_row(driving: &Driving, costs: &Costs, batch: f64) -> Vec<String> {
    let lanes = LANES as f64;
    let seconds = lanes * (batch / lanes).ceil() * costs.case.steps as f64 * costs.step;
    let parts = [
        ("dispatch", driving.dispatch),
        ("wire", costs.bytes / driving.relay),
        ("fold", costs.fold),
    ];
    let service: f64 = parts.iter().map(|(_, seconds)| seconds).sum();
    let (most, _) = parts.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(parts[0]);
    let served = seconds / (2.0 * service);
    let busy = WORKERS.map(|workers| cores(workers * service / seconds));
    // With fewer than two no tree helps.
    let levels = WORKERS.map(|workers: f64| {
        if served < 2.0 {
            return "–".to_string();
        }
        // A hair less, for powers that are met exactly.
        format!("{}", (workers.ln() / served.ln() - 1e-9).ceil().max(1.0))
    });
    vec![
        costs.case.name(),
        batch.to_string(),
        format!("{seconds:.4}"),
        parts.map(|(_, seconds)| format!("{:.1}", 1e6 * seconds)).join(" / "),
        busy.join(" / "),
        most.to_string(),
        format!("{served:.0}"),
        levels.join(" / "),
    ]
}

/// A number of cores; beyond 1 workers wait for a single driver.
fn cores(busy: f64) -> String {
    let digits = if busy < 1.0 { 3 } else { usize::from(busy < 10.0) };
    format!("{busy:.digits$}")
}

fn measure(case: Case) -> Result<Costs, Box<dyn Error>> {
    let metered = match case.algorithm {
        FSSH => meter(&case, surface_hopping(false))?,
        MEAN_FIELD => meter(&case, MeanField::default())?,
        _ => meter(&case, MultiStateMappingApproachToSurfaceHopping::default())?,
    };
    Ok(Costs { case, ..metered })
}

fn meter<A: Algorithm>(case: &Case, algorithm: A) -> Result<Costs, Box<dyn Error>> {
    let mut sim = case.simulation(algorithm, 0);
    sim.settings.batch_size = BLOCKS * LANES;
    sim.settings.num_trajs = MEASURED * sim.settings.batch_size as u64;
    let prepared = sim.prepare()?;
    let metered = Metered::default();
    let started = Instant::now();
    run_ensemble(&prepared, &metered, &RunOptions::new(), &mut ignore_events)?;
    let own = started.elapsed().as_secs_f64() - metered.watching.get();
    let steps = (sim.settings.num_trajs * case.steps) as f64;
    Ok(Costs {
        case: case.clone(),
        step: own / steps,
        bytes: metered.bytes.get() / MEASURED as f64,
        // The first batch is not merged, but taken.
        fold: metered.folding.get() / (MEASURED - 1) as f64,
    })
}

/// The serial driver, with a look at the frames.
#[derive(Default)]
struct Metered {
    bytes: Cell<f64>,
    folding: Cell<f64>,
    /// Seconds that only the look took.
    watching: Cell<f64>,
}

impl Execute for Metered {
    fn name(&self) -> &'static str {
        Serial.name()
    }

    fn workers(&self) -> usize {
        Serial.workers()
    }

    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        Serial.run(work, &mut Watched { fold, metered: self }, options, on)
    }
}

struct Watched<'a> {
    fold: &'a mut dyn Fold,
    metered: &'a Metered,
}

impl Fold for Watched<'_> {
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
        let Metered { bytes, folding, watching } = self.metered;
        let started = Instant::now();
        let packet = encode(&piece, frame).map_err(|error| FoldError::Other(error.to_string()))?;
        watching.set(watching.get() + started.elapsed().as_secs_f64());
        bytes.set(bytes.get() + packet.len() as f64);
        let started = Instant::now();
        let result = self.fold.add(piece, frame);
        if piece > 0 {
            folding.set(folding.get() + started.elapsed().as_secs_f64());
        }
        result
    }

    fn round(&mut self) -> Next {
        self.fold.round()
    }

    fn partial(&self) -> Option<Data> {
        self.fold.partial()
    }
}
