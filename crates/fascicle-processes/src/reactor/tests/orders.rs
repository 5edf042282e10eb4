//! Every order of events, on workers that exist only here.

use super::*;

/// Makes choices, and in the end all of them: each run follows a script, and the next script differs
/// in the last choice that has another option.
#[derive(Default)]
struct Choices {
    script: Vec<(usize, usize)>,
    at: usize,
}

impl Choices {
    fn choose(&mut self, options: usize) -> usize {
        if self.at == self.script.len() {
            self.script.push((0, options));
        }
        let (chosen, expected) = self.script[self.at];
        assert_eq!(expected, options, "a run must depend on nothing but its script");
        self.at += 1;
        chosen
    }

    /// Moves on to the next script, if there is one.
    fn advance(&mut self) -> bool {
        self.at = 0;
        while let Some((chosen, options)) = self.script.pop() {
            if chosen + 1 < options {
                self.script.push((chosen + 1, options));
                return true;
            }
        }
        false
    }
}

/// A worker as the transport knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fake {
    Absent,
    Started,
    Waiting,
    Working(u64),
    /// It has closed its pipe, and nothing more comes from it.
    Mute(u64),
    /// It has ended without having taken its piece, and its end is not told yet.
    Gone,
    /// With the piece that it had, unless that came back.
    Killed(Option<u64>),
}

impl Fake {
    /// The piece that is charged if it is lost.
    fn piece(self) -> Option<u64> {
        match self {
            Self::Working(piece) | Self::Mute(piece) => Some(piece),
            Self::Killed(piece) => piece,
            Self::Absent | Self::Started | Self::Waiting | Self::Gone => None,
        }
    }
}

/// What may happen to a worker next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It could not be forked, and the time to try again has come.
    Wait,
    Hello,
    Finish,
    Fail,
    Part,
    Untaken,
    Die,
    Silence,
    Garble,
    Stall,
}

/// The transport, the book-keeping and the world.
struct World {
    reactor: Reactor,
    fakes: Vec<Fake>,
    now: Duration,
    finished: Vec<(u64, Result<(), Failure>)>,
    /// Workers lost while they ran a piece.
    lost: BTreeMap<u64, u32>,
    mourned: u32,
    gave_up: bool,
    troubles: u32,
}

impl World {
    fn new(workers: usize, troubles: u32) -> Self {
        Self {
            reactor: Reactor::new(workers, LIMITS),
            fakes: vec![Fake::Absent; workers],
            now: Duration::ZERO,
            finished: Vec::new(),
            lost: BTreeMap::new(),
            mourned: 0,
            gave_up: false,
            troubles,
        }
    }

    fn hear(&mut self, worker: usize, news: News) {
        self.reactor.hear(worker, news, self.now);
    }

    fn obey(&mut self, choices: &mut Choices) {
        while let Some(order) = self.reactor.next_order() {
            assert!(!self.gave_up, "{order:?} after giving up");
            match order {
                Order::Fork { worker } => self.fork(worker, choices),
                Order::Send { worker, piece, attempt } => {
                    assert_eq!(self.fakes[worker], Fake::Waiting);
                    assert!(!self.fakes.contains(&Fake::Working(piece)), "{piece} runs twice");
                    assert!(self.finished.iter().all(|&(done, _)| done != piece));
                    assert_eq!(self.lost.get(&piece).copied().unwrap_or(0), attempt);
                    self.fakes[worker] = Fake::Working(piece);
                }
                Order::Kill { worker } => {
                    assert!(!matches!(self.fakes[worker], Fake::Absent | Fake::Killed(_)));
                    self.fakes[worker] = Fake::Killed(self.fakes[worker].piece());
                }
                Order::Finish { piece, result, .. } => {
                    assert!(self.finished.iter().all(|&(done, _)| done != piece));
                    self.finished.push((piece, result.map(|_| ())));
                }
                Order::Mourn { worker, .. } => {
                    // Only an order that came before may have replaced it already.
                    assert!(matches!(self.fakes[worker], Fake::Absent | Fake::Started));
                    self.mourned += 1;
                }
                Order::GoOnWithout { .. } => {}
                Order::GiveUp { .. } => self.gave_up = true,
            }
        }
    }

    fn fork(&mut self, worker: usize, choices: &mut Choices) {
        assert_eq!(self.fakes[worker], Fake::Absent);
        if self.troubles > 0 && choices.choose(2) == 1 {
            self.troubles -= 1;
            self.hear(worker, News::NotForked(io::Error::other("no more processes")));
        } else {
            self.fakes[worker] = Fake::Started;
            self.hear(worker, News::Forked);
        }
    }

    /// All that can happen. Troubles are few, so that every run comes to an end.
    fn steps(&self) -> Vec<(usize, Step)> {
        let mut steps = Vec::new();
        for (worker, fake) in self.fakes.iter().enumerate() {
            let refused = matches!(self.reactor.slots[worker].state, State::Refused { .. });
            let (well, ill): (&[Step], &[Step]) = match fake {
                Fake::Absent if refused => (&[Step::Wait], &[]),
                Fake::Absent => continue,
                Fake::Started => (&[Step::Hello], &[Step::Die, Step::Stall]),
                Fake::Waiting => (&[], &[Step::Die, Step::Garble]),
                Fake::Working(_) => (
                    &[Step::Finish],
                    &[Step::Fail, Step::Die, Step::Stall, Step::Silence, Step::Part, Step::Untaken],
                ),
                Fake::Mute(_) => (&[Step::Die], &[Step::Stall, Step::Untaken]),
                Fake::Gone => (&[Step::Die], &[Step::Stall]),
                Fake::Killed(Some(_)) => (&[Step::Die], &[Step::Untaken]),
                Fake::Killed(None) => (&[Step::Die], &[]),
            };
            let ill = if self.troubles > 0 { ill } else { &[] };
            steps.extend(well.iter().chain(ill).map(|&step| (worker, step)));
        }
        steps
    }

