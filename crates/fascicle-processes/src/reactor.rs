//! The supervisor's decisions: who runs which piece, who is replaced, what has failed. News come in,
//! orders go out; there is no input or output here and no clock, only times that come with the news.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Range;
use std::time::Duration;

use fascicle_core::{Cause, Failure, Frame, LogLine, WorkerLost};
use thiserror::Error;

/// The longest between two looks at the workers while the time of one of them runs.
const WATCH: Duration = Duration::from_millis(500);

/// A driver that has not looked for so long was away: stopped, or starved, or busy with a listener.
const AWAY: Duration = Duration::from_secs(1);

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many workers a piece may lose before it has failed.
    pub(crate) attempts: u32,
    /// The longest that a piece may take.
    pub(crate) timeout: Option<Duration>,
    /// The longest that a worker may take to say hello.
    pub(crate) hello: Duration,
    /// How often in a row the same worker may be lost before it begins a piece.
    pub(crate) starts: u32,
    /// How long to wait, each time that a worker cannot be forked, before it is tried again.
    pub(crate) forks: &'static [Duration],
}

/// What has happened to a worker. Times are since the run's beginning.
#[derive(Debug)]
pub(crate) enum News {
    /// It was forked.
    Forked,
    /// It could not be forked.
    NotForked(io::Error),
    /// It has not begun the piece that it was last sent, and never will.
    Untaken,
    /// It has started.
    Hello,
    /// It has finished a piece.
    Finished { piece: u64, log: Vec<LogLine>, result: Result<Frame, Failure> },
    /// A part of a packet has come in: the piece is done, and its result is under way.
    Part,
    /// What it sent was no valid packet.
    Garbled(String),
    /// Its result pipe has come to an end.
    Silence,
    /// The process has ended. Nothing comes after it.
    Ended(WorkerLost),
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Order {
    /// Fork a worker, and tell what came of it.
    Fork { worker: usize },
    /// Have a worker run a piece, and tell if it cannot be sent.
    Send { worker: usize, piece: u64, attempt: u32 },
    /// Kill a worker.
    Kill { worker: usize },
    /// A piece is done or has failed. Each piece comes once.
    Finish { piece: u64, worker: usize, log: Vec<LogLine>, result: Result<Frame, Failure> },
    /// A worker was lost.
    Mourn { worker: usize, lost: WorkerLost, piece: Option<u64> },
    /// A worker cannot be started; the others take its pieces.
    GoOnWithout { worker: usize, why: StartError },
    /// No worker can be started. There are no orders after it.
    GiveUp { worker: usize, why: StartError },
}

/// Why a worker could not be started.
#[derive(Debug, Error)]
pub(crate) enum StartError {
    /// The system refused.
    #[error("it could not be forked: {0}")]
    Fork(#[source] io::Error),
    /// It was lost before it began a piece, too often.
    #[error("before it could run anything, {0}")]
    Lost(WorkerLost),
}

/// What a worker was busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    Starting,
    Nothing,
    Piece(u64),
}

/// What a worker is doing.
#[derive(Debug)]
enum State {
    /// There is no process.
    Absent,
    /// A fork was ordered.
    Forking,
    /// It could not be forked: what is short now may be there again at this time.
    Refused { until: Duration },
    /// It was forked, and has to say hello in time.
    Starting { until: Duration },
    /// It waits for a piece.
    Idle,
    /// It runs a piece.
    Running { piece: u64, until: Option<Duration> },
    /// Its pipe has ended, so it has to end itself in time.
    Leaving { load: Load, until: Duration },
    /// A kill was ordered, for this reason.
    Dying { load: Load, lost: WorkerLost },
    /// It could not be started and is not tried again.
    GivenUp,
}

#[derive(Debug)]
struct Slot {
    state: State,
    /// How often in a row it was lost before it began a piece.
    failed_starts: u32,
    /// How often in a row it could not be forked.
    failed_forks: usize,
}

/// The supervisor's mind.
#[derive(Debug)]
pub(crate) struct Reactor {
    limits: Limits,
    slots: Vec<Slot>,
    fresh: Range<u64>,
    again: VecDeque<u64>,
    /// How many workers each unfinished piece has cost.
    deaths: BTreeMap<u64, u32>,
    unfinished: u64,
    /// When the driver last looked.
    looked: Duration,
    /// What concerns workers; it goes first, so that they work while others are told.
    orders: VecDeque<Order>,
    /// What concerns the book-keeping.
    told: VecDeque<Order>,
}

impl Reactor {
    pub(crate) fn new(workers: usize, limits: Limits) -> Self {
        let slot = || Slot { state: State::Absent, failed_starts: 0, failed_forks: 0 };
        Self {
            limits,
            slots: std::iter::repeat_with(slot).take(workers).collect(),
            fresh: 0..0,
            again: VecDeque::new(),
            deaths: BTreeMap::new(),
            unfinished: 0,
            looked: Duration::ZERO,
            orders: VecDeque::new(),
            told: VecDeque::new(),
        }
    }

