//! Works and folds for the tests.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part of this")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fascicle_core::{
    Cause, Context, Event, Execute, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame,
    LogLine, Next, Report, Work, WorkerLost,
};
use fascicle_processes::Processes;

/// So many pieces, each run by a closure.
pub struct Pieces<F>(pub u64, pub F);

impl<F> Work for Pieces<F>
where
    F: Fn(u64, &mut Context<'_>, &mut Frame) -> Result<(), Failure>,
{
    fn pieces(&self) -> u64 {
        self.0
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("pieces");
    }
    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        (self.1)(piece, cx, out)
    }
}

/// Pieces whose result is an integer, made from the number by a closure that may do mischief.
pub fn integers(
    pieces: u64,
    run: impl Fn(u64, &mut Context<'_>) -> i64,
) -> Pieces<impl Fn(u64, &mut Context<'_>, &mut Frame) -> Result<(), Failure>> {
    Pieces(pieces, move |piece, cx: &mut Context<'_>, out: &mut Frame| {
        let value = run(piece, cx);
        out.put_i64s("value", vec![value]);
        Ok(())
    })
}

/// Keeps all frames.
#[derive(Debug, Default, PartialEq)]
pub struct Kept {
    pub frames: BTreeMap<u64, Frame>,
    pub rounds: Vec<u64>,
}

impl Kept {
    pub fn values(&self) -> Vec<i64> {
        self.frames.values().map(|frame| frame.i64s("value").unwrap()[0]).collect()
    }
}

impl Fold for Kept {
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
        let old = self.frames.insert(piece, frame.clone());
        assert!(old.is_none(), "piece {piece} came twice");
        Ok(())
    }
    fn round(&mut self) -> Next {
        self.rounds.pop().map_or(Next::Done, Next::More)
    }
}

/// What a run gave and told.
#[derive(Debug, Default)]
pub struct Seen {
    pub kept: Kept,
    pub report: Report,
    pub lines: Vec<(usize, String)>,
    /// The run's own log, not that of its pieces, nor that there are more workers than cores.
    pub notes: Vec<String>,
    /// Whether there are more workers than cores.
    pub crowded: Option<String>,
    pub lost: Vec<(WorkerLost, Option<u64>)>,
}

impl Seen {
    pub fn cause(&self, piece: u64) -> &Cause {
        let found = self.report.failures.iter().find(|failure| failure.piece == piece);
        &found.unwrap_or_else(|| panic!("piece {piece} has not failed")).failure.cause
    }

    pub fn done(&self) -> Vec<u64> {
        self.kept.frames.keys().copied().collect()
    }
}

pub fn processes(workers: i64) -> Processes {
    Processes::new(workers).unwrap()
}

pub fn run(workers: i64, work: &dyn Work) -> Seen {
    run_with(workers, work, &ExecuteOptions::new())
}

pub fn run_with(workers: i64, work: &dyn Work, options: &ExecuteOptions) -> Seen {
    let (mut kept, mut notes) = (Kept::default(), Vec::new());
    let (mut lines, mut lost, mut crowded) = (Vec::new(), Vec::new(), None);
    let report = processes(workers).run(work, &mut kept, options, &mut |event| {
        match event {
            Event::Output { worker, line, .. } => lines.push((worker, line.to_string())),
            Event::Log { piece: None, line } if is_of_cores(line) => {
                crowded = Some(line.text.clone());
            }
            Event::Log { piece: None, line } => notes.push(line.to_string()),
            Event::WorkerLost { lost: how, piece, .. } => lost.push((how.clone(), piece)),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    Seen { kept, report: report.unwrap(), lines, notes, crowded, lost }
}

/// Whether a line of a run's log says that there are more workers than cores: that hangs on the machine.
pub fn is_of_cores(line: &LogLine) -> bool {
    line.text.ends_with("more are no quicker")
}

/// Sets a flag when dropped, so that a failing test does not wait for ever for its other threads.
pub struct StopAtEnd<'a>(pub &'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The children of this process, zombies included.
pub fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let read = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default()
    };
    let all: String = tasks.map(read).collect();
    all.split_whitespace().map(str::to_string).collect()
}

/// The open descriptors of this process.
pub fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Whether a process runs. A zombie does not.
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

/// Waits until something is so, 5 s at most.
pub fn wait_until(mut so: impl FnMut() -> bool) -> Option<Duration> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(5) {
        if so() {
            return Some(started.elapsed());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Sends a signal to this very process.
pub fn raise(signal: nix::sys::signal::Signal) {
    nix::sys::signal::raise(signal).unwrap();
}

/// A command that runs one test of this test program anew, as a process of its own, with a variable
/// set by which the test knows.
pub fn again(test: &str, variable: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(variable, "1");
    command
}

/// Runs a test in a process of its own, where nothing else opens descriptors or forks.
pub fn alone(test: &str, body: impl FnOnce()) {
    const INSIDE: &str = "FASCICLE_ALONE";
    if std::env::var_os(INSIDE).is_some() {
        body();
    } else {
        let output = again(test, INSIDE).stdin(std::process::Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
    }
}
