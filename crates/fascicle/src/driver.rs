//! The drivers under QC Lab's names, and the one door underneath.

use std::borrow::Borrow;
#[cfg(doc)]
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fascicle_core::{
    Data, Ensemble, EnsembleError, Execute, Listener, RunError, RunOptions, Serial, SyncDue,
    Threads, available_cores, check_workers, ignore_events, in_step, run_ensemble,
};
use fascicle_dynamics::{Algorithm, Model, Simulation};
use fascicle_processes::Processes;

use crate::error::{Error, rescue};
use crate::launched::{self, Place};
use crate::progress::Progress;
use crate::watch::Watch;

/// Where a simulation runs.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use fascicle::core::Event;
/// use fascicle::prelude::*;
///
/// let mut sim = Simulation::new(SpinBoson { A: 5, ..Default::default() }, MeanField::default());
/// sim.settings.tmax = 1.0;
/// sim.settings.dt_update = 0.05;
/// sim.settings.progress_bar = false;
/// sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
///
/// let first = Driver::Threads(2).run(&sim, RunOptions::new().with_seeds(0..60_u64))?;
/// let both = Driver::Processes(3).run(&sim, RunOptions::new().with_append(first).with_seeds(60..100_u64))?;
/// assert_eq!(both, Driver::Serial.run(&sim, RunOptions::new())?); // 100 at once
///
/// // With a checkpoint a run that was cut off goes on where it was: here after three batches.
/// # let folder = std::env::temp_dir().join(format!("fascicle-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).expect("a folder");
/// # let path = folder.join("run.journal");
/// let options = RunOptions::new().with_checkpoint(&path);
/// let mut batches = 0;
/// Driver::Serial.run_with(&sim, &options, &mut |event| {
///     batches += i32::from(matches!(event, Event::Done { .. }));
///     if batches < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
/// })?;
/// let data = Driver::Processes(2).run(&sim, &options)?;
/// assert_eq!(data, both);
/// assert_eq!(data.provenance().runs[0].resumed, 96);
/// # std::fs::remove_dir_all(&folder).expect("it is there");
/// # Ok::<(), fascicle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Driver {
    /// One batch after another, here. In a program on several ranks each does so by itself; with a
    /// checkpoint, which is one file, rank 0 does, and the others wait.
    Serial,
    /// On this many threads of this process, and on ranks as above.
    Threads(usize),
    /// On this many worker processes, forked from this one. In a program that `mpirun` or `srun` has
    /// started on several ranks, on these instead.
    Processes(usize),
    /// On the ranks of a program that `mpirun` or `srun` has started: all, or as many as the options'
    /// tasks. Without a launcher that is one, this process.
    Mpi,
}

impl Driver {
    /// Runs a simulation. The number of tasks is the driver's; that of the options is not looked at, but
    /// for [`Driver::Mpi`].
    ///
    /// # Errors
    /// Anything wrong with the simulation or the options, found before a worker starts; batches that
    /// failed, after all others are finished (on [`Driver::Mpi`] the first one ends the run, unless
    /// [`OnFailure::Drop`](crate::OnFailure::Drop) is asked for), and what is finished is in a file that the error
    /// names.
    pub fn run<M: Model, A: Algorithm>(
        self,
        sim: impl Borrow<Simulation<M, A>>,
        options: impl Into<RunOptions>,
    ) -> Result<Data, Error> {
        self.run_with(sim, options, &mut ignore_events)
    }

    /// Runs a simulation and tells a listener what happens. A listener that returns
    /// [`ControlFlow::Break`] ends the run, which is then `Ok` with data that say they are incomplete.
    ///
    /// # Errors
    /// As [`Driver::run`].
    pub fn run_with<M: Model, A: Algorithm>(
        self,
        sim: impl Borrow<Simulation<M, A>>,
        options: impl Into<RunOptions>,
        on: &mut Listener<'_>,
    ) -> Result<Data, Error> {
        let sim = sim.borrow();
        let options = options.into().with_checkpoint_sync(each_second());
        let shown = options.progress_bar().unwrap_or(sim.settings.progress_bar);
        let mut driver = self.place(options.tasks())?;
        if options.checkpoint().is_some() {
            driver = launched::with_checkpoint(driver)?;
        } else if matches!(self, Self::Threads(_)) {
            launched::say_of_threads();
        }
        run(&sim.prepare()?, driver.as_ref(), options, shown, on)
    }

    /// The driver itself, for work of other kinds.
    ///
    /// # Errors
    /// When the number of tasks is 0, or too large to be meant, or MPI cannot be used.
    pub fn execute(self) -> Result<Box<dyn Execute>, RunError> {
        self.place(None)
    }

    fn place(self, asked: Option<i64>) -> Result<Box<dyn Execute>, RunError> {
        let count = |tasks: usize| i64::try_from(tasks).unwrap_or(i64::MAX);
        launched::begin()?;
        Ok(match self {
            Self::Serial => Box::new(Serial),
            Self::Threads(tasks) => Box::new(Threads::new(count(tasks))?),
            Self::Processes(tasks) => {
                let processes = Processes::new(count(tasks))?;
                match launched::instead_of_processes(asked)? {
                    Place::Here => Box::new(processes),
                    Place::On(driver) => driver,
                }
            }
            Self::Mpi => launched::mpi(asked)?,
        })
    }
}