    /// Begins a round of pieces. The one before must be done.
    pub(crate) fn begin(&mut self, pieces: Range<u64>, now: Duration) {
        debug_assert!(self.is_done(), "a round begins when the last one is done");
        self.unfinished = pieces.end - pieces.start;
        self.fresh = pieces;
        self.looked = now;
        self.hand_out(now);
    }

    /// Whether all pieces of the round are finished.
    pub(crate) fn is_done(&self) -> bool {
        self.unfinished == 0
    }

    /// What is to be done next.
    pub(crate) fn next_order(&mut self) -> Option<Order> {
        self.orders.pop_front().or_else(|| self.told.pop_front())
    }

    /// When the driver is to look again, if nothing happens before.
    pub(crate) fn next_look(&self) -> Option<Duration> {
        self.deadline().map(|at| at.min(self.looked + WATCH))
    }

    fn deadline(&self) -> Option<Duration> {
        self.slots.iter().filter_map(|slot| slot.state.deadline()).min()
    }

    /// Begins a look: what has happened until now is told next, and then [`Reactor::tick`] comes.
    ///
    /// If the driver was away, that time counts for nobody. Ctrl-Z stops the workers too, and when
    /// all go on, time has passed in which they could do nothing. How long they stood still is not
    /// known, so they are given all of it; a worker that hangs is found that much later.
    pub(crate) fn look(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.looked);
        self.looked = now;
        if passed > AWAY {
            self.slots.iter_mut().for_each(|slot| slot.state.extend(passed));
        }
    }

    /// Takes in what happened to a worker.
    pub(crate) fn hear(&mut self, worker: usize, news: News, now: Duration) {
        match news {
            News::Forked => self.forked(worker, now),
            News::NotForked(error) => self.not_forked(worker, error, now),
            News::Untaken => self.untaken(worker, now),
            News::Hello => self.hello(worker),
            News::Finished { piece, log, result } => self.finished(worker, piece, log, result),
            News::Part => self.part(worker, now),
            News::Garbled(what) => self.condemn(worker, WorkerLost::Garbled(what)),
            News::Silence => self.silence(worker, now),
            News::Ended(lost) => self.ended(worker, lost),
        }
        self.hand_out(now);
    }

    /// Sees to the workers whose time has come.
    pub(crate) fn tick(&mut self, now: Duration) {
        for worker in 0..self.slots.len() {
            if self.slots[worker].state.deadline().is_some_and(|until| until <= now) {
                self.time_is_up(worker);
            }
        }
        self.hand_out(now);
    }

    fn time_is_up(&mut self, worker: usize) {
        let state = &mut self.slots[worker].state;
        let lost = match (&*state, self.limits.timeout) {
            (State::Refused { .. }, _) => return *state = State::Absent,
            (State::Starting { .. }, _) => WorkerLost::Silent(self.limits.hello),
            (State::Running { .. }, Some(limit)) => WorkerLost::TimedOut(limit),
            _ => WorkerLost::Garbled("it closed its pipe and did not end".to_string()),
        };
        self.condemn(worker, lost);
    }

