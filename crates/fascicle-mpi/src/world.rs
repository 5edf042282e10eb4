//! The ranks of this program: started at the first run, there until the process ends.

use std::io::{self, Write};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fascicle_core::{InStep, Launch, Meeting, RunError, available_cores, run_in_step};
use mpi::Threading;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator;

use crate::courier::{Courier, Shared};
use crate::desk::{Desk, Leave};
use crate::guard::Guard;
use crate::message::{Errand, Passed, Word};
use crate::post::{Post, is_ending_the_job};
use crate::quiet::{Overheard, Quiet};
use crate::sibling::Sibling;
use crate::start::{LONG, Watch};
use crate::{DRIVER, sys};

/// How long a rank waits for news before it looks again: a wait has an end in any case.
pub(crate) const LOOK: Duration = Duration::from_millis(100);

/// How long the end of the job may take once it was asked for.
const END: Duration = Duration::from_secs(5);

/// The ranks, as one of them sees them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) shared: Arc<Shared>,
    pub(crate) rank: usize,
    pub(crate) size: usize,
    pub(crate) host: String,
    /// The standard output, of ranks that follow.
    pub(crate) quiet: Option<Quiet>,
    /// The cores that are this rank's, for what runs inside of a piece.
    pub(crate) share: usize,
    /// How many ranks are on this host, and how many cores it has.
    pub(crate) on_host: (usize, usize),
}

/// MPI can be started once in a process.
static WORLD: OnceLock<Result<World, String>> = OnceLock::new();

/// What is dropped at the end: MPI, and then the guard, which hears that all is well.
static LAST: Mutex<(Option<Universe>, Option<Guard>)> = Mutex::new((None, None));

impl World {
    /// The ranks of this program, started if they are not yet.
    pub(crate) fn get() -> Result<&'static Self, RunError> {
        let world = WORLD.get_or_init(Self::start);
        world.as_ref().map_err(|why| RunError::Driver {
            driver: DRIVER,
            action: "start MPI".to_string(),
            source: io::Error::other(why.clone()).into(),
        })
    }

    fn start() -> Result<Self, String> {
        let guard = Guard::begin();
        let waiting = Watch::begin();
        let started = mpi::initialize_with_threading(Threading::Multiple);
        drop(waiting);
        let Some((universe, threading)) = started else {
            guard.into_iter().for_each(Guard::end);
            return Err(
                "it was started already: leave that to fascicle, and use MPI_COMM_WORLD after its \
                        first run"
                    .to_string(),
            );
        };
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = (Some(universe), guard);
        sys::at_exit(at_exit);
        let world = SimpleCommunicator::world();
        Self::begin(threading, &world).inspect_err(|why| {
            if world.size() > 1 {
                // The others wait for this rank already.
                let _ =
                    writeln!(io::stderr(), "fascicle: rank {} cannot begin: {why}", world.rank());
                world.abort(70);
            }
        })
    }

    fn begin(threading: Threading, world: &SimpleCommunicator) -> Result<Self, String> {
        let (rank, size) = (world.rank() as usize, world.size() as usize);
        check(threading, size)?;
        let (quiet, overheard) = match rank {
            0 => (None, None),
            _ => Quiet::begin()
                .map(|(quiet, heard)| (Some(quiet), Some(heard)))
                .map_err(|error| error.to_string())?,
        };
        let host = mpi::environment::processor_name().unwrap_or_default();
        let shared = Shared::new(Desk::new(rank, size));
        // From here on that thread alone calls MPI.
        let on_host = (start_courier(&shared, overheard)?, all_cores());
        if size > 1 {
            run_in_step(InStep { rank, meet });
        }
        Ok(Self { shared, rank, size, host, quiet, share: share_of(on_host), on_host })
    }

    /// Leader: waits until all have come for the same, and gives what they have come with.
    pub(crate) fn collect(&self, mine: &Errand) -> Vec<(usize, Errand)> {
        let (started, mut said) = (Instant::now(), false);
        let mut there = Vec::new();
        for rank in 1..self.size {
            let errand = loop {
                if let Some(errand) = self.shared.wait(LOOK, |desk| desk.next_arrival(rank, mine)) {
                    break errand;
                }
                if !said && started.elapsed() > LONG {
                    said = true;
                    let (seconds, doing) = (LONG.as_secs(), mine.told());
                    let _ = writeln!(
                        io::stderr(),
                        "fascicle: rank 0 has waited {seconds} s for rank {rank}, {doing}"
                    );
                }
            };
            if errand.told() != mine.told() {
                let (there, here) = (errand.told(), mine.told());
                self.end_job(
                    &format!(
                        "rank {rank} is {there}, and rank 0 is {here}: all ranks must make the same calls in the \
                         same order"
                    ),
                    70,
                );
            }
            there.push((rank, errand));
        }
        there
    }

    /// Others: comes for something.
    pub(crate) fn arrive(&self, errand: &Errand) -> u64 {
        self.shared.with(|desk| {
            let at = desk.at;
            desk.send(0, &Word::Arrived { at, errand: errand.clone() });
            at
        })
    }

    /// Ends all ranks.
    pub(crate) fn end_job(&self, why: &str, code: i32) -> ! {
        self.shared.with(|desk| desk.end_job(why.to_string(), code));
        thread::sleep(END);
        std::process::abort()
    }

    pub(crate) fn meet(&self, meeting: Meeting<'_>) -> Option<String> {
        let Meeting { what, failed, leader_waits } = meeting;
        if !self.shared.desk().enter() {
            // Another thread is in a run.
            return failed;
        }
        let errand = Errand::Meet { what: what.to_string() };
        let failed = if self.rank == 0 {
            if leader_waits {
                self.collect(&errand);
            }
            let passed = Passed { told: errand.told(), failed: failed.clone() };
            self.shared.with(|desk| desk.tell(&Word::GoOn { at: desk.at, passed }));
            failed
        } else {
            self.arrive(&errand);
            loop {
                if let Some(passed) = self.shared.wait(LOOK, |desk| desk.take_passed(&errand)) {
                    break passed.failed;
                }
            }
        };
        self.shared.with(Desk::next_occasion);
        failed
    }
}