/// Has a checkpoint brought to the disk once a second.
fn each_second() -> SyncDue {
    const BETWEEN: Duration = Duration::from_secs(1);
    let last = Mutex::new(Instant::now());
    SyncDue::new(move || {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.elapsed() >= BETWEEN;
        if due {
            *last = Instant::now();
        }
        due
    })
}

/// Runs an ensemble, whatever its model: everything that is not generic.
fn run(
    ensemble: &dyn Ensemble,
    driver: &dyn Execute,
    options: RunOptions,
    shown: bool,
    on: &mut Listener<'_>,
) -> Result<Data, Error> {
    let follows = in_step().is_some_and(|step| step.rank > 0);
    let mut progress = Progress::new(shown && !follows);
    let (options, watch) = Watch::begin(options);
    let start = Instant::now();
    let result = run_ensemble(ensemble, driver, &options, &mut |event| {
        // What there is to say of a run its leader says.
        if !follows {
            progress.on(event);
        }
        on(event)
    });
    let seconds = start.elapsed().as_secs_f64();
    progress.finish(finished(&result));
    let heeded = result.as_ref().is_ok_and(is_interrupted);
    let result = result.map_err(|error| rescue(error, seconds, options.checkpoint()));
    // Not before what is finished is safe.
    let checkpoint = options.checkpoint().filter(|_| !follows);
    watch.end(heeded, checkpoint);
    result.map(|mut data| {
        data.set_elapsed(seconds);
        data
    })
}

/// Whether the last run was ended early.
fn is_interrupted(data: &Data) -> bool {
    data.provenance().runs.last().is_some_and(|run| run.interrupted)
}

/// How many trajectories a run has finished.
fn finished(result: &Result<Data, EnsembleError>) -> u64 {
    let data = match result {
        Ok(data) => data,
        Err(
            EnsembleError::Failed { finished, .. }
            | EnsembleError::Stopped { finished, .. }
            | EnsembleError::UnknownOutput { finished: Some(finished), .. },
        ) => finished.as_ref(),
        Err(_) => return 0,
    };
    data.provenance().runs.last().map_or(0, |run| run.trajectories)
}

/// Runs a simulation serially, as QC Lab's `serial_driver`.
///
/// # Errors
/// As [`Driver::run`].
pub fn serial_driver<M: Model, A: Algorithm>(
    sim: impl Borrow<Simulation<M, A>>,
) -> Result<Data, Error> {
    Driver::Serial.run(sim, RunOptions::new())
}

/// Runs a simulation on threads of this process. `tasks` is a number, `None` for all cores, or
/// [`RunOptions`].
///
/// # Errors
/// As [`Driver::run`].
pub fn parallel_driver_threads<M: Model, A: Algorithm>(
    sim: impl Borrow<Simulation<M, A>>,
    tasks: impl Into<RunOptions>,
) -> Result<Data, Error> {
    let options = tasks.into();
    Driver::Threads(tasks_of(&options)?).run(sim, options)
}

/// Runs a simulation on worker processes, as QC Lab's `parallel_driver_multiprocessing`. `tasks` is a
/// number, `None` for all cores, or [`RunOptions`].
///
/// Workers are forked from this process, so that they have the simulation as it is: nothing needs to
/// be serialised. What they print is relayed with a prefix; a worker that dies is replaced, and its
/// batch run again.
///
/// # Errors
/// As [`Driver::run`].
pub fn parallel_driver_multiprocessing<M: Model, A: Algorithm>(
    sim: impl Borrow<Simulation<M, A>>,
    tasks: impl Into<RunOptions>,
) -> Result<Data, Error> {
    let options = tasks.into();
    Driver::Processes(tasks_of(&options)?).run(sim, options)
}

/// Runs a simulation on the ranks of this program, which `mpirun` or `srun` has started, as QC Lab's
/// `parallel_driver_mpi`. `tasks` is a number, at most that of the ranks, `None` for all of them, or
/// [`RunOptions`].
///
/// All ranks make the same calls in the same order, and have the same data in the end. Rank 0 hands
/// batches out, computes itself, merges, keeps the checkpoint and saves files; the others print nothing.
/// Without a launcher there is one rank, and MPI is not started. It needs the feature `mpi` otherwise.
///
/// # Errors
/// As [`Driver::run`], and when there are not so many ranks, or they are about to run different things. A
/// program that ends with an error on one rank ends on all.
pub fn parallel_driver_mpi<M: Model, A: Algorithm>(
    sim: impl Borrow<Simulation<M, A>>,
    tasks: impl Into<RunOptions>,
) -> Result<Data, Error> {
    Driver::Mpi.run(sim, tasks)
}

/// The number of tasks asked for, or that of the cores.
fn tasks_of(options: &RunOptions) -> Result<usize, RunError> {
    match options.tasks() {
        Some(tasks) => check_workers(tasks),
        None => Ok(available_cores()),
    }
}
