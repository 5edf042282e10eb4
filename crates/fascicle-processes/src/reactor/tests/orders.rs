//! Every order of events, on workers that exist only here.

use super::*;

/// Makes choices, and in the end all of them: each run follows a script, and the next script differs
/// in the last choice that has another option.
#[derive(Default)]
struct Choices {
    script: Vec<(usize, usize)>,
    at: usize,
    /// Where there are too many scripts, some at random: a state of the generator.
    dice: Option<u64>,
}

impl Choices {
    fn choose(&mut self, options: usize) -> usize {
        if let Some(dice) = &mut self.dice {
            *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            return (*dice >> 33) as usize % options;
        }
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

/// A worker as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fake {
    Absent,
    Started,
    Waiting,
    Working(u64),
    /// It has closed its pipe, with a piece or without, and nothing more comes from it.
    Mute(Option<u64>),
    Killed,
    /// It has ended, which is not told yet.
    Gone,
}

/// What may happen to a worker next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// It could not be forked, and the time to try again has come.
    Wait,
    Hello,
    /// It takes what it was sent.
    Begin,
    Finish,
    Fail,
    Part,
    Die,
    Silence,
    Garble,
    Stall,
    /// The driver hears the first of what there is to be heard.
    Hear,
}

/// A worker, what is in its pipe, and what is not heard of it.
#[derive(Debug)]
struct Member {
    fake: Fake,
    commands: VecDeque<u64>,
    unheard: VecDeque<News>,
    /// The piece that is charged for its end.
    charged: Option<u64>,
}

impl Member {
    /// The first piece that it has begun and of which the driver does not know that it is finished.
    fn on_its_account(&self) -> Option<u64> {
        let finished = self.unheard.iter().find_map(|news| match news {
            News::Finished { piece, .. } => Some(*piece),
            _ => None,
        });
        finished.or(self.working()).or(self.charged)
    }

    /// The piece that it is at.
    fn working(&self) -> Option<u64> {
        match self.fake {
            Fake::Working(piece) => Some(piece),
            Fake::Mute(piece) => piece,
            _ => None,
        }
    }
}

/// How news reach the driver.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hearing {
    /// At once, and workers take what they are sent at once.
    Quick,
    /// At any time later, in order.
    Slow,
}

/// The transport, the book-keeping and the world.
struct World {
    reactor: Reactor,
    members: Vec<Member>,
    hearing: Hearing,
    now: Duration,
    finished: Vec<(u64, Result<(), Failure>)>,
    /// Workers lost while they ran a piece.
    lost: BTreeMap<u64, u32>,
    mourned: u32,
    taken_back: u64,
    gave_up: bool,
    troubles: u32,
}

impl World {
    fn new(workers: usize, troubles: u32, hearing: Hearing) -> Self {
        let member = || Member {
            fake: Fake::Absent,
            commands: VecDeque::new(),
            unheard: VecDeque::new(),
            charged: None,
        };
        Self {
            reactor: Reactor::new(workers, LIMITS),
            members: std::iter::repeat_with(member).take(workers).collect(),
            hearing,
            now: Duration::ZERO,
            finished: Vec::new(),
            lost: BTreeMap::new(),
            mourned: 0,
            taken_back: 0,
            gave_up: false,
            troubles,
        }
    }

    fn hear(&mut self, worker: usize, news: News) {
        self.reactor.hear(worker, news, self.now);
    }

    /// A worker's news, heard now or later.
    fn tell(&mut self, worker: usize, news: News) {
        match self.hearing {
            Hearing::Quick => self.hear(worker, news),
            Hearing::Slow => self.members[worker].unheard.push_back(news),
        }
    }

    fn obey(&mut self, choices: &mut Choices) {
        while let Some(order) = self.reactor.next_order() {
            assert!(!self.gave_up, "{order:?} after giving up");
            match order {
                Order::Fork { worker } => self.fork(worker, choices),
                Order::Send { worker, piece, attempt } => self.send(worker, piece, attempt),
                Order::TakeBack { worker } => {
                    let pieces = self.members[worker].commands.len();
                    self.members[worker].commands.clear();
                    self.taken_back += pieces as u64;
                    self.hear(worker, News::TakenBack { pieces });
                }
                Order::Kill { worker } => self.kill(worker),
                Order::Finish { piece, result, .. } => {
                    assert!(self.finished.iter().all(|&(done, _)| done != piece));
                    self.finished.push((piece, result.map(|_| ())));
                }
                Order::Mourn { worker, .. } => {
                    // Only an order that came before may have replaced it already.
                    let fake = self.members[worker].fake;
                    assert!(matches!(fake, Fake::Absent | Fake::Started));
                    self.mourned += 1;
                }
                Order::GoOnWithout { .. } | Order::Wait { .. } => {}
                Order::GiveUp { .. } => self.gave_up = true,
            }
        }
    }