    fn forked(&mut self, worker: usize, now: Duration) {
        let slot = &mut self.slots[worker];
        debug_assert!(matches!(slot.state, State::Forking), "{worker} is {:?}", slot.state);
        slot.state = State::Starting { until: now + self.limits.hello };
        slot.failed_forks = 0;
    }

    fn not_forked(&mut self, worker: usize, error: io::Error, now: Duration) {
        let slot = &mut self.slots[worker];
        if let Some(&wait) = self.limits.forks.get(slot.failed_forks) {
            slot.state = State::Refused { until: now + wait };
            slot.failed_forks += 1;
        } else {
            self.give_up(worker, StartError::Fork(error));
        }
    }

    fn hello(&mut self, worker: usize) {
        let state = &mut self.slots[worker].state;
        if matches!(state, State::Starting { .. }) {
            *state = State::Idle;
        } else {
            self.condemn(worker, WorkerLost::Garbled("it said hello again".to_string()));
        }
    }

    fn finished(
        &mut self,
        worker: usize,
        piece: u64,
        log: Vec<LogLine>,
        result: Result<Frame, Failure>,
    ) {
        let slot = &mut self.slots[worker];
        if matches!(slot.state, State::Running { piece: running, .. } if running == piece) {
            *slot = Slot { state: State::Idle, failed_starts: 0, ..*slot };
            self.finish(piece, worker, log, result);
        } else {
            let what = format!("a result of piece {piece}, which it was not to run");
            self.condemn(worker, WorkerLost::Garbled(what));
        }
    }

    fn part(&mut self, worker: usize, now: Duration) {
        if let State::Running { until: Some(until), .. } = &mut self.slots[worker].state {
            *until = now.saturating_add(self.limits.timeout.unwrap_or_default());
        }
    }

    fn silence(&mut self, worker: usize, now: Duration) {
        let until = now + self.limits.hello;
        let state = &mut self.slots[worker].state;
        if let Some(load) = state.load().filter(|_| !matches!(state, State::Dying { .. })) {
            *state = State::Leaving { load, until };
        }
    }

    /// Takes a piece back from a worker that is lost to it. Someone else runs it, and it is not
    /// charged: what it does cannot be why the worker was lost.
    fn untaken(&mut self, worker: usize, now: Duration) {
        self.silence(worker, now);
        if let State::Leaving { load, .. } | State::Dying { load, .. } =
            &mut self.slots[worker].state
            && let Load::Piece(piece) = std::mem::replace(load, Load::Nothing)
        {
            self.again.push_front(piece);
        }
    }

    /// Kills a worker; what it was busy with is settled when it has ended. One that is dying
    /// already, or of whom there is no process, is left alone.
    fn condemn(&mut self, worker: usize, lost: WorkerLost) {
        let state = &mut self.slots[worker].state;
        if let Some(load) = state.load().filter(|_| !matches!(state, State::Dying { .. })) {
            *state = State::Dying { load, lost };
            self.orders.push_back(Order::Kill { worker });
        }
    }

    fn ended(&mut self, worker: usize, lost: WorkerLost) {
        let state = std::mem::replace(&mut self.slots[worker].state, State::Absent);
        let Some(load) = state.load() else {
            self.slots[worker].state = state;
            return;
        };
        let lost = if let State::Dying { lost, .. } = state { lost } else { lost };
        let piece = if let Load::Piece(piece) = load { Some(piece) } else { None };
        self.told.push_back(Order::Mourn { worker, lost: lost.clone(), piece });
        match load {
            Load::Starting | Load::Nothing => self.start_failed(worker, lost),
            Load::Piece(piece) => self.lost_with(piece, worker, lost),
        }
    }

