//! How much memory the driver's process needs in a long run, measured in a process of its own.

use std::error::Error;
use std::process::Command;

use fascicle::prelude::*;

use crate::report::Row;

/// The argument by which this program runs itself.
pub const ARGUMENT: &str = "peak";

const TRAJECTORIES: [u64; 2] = [100_000, 1_000_000];
const BATCH_SIZES: [usize; 2] = [25, 1000];

/// The most megabytes that a run may need.
const GOAL: f64 = 200.0;

/// A row for each size of batches: the long run, next to one of a tenth of it.
pub fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
    BATCH_SIZES.into_iter().map(row).collect()
}

fn row(batch_size: usize) -> Result<Row, Box<dyn Error>> {
    let [short, long] = TRAJECTORIES.map(|trajectories| measure(trajectories, batch_size));
    let (short, long) = (short?, long?);
    let what = format!(
        "peak memory of the driver, 1,000,000 trajectories in batches of {batch_size} (goal 200 MB)"
    );
    let figure = format!("{long:.0} MB; of 100,000: {short:.0} MB");
    Ok(Row { cells: vec![what, figure], reached: long <= GOAL })
}

/// Megabytes that a run needs, in a process of its own.
fn measure(trajectories: u64, batch_size: usize) -> Result<f64, Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(ARGUMENT).arg(trajectories.to_string()).arg(batch_size.to_string());
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim().parse() {
        Ok(megabytes) if output.status.success() => Ok(megabytes),
        _ => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}

/// In the process of its own: runs so many trajectories in batches of so many, and prints the most
/// megabytes that were resident.
pub fn print(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [trajectories, batch_size] = arguments else {
        return Err("expected a number of trajectories and a batch size".into());
    };
    let mut sim = Simulation::new(TullyProblemOne::default(), MeanField::default());
    sim.settings.num_trajs = trajectories.parse()?;
    sim.settings.batch_size = batch_size.parse()?;
    (sim.settings.tmax, sim.settings.dt_update, sim.settings.dt_collect) = (1.0, 0.1, 0.1);
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    let data = Driver::Processes(2).run(&sim, RunOptions::new())?;
    assert_eq!(data.norm_factor(), sim.settings.num_trajs);
    println!("{}", peak()?);
    Ok(())
}

/// The most megabytes of this process that were ever resident, as Linux tells.
fn peak() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    let kibibytes: f64 = kibibytes.ok_or("the system does not tell")?.trim().parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}
