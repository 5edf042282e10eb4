//! Running an ensemble on any driver.

use std::ops::ControlFlow;

use super::batches::Batches;
use super::fold::EnsembleFold;
use super::plan::Plan;
use super::{Ensemble, EnsembleError, OnFailure, RunOptions, checkpoint};
use crate::data::{DataParts, Provenance, RunRecord};
use crate::{
    Cause, Data, Event, Execute, Listener, LogLine, PieceFailure, Ranks, Report, RunError, Snapshot,
};

/// Runs an ensemble on a driver. Everything that can be checked is checked before a worker starts.
///
/// An interrupted run is `Ok`, with [`Data::is_complete`] false. So is one that was to [stop at a
/// standard error](RunOptions::until_standard_error) and did not reach it, with a warning in its log.
///
/// # Errors
/// Impossible seeds, data to append to that do not fit, a driver that cannot run, a standard error to
/// stop at that cannot be, or failed batches: the error holds what was finished.
pub fn run_ensemble(
    ensemble: &dyn Ensemble,
    driver: &dyn Execute,
    options: &RunOptions,
    on: &mut Listener<'_>,
) -> Result<Data, EnsembleError> {
    let plan = Plan::new(ensemble, options)?;
    let parts = begin(ensemble, options)?;
    if let Some(line) = enough_already(options)? {
        return with_nothing_more(parts, driver, line, on);
    }
    let drop_failed = options.on_failure == OnFailure::Drop;
    let work = Batches::new(ensemble, &plan, options);
    let journaled = checkpoint::driver(driver, options);
    let driver = journaled.as_ref().map_or(driver, |journaled| journaled as &dyn Execute);
    tell(&ensemble.log(), on);
    let before = Before { seeds: parts.seeds.len(), failures: parts.failures.len() };
    let mut fold = EnsembleFold::new(&plan, parts, drop_failed);
    let mut heard = Heard::default();
    let many = driver.ranks().is_some_and(Ranks::all_work);
    let ends = many && options.on_failure == OnFailure::Fail;
    let execute = options.execute.clone().with_end_at_failure(ends);
    let result = {
        let mut listener = |event: Event<'_>| heard.listen(event, on);
        driver.run(&work, &mut fold, &execute, &mut listener)
    };
    heard.logged.drain(..).for_each(|(piece, line)| fold.log(piece, line));
    let verdict = fold.verdict();
    tell(verdict.as_slice(), on);
    let run = RunRecord {
        driver: driver.name().to_string(),
        tasks: driver.workers(),
        batch_size: plan.batch(),
        rounds: fold.rounds() as u64,
        workers_lost: heard.workers_lost,
        ..RunRecord::default()
    };
    Ended { result, fold, verdict, failed: heard.failed, run, before }.settle(options)
}

/// What the data to append to had.
struct Before {
    seeds: usize,
    failures: usize,
}

/// A run that has ended, in whatever way.
struct Ended<'a> {
    result: Result<Report, RunError>,
    fold: EnsembleFold<'a>,
    /// What there is to say about its end.
    verdict: Option<LogLine>,
    /// Batches that failed.
    failed: Vec<PieceFailure>,
    run: RunRecord,
    before: Before,
}

impl Ended<'_> {
    /// The data, or an error that has what is finished.
    fn settle(self, options: &RunOptions) -> Result<Data, EnsembleError> {
        let Self { result, fold, verdict, failed, mut run, before } = self;
        let (pieces, unmeasured) = (fold.pieces(), fold.is_unmeasured());
        let mut parts = fold.into_parts();
        parts.log.extend(verdict);
        run.trajectories = (parts.seeds.len() - before.seeds) as u64;
        let stopped = match result {
            Ok(report) => {
                run.interrupted = report.interrupted;
                run.resumed = report.resumed;
                parts.log.extend(report.log);
                None
            }
            Err(source) if run.trajectories == 0 => return Err(source.into()),
            Err(source) => Some(source),
        };
        let (interrupted, nothing) = (run.interrupted, run.trajectories == 0);
        parts.provenance.runs.push(run);
        let any_batch = !failed.is_empty();
        // Beside the trajectories that were dropped from batches that did not fail.
        parts.failures.extend(failed);
        PieceFailure::sort(&mut parts.failures[before.failures..]);
        let mut failures = parts.failures[before.failures..].to_vec();
        let mut data = Data::from_parts(parts)?;
        if unmeasured {
            data.take_snapshot();
        }
        if let Some(source) = stopped {
            return Err(EnsembleError::Stopped { source, finished: Box::new(data) });
        }
        let may_fail = options.on_failure == OnFailure::Drop;
        let tolerable = may_fail && !failures.iter().any(is_of_shape);
        if (failures.is_empty() || !nothing) && (!any_batch || tolerable) {
            return if interrupted { Ok(data) } else { with_what_was_watched(data, options) };
        }
        // One cause for each batch.
        failures.dedup_by_key(|failure| failure.piece);
        Err(EnsembleError::Failed { failures, pieces, finished: Box::new(data) })
    }
}

