//! Running an ensemble on any driver.

use std::ops::ControlFlow;

use super::batches::Batches;
use super::fold::EnsembleFold;
use super::{Ensemble, EnsembleError, OnFailure, RunOptions, seeds};
use crate::data::{DataParts, Provenance, RunRecord};
use crate::{Data, Event, Execute, Fold, FoldError, Frame, Listener, Next, Report, Seed};

/// Runs an ensemble on a driver. Everything that can be checked is checked before a worker starts.
///
/// An interrupted run is `Ok`, with [`Data::is_complete`] false.
///
/// # Errors
/// Impossible seeds, data to append to that do not fit, a driver that cannot run, or failed batches:
/// then the error holds what was finished.
pub fn run_ensemble(
    ensemble: &dyn Ensemble,
    driver: &dyn Execute,
    options: &RunOptions,
    on: &mut Listener<'_>,
) -> Result<Data, EnsembleError> {
    let seeds = seeds::choose(ensemble, options)?;
    let parts = begin(ensemble, options)?;
    let drop_failed = options.on_failure == OnFailure::Drop;
    let work = Batches::new(ensemble, &seeds, &options.keep, drop_failed);
    for line in &ensemble.log() {
        // There is nothing to end yet: a listener's wish to is heard at the first event of the run.
        let _ = on(Event::Log { piece: None, line });
    }
    let mut logged = Vec::new();
    let mut fold = EnsembleFold::new(parts);
    let report = {
        let mut listener = |event: Event<'_>| -> ControlFlow<()> {
            if let Event::Log { piece: Some(piece), line } = event {
                logged.push((piece, line.clone()));
            }
            on(event)
        };
        driver.run(&work, &mut Folding(&mut fold), &options.execute, &mut listener)?
    };
    logged.into_iter().for_each(|(piece, line)| fold.log(piece, line));
    let pieces = crate::Work::pieces(&work);
    finish(fold.into_parts(), &report, record(driver, &work, &seeds, &report), pieces, drop_failed)
}

/// Lends a fold to a driver.
struct Folding<'a>(&'a mut EnsembleFold);

impl Fold for Folding<'_> {
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
        self.0.add(piece, frame)
    }

    fn round(&mut self) -> Next {
        self.0.round()
    }

    fn partial(&self) -> Option<Data> {
        self.0.partial()
    }
}

/// What the run starts from: nothing, or the data to append to.
fn begin(ensemble: &dyn Ensemble, options: &RunOptions) -> Result<DataParts, EnsembleError> {
    let empty = DataParts {
        description: ensemble.describe(),
        times: ensemble.times(),
        group: ensemble.group(),
        complete: true,
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

fn version() -> String {
    format!("fascicle {}", env!("CARGO_PKG_VERSION"))
}

fn record(driver: &dyn Execute, work: &Batches<'_>, seeds: &[Seed], report: &Report) -> RunRecord {
    RunRecord {
        driver: driver.name().to_string(),
        tasks: driver.workers(),
        batch_size: work.batch(),
        trajectories: seeds.len() as u64,
        interrupted: report.interrupted,
        workers_lost: report.workers_lost,
        seconds: None,
    }
}

fn finish(
    mut parts: DataParts,
    report: &Report,
    mut record: RunRecord,
    pieces: u64,
    drop_failed: bool,
) -> Result<Data, EnsembleError> {
    let before: u64 = parts.provenance.runs.iter().map(|run| run.trajectories).sum();
    record.trajectories = (parts.seeds.len() as u64).saturating_sub(before);
    parts.provenance.runs.push(record);
    parts.complete &= !report.interrupted && report.failures.is_empty();
    parts.failures.extend(report.failures.iter().cloned());
    parts.failures.sort_by_key(|failure| failure.piece);
    let data = Data::from_parts(parts)?;
    if report.failures.is_empty() || drop_failed {
        return Ok(data);
    }
    let failures = report.failures.clone();
    Err(EnsembleError::Failed { failures, pieces, finished: Box::new(data) })
}
