//! Pieces on a rayon pool that lives for one run.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::cores::with_share;
use crate::drivers::{Rounds, attempt};
use crate::execute::check_workers;
use crate::{
    Context, Execute, ExecuteOptions, Failure, Fold, Frame, Listener, LogLine, Report, RunError,
    Work, available_cores, share_of_cores,
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

    /// With a worker per core that a run may use here; see [`available_cores`].
    pub fn all_cores() -> Self {
        Self { workers: available_cores() }
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
        let mut rounds = Rounds::begin(work, fold, on, options, (self.name(), self.workers));
        rounds.warn_of_cores(self.workers, available_cores());
        loop {
            run_round(&pool, self.workers, shared, options, &mut rounds);
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
    options: &ExecuteOptions,
    rounds: &mut Rounds<'_, '_>,
) {
    let Some(first) = rounds.next_piece() else {
        return;
    };
    let next = AtomicU64::new(first);
    let end = rounds.progress().all_pieces;
    let stop = AtomicBool::new(false);
    let share = share_of_cores(workers);
    pool.in_place_scope(|scope| {
        let (send, receive) = sync_channel(2 * workers);
        for worker in 0..workers {
            let (send, next, stop) = (send.clone(), &next, &stop);
            let cx =
                move || Context::new(worker).with_stop(stop).with_cancel(options.cancel.clone());
            scope.spawn(move |_| with_share(share, || work_through(work, cx, next, end, &send)));
        }
        drop(send);
        collect(&receive, rounds, &stop);
    });
    // The counter handed the pieces out; the book-keeping follows.
    while rounds.next_piece().is_some() {}
}

fn work_through<'a>(
    work: &(dyn Work + Sync),
    context: impl Fn() -> Context<'a>,
    next: &AtomicU64,
    end: u64,
    send: &SyncSender<Finished>,
) {
    loop {
        let mut cx = context();
        let piece = next.fetch_add(1, Ordering::Relaxed);
        if piece >= end || cx.cancelled() {
            return;
        }
        let mut frame = Frame::default();
        let result = attempt(work, piece, &mut cx, &mut frame).map(|()| frame);
        let finished = Finished { piece, worker: cx.worker(), log: cx.take_log(), result };
        if send.send(finished).is_err() {
            return;
        }
    }
}

/// Merges what comes in. After an interruption, whole results that still come are merged.
fn collect(receive: &Receiver<Finished>, rounds: &mut Rounds<'_, '_>, stop: &AtomicBool) {
    for Finished { piece, worker, log, result } in receive {
        rounds.finish(piece, worker, &log, result.as_ref().map_err(Clone::clone));
        if rounds.interrupted() {
            stop.store(true, Ordering::Relaxed);
        }
    }
}