/// Tells lines of the run's own, before it and after it. There is nothing to end then: a listener's wish to
/// is heard at the first event of the run.
fn tell(lines: &[LogLine], on: &mut Listener<'_>) {
    for line in lines {
        let _ = on(Event::Log { piece: None, line });
    }
}

/// What there is to say if the data to append to are good enough as they are.
fn enough_already(options: &RunOptions) -> Result<Option<LogLine>, EnsembleError> {
    let Some(until) = &options.until else {
        return Ok(None);
    };
    until.check(options.append.as_ref())?;
    let there = options.append.as_ref().map(Snapshot::of);
    Ok(there.filter(|there| until.is_met_by(there)).map(|there| until.verdict(&there)))
}

/// A run that need not begin.
fn with_nothing_more(
    mut parts: DataParts,
    driver: &dyn Execute,
    line: LogLine,
    on: &mut Listener<'_>,
) -> Result<Data, EnsembleError> {
    tell(std::slice::from_ref(&line), on);
    parts.log.push(line);
    let (driver, tasks) = (driver.name().to_string(), driver.workers());
    parts.provenance.runs.push(RunRecord { driver, tasks, ..RunRecord::default() });
    Ok(Data::from_parts(parts)?)
}

/// The data, unless the run was to stop at the error of an output that there is not.
fn with_what_was_watched(data: Data, options: &RunOptions) -> Result<Data, EnsembleError> {
    match options.until.as_ref().map(|until| data.output(&until.output).err()) {
        Some(Some(source)) => {
            Err(EnsembleError::UnknownOutput { source, finished: Some(Box::new(data)) })
        }
        _ => Ok(data),
    }
}

/// What the run is told beside what the fold takes in.
#[derive(Default)]
struct Heard {
    logged: Vec<(u64, LogLine)>,
    failed: Vec<PieceFailure>,
    workers_lost: u64,
}

impl Heard {
    /// Takes note of an event and passes it on.
    fn listen(&mut self, event: Event<'_>, on: &mut Listener<'_>) -> ControlFlow<()> {
        match event {
            Event::Log { piece: Some(piece), line } => self.logged.push((piece, line.clone())),
            Event::Failed { failure, .. } => self.failed.push(failure.clone()),
            Event::WorkerLost { .. } => self.workers_lost += 1,
            _ => {}
        }
        on(event)
    }
}

/// Whether batches disagree about the outputs: leaving out those that come later would make the
/// answer depend on their order.
fn is_of_shape(failure: &PieceFailure) -> bool {
    matches!(failure.failure.cause, Cause::ShapeChanged { .. })
}

/// What the run starts from: nothing, or the data to append to.
fn begin(ensemble: &dyn Ensemble, options: &RunOptions) -> Result<DataParts, EnsembleError> {
    let empty = DataParts {
        description: ensemble.describe(),
        times: ensemble.times(),
        group: ensemble.group(),
        log: ensemble.log(),
        provenance: Provenance { version: version(), runs: Vec::new() },
        ..DataParts::default()
    };
    let Some(data) = options.append.clone() else {
        return Ok(empty);
    };
    data.check_sums()
        .and_then(|()| data.check_same_simulation(&empty.description, &empty.times, empty.group))
        .map_err(EnsembleError::Append)?;
    let mut parts = data.into_parts();
    parts.log.extend(empty.log);
    Ok(parts)
}

pub(super) fn version() -> String {
    format!("fascicle {}", env!("CARGO_PKG_VERSION"))
}
