//! What single tasks cost: a recipe cut off after its first task, its second, and so on. A row less the
//! one above it is the task that the row is named by. The first row, `nothing`, is what the loop and
//! the start of trajectories cost.

use std::fmt;

use divan::Bencher;
use divan::counter::ItemsCount;
use fascicle::core::{RunOptions, Serial, ignore_events, run_ensemble};
use fascicle::dynamics::Algorithm;
use fascicle::prelude::*;
use fascicle_tests::simulations::surface_hopping;
use fascicle_tests::speed::{Case, FSSH, MEAN_FIELD};

const TRAJECTORIES: u64 = 16;
const STEPS: u64 = 200;

/// A recipe of which the first so many tasks are left.
struct Cut {
    case: Case,
    tasks: usize,
    last: String,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = if self.case.algorithm == FSSH { "FSSH" } else { "mean field" };
        write!(f, "{}, {algorithm}, {:02} {}", self.case.model, self.tasks, self.last)
    }
}

fn cuts() -> Vec<Cut> {
    let models = [
        ("SpinBoson", 0.01),
        ("FMOComplex", 0.01),
        ("HolsteinLattice", 0.01),
        ("HolsteinLatticeReciprocalSpace", 0.01),
        ("TullyProblemOne", 2.0),
    ];
    let mut cuts = Vec::new();
    for (model, dt) in models {
        for algorithm in [MEAN_FIELD, FSSH] {
            let recipe = match algorithm {
                FSSH => surface_hopping(false).recipe,
                _ => MeanField::default().recipe,
            };
            let names = std::iter::once("nothing").chain(recipe.update.names());
            cuts.extend(names.enumerate().map(|(tasks, last)| Cut {
                case: Case::new(model, algorithm, 0.0, dt, STEPS),
                tasks,
                last: last.to_string(),
            }));
        }
    }
    cuts
}

/// Leaves the first so many tasks of a time step.
fn cut(recipe: &mut Recipe, tasks: usize) {
    let others: Vec<String> = recipe.update.names().skip(tasks).map(str::to_string).collect();
    for name in others {
        recipe.update.remove(&name).expect("it has this name from the recipe");
    }
}

/// Items are trajectory-steps.
#[divan::bench(args = cuts(), sample_count = 20)]
fn up_to(bencher: Bencher<'_, '_>, to: &Cut) {
    if to.case.algorithm == FSSH {
        let mut algorithm = surface_hopping(false);
        cut(&mut algorithm.recipe, to.tasks);
        bench(bencher, &to.case, algorithm);
    } else {
        let mut algorithm = MeanField::default();
        cut(&mut algorithm.recipe, to.tasks);
        bench(bencher, &to.case, algorithm);
    }
}

fn bench<A: Algorithm>(bencher: Bencher<'_, '_>, case: &Case, algorithm: A) {
    let mut sim = case.simulation(algorithm, TRAJECTORIES);
    // Collecting is left out, but for the start and the end.
    sim.settings.dt_collect = sim.settings.tmax;
    let ensemble = sim.prepare().expect("it can be prepared");
    bencher
        .counter(ItemsCount::new(TRAJECTORIES * STEPS))
        .bench_local(|| run_ensemble(&ensemble, &Serial, &RunOptions::new(), &mut ignore_events));
}