    fn take(&mut self, worker: usize, step: Step) {
        let fake = self.fakes[worker];
        let well =
            matches!((step, fake), (Step::Die, Fake::Mute(_) | Fake::Gone | Fake::Killed(_)));
        if !well && !matches!(step, Step::Wait | Step::Hello | Step::Finish) {
            self.troubles -= 1;
        }
        match (step, fake) {
            (Step::Hello, _) => {
                self.fakes[worker] = Fake::Waiting;
                self.hear(worker, News::Hello);
            }
            (Step::Finish | Step::Fail, Fake::Working(piece)) => {
                self.fakes[worker] = Fake::Waiting;
                let failure = Failure::other("as ordered");
                let failed = matches!(step, Step::Fail);
                let result = if failed { Err(failure) } else { Ok(Frame::default()) };
                self.hear(worker, News::Finished { piece, log: Vec::new(), result });
            }
            (Step::Part, _) => self.hear(worker, News::Part),
            (Step::Garble, _) => self.hear(worker, News::Garbled("what".to_string())),
            (Step::Silence, Fake::Working(piece)) => {
                self.fakes[worker] = Fake::Mute(piece);
                self.hear(worker, News::Silence);
            }
            (Step::Wait | Step::Stall, _) => {
                let until = self.reactor.deadline().expect("it is waited for");
                watch(&mut self.reactor, until);
                self.now = until;
            }
            (Step::Untaken, _) => {
                let killed = matches!(fake, Fake::Killed(_));
                self.fakes[worker] = if killed { Fake::Killed(None) } else { Fake::Gone };
                self.hear(worker, News::Untaken);
            }
            _ => self.end(worker),
        }
    }

    fn end(&mut self, worker: usize) {
        if let Some(piece) = self.fakes[worker].piece() {
            *self.lost.entry(piece).or_default() += 1;
        }
        self.fakes[worker] = Fake::Absent;
        self.hear(worker, News::Ended(WorkerLost::Killed(9)));
    }

    fn round(&mut self, pieces: Range<u64>, choices: &mut Choices) {
        self.reactor.begin(pieces, self.now);
        self.obey(choices);
        while !self.reactor.is_done() && !self.gave_up {
            let steps = self.steps();
            assert!(!steps.is_empty(), "nothing can happen, and the round is not done: {self:?}");
            let (worker, step) = steps[choices.choose(steps.len())];
            self.take(worker, step);
            self.obey(choices);
        }
    }

    /// Nothing is left over, and every piece came once.
    fn check(&self, pieces: u64) {
        if self.gave_up {
            assert!(self.fakes.iter().all(|fake| *fake == Fake::Absent), "{self:?}");
            return;
        }
        let mut numbers: Vec<u64> = self.finished.iter().map(|&(piece, _)| piece).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..pieces));
        assert!(self.reactor.is_at_rest(), "{self:?}");
        for (piece, result) in &self.finished {
            let lost = self.lost.get(piece).copied().unwrap_or(0);
            let as_ordered = result.as_ref().err() == Some(&Failure::other("as ordered"));
            assert_eq!(result.is_ok() || as_ordered, lost < LIMITS.attempts, "{self:?}");
        }
        let working = self.lost.values().sum::<u32>();
        assert!(self.mourned >= working, "{self:?}");
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?} {:?}", self.fakes, self.finished, self.reactor)
    }
}

impl Reactor {
    fn is_at_rest(&self) -> bool {
        let working = |slot: &Slot| matches!(slot.state.load(), Some(Load::Piece(_)));
        self.unfinished == 0
            && self.fresh.is_empty()
            && self.again.is_empty()
            && self.deaths.is_empty()
            && self.orders.is_empty()
            && self.told.is_empty()
            && !self.slots.iter().any(working)
    }
}

/// Runs every order of events; gives the number of orders.
fn every_order(workers: usize, rounds: &[u64], troubles: u32) -> u64 {
    let mut choices = Choices::default();
    for number in 1.. {
        let mut world = World::new(workers, troubles);
        let mut pieces = 0;
        for round in rounds {
            if !world.gave_up {
                world.round(pieces..pieces + round, &mut choices);
            }
            pieces += round;
        }
        world.check(pieces);
        if !choices.advance() {
            return number;
        }
    }
    unreachable!("numbers do not end")
}

#[test]
fn every_order_on_one_worker() {
    assert!(every_order(1, &[2], 3) > 500);
}

#[test]
fn every_order_on_two_workers() {
    assert!(every_order(2, &[3], 2) > 10_000);
}

#[test]
fn every_order_over_rounds() {
    assert!(every_order(2, &[1, 2], 2) > 5_000);
}

#[test]
fn every_order_on_three_workers() {
    assert!(every_order(3, &[3], 1) > 5_000);
}
