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
    /// The longest that a worker may take to say hello, each time that it is lost in a row before it
    /// begins a piece. After the last time it is given up.
    pub(crate) hello: &'static [Duration],
    /// How long to wait, each time in a row that a worker cannot be forked, before it is tried again.
    /// The last of them is for runs in which a worker has started before: others give it up then.
    pub(crate) forks: &'static [Duration],
    /// How much a worker may have before it.
    pub(crate) ahead: Ahead,
}

/// How many pieces a worker is sent while it runs another, so that it need not wait for the driver
/// between short ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead {
    /// No more pieces than this.
    pub(crate) pieces: usize,
    /// No more than it is likely to run in this time: none, if they take longer.
    pub(crate) time: Duration,
    /// No more than each worker's share of what is left, divided by this.
    pub(crate) share: usize,
}

/// What has happened to a worker. Times are since the run's beginning.
#[derive(Debug)]
pub(crate) enum News {
    /// It was forked.
    Forked,
    /// It could not be forked.
    NotForked(io::Error),
    /// It is lost, and has not begun the last pieces that it was sent, so many.
    Untaken { pieces: usize },
    /// The last pieces that it was sent, so many, were taken back before it had begun them.
    TakenBack { pieces: usize },
    /// It has started.
    Hello,
    /// It has finished a piece.
    Finished { piece: u64, took: Duration, log: Vec<LogLine>, result: Result<Frame, Failure> },
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
    /// Have a worker run a piece, after those that it was sent before, and tell if it cannot be sent.
    Send { worker: usize, piece: u64, attempt: u32 },
    /// Take back what a worker was sent and has not begun, and tell how much it was.
    TakeBack { worker: usize },
    /// Kill a worker.
    Kill { worker: usize },
    /// A piece is done or has failed. Each piece comes once.
    Finish { piece: u64, worker: usize, log: Vec<LogLine>, result: Result<Frame, Failure> },
    /// A worker was lost.
    Mourn { worker: usize, lost: WorkerLost, piece: Option<u64> },
    /// A worker cannot be forked, and is tried again now and then. This is said once in a row.
    Wait { worker: usize, why: io::Error },
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
    /// The pieces that it was sent while it ran another, and is to run after that.
    ahead: VecDeque<u64>,
    /// Whether what it has not begun was taken back since it was sent the last of them.
    emptied: bool,
    /// How often in a row it was lost before it began a piece.
    failed_starts: usize,
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
    /// Whether a worker has ever started.
    begun: bool,
    /// How long pieces take, the later ones counting more.
    pace: Option<Duration>,
    /// When the driver last looked.
    looked: Duration,
    /// What concerns workers; it goes first, so that they work while others are told.
    orders: VecDeque<Order>,
    /// What concerns the book-keeping.
    told: VecDeque<Order>,
}

