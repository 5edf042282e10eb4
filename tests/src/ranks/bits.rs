//! Whether all models with all algorithms give the same bits, whatever runs them.

use std::error::Error;
use std::process::Command;

use super::{Programs, end, mpirun};

/// What runs them.
pub const COLUMNS: [&str; 7] =
    ["serial", "threads", "processes", "mpirun -n 1", "mpirun -n 2", "mpirun -n 3", "mpirun -n 5"];

/// A model with an algorithm: its name, the digest of the serial driver's data, and whether each of
/// [`COLUMNS`] gives it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// The digest of the serial driver's data.
    pub digest: String,
    /// Who gives the same.
    pub equal: Vec<bool>,
}

/// Runs everything in every way.
///
/// # Errors
/// When a run fails, or a list is not of the same simulations.
pub fn lines(programs: &Programs) -> Result<Vec<Line>, Box<dyn Error>> {
    let digests = COLUMNS.map(|column| digests(programs, column));
    let digests: Vec<Vec<(String, String)>> = digests.into_iter().collect::<Result<_, _>>()?;
    let line = |(at, (name, digest)): (usize, &(String, String))| {
        let equal = digests.iter().map(|of| of.get(at) == Some(&(name.clone(), digest.clone())));
        Line { name: name.clone(), digest: digest.clone(), equal: equal.collect() }
    };
    if digests.iter().any(|of| of.len() != digests[0].len()) {
        return Err("the lists are not of equal length".into());
    }
    Ok(digests[0].iter().enumerate().map(line).collect())
}

fn digests(programs: &Programs, column: &str) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut command = if let Some(ranks) = column.strip_prefix("mpirun -n ") {
        let mut command = mpirun(ranks.parse()?, &programs.ranked)?;
        command.args(["all", "mpi"]);
        command
    } else {
        let mut command = Command::new(&programs.ranked);
        command.args(["all", column]);
        command
    };
    let ended = end(&mut command, 120)?;
    if ended.code != Some(0) {
        return Err(format!("{column} failed: {}", ended.err).into());
    }
    let of = |line: &str| line.split_once(": ").map(|(name, digest)| (name.into(), digest.into()));
    let found = ended.out.lines().map(|line| of(line).ok_or(format!("unexpected: {line}")));
    Ok(found.collect::<Result<_, _>>()?)
}
