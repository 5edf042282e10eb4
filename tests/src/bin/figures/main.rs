//! Measures what the README and the architecture claim, and prints a figure in every row:
//!
//! ```text
//! ./task figures
//! ```
//!
//! Parity with QC Lab, the bitwise matrix of drivers and batch sizes, speed against QC Lab, and what
//! the multiprocess driver itself costs; a name of these after it (`parity`, `bits`, `costs`, `speed`)
//! gives that part alone. Exit status 1 when a row misses its goal.

mod cost;
mod matrix;
mod parity;
mod peak;
mod speed;

use std::process::ExitCode;

/// A table, and whether all its rows reach their goals.
struct Section {
    title: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Row>,
}

/// Cells of a table, and whether the goal is reached.
struct Row {
    cells: Vec<String>,
    reached: bool,
}

impl Section {
    fn print(&self) {
        println!("\n## {}\n", self.title);
        println!("| {} | goal |", self.columns.join(" | "));
        println!("|{}", "---|".repeat(self.columns.len() + 1));
        for row in &self.rows {
            let verdict = if row.reached { "reached" } else { "MISSED" };
            println!("| {} | {verdict} |", row.cells.join(" | "));
        }
    }
}

fn status(result: Result<(), Box<dyn std::error::Error>>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

type Measurement = fn() -> Result<Section, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let sections: [(&str, Measurement); 4] = [
        ("parity", || Ok(parity::section())),
        ("bits", || Ok(matrix::section())),
        ("costs", cost::section),
        ("speed", speed::section),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted.first().is_some_and(|name| name == peak::ARGUMENT) {
        return status(peak::print(&wanted[1..]));
    }
    let known = sections.map(|(name, _)| name);
    if let Some(name) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        eprintln!("error: expected some of {}, found `{name}`", known.join(", "));
        return ExitCode::FAILURE;
    }
    let mut reached = true;
    for (name, section) in sections {
        if !wanted.is_empty() && !wanted.iter().any(|other| other == name) {
            continue;
        }
        match section() {
            Ok(section) => {
                section.print();
                reached &= section.rows.iter().all(|row| row.reached);
            }
            Err(error) => {
                eprintln!("error: {error}");
                reached = false;
            }
        }
    }
    if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
