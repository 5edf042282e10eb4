//! Programs that a launcher, such as `mpirun` or `srun`, has started several times.

use std::sync::Once;

use fascicle_core::{
    Execute, ExecuteOptions, Fold, Launch, Listener, Report, RunError, Serial, Work, check_workers,
    in_step, is_apart,
};

/// Where pieces run that are for processes, or for ranks.
pub(crate) enum Place {
    /// On processes of this one's own.
    Here,
    /// On this driver.
    On(Box<dyn Execute>),
}

/// Where a run on processes takes place: on the ranks, if there are any. Inside of a piece of one of them, or of
/// a listener, it is this rank's own, and in no other process: ranks do not fork.
pub(crate) fn instead_of_processes(asked: Option<i64>) -> Result<Place, RunError> {
    match Launch::here() {
        None => Ok(Place::Here),
        Some(_) if is_apart() => Ok(Place::On(Box::new(Serial))),
        Some(launch) => {
            let driver = ranks(launch, None)?;
            say_once(launch, driver.as_ref(), asked);
            Ok(Place::On(driver))
        }
    }
}

/// Has this program run in step on the ranks that there are, from its first run on, wherever that takes place.
#[cfg(feature = "mpi")]
pub(crate) fn begin() -> Result<(), RunError> {
    match Launch::here() {
        Some(_) if !is_apart() => fascicle_mpi::Mpi::new(None).map(|_| ()),
        _ => Ok(()),
    }
}

/// Runs on this process alone are each process's own.
#[cfg(not(feature = "mpi"))]
#[expect(clippy::unnecessary_wraps, reason = "with MPI it may fail")]
pub(crate) fn begin() -> Result<(), RunError> {
    Ok(())
}

/// The driver for a run with a checkpoint, which is one file. On ranks that run in step, one that is each rank's
/// own would be gone on with on one of them alone: it is made there, and the others wait for its results.
#[cfg(feature = "mpi")]
pub(crate) fn with_checkpoint(driver: Box<dyn Execute>) -> Result<Box<dyn Execute>, RunError> {
    if in_step().is_none() || driver.ranks().is_some() {
        return Ok(driver);
    }
    Ok(Box::new(fascicle_mpi::Mpi::for_leader(driver)?))
}

/// The driver for a run with a checkpoint.
#[cfg(not(feature = "mpi"))]
#[expect(clippy::unnecessary_wraps, reason = "with MPI it may fail")]
pub(crate) fn with_checkpoint(driver: Box<dyn Execute>) -> Result<Box<dyn Execute>, RunError> {
    Ok(driver)
}

/// The driver for MPI, with so many tasks or all ranks.
pub(crate) fn mpi(tasks: Option<i64>) -> Result<Box<dyn Execute>, RunError> {
    let tasks = tasks.map(check_workers).transpose()?;
    match Launch::here() {
        Some(launch) if !is_apart() => ranks(launch, tasks),
        // As with processes, a run there is this rank's own.
        Some(_) => Ok(Box::new(Alone)),
        None => match tasks {
            Some(found @ 2..) => Err(RunError::TooFewRanks { found, ranks: 1 }),
            _ => Ok(Box::new(Alone)),
        },
    }
}

#[cfg(feature = "mpi")]
fn ranks(_: Launch, tasks: Option<usize>) -> Result<Box<dyn Execute>, RunError> {
    Ok(Box::new(fascicle_mpi::Mpi::new(tasks)?))
}

#[cfg(not(feature = "mpi"))]
fn ranks(launch: Launch, _: Option<usize>) -> Result<Box<dyn Execute>, RunError> {
    let Launch { launcher, ranks, .. } = launch;
    Err(RunError::WithoutMpi { launcher, ranks })
}

/// Says, once and on one rank, that the program does something else than it says.
fn say_once(launch: Launch, driver: &dyn Execute, asked: Option<i64>) {
    static SAID: Once = Once::new();
    let leads = driver.ranks().is_some_and(|ranks| ranks.manager().is_some());
    if leads {
        SAID.call_once(|| {
            let (launcher, ranks) = (launch.launcher, driver.workers());
            eprintln!(
                "fascicle: {launcher} has started {ranks} ranks, on which parallel_driver_multiprocessing runs{}",
                match asked.filter(|&asked| asked != ranks as i64) {
                    Some(asked) => format!(", not on {asked} workers"),
                    None => String::new(),
                }
            );
        });
    }
}

/// Says, once and on one rank, that threads are each rank's own.
pub(crate) fn say_of_threads() {
    static SAID: Once = Once::new();
    if in_step().is_some_and(|step| step.rank == 0) {
        SAID.call_once(|| {
            eprintln!(
                "fascicle: each rank runs this by itself, on its own threads; parallel_driver_mpi, or \
                 parallel_driver_multiprocessing, shares it"
            );
        });
    }
}

/// Whether this process is the only one of its program, or rank 0 of those that a launcher such as `mpirun`
/// has started: the one that is to print, and to write files that are not [`Data`](crate::Data)'s or
/// charts.
///
/// ```
/// if fascicle::is_leader() {
///     println!("kBT = 0.7");
/// }
/// ```
pub fn is_leader() -> bool {
    Launch::here().and_then(|launch| launch.rank).unwrap_or(0) == 0
}

/// The driver for MPI in a world of one, without MPI.
#[derive(Debug)]
struct Alone;

impl Execute for Alone {
    fn name(&self) -> &'static str {
        "mpi"
    }

    fn workers(&self) -> usize {
        1
    }

    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        Serial.run(work, fold, options, on)
    }
}
