//! Running an ensemble on any driver.

use std::ops::ControlFlow;

use super::batches::Batches;
use super::fold::EnsembleFold;
use super::{Ensemble, EnsembleError, OnFailure, RunOptions, seeds};
use crate::data::{DataParts, Provenance, RunRecord};
use crate::{Cause, Data, Event, Execute, Listener, PieceFailure, Report, Work};

/// Runs an ensemble on a driver. Everything that can be checked is checked before a worker starts.
///
/// An interrupted run is `Ok`, with [`Data::is_complete`] false.
///
/// # Errors
/// Impossible seeds, data to append to that do not fit, a driver that cannot run, or failed batches:
/// the error holds what was finished.
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
    let before = parts.seeds.len();
    let mut fold = EnsembleFold::new(parts);
    let result = {
        let mut listener = |event: Event<'_>| -> ControlFlow<()> {
            if let Event::Log { piece: Some(piece), line } = event {
                logged.push((piece, line.clone()));
            }
            on(event)
        };
        driver.run(&work, &mut fold, &options.execute, &mut listener)
    };
    logged.into_iter().for_each(|(piece, line)| fold.log(piece, line));
    let mut parts = fold.into_parts();
    let trajectories = (parts.seeds.len() - before) as u64;
    let (report, stopped) = match result {
        Ok(report) => (report, None),
        Err(source) if trajectories == 0 => return Err(source.into()),
        Err(source) => (Report::default(), Some(source)),
    };
    parts.provenance.runs.push(RunRecord {
        driver: driver.name().to_string(),
        tasks: driver.workers(),
        batch_size: work.batch(),
        trajectories,
        interrupted: report.interrupted,
        workers_lost: report.workers_lost,
        seconds: None,
    });
    parts.complete &= !report.interrupted && report.failures.is_empty() && stopped.is_none();
    parts.failures.extend(report.failures.iter().cloned());
    parts.failures.sort_by_key(|failure| failure.piece);
    let data = Data::from_parts(parts)?;
    if let Some(source) = stopped {
        return Err(EnsembleError::Stopped { source, finished: Box::new(data) });
    }
    let tolerable = drop_failed && trajectories > 0 && !report.failures.iter().any(is_of_shape);
    if report.failures.is_empty() || tolerable {
        return Ok(data);
    }
    let (failures, pieces) = (report.failures, work.pieces());
    Err(EnsembleError::Failed { failures, pieces, finished: Box::new(data) })
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
