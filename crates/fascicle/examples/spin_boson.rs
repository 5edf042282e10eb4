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
use fascicle::terminal::table;

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
    let mut arguments = std::env::args().skip(1);
    let workers: Option<usize> = arguments.next().map(|n| n.parse()).transpose()?;
    let trajectories: u64 = arguments.next().map_or(Ok(2000), |n| n.parse())?;

    // A spin that relaxes into a bath of a hundred modes.
    let model = SpinBoson { l_reorg: 0.05, V: 0.25, E: 0.25, ..Default::default() };
    let mut sim = Simulation::new(model, FewestSwitchesSurfaceHopping::default());
    sim.settings.num_trajs = trajectories;
    sim.settings.tmax = 30.0;
    sim.settings.dt_update = 0.001;
    sim.settings.dt_collect = 0.25;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];

    let data = parallel_driver_multiprocessing(&sim, workers)?;

    print!("{}", table(&data));
    let chart = Chart::populations(&data, "dm_db")?.with_title("Spin-boson model, surface hopping");
    chart.save_svg("spin_boson.svg")?;
    chart.save_png("spin_boson.png")?;
    data.save("spin_boson.h5")?;
    println!("digest {}", data.digest());
    println!("wrote spin_boson.svg, spin_boson.png and spin_boson.h5");
    Ok(())
}
