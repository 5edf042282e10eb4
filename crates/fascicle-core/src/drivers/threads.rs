//! Pieces on a rayon pool that lives for one run.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::drivers::{Rounds, attempt};
use crate::execute::check_workers;
use crate::{
    Context, Execute, ExecuteOptions, Failure, Fold, Frame, Listener, LogLine, Report, RunError,
    Work,
};

/// Runs pieces on threads of this process, in a rayon pool that lives for one run. The calling
/// thread merges and listens.
///
/// The work must be [`shared`](Work::shared). A piece that calls rayon itself runs on the same pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    workers: usize,
}

/// What a worker sends back.
struct Finished {
    piece: u64,
    worker: usize,
    log: Vec<LogLine>,
    result: Result<Frame, Failure>,
}

impl Threads {
    /// With this many workers.
    ///
    /// # Errors
    /// When it is not in `1..=4096`.
    pub fn new(workers: i64) -> Result<Self, RunError> {
        Ok(Self { workers: check_workers(workers)? })
    }

    /// With a worker per core that this process may use.
    pub fn all_cores() -> Self {
        Self { workers: std::thread::available_parallelism().map_or(1, usize::from) }
    }

    fn pool(self) -> Result<ThreadPool, RunError> {
        let builder = ThreadPoolBuilder::new().num_threads(self.workers);
        let pool = builder.thread_name(|n| format!("fascicle-{n}")).build();
        pool.map_err(|error| RunError::Driver {
            driver: self.name(),
            action: format!("start {} threads", self.workers),
            source: Box::new(error),
        })
    }
}

impl Execute for Threads {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        super::check(self.name(), work, options)?;
        let shared = work.shared().ok_or(RunError::NotShareable)?;
        let pool = self.pool()?;
        let mut rounds = Rounds::begin(work, fold, on, self.name(), self.workers);
        loop {
            run_round(&pool, self.workers, shared, &mut rounds);
            if !rounds.another_round() {
                return Ok(rounds.end());
            }
        }
    }
}

/// Runs the pieces of one round. Workers take piece numbers from a counter; the channel holds few
/// results, so that workers wait when merging is slower than they are.
fn run_round(
    pool: &ThreadPool,
    workers: usize,
    work: &(dyn Work + Sync),
    rounds: &mut Rounds<'_, '_>,
) {
    let Some(first) = rounds.next_piece() else {
        return;
    };
    let next = AtomicU64::new(first);
    let end = rounds.progress().all_pieces;
    let stop = AtomicBool::new(false);
    pool.in_place_scope(|scope| {
        let (send, receive) = sync_channel(2 * workers);
        for worker in 0..workers {
            let (send, next, stop) = (send.clone(), &next, &stop);
            scope.spawn(move |_| work_through(work, worker, next, end, stop, &send));
        }
        drop(send);
        collect(&receive, rounds, &stop);
    });
    // The counter handed the pieces out; the book-keeping follows.
    while rounds.next_piece().is_some() {}
}

fn work_through(
    work: &(dyn Work + Sync),
    worker: usize,
    next: &AtomicU64,
    end: u64,
    stop: &AtomicBool,
    send: &SyncSender<Finished>,
) {
    while !stop.load(Ordering::Relaxed) {
        let piece = next.fetch_add(1, Ordering::Relaxed);
        if piece >= end {
            return;
        }
        let mut frame = Frame::default();
        let mut cx = Context::new(worker).with_stop(stop);
        let result = attempt(work, piece, &mut cx, &mut frame).map(|()| frame);
        let finished = Finished { piece, worker, log: cx.take_log(), result };
        if send.send(finished).is_err() {
            return;
        }
    }
}

/// Merges what comes in. After an interruption, whole results that still come are merged, and
/// pieces that were cancelled are left out.
fn collect(receive: &Receiver<Finished>, rounds: &mut Rounds<'_, '_>, stop: &AtomicBool) {
    for Finished { piece, worker, log, result } in receive {
        let cancelled = matches!(&result, Err(failure) if failure.cause == crate::Cause::Cancelled);
        if !(cancelled && rounds.interrupted()) {
            rounds.finish(piece, worker, &log, result.as_ref().map_err(Clone::clone));
        }
        if rounds.interrupted() {
            stop.store(true, Ordering::Relaxed);
        }
    }
}
