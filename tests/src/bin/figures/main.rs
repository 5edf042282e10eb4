//! Measures what the README, the architecture and docs/speed.md claim, and prints a figure in every
//! row:
//!
//! ```text
//! ./task figures
//! ```
//!
//! | part | what |
//! |---|---|
//! | `parity` | deviation from QC Lab in the golden cases |
//! | `bits` | the bitwise matrix of drivers and batch sizes |
//! | `costs` | what the multiprocess driver itself costs |
//! | `speed` | speed against QC Lab |
//! | `users` | users' own models against the built-in one |
//! | `scaling` | two workers against the serial driver |
//! | `notebook` | the profile of notebooks against release |
//! | `limits` | what this core could do, and the share of it that is reached (docs/roofline.svg) |
//! | `curves` | cost against modes, states, trajectories and workers (docs/cost_*.svg) |
//! | `estimate` | what very large ensembles would cost, from constants measured here |
//!
//! Names of parts after it give those alone, and `write` before them puts their tables into
//! docs/speed.md, that of `speed` in a shorter form into the README as well. Exit status 1 when a row
//! misses its goal.

mod cost;
mod curves;
mod draw;
mod estimate;
mod limits;
mod matrix;
mod notebook;
mod parity;
mod peak;
mod report;
mod scaling;
mod speed;
mod sys;
mod times;
mod users;
mod work;

use std::error::Error;
use std::process::ExitCode;

use report::Section;

/// The argument that puts tables into the documentation.
const WRITE: &str = "write";

type Measurement = fn() -> Result<Vec<Section>, Box<dyn Error>>;

const PARTS: [(&str, Measurement); 10] = [
    ("parity", || Ok(vec![parity::section()])),
    ("bits", || Ok(vec![matrix::section()])),
    ("costs", || Ok(vec![cost::section()?])),
    ("speed", speed::sections),
    ("users", users::sections),
    ("scaling", scaling::sections),
    ("notebook", notebook::sections),
    ("limits", limits::sections),
    ("curves", curves::sections),
    ("estimate", estimate::sections),
];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all rows reach their goals.
fn run() -> Result<bool, Box<dyn Error>> {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted.first().is_some_and(|name| name == peak::ARGUMENT) {
        return peak::print(&wanted[1..]).map(|()| true);
    }
    let write = wanted.first().is_some_and(|name| name == WRITE);
    if write {
        wanted.remove(0);
    }
    let known = PARTS.map(|(name, _)| name);
    if let Some(name) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("expected some of {}, found `{name}`", known.join(", ")).into());
    }
    let mut reached = true;
    for (name, measure) in PARTS {
        if !wanted.is_empty() && !wanted.iter().any(|other| other == name) {
            continue;
        }
        match measure() {
            Ok(sections) => {
                sections.iter().for_each(|s| println!("\n## {}\n\n{}", s.title, s.markdown()));
                reached &= sections.iter().all(Section::reached);
                if write {
                    report::write(name, &sections)?;
                }
            }
            Err(error) => {
                eprintln!("error: {name}: {error}");
                reached = false;
            }
        }
    }
    Ok(reached)
}
