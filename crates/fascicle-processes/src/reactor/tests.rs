//! Every order of events, on workers that exist only here.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

const LIMITS: Limits = Limits {
    attempts: 2,
    timeout: Some(SECOND.saturating_mul(10)),
    hello: SECOND,
    starts: 2,
    forks: &[Duration::from_millis(100)],
};

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

/// The orders that are waiting, in words.
fn orders(reactor: &mut Reactor) -> Vec<String> {
    std::iter::from_fn(|| reactor.next_order())
        .map(|order| match order {
            Order::Fork { worker } => format!("fork {worker}"),
            Order::Send { worker, piece, attempt } => format!("send {worker} {piece} {attempt}"),
            Order::Kill { worker } => format!("kill {worker}"),
            Order::Finish { piece, result: Ok(_), .. } => format!("done {piece}"),
            Order::Finish { piece, result: Err(failure), .. } => {
                format!("failed {piece} {failure}")
            }
            Order::Mourn { worker, lost, piece } => format!("mourn {worker} {piece:?} {lost}"),
            Order::GoOnWithout { worker, why } => format!("without {worker} {why}"),
            Order::GiveUp { worker, why } => format!("give up {worker} {why}"),
        })
        .collect()
}

/// A reactor whose workers run the first pieces.
fn running(workers: usize, pieces: u64) -> Reactor {
    let mut reactor = Reactor::new(workers, LIMITS);
    reactor.begin(0..pieces, Duration::ZERO);
    for worker in 0..workers.min(pieces as usize) {
        reactor.hear(worker, News::Forked, Duration::ZERO);
        reactor.hear(worker, News::Hello, Duration::ZERO);
    }
    assert!(!orders(&mut reactor).is_empty());
    reactor
}

/// Lets time pass for a driver that looks whenever it is to.
fn watch(reactor: &mut Reactor, until: Duration) {
    while let Some(now) = reactor.next_look().filter(|&now| now <= until) {
        reactor.look(now);
        reactor.tick(now);
    }
    reactor.look(until);
    reactor.tick(until);
}

fn done(piece: u64) -> News {
    News::Finished { piece, log: Vec::new(), result: Ok(Frame::default()) }
}

#[test]
fn no_more_workers_than_pieces() {
    let mut reactor = Reactor::new(8, LIMITS);
    reactor.begin(0..2, Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 1"]);
}

#[test]
fn the_next_piece_goes_out_before_the_last_is_merged() {
    let mut reactor = running(1, 2);
    reactor.hear(0, done(0), Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["send 0 1 0", "done 0"]);
}

#[test]
fn a_lost_piece_is_run_again_and_fails_in_the_end() {
    let mut reactor = running(1, 1);
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), SECOND);
    let killed = "the worker was killed by SIGKILL (by hand, or out of memory)";
    assert_eq!(orders(&mut reactor), ["fork 0".to_string(), format!("mourn 0 Some(0) {killed}")]);
    reactor.hear(0, News::Forked, SECOND);
    reactor.hear(0, News::Hello, SECOND);
    assert_eq!(orders(&mut reactor), ["send 0 0 1"]);
    reactor.hear(0, News::Ended(WorkerLost::Exited(3)), SECOND);
    let exited = "the worker exited with code 3";
    let expected = [format!("mourn 0 Some(0) {exited}"), format!("failed 0 {exited}, 2 time(s)")];
    assert_eq!(orders(&mut reactor), expected);
    assert!(reactor.is_done());
}

#[test]
fn a_time_out_is_named_although_the_worker_was_killed() {
    let mut reactor = running(2, 2);
    assert_eq!(reactor.deadline(), Some(10 * SECOND));
    reactor.hear(1, News::Part, 5 * SECOND);
    reactor.tick(10 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
    assert_eq!(reactor.deadline(), Some(15 * SECOND));
    // What was under way when it was killed comes too late.
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), 10 * SECOND);
    let expected = ["fork 0", "mourn 0 Some(0) the time limit of 10s was exceeded"];
    assert_eq!(orders(&mut reactor), expected);
}

