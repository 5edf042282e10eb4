//! The profile that a notebook's cells are compiled with against release.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use fascicle_tests::speed::{Case, cases};

use crate::report::{Row, Section};
use crate::times::Times;

/// The most that a run under the profile may take, in times of that in release.
const GOAL: f64 = 1.1;

const ROUNDS: usize = 5;

/// The program `ours` under both profiles in turn: seconds that a thread of it was on a core.
pub fn sections() -> Result<Vec<Section>, Box<dyn Error>> {
    let programs = [program("release")?, program("notebook")?];
    let mut rows = Vec::new();
    for case in cases() {
        eprintln!("both profiles: {}", case.name());
        rows.push(row(&case, &programs)?);
    }
    let title = "Microseconds per trajectory and step under both profiles";
    let columns = ["model, algorithm", "release", "notebook", "ratio (least to most)", "wanted"];
    Ok(vec![Section::new(title, &columns, rows)])
}

fn row(case: &Case, [release, notebook]: &[PathBuf; 2]) -> Result<Row, Box<dyn Error>> {
    let (mut quick, mut checked) = (Times::default(), Times::default());
    for _ in 0..ROUNDS {
        quick.0.push(time(release, &case.name())?);
        checked.0.push(time(notebook, &case.name())?);
    }
    let ratio = checked.over(&quick);
    let cells =
        vec![case.name(), quick.text(4), checked.text(4), ratio.text(2), format!("at most {GOAL}")];
    Ok(Row { cells, reached: ratio.median() <= GOAL })
}

/// The program `ours` of a profile.
fn program(profile: &str) -> Result<PathBuf, Box<dyn Error>> {
    let here = std::env::current_exe()?;
    let builds = here.parent().and_then(Path::parent).ok_or("this program is in no folder")?;
    let program = builds.join(profile).join("ours");
    if program.exists() {
        return Ok(program);
    }
    let (path, build) = (program.display(), "cargo build -p fascicle-tests --bin ours --profile");
    Err(format!("expected {path}, found none: `{build} {profile}`, or `./task figures`").into())
}

/// What it says of a case: the last word of its line.
fn time(program: &Path, case: &str) -> Result<f64, Box<dyn Error>> {
    let output = Command::new(program).args([case, "1"]).output()?;
    let text = String::from_utf8(output.stdout)?;
    match text.split_whitespace().last().map(str::parse) {
        Some(Ok(time)) if output.status.success() => Ok(time),
        _ => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}
