//! How fast it is.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::peers;

use super::launch::Running;
use super::{Found, Programs, Row, end, mpirun};

/// Rows that are measured, and no tests.
pub const ROWS: &[Row] = &[
    (
        "scaling",
        "surface hopping on 2 ranks against a serial run, medians of 31",
        ">= 1.9 x, or as two serial runs of half of it at once",
        scaling,
    ),
    (
        "batch",
        "a batch that does nothing, on 3 ranks, against a task of mpi4py.futures, medians of 5",
        "quicker",
        |p| against(p, "costs", &["-m", "mpi4py.futures"], "futures.py", (20_000, 5000)),
    ),
    (
        "step",
        "a batch of one trajectory of one step, on 3 ranks, against QC Lab's MPI driver, medians of 5",
        "quicker",
        |p| against(p, "steps", &[], "qclab_mpi.py", (20_000, 300)),
    ),
];

/// Seconds of a run.
fn seconds(command: &mut Command) -> Result<(f64, String), Box<dyn std::error::Error>> {
    let ended = end(command, 300)?;
    let line = ended.first_line();
    let (seconds, digest) = line.split_once(' ').ok_or_else(|| ended.err.clone())?;
    Ok((seconds.parse()?, digest.to_string()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A run on two ranks, and two serial runs of half of it at once, which share nothing but the machine: they
/// show what it allows. Each is compared with the serial run just before it, for machines are not always as quick.
fn scaling(programs: &Programs) -> Found {
    const TRAJECTORIES: u64 = 150_000;
    /// How much less than the machine allows counts as the same.
    const NOISE: f64 = 0.97;
    let (mut ranks, mut apart, mut same) = (Vec::new(), Vec::new(), true);
    let serial = |trajectories: u64| {
        let mut command = Command::new(&programs.ranked);
        command.args(["scale", "serial", &trajectories.to_string()]);
        command
    };
    for _ in 0..31 {
        let (one, expected) = seconds(&mut serial(TRAJECTORIES))?;
        let mut command = mpirun(2, &programs.ranked)?;
        let (two, digest) = seconds(command.args(["scale", "mpi", &TRAJECTORIES.to_string()]))?;
        let other = Running::start(&mut serial(TRAJECTORIES / 2))?;
        let (half, _) = seconds(&mut serial(TRAJECTORIES / 2))?;
        let other: f64 = other
            .end(Duration::from_secs(300))?
            .first_line()
            .split(' ')
            .next()
            .unwrap_or("")
            .parse()?;
        ranks.push(one / two);
        apart.push(one / half.max(other));
        same &= digest == expected;
    }
    let (least, most) = ranks.iter().fold((f64::MAX, 0.0_f64), |(a, b), &r| (a.min(r), b.max(r)));
    let (ratio, apart) = (median(ranks), median(apart));
    let bits = if same { "same bits" } else { "OTHER BITS" };
    let text = format!(
        "{ratio:.2} x ({least:.2} to {most:.2}), {bits}; two serial runs of half of it at once: {apart:.2} x"
    );
    Ok((text, (ratio >= 1.9 || ratio >= NOISE * apart) && same))
}

/// Microseconds a batch of ours, and of a program of Python's, under the same `mpirun`.
fn against(
    programs: &Programs,
    ours: &str,
    module: &[&str],
    script: &str,
    (batches, of_theirs): (u32, u32),
) -> Found {
    let python = peers::mpi_python()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("mpi").join(script);
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let mut command = mpirun(3, &programs.ranked)?;
        our_times.push(micros(command.args([ours, &batches.to_string()]))?);
        let mut command = mpirun(3, &python)?;
        command.args(module).arg(&script).arg(of_theirs.to_string());
        their_times.push(micros(&mut command)?);
    }
    let (ours, theirs) = (median(our_times), median(their_times));
    let text = format!("{ours:.2} µs against {theirs:.0} µs, {:.0} times less", theirs / ours);
    Ok((text, ours < theirs))
}

fn micros(command: &mut Command) -> Result<f64, Box<dyn std::error::Error>> {
    let ended = end(command, 300)?;
    let seconds: f64 = ended.first_line().trim().parse().map_err(|_| ended.err.clone())?;
    Ok(1e6 * seconds)
}
