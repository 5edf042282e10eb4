//! Our own times of the cases of the goals, without QC Lab:
//!
//! ```text
//! cargo run --release -p fascicle-tests --bin ours [part of a name]
//! ```

use fascicle::prelude::*;
use fascicle_tests::speed::cases;

/// Seconds that this thread has run.
fn on_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("a number") * 1e-9
}

fn main() -> Result<(), fascicle::Error> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for case in cases().into_iter().filter(|case| case.name().contains(&wanted)) {
        let mut best = f64::INFINITY;
        for _ in 0..5 {
            let before = on_cpu();
            case.run(Driver::Serial, 1000)?;
            best = best.min(1e6 * (on_cpu() - before) / (1000 * case.steps) as f64);
        }
        println!("{:60} {best:.4}", case.name());
    }
    Ok(())
}
