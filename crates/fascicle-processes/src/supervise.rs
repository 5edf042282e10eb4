//! One run: brings together the reactor, which decides, the workers, who do, and the book-keeping.

use std::io;
use std::time::{Duration, Instant};

use fascicle_core::{
    Cause, Event, ExecuteOptions, Failure, LogLine, Report, Rounds, RunError, Stream, Work,
    WorkerLost,
};

use crate::crew::Crew;
use crate::memory::Memory;
use crate::message::Command;
use crate::neighbours;
use crate::pipes::Arrival;
use crate::reactor::{Ahead, Limits, News, Order, Reactor, StartError};
use crate::words::Words;

const DRIVER: &str = "processes";

/// The longest that a worker may take to say hello, try by try. One that was forked while another thread
/// held a lock that it needs hangs for ever, and the next may be lucky; on a machine with much else to do
/// it takes longer to start.
const HELLO: [Duration; 20] = {
    let mut all = [Duration::from_millis(500); 20];
    let mut at = 12;
    while at < 20 {
        all[at] = Duration::from_secs(if at < 16 { 1 } else { 2 });
        at += 1;
    }
    all
};

/// How often the driver looks whether it is to end, where it may be told so from outside.
const HEED: Duration = Duration::from_millis(100);

/// How long to wait before a worker that could not be forked is tried again. Descriptors, memory and
/// numbers of processes are often short for a moment only, and sometimes for longer: a run that was going
/// well tries again and again.
const FORKS: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(800),
    Duration::from_secs(3),
];

/// What a worker may have before it: so little that nothing is lost when it is taken back, and enough
/// for the driver to see to many results at once.
const AHEAD: Ahead = Ahead { pieces: 64, time: Duration::from_millis(1), share: 2 };

/// A run.
pub(crate) struct Supervisor<'w> {
    started: Instant,
    reactor: Reactor,
    crew: Crew<'w>,
    arrivals: Vec<(usize, Arrival)>,
    /// What each worker has written to its standard error, and what the one before it had when it ended:
    /// the next one may be there before that end is told.
    words: Vec<Words>,
    last_words: Vec<Words>,
    memory: Memory,
    /// How often to look whether it is to end.
    heed: Option<Duration>,
}

impl<'w> Supervisor<'w> {
    pub(crate) fn new(work: &'w dyn Work, workers: usize, options: &ExecuteOptions) -> Self {
        let limits = Limits {
            attempts: options.attempts,
            timeout: options.timeout,
            hello: &HELLO,
            forks: &FORKS,
            ahead: AHEAD,
        };
        Self {
            started: Instant::now(),
            reactor: Reactor::new(workers, limits),
            crew: Crew::new(work, workers),
            arrivals: Vec::new(),
            words: vec![Words::default(); workers],
            last_words: vec![Words::default(); workers],
            memory: Memory::look(),
            heed: options.cancel.as_ref().map(|_| HEED),
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
        self.crew.end(rounds.interrupted(), &mut self.arrivals);
        if !rounds.interrupted() {
            self.take_in(&mut rounds)?;
        }
        Ok(rounds.end())
    }

    fn round(&mut self, rounds: &mut Rounds<'_, '_>) -> Result<(), RunError> {
        self.obey(rounds)?;
        while !(self.reactor.is_done() || rounds.interrupted()) {
            let now = self.started.elapsed();
            let next = self.reactor.next_look().map(|at| at.saturating_sub(now));
            let longest = next.into_iter().chain(self.heed).min();
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
                    if stream == Stream::Stderr {
                        self.words[worker].hear(line);
                    }
                }
                Arrival::News(mut news) => {
                    if let News::Ended(lost) = &mut news {
                        self.last_words[worker] = std::mem::take(&mut self.words[worker]);
                        self.memory.judge(lost, &self.last_words[worker]);
                    }
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
                Order::Finish { piece, worker, log, mut result } => {
                    if let Err(failure) = &mut result {
                        self.quote(worker, failure);
                    }
                    rounds.finish(piece, worker, &log, result.as_ref().map_err(Clone::clone));
                }
                Order::Mourn { worker, lost, piece } => rounds.worker_lost(worker, &lost, piece),
                Order::GoOnWithout { worker, why } => go_on_without(rounds, worker, &why),
                Order::Wait { worker, why } => wait_for(rounds, worker, &why),
                Order::GiveUp { worker, why } => return Err(give_up(worker, why)),
            }
        }
        self.crew.flush();
        Ok(())
    }

    /// Adds what a lost worker has said last.
    fn quote(&self, worker: usize, failure: &mut Failure) {
        if let Cause::WorkerLost { last_words, .. } = &mut failure.cause {
            last_words.extend(self.last_words[worker].last().map(str::to_string));
        }
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
    let text = format!("going on without worker {worker}: {why}{}", blame(why));
    let line = LogLine::warning(text);
    rounds.tell(Event::Log { piece: None, line: &line });
}

fn wait_for(rounds: &mut Rounds<'_, '_>, worker: usize, why: &io::Error) {
    let text = format!("worker {worker} cannot be forked for now, and is tried again: {why}");
    let line = LogLine::warning(text);
    rounds.tell(Event::Log { piece: None, line: &line });
}

fn give_up(worker: usize, why: StartError) -> RunError {
    match why {
        StartError::Fork(error) => failed(format!("fork worker {worker}"), error),
        StartError::Lost(_) => {
            let text = format!("{why}{}", blame(&why));
            failed(format!("start worker {worker}"), io::Error::other(text))
        }
    }
}

/// What may have silenced a worker before it could begin.
fn blame(why: &StartError) -> String {
    match why {
        StartError::Lost(WorkerLost::Silent(_)) => neighbours::suspects(),
        _ => String::new(),
    }
}

fn failed(action: String, error: io::Error) -> RunError {
    RunError::Driver { driver: DRIVER, action, source: Box::new(error) }
}
