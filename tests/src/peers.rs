//! The peers that fascicle is compared with: QC Lab and h5py, in a virtual environment of Python.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;

/// The Python that has the peers: `$FASCICLE_PEERS/bin/python`, by default in the user's cache, where
/// `./task peers` puts it.
///
/// # Errors
/// When it is not there: the command that installs it.
pub fn python() -> Result<PathBuf, String> {
    let told = std::env::var_os("FASCICLE_PEERS").map(PathBuf::from);
    python_in(told.unwrap_or_else(|| cache().join("peers")), "QC Lab", "./task peers")
}

/// The Python that has QC Lab with mpi4py, which `./task ranks` puts into the user's cache.
///
/// # Errors
/// When it is not there: the command that installs it.
pub fn mpi_python() -> Result<PathBuf, String> {
    python_in(cache().join("peers-mpi"), "QC Lab and mpi4py", "./task ranks")
}

fn python_in(folder: PathBuf, what: &str, task: &str) -> Result<PathBuf, String> {
    let python = folder.join("bin/python");
    if python.exists() {
        return Ok(python);
    }
    Err(format!(
        "expected a Python with {what} at {}, found none: install it with `{task}`",
        python.display()
    ))
}

/// Where `./task` keeps what it has installed.
pub(crate) fn cache() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    cache.unwrap_or_else(home).join("fascicle")
}

/// What a script of `tests/peers` prints.
///
/// # Errors
/// When the peers are not installed, or what the script says when it fails.
pub fn run(script: &str, arguments: &[&str]) -> Result<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
    let output = Command::new(python()?)
        .arg(path)
        .args(arguments)
        .env("OMP_NUM_THREADS", "1")
        .output()
        .map_err(|error| format!("{script} cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{script} failed: {}", String::from_utf8_lossy(&output.stderr)))
}

/// A script of `tests/peers` that answers one line for each line that it is given.
#[derive(Debug)]
pub struct Server {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it.
    ///
    /// # Errors
    /// When the peers are not installed, or the script cannot be run.
    ///
    /// # Panics
    /// Never: both ends are piped.
    pub fn start(script: &str) -> Result<Self, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
        let mut child = Command::new(python()?)
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{script} cannot be run: {error}"))?;
        let questions = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Ok(Self { child, questions, answers })
    }

    /// Its answer.
    ///
    /// # Errors
    /// When it gives none; what it says of that goes to standard error.
    pub fn ask<A: DeserializeOwned>(&mut self, question: &serde_json::Value) -> Result<A, String> {
        let silent = |error: &dyn std::fmt::Display| format!("no answer to {question}: {error}");
        writeln!(self.questions, "{question}").map_err(|error| silent(&error))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(|error| silent(&error))?;
        serde_json::from_str(&answer).map_err(|error| silent(&error))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has answered all that it was asked.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
