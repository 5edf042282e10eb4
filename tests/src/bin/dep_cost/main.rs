//! What `:dep fascicle` costs in a notebook: CPU-seconds of compilation by package, cold, and how long
//! the first cell takes to compile once its dependencies are there.
//!
//! ```text
//! ./task dep-cost
//! ```
//!
//! Builds what evcxr 0.22 builds for a first cell, with its profile and flags, in a new folder. Cargo is
//! told to run the compiler through this program, which notes the processor time of each call. Exit
//! status 1 where a goal is missed.

mod cell;
mod compiler;

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use cell::Cell;

/// The most CPU-seconds that the first `:dep` may cost.
const GOAL: f64 = 100.0;

/// The most seconds to a first result, with dependencies compiled.
const WARM_GOAL: f64 = 5.0;

/// Packages that have a row each.
const ROWS: usize = 15;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Some(log) = std::env::var_os(compiler::LOG) {
        return compiler::run(log.as_ref());
    }
    let cell = Cell::new()?;
    eprintln!("building the first cell and all that it needs, one to three minutes");
    let before = compiler::of_children()?;
    cell.build()?;
    let total = compiler::of_children()? - before;
    let costs = cell.costs()?;
    cell.edit()?;
    let start = Instant::now();
    cell.build()?;
    let warm = start.elapsed().as_secs_f64();
    print(&costs, total, warm);
    let reached = total <= GOAL && warm <= WARM_GOAL;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The tables, from packages with their CPU-seconds.
fn print(costs: &[(String, f64)], total: f64, warm: f64) {
    println!("| package | CPU-seconds |\n|---|---|");
    for (name, seconds) in costs.iter().take(ROWS) {
        println!("| {name} | {seconds:.1} |");
    }
    let others = costs.iter().skip(ROWS);
    let (count, sum) = (others.clone().count(), others.map(|cost| cost.1).sum::<f64>());
    println!("| {count} others | {sum:.1} |");
    let compiled: f64 = costs.iter().map(|cost| cost.1).sum();
    println!("| Cargo, and build scripts when they run | {:.1} |", total - compiled);
    println!("\n| first cell | found | wanted | goal |\n|---|---|---|---|");
    let row = |name, found: f64, goal, unit| {
        let verdict = if found <= goal { "reached" } else { "MISSED" };
        println!("| {name} | {found:.1} {unit} | at most {goal} | {verdict} |");
    };
    row("cold, all packages", total, GOAL, "CPU-seconds");
    row("warm, until it is compiled", warm, WARM_GOAL, "s");
}
