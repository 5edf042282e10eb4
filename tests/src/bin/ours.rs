//! Our own times of the cases of the goals, without QC Lab: microseconds per trajectory and step that a
//! thread was on a core, the least of some runs, in both arithmetics. The strict time is the last word of
//! a case's line.
//!
//! ```text
//! cargo run --release -p fascicle-tests --bin ours [part of a name] [number of runs]
//! ```

use std::error::Error;

use fascicle::prelude::*;
use fascicle_tests::speed::cases;

const TRAJECTORIES: u64 = 1000;

/// Seconds that this thread has run.
fn on_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("a number") * 1e-9
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next().unwrap_or_default();
    let runs: usize = arguments.next().map_or(Ok(5), |runs| runs.parse())?;
    for case in cases().into_iter().filter(|case| case.name().contains(&wanted)) {
        let fused = case.fused();
        let mut best = [f64::INFINITY; 2];
        for _ in 0..runs {
            for (best, case) in best.iter_mut().zip([&case, &fused]) {
                let before = on_cpu();
                case.run(Driver::Serial, TRAJECTORIES)?;
                let time = 1e6 * (on_cpu() - before) / (TRAJECTORIES * case.steps) as f64;
                *best = best.min(time);
            }
        }
        println!("{:60} fused {:.4} strict {:.4}", case.name(), best[1], best[0]);
    }
    Ok(())
}