/// Waits for the other ranks.
fn meet(meeting: Meeting<'_>) -> Option<String> {
    match WORLD.get() {
        Some(Ok(world)) => world.meet(meeting),
        _ => meeting.failed,
    }
}

/// Refuses a world in which nothing good would come of it.
fn check(threading: Threading, size: usize) -> Result<(), String> {
    if threading < Threading::Serialized {
        return Err(format!(
            "this MPI library allows threads {threading:?}, expected Serialized at least"
        ));
    }
    match Launch::here() {
        Some(Launch { launcher, ranks: Some(ranks), .. }) if ranks != size => Err(format!(
            "{launcher} has started {ranks} ranks, but MPI knows of {size}: they do not find each other. Use the \
             launcher that belongs to the MPI library of this program ({}), or with srun the right --mpi, \
             as in `srun --mpi=pmix`",
            mpi::environment::library_version()
                .unwrap_or_default()
                .lines()
                .next()
                .unwrap_or_default()
        )),
        _ => Ok(()),
    }
}

/// Starts the thread that speaks to the others; gives the number of ranks on this host.
fn start_courier(shared: &Arc<Shared>, overheard: Option<Overheard>) -> Result<usize, String> {
    let (tell, told) = mpsc::channel();
    let shared = Arc::clone(shared);
    let courier = move || {
        // All ranks do this, in this order, before anything else.
        let world = SimpleCommunicator::world();
        let on_host = std::mem::ManuallyDrop::new(world.split_shared(world.rank()));
        let sibling = Sibling::among(&on_host, world.rank() as usize);
        let post = Post::new(world.duplicate());
        let _ = tell.send(on_host.size() as usize);
        Courier::new(shared, post, overheard, sibling).work();
    };
    let started = thread::Builder::new().name("fascicle-mpi".to_string()).spawn(courier);
    started.map_err(|error| format!("no thread for its messages could be started: {error}"))?;
    told.recv().map_err(|error| error.to_string())
}

/// The cores of this host, whoever is bound to which.
fn all_cores() -> usize {
    let all = nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_ONLN);
    all.ok().flatten().map_or(1, |all| all as usize)
}

/// The cores of one of so many ranks: those that it is bound to, or its part of all.
fn share_of((ranks, cores): (usize, usize)) -> usize {
    available_cores().min((cores / ranks.max(1)).max(1))
}

/// When this process exits: by its own will all take leave of each other, and by an error all end.
extern "C" fn at_exit(code: i32, _: *mut std::ffi::c_void) {
    if is_ending_the_job() {
        return;
    }
    let Some(Ok(world)) = WORLD.get() else {
        // Where MPI could not be used, it is ended all the same; but nobody is waited for after an error.
        if code == 0 {
            end_mpi();
        }
        return;
    };
    let shared = &world.shared;
    let in_run = shared.desk().running;
    if code != 0 || in_run {
        let when = if in_run { " in the middle of a run" } else { "" };
        let why = format!("its program ends with code {code}{when}{}", crate::piece::told());
        // Nobody is to take this for success.
        world.end_job(&why, if code == 0 { 70 } else { code });
    }
    shared.with(|desk| desk.leave = Leave::Wishes);
    // The others may have much to do yet.
    while shared.wait(LOOK, |desk| (desk.leave == Leave::Gone).then_some(())).is_none() {}
    end_mpi();
}

fn end_mpi() {
    let (universe, guard) =
        std::mem::take(&mut *LAST.lock().unwrap_or_else(PoisonError::into_inner));
    drop(universe);
    guard.into_iter().for_each(Guard::end);
}
