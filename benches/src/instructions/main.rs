//! Counts the instructions that short serial runs need, by valgrind, and compares them with the counts
//! in `benches/instructions.txt`:
//!
//! ```text
//! ./task instructions          # exit status 1 where a case needs 5 % more
//! ./task instructions write    # write the file anew
//! ```
//!
//! The number of instructions is the same in each run, whatever else the machine does, so that a small
//! regression is seen. It is not time: waits for memory and for earlier results cost none. valgrind
//! has no AVX-512, so it is the kernels for AVX2 that are counted.

mod baseline;
mod count;

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

use baseline::{Baseline, Surroundings};
use fascicle_tests::speed::{Case, MASH, MEAN_FIELD, cases};

/// More than so many times the instructions of the baseline are a regression.
const MOST: f64 = 1.05;

/// The models whose cases are counted.
const MODELS: [&str; 6] = [
    "SpinBoson",
    "FMOComplex",
    "HolsteinLattice",
    "HolsteinLatticeReciprocalSpace",
    "TullyProblemOne",
    "ComplexAvoidedCrossingA",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => compare(),
        ["write"] => write().map(|()| true),
        [count::ARGUMENT, name] => count::run(name).map(|()| true),
        _ => Err("expected nothing, or `write`".into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The cases that are counted: those of the goals, and mean field of the crossing.
fn counted() -> Vec<Case> {
    let mut counted: Vec<Case> =
        cases().into_iter().filter(|case| MODELS.contains(&case.model)).collect();
    let crossing = counted.iter().find(|case| case.model == MODELS[5]).cloned();
    counted.extend(crossing.map(|case| Case { algorithm: MEAN_FIELD, ..case }));
    counted.iter_mut().for_each(|case| case.steps = count::STEPS);
    // Hops and crossings are what a longer run of it would see.
    counted.iter_mut().filter(|case| case.algorithm == MASH).for_each(|case| case.dt = 0.05);
    counted
}

/// Whether no case needs much more than the baseline.
fn compare() -> Result<bool, Box<dyn Error>> {
    let baseline = Baseline::read()?;
    let here = count_all()?;
    let mut good = true;
    println!("| case | baseline | now | ratio |\n|---|---|---|---|");
    for (name, &now) in &here.counts {
        let Some(&before) = baseline.counts.get(name) else {
            println!("| {name} | none | {now} | MISSING in the baseline |");
            good = false;
            continue;
        };
        let ratio = now as f64 / before as f64;
        let verdict = if ratio > MOST { " REGRESSION" } else { "" };
        good &= ratio <= MOST;
        println!("| {name} | {before} | {now} | {ratio:.4}{verdict} |");
    }
    for name in baseline.counts.keys().filter(|name| !here.counts.contains_key(*name)) {
        println!("| {name} | {} | none | NO LONGER COUNTED |", baseline.counts[name]);
        good = false;
    }
    if here.surroundings != baseline.surroundings {
        println!("\nThe baseline was counted with {}", baseline.surroundings);
        println!("and this with {}: counts may differ for that alone.", here.surroundings);
    }
    if !good {
        println!("\nWhere it is worth it, `./task instructions write`, and say why in the commit.");
    }
    Ok(good)
}

fn write() -> Result<(), Box<dyn Error>> {
    count_all()?.write()?;
    println!("wrote {}", baseline::path().display());
    Ok(())
}

fn count_all() -> Result<Baseline, Box<dyn Error>> {
    let (mut counts, mut vectors) = (BTreeMap::new(), String::new());
    for case in counted() {
        let counted = count::under_valgrind(&case.name())?;
        vectors = counted.vectors;
        counts.insert(case.name(), counted.instructions);
    }
    Ok(Baseline { surroundings: Surroundings::here(vectors)?, counts })
}
