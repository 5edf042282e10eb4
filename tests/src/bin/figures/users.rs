//! The speed of users' own models beside that of the built-in one without its facts.

use std::error::Error;
use std::time::Instant;

use fascicle::dynamics::Algorithm;
use fascicle::prelude::*;
use fascicle_tests::simulations::surface_hopping;
use fascicle_tests::users::{
    OnBlocks, TullyOnBlocks, WithoutFacts, closures, tully, tully_closures,
};

use crate::report::{Row, Section};
use crate::times::Times;

const TRAJECTORIES: u64 = 400;
const STEPS: u64 = 500;
const ROUNDS: usize = 5;

/// A built-in model with facts, without them, on blocks, from closures.
const SIDES: usize = 4;

/// The wanted speeds, as shares of that of the built-in model without facts.
const GOALS: [(&str, f64); 2] = [("trait on blocks", 1.0 / 3.0), ("closures", 1.0 / 10.0)];

/// What is run: its name, the time step, and the sides.
struct Problem<F, G, U, C> {
    name: String,
    dt: f64,
    facts: F,
    general: G,
    on_blocks: U,
    closures: C,
}

pub fn sections() -> Result<Vec<Section>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for modes in [10, 100] {
        let built_in = SpinBoson { A: modes, ..Default::default() };
        rows.extend(rows_of(|| Problem {
            name: format!("SpinBoson of {modes} modes"),
            dt: 0.01,
            facts: built_in.clone(),
            general: WithoutFacts::new(&built_in),
            on_blocks: OnBlocks::new(&built_in),
            closures: closures(&built_in),
        })?);
    }
    rows.extend(rows_of(|| Problem {
        name: "TullyProblemOne".to_string(),
        dt: 2.0,
        facts: tully(),
        general: tully(),
        on_blocks: TullyOnBlocks,
        closures: tully_closures(),
    })?);
    let title = "Users' own models, microseconds per trajectory and step of serial runs";
    let columns = [
        "model, algorithm",
        "written as",
        "user's",
        "built-in without facts",
        "built-in with facts",
        "share of the speed without facts (least to most)",
        "wanted",
    ];
    Ok(vec![Section::new(title, &columns, rows)])
}

fn rows_of<F: Model, G: Model, U: Model, C: Model>(
    problem: impl Fn() -> Problem<F, G, U, C>,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = rows_with("MeanField", &problem, &MeanField::default())?;
    rows.extend(rows_with("FewestSwitchesSurfaceHopping", &problem, &surface_hopping(false))?);
    Ok(rows)
}

/// All sides take turns in each round.
fn rows_with<F: Model, G: Model, U: Model, C: Model, A: Algorithm + Clone>(
    name: &str,
    problem: impl Fn() -> Problem<F, G, U, C>,
    algorithm: &A,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut times: [Times; SIDES] = Default::default();
    for _ in 0..ROUNDS {
        let Problem { dt, facts, general, on_blocks, closures, .. } = problem();
        let runs = [
            run(facts, algorithm, dt)?,
            run(general, algorithm, dt)?,
            run(on_blocks, algorithm, dt)?,
            run(closures, algorithm, dt)?,
        ];
        for (times, (time, data)) in times.iter_mut().zip(&runs) {
            times.0.push(*time);
            check(&runs[0].1, data)?;
        }
    }
    let [facts, general, users @ ..] = &times;
    let row = |(user, (written, goal)): (&Times, (&str, f64))| {
        let share = general.over(user);
        let cells = vec![
            format!("{}, {name}", problem().name),
            written.to_string(),
            user.text(3),
            general.text(3),
            facts.text(3),
            share.text(2),
            format!("{goal:.2}"),
        ];
        Row { cells, reached: share.median() >= goal }
    };
    Ok(users.iter().zip(GOALS).map(row).collect())
}

/// Microseconds per trajectory and step, and the data.
fn run<M: Model, A: Algorithm + Clone>(
    model: M,
    algorithm: &A,
    dt: f64,
) -> Result<(f64, Data), fascicle::Error> {
    let mut sim = Simulation::new(model, algorithm.clone());
    sim.settings.num_trajs = TRAJECTORIES;
    (sim.settings.dt_update, sim.settings.dt_collect) = (dt, 10.0 * dt);
    sim.settings.tmax = STEPS as f64 * dt;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    let started = Instant::now();
    let data = serial_driver(&sim)?;
    Ok((1e6 * started.elapsed().as_secs_f64() / (TRAJECTORIES * STEPS) as f64, data))
}

/// All sides compute the same, but for rounding.
fn check(expected: &Data, found: &Data) -> Result<(), Box<dyn Error>> {
    let expected = expected.complex("dm_db")?;
    let difference = found.complex("dm_db")?.to_owned() - expected;
    let most = difference.iter().map(|z| z.norm()).fold(0.0, f64::max);
    if most < 1e-9 { Ok(()) } else { Err(format!("users' models differ by {most:e}").into()) }
}
