//! Counting one run, in a process of its own under valgrind.

use std::error::Error;
use std::hint::black_box;
use std::process::Command;

use fascicle::core::{
    Data, Ensemble, EnsembleError, RunOptions, Serial, ignore_events, run_ensemble,
};

/// The argument by which this program runs itself.
pub const ARGUMENT: &str = "run";

/// Two blocks.
const TRAJECTORIES: u64 = 32;

/// Time steps of a run.
pub const STEPS: u64 = 100;

/// What valgrind and the run say.
pub struct Counted {
    pub instructions: u64,
    pub vectors: String,
}

/// The instructions of the run of a case.
pub fn under_valgrind(name: &str) -> Result<Counted, Box<dyn Error>> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.args(["--collect-atstart=no", "--toggle-collect=*counted_run*"]);
    command.arg(std::env::current_exe()?).args([ARGUMENT, name]);
    let output = command.output().map_err(|error| {
        format!("valgrind cannot be run ({error}): install it with `apt-get install valgrind`")
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    match collected.and_then(|(_, count)| count.trim().parse().ok()) {
        Some(instructions) if output.status.success() && instructions > 0 => {
            let vectors = String::from_utf8(output.stdout)?.trim().to_string();
            Ok(Counted { instructions, vectors })
        }
        _ => Err(format!("no count of {name}: {said}").into()),
    }
}

/// In the process of its own: runs a case, and prints which vectors it has.
pub fn run(name: &str) -> Result<(), Box<dyn Error>> {
    let case = super::counted().into_iter().find(|case| case.name() == name);
    let case = case.ok_or_else(|| format!("there is no case {name}"))?;
    let data = case.prepared(TRAJECTORIES, counted_run)??;
    assert_eq!(data.norm_factor(), TRAJECTORIES);
    println!("{}", vectors());
    Ok(())
}

/// What is counted.
#[inline(never)]
fn counted_run(ensemble: &dyn Ensemble) -> Result<Data, EnsembleError> {
    black_box(run_ensemble(ensemble, &Serial, &RunOptions::new(), &mut ignore_events))
}

#[cfg(target_arch = "x86_64")]
fn vectors() -> &'static str {
    if std::is_x86_feature_detected!("avx512f") {
        "AVX-512"
    } else if std::is_x86_feature_detected!("avx2") {
        "AVX2"
    } else {
        "SSE2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn vectors() -> &'static str {
    "portable"
}
