//! One run: brings together the reactor, which decides, the workers, who do, and the book-keeping.

use std::io;
use std::time::{Duration, Instant};

use fascicle_core::{Event, ExecuteOptions, LogLine, Report, Rounds, RunError, Work};

use crate::crew::Crew;
use crate::message::Command;
use crate::pipes::Arrival;
use crate::reactor::{Ahead, Limits, News, Order, Reactor, StartError};

const DRIVER: &str = "processes";

/// The longest that a worker may take to say hello.
const HELLO: Duration = Duration::from_secs(2);

/// How often in a row the same worker may be lost before it begins a piece.
const STARTS: u32 = 3;

/// How long to wait before a worker that could not be forked is tried again. Descriptors, memory and
/// numbers of processes are often short for a moment only.
const FORKS: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800)];

/// What a worker may have before it: so little that nothing is lost when it is taken back, and enough
/// for the driver to see to many results at once.
const AHEAD: Ahead = Ahead { pieces: 64, time: Duration::from_millis(1), share: 2 };

/// A run.
pub(crate) struct Supervisor<'w> {
    started: Instant,
    reactor: Reactor,
    crew: Crew<'w>,
    arrivals: Vec<(usize, Arrival)>,
}

impl<'w> Supervisor<'w> {
    pub(crate) fn new(work: &'w dyn Work, workers: usize, options: &ExecuteOptions) -> Self {
        let limits = Limits {
            attempts: options.attempts,
            timeout: options.timeout,
            hello: HELLO,
            starts: STARTS,
            forks: &FORKS,
            ahead: AHEAD,
        };
        Self {
            started: Instant::now(),
            reactor: Reactor::new(workers, limits),
            crew: Crew::new(work, workers),
            arrivals: Vec::new(),
        }
    }

    /// Runs all rounds. Workers live on from round to round.
    pub(crate) fn run(mut self, mut rounds: Rounds<'_, '_>) -> Result<Report, RunError> {
        loop {
            if let Some(first) = rounds.next_piece() {
                // The reactor hands the pieces out; the book-keeping follows.
                while rounds.next_piece().is_some() {}
                let pieces = first..rounds.progress().all_pieces;
                self.reactor.begin(pieces, self.started.elapsed());
                self.round(&mut rounds)?;
            }
            if !rounds.another_round() {
                break;
            }
        }
        self.crew.end(&mut self.arrivals);
        if !rounds.interrupted() {
            self.take_in(&mut rounds)?;
        }
        Ok(rounds.end())
    }

    fn round(&mut self, rounds: &mut Rounds<'_, '_>) -> Result<(), RunError> {
        self.obey(rounds)?;
        while !(self.reactor.is_done() || rounds.interrupted()) {
            let now = self.started.elapsed();
            let longest = self.reactor.next_look().map(|at| at.saturating_sub(now));
            let waited = self.crew.wait(longest, &mut self.arrivals);
            let looked =
                waited.map_err(|error| failed("wait for its workers".to_string(), error))?;
            let looked = looked.duration_since(self.started);
            self.reactor.look(looked);
            self.take_in(rounds)?;
            // A deadline has passed only for those of whom nothing had come in by then: the time
            // that a listener takes afterwards is nobody's fault.
            self.reactor.tick(looked);
            self.obey(rounds)?;
        }
        Ok(())
    }

    fn take_in(&mut self, rounds: &mut Rounds<'_, '_>) -> Result<(), RunError> {
        let mut arrivals = std::mem::take(&mut self.arrivals);
        for (worker, arrival) in arrivals.drain(..) {
            match arrival {
                Arrival::Line(stream, line) => {
                    rounds.tell(Event::Output { worker, stream, line: &line });
                }
                Arrival::News(news) => {
                    self.reactor.hear(worker, news, self.started.elapsed());
                    self.obey(rounds)?;
                }
            }
        }
        self.arrivals = arrivals;
        Ok(())
    }

    /// Carries out what the reactor has decided. After an interruption nothing new begins, but what
    /// is finished is kept.
    fn obey(&mut self, rounds: &mut Rounds<'_, '_>) -> Result<(), RunError> {
        while let Some(order) = self.reactor.next_order() {
            if !matches!(order, Order::Send { .. }) {
                // Nothing else is done while a worker waits; what comes together goes together.
                self.crew.flush();
            }
            match order {
                Order::Fork { .. } | Order::Send { .. } if rounds.interrupted() => {}
                Order::Fork { worker } => {
                    let news =
                        self.crew.fork(worker).map_or_else(News::NotForked, |()| News::Forked);
                    self.reactor.hear(worker, news, self.started.elapsed());
                }
                Order::Send { worker, piece, attempt } => {
                    if !self.crew.put(worker, Command { piece, attempt }) {
                        let news = News::Untaken { pieces: 1 };
                        self.reactor.hear(worker, news, self.started.elapsed());
                    }
                }
                Order::TakeBack { worker } => self.take_back(worker),
                Order::Kill { worker } => self.crew.kill(worker),
                Order::Finish { piece, worker, log, result } => {
                    rounds.finish(piece, worker, &log, result.as_ref().map_err(Clone::clone));
                }
                Order::Mourn { worker, lost, piece } => rounds.worker_lost(worker, &lost, piece),
                Order::GoOnWithout { worker, why } => go_on_without(rounds, worker, &why),
                Order::GiveUp { worker, why } => return Err(give_up(worker, why)),
            }
        }
        self.crew.flush();
        Ok(())
    }

    fn take_back(&mut self, worker: usize) {
        let (pieces, well) = self.crew.take_back(worker);
        let now = self.started.elapsed();
        self.reactor.hear(worker, News::TakenBack { pieces }, now);
        if !well {
            let what = "its commands were written to by someone else".to_string();
            self.reactor.hear(worker, News::Garbled(what), now);
        }
    }
}

fn go_on_without(rounds: &mut Rounds<'_, '_>, worker: usize, why: &StartError) {
    let line = LogLine::warning(format!("going on without worker {worker}: {why}"));
    rounds.tell(Event::Log { piece: None, line: &line });
}

fn give_up(worker: usize, why: StartError) -> RunError {
    match why {
        StartError::Fork(error) => failed(format!("fork worker {worker}"), error),
        StartError::Lost(_) => failed(format!("start worker {worker}"), io::Error::other(why)),
    }
}

fn failed(action: String, error: io::Error) -> RunError {
    RunError::Driver { driver: DRIVER, action, source: Box::new(error) }
}
