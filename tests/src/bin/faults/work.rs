//! Work, folds and views of this process for the rows.

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::ControlFlow;

use fascicle::core::{
    Context, Event, Execute, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, Report,
    Work, WorkerLost,
};
use fascicle::prelude::*;

/// So many pieces, each run by a closure from its number and how often a worker was lost on it.
pub struct Pieces<F>(u64, F);

/// So many pieces, each run by a closure from its number and how often a worker was lost on it.
pub fn pieces<F: Fn(u64, u32, &mut Frame)>(count: u64, run: F) -> Pieces<F> {
    Pieces(count, run)
}

impl<F: Fn(u64, u32, &mut Frame)> Work for Pieces<F> {
    fn pieces(&self) -> u64 {
        self.0
    }
    fn fingerprint(&self, _: &mut Fingerprint) {}
    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        (self.1)(piece, cx.attempt(), out);
        Ok(())
    }
}

/// Keeps all frames; one that comes twice is an error.
#[derive(Default)]
pub struct Kept(pub BTreeMap<u64, Frame>);

impl Fold for Kept {
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
        match self.0.insert(piece, frame.clone()) {
            None => Ok(()),
            Some(_) => Err(FoldError::Other(format!("piece {piece} came twice"))),
        }
    }
}

/// Counts frames.
#[derive(Default)]
pub struct Counted(pub u64);

impl Fold for Counted {
    fn add(&mut self, _: u64, _: &Frame) -> Result<(), FoldError> {
        self.0 += 1;
        Ok(())
    }
}

/// What became of a run, and which workers it lost.
pub struct Ran {
    pub report: Report,
    pub lost: Vec<WorkerLost>,
}

/// Runs work on so many worker processes.
pub fn run(
    workers: usize,
    work: &dyn Work,
    fold: &mut dyn Fold,
    options: &ExecuteOptions,
) -> Result<Ran, Box<dyn Error>> {
    let mut lost = Vec::new();
    let driver: Box<dyn Execute> = Driver::Processes(workers).execute()?;
    let report = driver.run(work, fold, options, &mut |event| {
        if let Event::WorkerLost { lost: how, .. } = event {
            lost.push(how.clone());
        }
        ControlFlow::Continue(())
    })?;
    Ok(Ran { report, lost })
}

/// The children of this process, zombies included.
pub fn children() -> Vec<i32> {
    children_of(std::process::id() as i32)
}

fn children_of(pid: i32) -> Vec<i32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let read = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children"));
    let all: String = tasks.flatten().filter_map(|task| read(task).ok()).collect();
    all.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// The workers of a process that drives a run: its children but the one that watches over them.
pub fn workers_of(pid: i32) -> Vec<i32> {
    let name = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let mut all = children_of(pid);
    all.retain(|&child| name(child).trim() != "fascicle-guard");
    all
}

/// Open descriptors, children, threads and resident pages of 4 KiB.
pub fn state() -> [usize; 4] {
    let count = |path: &str| std::fs::read_dir(path).map_or(0, Iterator::count);
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    [count("/proc/self/fd"), children().len(), count("/proc/self/task"), resident]
}

/// Numbers that look random.
pub struct Dice(pub u64);

impl Dice {
    /// Below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}
