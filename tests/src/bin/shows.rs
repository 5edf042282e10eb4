//! What a cell may show, one after the other, for tests/display.rs.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use fascicle::prelude::*;
use fascicle::show;
use fascicle_tests::simulations::slow;

fn main() -> Result<(), Box<dyn Error>> {
    print!("a line that ");
    std::io::stdout().flush()?;
    SpinBoson::default().evcxr_display();
    println!("ends after a table");

    // For two seconds at least.
    let mut sim = slow(Duration::from_millis(20));
    sim.settings.num_trajs = 2000;
    sim.settings.progress_bar = true;
    sim.algorithm.recipe.collect.push(task("talk", |step, block| {
        if step.index() == 0 && block.seeds()[0] == Seed(0) {
            println!("EVCXR_BEGIN_CONTENT text/html \u{1e}");
        }
        Ok(())
    }));
    let data = parallel_driver_multiprocessing(&sim, 2)?;

    let mut place = Live::new();
    place.show(&data.plot_populations());
    place.show(&data.plot_output("quantum_energy"));
    println!("{}", data.digest());
    place.clear();
    println!("\u{1e}{{\"no\": \"message\"}}");
    show::clear();
    data.evcxr_display();
    Ok(())
}