    fn start_failed(&mut self, worker: usize, lost: WorkerLost) {
        let slot = &mut self.slots[worker];
        slot.failed_starts += 1;
        if slot.failed_starts >= self.limits.starts {
            self.give_up(worker, StartError::Lost(lost));
        }
    }

    fn lost_with(&mut self, piece: u64, worker: usize, lost: WorkerLost) {
        self.slots[worker].failed_starts = 0;
        let deaths = self.deaths.entry(piece).or_default();
        *deaths += 1;
        let attempts = *deaths;
        if attempts < self.limits.attempts {
            self.again.push_back(piece);
        } else {
            let failure = Failure::new(Cause::WorkerLost { lost, attempts });
            self.finish(piece, worker, Vec::new(), Err(failure));
        }
    }

    fn finish(
        &mut self,
        piece: u64,
        worker: usize,
        log: Vec<LogLine>,
        result: Result<Frame, Failure>,
    ) {
        self.deaths.remove(&piece);
        self.unfinished -= 1;
        self.told.push_back(Order::Finish { piece, worker, log, result });
    }

    fn give_up(&mut self, worker: usize, why: StartError) {
        self.slots[worker].state = State::GivenUp;
        let all = self.slots.iter().all(|slot| matches!(slot.state, State::GivenUp));
        self.told.push_back(if all {
            Order::GiveUp { worker, why }
        } else {
            Order::GoOnWithout { worker, why }
        });
    }

    /// Gives a piece to everyone who waits for one, and forks as many workers as can have one of
    /// those that are left; where one was refused, another may be lucky.
    fn hand_out(&mut self, now: Duration) {
        for worker in 0..self.slots.len() {
            if matches!(self.slots[worker].state, State::Idle)
                && let Some(piece) = self.next_piece()
            {
                let until = self.limits.timeout.map(|limit| now.saturating_add(limit));
                self.slots[worker].state = State::Running { piece, until };
                let attempt = self.deaths.get(&piece).copied().unwrap_or(0);
                self.orders.push_back(Order::Send { worker, piece, attempt });
            }
        }
        self.fork_for(self.again.len() as u64 + (self.fresh.end - self.fresh.start));
    }

    fn fork_for(&mut self, pieces: u64) {
        let starts = |slot: &&Slot| matches!(slot.state, State::Forking | State::Starting { .. });
        let mut starting = self.slots.iter().filter(starts).count() as u64;
        for (worker, slot) in self.slots.iter_mut().enumerate() {
            if starting >= pieces {
                return;
            }
            if matches!(slot.state, State::Absent) {
                slot.state = State::Forking;
                self.orders.push_back(Order::Fork { worker });
                starting += 1;
            }
        }
    }

    /// Pieces that have come back go first, so that nobody waits for them at the end.
    fn next_piece(&mut self) -> Option<u64> {
        self.again.pop_front().or_else(|| self.fresh.next())
    }
}

impl State {
    fn deadline(&self) -> Option<Duration> {
        match *self {
            Self::Refused { until } | Self::Starting { until } | Self::Leaving { until, .. } => {
                Some(until)
            }
            Self::Running { until, .. } => until,
            _ => None,
        }
    }

    /// Gives a worker more time, if it has a limit.
    fn extend(&mut self, time: Duration) {
        match self {
            Self::Starting { until }
            | Self::Running { until: Some(until), .. }
            | Self::Leaving { until, .. } => *until = until.saturating_add(time),
            // The time until a worker is forked again is the driver's own.
            _ => {}
        }
    }

    /// What the worker is busy with, if there is a process.
    fn load(&self) -> Option<Load> {
        match *self {
            Self::Absent | Self::Forking | Self::Refused { .. } | Self::GivenUp => None,
            Self::Starting { .. } => Some(Load::Starting),
            Self::Idle => Some(Load::Nothing),
            Self::Running { piece, .. } => Some(Load::Piece(piece)),
            Self::Leaving { load, .. } | Self::Dying { load, .. } => Some(load),
        }
    }
}

#[cfg(test)]
mod tests;