impl Reactor {
    pub(crate) fn new(workers: usize, limits: Limits) -> Self {
        let slot = || Slot {
            state: State::Absent,
            ahead: VecDeque::new(),
            emptied: true,
            failed_starts: 0,
            failed_forks: 0,
        };
        Self {
            limits,
            slots: std::iter::repeat_with(slot).take(workers).collect(),
            fresh: 0..0,
            again: VecDeque::new(),
            deaths: BTreeMap::new(),
            unfinished: 0,
            begun: false,
            pace: None,
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
            News::Untaken { pieces } => self.untaken(worker, pieces, now),
            News::TakenBack { pieces } => self.taken_back(worker, pieces),
            News::Hello => self.hello(worker),
            News::Finished { piece, took, log, result } => {
                if self.next(worker, piece, took, now) {
                    self.finish(piece, worker, log, result);
                }
            }
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
        let hello = self.hello_of(worker);
        let state = &mut self.slots[worker].state;
        let lost = match (&*state, self.limits.timeout) {
            (State::Refused { .. }, _) => return *state = State::Absent,
            (State::Starting { .. }, _) => WorkerLost::Silent(hello),
            (State::Running { .. }, Some(limit)) => WorkerLost::TimedOut(limit),
            _ => WorkerLost::Garbled("it closed its pipe and did not end".to_string()),
        };
        self.condemn(worker, lost);
    }

    fn forked(&mut self, worker: usize, now: Duration) {
        let until = now + self.hello_of(worker);
        let slot = &mut self.slots[worker];
        debug_assert!(matches!(slot.state, State::Forking), "{worker} is {:?}", slot.state);
        slot.state = State::Starting { until };
        slot.failed_forks = 0;
    }

    /// The longest that a worker may take to say hello this time.
    fn hello_of(&self, worker: usize) -> Duration {
        let Limits { hello, .. } = self.limits;
        let at = self.slots[worker].failed_starts;
        hello.get(at).or(hello.last()).copied().unwrap_or_default()
    }

    fn not_forked(&mut self, worker: usize, error: io::Error, now: Duration) {
        let slot = &mut self.slots[worker];
        let Some((&last, waits)) = self.limits.forks.split_last() else {
            return self.give_up(worker, StartError::Fork(error));
        };
        let wait = waits.get(slot.failed_forks).copied().or(self.begun.then_some(last));
        let Some(wait) = wait else {
            return self.give_up(worker, StartError::Fork(error));
        };
        slot.state = State::Refused { until: now + wait };
        slot.failed_forks += 1;
        if slot.failed_forks == self.limits.forks.len() {
            self.told.push_back(Order::Wait { worker, why: error });
        }
    }

    fn hello(&mut self, worker: usize) {
        let state = &mut self.slots[worker].state;
        if matches!(state, State::Starting { .. }) {
            *state = State::Idle;
            self.begun = true;
        } else {
            self.condemn(worker, WorkerLost::Garbled("it said hello again".to_string()));
        }
    }

    /// Notes that a worker has finished a piece, if it ran it, and is at the next one. A worker that
    /// is gone has done so before.
    fn next(&mut self, worker: usize, piece: u64, took: Duration, now: Duration) -> bool {
        let until = self.until(now);
        let slot = &mut self.slots[worker];
        let next = slot.ahead.front().copied();
        match &mut slot.state {
            State::Running { piece: running, .. } if *running == piece => {
                slot.state = next.map_or(State::Idle, |piece| State::Running { piece, until });
            }
            State::Leaving { load, .. } if *load == Load::Piece(piece) => {
                *load = next.map_or(Load::Nothing, Load::Piece);
            }
            _ => {
                let what = format!("a result of piece {piece}, which it was not to run");
                self.condemn(worker, WorkerLost::Garbled(what));
                return false;
            }
        }
        slot.ahead.pop_front();
        slot.failed_starts = 0;
        self.pace = Some(self.pace.map_or(took, |pace| (pace * 3).saturating_add(took) / 4));
        self.send_ahead(worker);
        true
    }

    fn part(&mut self, worker: usize, now: Duration) {
        if let State::Running { until: Some(until), .. } = &mut self.slots[worker].state {
            *until = now.saturating_add(self.limits.timeout.unwrap_or_default());
        }
    }

    fn silence(&mut self, worker: usize, now: Duration) {
        let until = now + self.limits.hello.last().copied().unwrap_or_default();
        let state = &mut self.slots[worker].state;
        if let Some(load) = state.load().filter(|_| !matches!(state, State::Dying { .. })) {
            *state = State::Leaving { load, until };
        }
    }

    /// Takes pieces back from a worker that is lost to them.
    fn untaken(&mut self, worker: usize, pieces: usize, now: Duration) {
        self.silence(worker, now);
        self.take_back(worker, pieces);
    }

    fn taken_back(&mut self, worker: usize, pieces: usize) {
        self.take_back(worker, pieces);
        self.slots[worker].emptied = true;
    }

    /// Takes back the last pieces that a worker was sent. Someone else runs them, and they are not
    /// charged: what they do cannot be why a worker was lost.
    fn take_back(&mut self, worker: usize, pieces: usize) {
        let slot = &mut self.slots[worker];
        for _ in 0..pieces {
            let piece = slot.ahead.pop_back().or_else(|| slot.state.take_piece());
            piece.into_iter().for_each(|piece| self.again.push_front(piece));
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
        let ahead = self.slots[worker].ahead.len();
        self.take_back(worker, ahead);
        self.told.push_back(Order::Mourn { worker, lost: lost.clone(), piece });
        match load {
            Load::Starting | Load::Nothing => self.start_failed(worker, lost),
            Load::Piece(piece) => self.lost_with(piece, worker, lost),
        }
    }

    fn start_failed(&mut self, worker: usize, lost: WorkerLost) {
        let slot = &mut self.slots[worker];
        slot.failed_starts += 1;
        if slot.failed_starts >= self.limits.hello.len() {
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
            let failure =
                Failure::new(Cause::WorkerLost { lost, attempts, last_words: Vec::new() });
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
    /// those that nobody has begun; where one was refused, another may be lucky. Nobody waits while
    /// there are pieces behind others.
    fn hand_out(&mut self, now: Duration) {
        let mut waiting = false;
        for worker in 0..self.slots.len() {
            if !matches!(self.slots[worker].state, State::Idle) {
                continue;
            }
            let Some(piece) = self.next_piece() else {
                waiting = true;
                break;
            };
            self.slots[worker].state = State::Running { piece, until: self.until(now) };
            self.send(worker, piece);
            self.send_ahead(worker);
        }
        if waiting {
            self.order_back();
        }
        let ahead = |slot: &Slot| if slot.emptied { 0 } else { slot.ahead.len() };
        let behind = self.slots.iter().map(ahead).sum::<usize>() as u64;
        self.fork_for(self.left() + behind);
    }

    fn until(&self, now: Duration) -> Option<Duration> {
        self.limits.timeout.map(|limit| now.saturating_add(limit))
    }

    fn send(&mut self, worker: usize, piece: u64) {
        let attempt = self.deaths.get(&piece).copied().unwrap_or(0);
        self.orders.push_back(Order::Send { worker, piece, attempt });
    }

    /// Sends a worker that has begun a piece those that it may have before it: many at once, when it
    /// has run half of what it had.
    fn send_ahead(&mut self, worker: usize) {
        let most = self.most_ahead();
        let there = self.slots[worker].ahead.len();
        let running = matches!(self.slots[worker].state, State::Running { .. });
        if !running || there > most / 2 {
            return;
        }
        for _ in there..most {
            let Some(piece) = self.next_piece() else {
                return;
            };
            self.slots[worker].ahead.push_back(piece);
            self.slots[worker].emptied = false;
            self.send(worker, piece);
        }
    }

    /// How many pieces a worker may have before it. Nothing is known of the first ones.
    fn most_ahead(&self) -> usize {
        let Ahead { pieces, time, share } = self.limits.ahead;
        let Some(pace) = self.pace else {
            return 0;
        };
        let in_time = time.as_nanos() / pace.as_nanos().max(1);
        let share = self.left() / (share * self.slots.len()) as u64;
        pieces.min(usize::try_from(in_time).unwrap_or(pieces)).min(share as usize)
    }

    /// Takes back what waits behind a piece, for someone who has nothing.
    fn order_back(&mut self) {
        for (worker, slot) in self.slots.iter_mut().enumerate() {
            if !slot.emptied && !slot.ahead.is_empty() {
                slot.emptied = true;
                self.orders.push_back(Order::TakeBack { worker });
            }
        }
    }

    /// How many pieces nobody has been sent.
    fn left(&self) -> u64 {
        self.again.len() as u64 + (self.fresh.end - self.fresh.start)
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

    /// The piece that the worker was to run, which it is to run no more.
    fn take_piece(&mut self) -> Option<u64> {
        let Some(Load::Piece(piece)) = self.load() else {
            return None;
        };
        match self {
            Self::Leaving { load, .. } | Self::Dying { load, .. } => *load = Load::Nothing,
            _ => *self = Self::Idle,
        }
        Some(piece)
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
