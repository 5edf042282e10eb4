//! Our own times of the cases of the goals, without QC Lab:
//!
//! ```text
//! cargo run --release -p fascicle-tests --bin ours [part of a name]
//! ```

use fascicle::prelude::*;
use fascicle_tests::speed::cases;

fn main() -> Result<(), fascicle::Error> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for case in cases().into_iter().filter(|case| case.name().contains(&wanted)) {
        let mut best = f64::INFINITY;
        for _ in 0..5 {
            best = best.min(case.time(Driver::Serial, 1000)?);
        }
        println!("{:60} {best:.4}", case.name());
    }
    Ok(())
}