    fn fork(&mut self, worker: usize, choices: &mut Choices) {
        assert_eq!(self.members[worker].fake, Fake::Absent);
        if self.troubles > 0 && choices.choose(2) == 1 {
            self.troubles -= 1;
            self.hear(worker, News::NotForked(io::Error::other("no more processes")));
        } else {
            self.members[worker].fake = Fake::Started;
            self.hear(worker, News::Forked);
        }
    }

    fn send(&mut self, worker: usize, piece: u64, attempt: u32) {
        let busy = |member: &Member| {
            member.fake == Fake::Working(piece) || member.commands.contains(&piece)
        };
        assert!(!self.members.iter().any(busy), "{piece} runs twice");
        assert!(self.finished.iter().all(|&(done, _)| done != piece));
        assert_eq!(self.lost.get(&piece).copied().unwrap_or(0), attempt);
        let member = &mut self.members[worker];
        if member.fake == Fake::Gone {
            return self.hear(worker, News::Untaken { pieces: 1 });
        }
        assert!(!matches!(member.fake, Fake::Absent | Fake::Started), "{piece} for {worker}");
        member.commands.push_back(piece);
        if self.hearing == Hearing::Quick {
            self.begin(worker);
        }
    }

    /// Has a worker that waits take the next of what it was sent.
    fn begin(&mut self, worker: usize) {
        let member = &mut self.members[worker];
        if member.fake == Fake::Waiting
            && let Some(piece) = member.commands.pop_front()
        {
            member.fake = Fake::Working(piece);
        }
    }

    fn kill(&mut self, worker: usize) {
        let member = &mut self.members[worker];
        // What is heard from now on comes too late.
        member.charged = member.on_its_account();
        match member.fake {
            Fake::Absent | Fake::Killed => panic!("{worker} is killed, which is {member:?}"),
            Fake::Gone => {}
            _ => member.fake = Fake::Killed,
        }
    }

    /// All that can happen. Troubles are few, so that every run comes to an end.
    fn steps(&self) -> Vec<(usize, Step)> {
        let mut steps = Vec::new();
        for (worker, member) in self.members.iter().enumerate() {
            if !member.unheard.is_empty() {
                steps.push((worker, Step::Hear));
            }
            let refused = matches!(self.reactor.slots[worker].state, State::Refused { .. });
            let (well, ill): (&[Step], &[Step]) = match member.fake {
                Fake::Absent if refused => (&[Step::Wait], &[]),
                Fake::Absent | Fake::Gone => continue,
                Fake::Started => (&[Step::Hello], &[Step::Die, Step::Stall]),
                Fake::Waiting if member.commands.is_empty() => (&[], &[Step::Die, Step::Garble]),
                Fake::Waiting => (&[Step::Begin], &[Step::Die, Step::Stall, Step::Silence]),
                Fake::Working(_) => (
                    &[Step::Finish],
                    &[Step::Fail, Step::Die, Step::Stall, Step::Silence, Step::Part],
                ),
                Fake::Mute(_) => (&[Step::Die], &[Step::Stall]),
                Fake::Killed => (&[Step::Die], &[]),
            };
            let ill = if self.troubles > 0 { ill } else { &[] };
            let waits = self.reactor.deadline().is_some();
            let can = |step: &Step| waits || !matches!(step, Step::Wait | Step::Stall);
            let can_be = well.iter().chain(ill).copied().filter(can);
            steps.extend(can_be.map(|step| (worker, step)));
        }
        steps
    }

    fn take(&mut self, worker: usize, step: Step) {
        let fake = self.members[worker].fake;
        let well = match step {
            Step::Die => matches!(fake, Fake::Mute(_) | Fake::Killed),
            Step::Wait | Step::Hello | Step::Begin | Step::Finish | Step::Hear => true,
            _ => false,
        };
        self.troubles -= u32::from(!well);
        match (step, fake) {
            (Step::Hello, _) => {
                self.members[worker].fake = Fake::Waiting;
                self.tell(worker, News::Hello);
            }
            (Step::Begin, _) => self.begin(worker),
            (Step::Finish | Step::Fail, Fake::Working(piece)) => {
                self.done(worker, piece, step == Step::Fail);
            }
            (Step::Part, _) => self.tell(worker, News::Part),
            (Step::Garble, _) => self.tell(worker, News::Garbled("what".to_string())),
            (Step::Silence, _) => {
                let member = &mut self.members[worker];
                member.fake = Fake::Mute(member.working());
                self.tell(worker, News::Silence);
            }
            (Step::Wait | Step::Stall, _) => {
                let until = self.reactor.deadline().expect("it is waited for");
                watch(&mut self.reactor, until);
                self.now = until;
            }
            (Step::Hear, _) => {
                let news = self.members[worker].unheard.pop_front().expect("there is something");
                if matches!(news, News::Ended(_)) {
                    self.bury(worker);
                }
                self.hear(worker, news);
            }
            _ => self.end(worker),
        }
    }

    fn done(&mut self, worker: usize, piece: u64, failed: bool) {
        self.members[worker].fake = Fake::Waiting;
        if self.hearing == Hearing::Quick {
            self.begin(worker);
        }
        let failure = Failure::other("as ordered");
        let result = if failed { Err(failure) } else { Ok(Frame::default()) };
        let took = Duration::from_micros(1);
        self.tell(worker, News::Finished { piece, took, log: Vec::new(), result });
    }

