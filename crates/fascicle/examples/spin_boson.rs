//! The main job: an ensemble of surface hopping trajectories over worker processes, with progress, a
//! table and a chart.
//!
//! ```text
//! cargo run --release --example spin_boson [workers] [trajectories]
//! ```

use std::error::Error;
use std::process::ExitCode;

use fascicle::chart::Chart;
use fascicle::prelude::*;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let workers = argument(1, "workers")?;
    let trajectories = argument(2, "trajectories")?.unwrap_or(2000);

    // A spin that relaxes into a bath of a hundred modes.
    let model = SpinBoson { l_reorg: 0.05, V: 0.25, E: 0.25, ..Default::default() };
    let mut sim = Simulation::new(model, FewestSwitchesSurfaceHopping::default());
    sim.settings.num_trajs = trajectories as u64;
    sim.settings.tmax = 30.0;
    sim.settings.dt_update = 0.001;
    sim.settings.dt_collect = 0.25;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];

    let data = parallel_driver_multiprocessing(&sim, workers)?;

    print!("{}", data.text());
    let chart = Chart::populations(&data, "dm_db")?.with_title("Spin-boson model, surface hopping");
    chart.save("spin_boson.svg")?;
    chart.save("spin_boson.png")?;
    data.save("spin_boson.h5")?;
    println!("digest {}", data.digest());
    println!("wrote spin_boson.svg, spin_boson.png and spin_boson.h5");
    if data.is_complete() {
        Ok(())
    } else {
        // After Ctrl-C, for example: what is finished is there all the same.
        Err(format!("{} trajectories are missing", data.missing().len()).into())
    }
}

/// A number from the command line, if it is given.
fn argument(at: usize, what: &str) -> Result<Option<usize>, String> {
    let Some(text) = std::env::args().nth(at) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("expected a number of {what}, found `{text}`"))
}
