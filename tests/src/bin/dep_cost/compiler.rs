//! Between Cargo and the compiler: each call's processor time.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The environment variable that names the file for the notes.
pub const LOG: &str = "FASCICLE_DEP_COST";

/// Runs the compiler as Cargo asks for, and notes package and CPU-seconds.
pub fn run(log: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1);
    let compiler = words.next().ok_or("expected the compiler as the first argument")?;
    let status = Command::new(compiler).args(words).status()?;
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "Cargo's questions".into());
    let line = format!("{package} {}\n", of_children()?);
    // One write, for two compilers may end at once.
    OpenOptions::new().append(true).create(true).open(log)?.write_all(line.as_bytes())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The CPU-seconds of this process's children that have ended, and of theirs.
pub fn of_children() -> Result<f64, Box<dyn Error>> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Ok(microseconds as f64 * 1e-6)
}