    fn end(&mut self, worker: usize) {
        let member = &mut self.members[worker];
        let pieces = std::mem::take(&mut member.commands).len();
        if member.fake != Fake::Killed {
            member.charged = member.working();
        }
        member.fake = Fake::Gone;
        if pieces > 0 {
            self.tell(worker, News::Untaken { pieces });
        }
        if self.hearing == Hearing::Quick {
            self.bury(worker);
        }
        self.tell(worker, News::Ended(WorkerLost::Killed(9)));
    }

    /// Its end is heard.
    fn bury(&mut self, worker: usize) {
        self.members[worker].fake = Fake::Absent;
        if let Some(piece) = self.members[worker].charged.take() {
            *self.lost.entry(piece).or_default() += 1;
        }
    }

    fn round(&mut self, pieces: Range<u64>, choices: &mut Choices) {
        self.reactor.begin(pieces, self.now);
        self.obey(choices);
        while !self.reactor.is_done() && !self.gave_up {
            self.nobody_waits_in_vain();
            let steps = self.steps();
            assert!(!steps.is_empty(), "nothing can happen, and the round is not done: {self:?}");
            let (worker, step) = steps[choices.choose(steps.len())];
            self.take(worker, step);
            self.obey(choices);
        }
    }

    /// While a worker has nothing, there is nothing that it could have: no piece waits for another.
    fn nobody_waits_in_vain(&self) {
        let idle = |slot: &Slot| matches!(slot.state, State::Idle);
        let waits = |member: &Member| match member.fake {
            // It is about to take the first one, or to end.
            Fake::Waiting | Fake::Mute(None) | Fake::Killed => member.commands.len() > 1,
            _ => !member.commands.is_empty(),
        };
        if self.reactor.slots.iter().any(idle) {
            assert_eq!(self.reactor.left(), 0, "{self:?}");
            assert!(!self.members.iter().any(waits), "{self:?}");
        }
    }

    /// Nothing is left over, and every piece came once.
    fn check(&self, pieces: u64) {
        if self.gave_up {
            let gone = |member: &Member| member.fake == Fake::Absent;
            assert!(self.members.iter().all(gone), "{self:?}");
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
        write!(f, "{:?} {:?} {:?}", self.members, self.finished, self.reactor)
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
            && !self.slots.iter().any(|slot| working(slot) || !slot.ahead.is_empty())
    }
}

/// Runs one order of events; gives how many pieces were taken back.
fn order(
    workers: usize,
    rounds: &[u64],
    troubles: u32,
    hearing: Hearing,
    choices: &mut Choices,
) -> u64 {
    let mut world = World::new(workers, troubles, hearing);
    let mut pieces = 0;
    for round in rounds {
        if !world.gave_up {
            world.round(pieces..pieces + round, choices);
        }
        pieces += round;
    }
    world.check(pieces);
    world.taken_back
}

/// Runs every order of events; gives the number of orders, and how many pieces were taken back.
fn every_order(workers: usize, rounds: &[u64], troubles: u32, hearing: Hearing) -> (u64, u64) {
    let (mut choices, mut taken_back) = (Choices::default(), 0);
    for number in 1.. {
        taken_back += order(workers, rounds, troubles, hearing, &mut choices);
        if !choices.advance() {
            return (number, taken_back);
        }
    }
    unreachable!("numbers do not end")
}

#[test]
fn every_order_on_one_worker() {
    assert!(every_order(1, &[2], 3, Hearing::Quick).0 > 500);
}

#[test]
fn every_order_on_two_workers() {
    assert!(every_order(2, &[3], 2, Hearing::Quick).0 > 10_000);
}

#[test]
fn every_order_over_rounds() {
    assert!(every_order(2, &[1, 2], 2, Hearing::Quick).0 > 5_000);
}

#[test]
fn every_order_on_three_workers() {
    assert!(every_order(3, &[3], 1, Hearing::Quick).0 > 5_000);
}

#[test]
fn every_order_with_pieces_behind_others() {
    let (orders, taken_back) = every_order(2, &[6], 1, Hearing::Quick);
    assert!(orders > 20_000 && taken_back > 5_000);
}

#[test]
fn every_order_on_workers_that_are_heard_late() {
    assert!(every_order(1, &[4], 2, Hearing::Slow).0 > 20_000);
    let (orders, taken_back) = every_order(2, &[4], 0, Hearing::Slow);
    assert!(orders > 20_000 && taken_back > 1_000);
}

#[test]
fn some_orders_on_many_workers_that_are_heard_late() {
    let mut taken_back = 0;
    for seed in 0..20_000_u64 {
        let dice = Some(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut choices = Choices { dice, ..Choices::default() };
        let workers = 2 + seed as usize % 3;
        taken_back += order(workers, &[3, 14], 4, Hearing::Slow, &mut choices);
    }
    assert!(taken_back > 2_000);
}