#[test]
fn a_time_for_which_the_driver_was_stopped_counts_for_nobody() {
    let mut reactor = Reactor::new(2, LIMITS);
    reactor.begin(0..2, Duration::ZERO);
    reactor.hear(0, News::Forked, Duration::ZERO);
    reactor.hear(0, News::Hello, Duration::ZERO);
    watch(&mut reactor, 8 * SECOND);
    reactor.hear(1, News::Forked, 8 * SECOND);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 1", "send 0 0 0"]);
    // Ctrl-Z, and a minute later `fg`.
    for now in [68 * SECOND, 68 * SECOND + WATCH] {
        reactor.look(now);
        reactor.tick(now);
        assert_eq!(orders(&mut reactor), [""; 0]);
    }
    watch(&mut reactor, 69 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 1"]);
    watch(&mut reactor, 69 * SECOND + WATCH);
    assert_eq!(orders(&mut reactor), [""; 0]);
    watch(&mut reactor, 70 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
}

#[test]
fn a_long_wait_is_not_a_stop() {
    let mut reactor = running(1, 1);
    assert_eq!(reactor.next_look(), Some(WATCH));
    watch(&mut reactor, 9 * SECOND + WATCH);
    assert_eq!(orders(&mut reactor), [""; 0]);
    watch(&mut reactor, 10 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
    // Nobody's time runs, so that nobody need be watched.
    assert_eq!(reactor.next_look(), None);
}

#[test]
fn a_stop_does_not_put_off_a_fork() {
    let mut reactor = Reactor::new(1, LIMITS);
    reactor.begin(0..1, Duration::ZERO);
    reactor.hear(0, refused(), Duration::ZERO);
    reactor.look(60 * SECOND);
    reactor.tick(60 * SECOND);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 0"]);
}

#[test]
fn a_later_rounds_time_begins_with_it() {
    let mut reactor = running(1, 1);
    reactor.hear(0, done(0), SECOND);
    reactor.begin(1..2, 100 * SECOND);
    assert_eq!(orders(&mut reactor), ["send 0 1 0", "done 0"]);
    reactor.tick(109 * SECOND);
    assert_eq!(orders(&mut reactor), [""; 0]);
}

#[test]
fn a_foreign_result_is_garbled() {
    let mut reactor = running(1, 2);
    reactor.hear(0, done(1), SECOND);
    reactor.hear(0, done(0), SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), SECOND);
    let what = "a result of piece 1, which it was not to run";
    let mourned = format!("mourn 0 Some(0) the worker sent a damaged frame: {what}");
    assert_eq!(orders(&mut reactor), ["fork 0".to_string(), mourned]);
}

#[test]
fn a_closed_pipe_is_followed_by_an_end_or_a_kill() {
    let mut reactor = running(1, 1);
    reactor.hear(0, News::Silence, 2 * SECOND);
    reactor.tick(2 * SECOND);
    assert_eq!(orders(&mut reactor), [""; 0]);
    reactor.tick(3 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
}

#[test]
fn silent_starts_are_repeated_and_then_given_up() {
    let mut reactor = Reactor::new(1, LIMITS);
    reactor.begin(0..1, Duration::ZERO);
    for start in 1..=LIMITS.starts {
        assert!(orders(&mut reactor).contains(&"fork 0".to_string()));
        reactor.hear(0, News::Forked, SECOND * start);
        assert_eq!(reactor.deadline(), Some(SECOND * (start + 1)));
        reactor.tick(SECOND * (start + 1));
        assert_eq!(orders(&mut reactor), ["kill 0"]);
        reactor.hear(0, News::Ended(WorkerLost::Killed(9)), SECOND * (start + 1));
    }
    let silent = "the worker said nothing within 1s";
    let expected = [
        format!("mourn 0 None {silent}"),
        format!("give up 0 before it could run anything, {silent}"),
    ];
    assert_eq!(orders(&mut reactor), expected);
}

#[test]
fn a_piece_that_was_not_taken_is_run_by_others_and_not_charged() {
    let mut reactor = running(2, 3);
    reactor.hear(0, done(0), SECOND);
    reactor.hear(0, News::Untaken, SECOND);
    assert_eq!(orders(&mut reactor), ["send 0 2 0", "done 0"]);
    reactor.hear(1, done(1), SECOND);
    assert_eq!(orders(&mut reactor), ["send 1 2 0", "done 1"]);
    reactor.hear(0, News::Ended(WorkerLost::Exited(1)), SECOND);
    assert_eq!(orders(&mut reactor), ["mourn 0 None the worker exited with code 1"]);
}

#[test]
fn a_time_out_before_a_piece_was_taken_is_not_its_own() {
    let mut reactor = running(1, 1);
    reactor.tick(10 * SECOND);
    reactor.hear(0, News::Silence, 10 * SECOND);
    reactor.hear(0, News::Untaken, 10 * SECOND);
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), 10 * SECOND);
    let expected = ["kill 0", "fork 0", "mourn 0 None the time limit of 10s was exceeded"];
    assert_eq!(orders(&mut reactor), expected);
}

/// Nothing is charged for such deaths, so that something else must end them.
#[test]
fn who_always_dies_before_it_begins_a_piece_is_given_up() {
    let mut reactor = running(1, 9);
    let die = |reactor: &mut Reactor| {
        reactor.hear(0, News::Untaken, SECOND);
        reactor.hear(0, News::Ended(WorkerLost::Exited(1)), SECOND);
        orders(reactor)
    };
    let mourned = "mourn 0 None the worker exited with code 1";
    for piece in 0..5 {
        // A piece that is done makes good for the deaths before it.
        reactor.hear(0, done(piece), SECOND);
        let _ = orders(&mut reactor);
        assert_eq!(die(&mut reactor), ["fork 0", mourned]);
        reactor.hear(0, News::Forked, SECOND);
        reactor.hear(0, News::Hello, SECOND);
        assert_eq!(orders(&mut reactor), [format!("send 0 {} 0", piece + 1)]);
    }
    let given_up = "give up 0 before it could run anything, the worker exited with code 1";
    assert_eq!(die(&mut reactor), [mourned, given_up]);
}

fn refused() -> News {
    News::NotForked(io::Error::other("no"))
}

#[test]
fn a_failed_fork_is_tried_again_after_a_while() {
    let mut reactor = Reactor::new(1, LIMITS);
    reactor.begin(0..9, Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["fork 0"]);
    // A fork that comes about makes good for those that did not, so that this never ends.
    for now in (0..5).map(|round| SECOND * round) {
        reactor.hear(0, refused(), now);
        assert_eq!(reactor.deadline(), Some(now + LIMITS.forks[0]));
        reactor.tick(now + LIMITS.forks[0] / 2);
        assert_eq!(orders(&mut reactor), [""; 0]);
        reactor.tick(now + LIMITS.forks[0]);
        assert_eq!(orders(&mut reactor), ["fork 0"]);
        reactor.hear(0, News::Forked, now);
        reactor.hear(0, News::Hello, now);
        reactor.hear(0, News::Ended(WorkerLost::Killed(9)), now);
        assert!(orders(&mut reactor).contains(&"fork 0".to_string()));
    }
}

#[test]
fn who_cannot_be_forked_leaves_the_others_at_work() {
    let mut reactor = Reactor::new(2, LIMITS);
    reactor.begin(0..2, Duration::ZERO);
    reactor.hear(0, News::Forked, Duration::ZERO);
    reactor.hear(1, refused(), Duration::ZERO);
    reactor.hear(0, News::Hello, Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 1", "send 0 0 0"]);
    reactor.tick(LIMITS.forks[0]);
    reactor.hear(1, refused(), LIMITS.forks[0]);
    let expected = ["fork 1", "without 1 it could not be forked: no"];
    assert_eq!(orders(&mut reactor), expected);
    reactor.hear(0, News::Ended(WorkerLost::Exited(1)), SECOND);
    reactor.hear(0, refused(), SECOND);
    reactor.tick(2 * SECOND);
    reactor.hear(0, refused(), 2 * SECOND);
    assert_eq!(orders(&mut reactor).last().unwrap(), "give up 0 it could not be forked: no");
}

#[test]
fn others_are_forked_in_the_place_of_who_was_refused() {
    let mut reactor = Reactor::new(3, LIMITS);
    reactor.begin(0..1, Duration::ZERO);
    reactor.hear(0, refused(), Duration::ZERO);
    reactor.hear(1, News::Forked, Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 1"]);
    // When its time comes, the one piece that is left has found its worker.
    reactor.tick(LIMITS.forks[0]);
    assert_eq!(orders(&mut reactor), [""; 0]);
}
