//! Short serial runs of all cases of the goals, from prepared simulation to data.

use divan::Bencher;
use divan::counter::ItemsCount;
use fascicle::core::{RunOptions, Serial, ignore_events, run_ensemble};
use fascicle_tests::speed::{Case, cases};

const TRAJECTORIES: u64 = 32;
const STEPS: u64 = 100;

fn names() -> impl Iterator<Item = String> {
    cases().into_iter().map(|case| case.name())
}

/// Items are trajectory-steps.
#[divan::bench(args = names(), sample_count = 30)]
fn run(bencher: Bencher<'_, '_>, name: &str) {
    let case = cases().into_iter().find(|case| case.name() == name).expect("it is one of them");
    let case = Case { steps: STEPS, ..case };
    let bench = |ensemble: &dyn fascicle::core::Ensemble| {
        bencher.counter(ItemsCount::new(TRAJECTORIES * STEPS)).bench_local(|| {
            run_ensemble(ensemble, &Serial, &RunOptions::new(), &mut ignore_events)
        });
    };
    case.prepared(TRAJECTORIES, bench).expect("it can be prepared");
}
