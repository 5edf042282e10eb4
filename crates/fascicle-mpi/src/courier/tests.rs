//! The driver as it is, but for MPI: ranks are threads, and news come in any order that chance has. When all is
//! over nothing is left anywhere.

#[path = "network.rs"]
mod network;

use std::ops::ControlFlow;
use std::thread;

use fascicle_core::{
    Context, Event, Execute, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, Meeting,
    Next, Report, RunError, Work,
};

use super::*;
use crate::driver::Mpi;
use crate::world::{LOOK, World};
use network::Network;

/// Squares, of which one may fail, in one round or in two.
#[derive(Clone, Copy, Debug)]
struct Squares {
    pieces: u64,
    more: u64,
    fails: Option<u64>,
    micros: u64,
}

const SQUARES: Squares = Squares { pieces: 20, more: 0, fails: None, micros: 20 };

impl Work for Squares {
    fn pieces(&self) -> u64 {
        self.pieces
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.integer(self.pieces);
    }
    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        thread::sleep(Duration::from_micros(self.micros * (piece % 3)));
        if cx.cancelled() {
            return Err(Failure::cancelled());
        }
        if self.fails == Some(piece) {
            return Err(Failure::other("it does not like its number"));
        }
        out.put_i64s("square", vec![(piece * piece) as i64]);
        Ok(())
    }
}

#[derive(Debug, Default, PartialEq)]
struct Total {
    sum: i64,
    pieces: i64,
    more: u64,
}

impl Fold for Total {
    fn add(&mut self, _: u64, frame: &Frame) -> Result<(), FoldError> {
        self.sum += frame.i64s("square")?[0];
        self.pieces += 1;
        Ok(())
    }
    fn round(&mut self) -> Next {
        match std::mem::take(&mut self.more) {
            0 => Next::Done,
            more => Next::More(more),
        }
    }
    fn state(&self) -> Option<Frame> {
        let mut state = Frame::default();
        state.put_i64s("total", vec![self.sum, self.pieces]);
        Some(state)
    }
    fn restore(&mut self, state: &Frame) -> Result<(), FoldError> {
        let total = state.i64s("total")?;
        (self.sum, self.pieces, self.more) = (total[0], total[1], 0);
        Ok(())
    }
}

/// What a run has come to.
type Came = (Total, Result<Report, String>);

fn run(world: &'static World, tasks: usize, work: Squares, options: &ExecuteOptions) -> Came {
    listened(world, tasks, work, options, u64::MAX)
}

/// A run that is ended when so many pieces are done.
fn listened(
    world: &'static World,
    tasks: usize,
    work: Squares,
    options: &ExecuteOptions,
    enough: u64,
) -> Came {
    let mut total = Total { more: work.more, ..Total::default() };
    let mut done = 0;
    let on = &mut |event: Event<'_>| {
        done += u64::from(matches!(event, Event::Done { .. }));
        if done < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let driver = Mpi::of(world, Some(tasks)).expect("there are so many");
    let report = driver.run(&work, &mut total, options, on);
    (total, report.map_err(|error| error.to_string()))
}

/// All that ranks do one after the other, in a world with this seed.
fn program(world: &'static World, seed: u64) -> Vec<Came> {
    let (tasks, options) = (1 + seed as usize % world.size, ExecuteOptions::new());
    let ends = options.clone().with_end_at_failure(true);
    let pieces = seed * 7 % 50;
    let mut came = vec![
        run(world, world.size, Squares { pieces, ..SQUARES }, &options),
        // What a run that has ended early leaves under way is to have no part in the next.
        run(world, world.size, Squares { fails: Some(3), pieces: 200, ..SQUARES }, &ends),
        run(world, world.size, Squares { more: 9, ..SQUARES }, &options),
        listened(world, world.size, Squares { pieces: 200, ..SQUARES }, &options, 5),
        run(world, tasks, Squares { fails: Some(seed % 20), ..SQUARES }, &options),
    ];
    let failed = (world.rank == 0 && seed % 2 == 1).then(|| "a full disk".to_string());
    // The leader may be two occasions ahead.
    for leader_waits in [false, seed.is_multiple_of(3), true] {
        let meeting = Meeting { what: "saving", failed: failed.clone(), leader_waits };
        assert_eq!(world.meet(meeting).is_some(), seed % 2 == 1);
    }
    came.push(run(world, world.size, SQUARES, &options));
    came
}

fn sum(pieces: u64) -> i64 {
    (0..pieces as i64).map(|piece| piece * piece).sum()
}

fn check(came: &[Came], seed: u64) {
    let [all, ended, two_rounds, enough, one_fails, last] = came else { panic!("six runs") };
    let report = |of: &Came| of.1.clone().expect("it runs");
    let pieces = seed * 7 % 50;
    assert_eq!((all.0.sum, report(all).done), (sum(pieces), pieces));
    assert_eq!((two_rounds.0.sum, report(two_rounds).done), (sum(29), 29));
    let missing = (seed % 20) as i64;
    assert_eq!(one_fails.0.sum, sum(20) - missing * missing);
    assert_eq!((report(one_fails).done, report(one_fails).failures.len()), (19, 1));
    assert!(!report(one_fails).interrupted);
    let (failed, reached) = (report(ended), ended.0.pieces as u64);
    // News of a failure may be so late that all others are finished.
    assert_eq!((failed.failures.len(), failed.interrupted), (1, reached < 199));
    assert_eq!(failed.done, reached, "{failed:?}");
    let (stopped, reached) = (report(enough), enough.0.pieces as u64);
    assert!(stopped.done == reached && reached >= 5, "{stopped:?}");
    assert_eq!((stopped.failures.len(), stopped.interrupted), (0, reached < 200));
    assert_eq!(last.0.sum, sum(20));
}

/// A world of threads.
fn world(size: usize, seed: u64) -> (Arc<Network>, Vec<&'static World>) {
    let network = Network::new(size);
    let rank = |rank| {
        let shared = Shared::new(Desk::new(rank, size));
        let end = network.end_of(rank, seed * 100 + rank as u64);
        let courier = Courier::new(Arc::clone(&shared), end, None, None);
        thread::spawn(move || courier.work());
        let host = format!("host {rank}");
        &*Box::leak(Box::new(World {
            shared,
            rank,
            size,
            host,
            quiet: None,
            share: 1,
            on_host: (1, 1),
        }))
    };
    let ranks = (0..size).map(rank).collect();
    (network, ranks)
}

/// Runs the same on all ranks, which take leave of each other then; gives what each has come to.
fn on_all<R: Send>(
    ranks: &[&'static World],
    program: impl Fn(&'static World) -> R + Sync,
) -> Vec<R> {
    thread::scope(|scope| {
        let program = &program;
        let start = |&world: &&'static World| {
            scope.spawn(move || {
                let came = program(world);
                world.shared.with(|desk| desk.leave = Leave::Wishes);
                let gone = |desk: &mut Desk| (desk.leave == Leave::Gone).then_some(());
                while world.shared.wait(LOOK, gone).is_none() {}
                came
            })
        };
        let threads: Vec<_> = ranks.iter().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    })
}

fn assert_nothing_is_left(network: &Network, ranks: &[&World]) {
    assert_eq!(network.left(), 0, "nothing is under way");
    for world in ranks {
        let desk = world.shared.desk();
        assert!(desk.outbox.is_empty() && desk.queue.is_empty() && desk.done.is_empty());
        assert!(desk.outcomes.is_empty() && desk.arrived.iter().all(|queue| queue.is_empty()));
        assert!(desk.passed.is_empty() && desk.fatal.is_none() && !desk.running);
        assert!(desk.failed.is_none() && desk.asked_to_end.is_none());
        assert!(!desk.stop.load(std::sync::atomic::Ordering::Relaxed));
    }
}

#[test]
fn whatever_order_news_come_in_all_ranks_come_to_the_same() {
    for seed in 0..60 {
        let size = 2 + seed as usize % 4;
        let (network, ranks) = world(size, seed);
        let came = on_all(&ranks, |world| program(world, seed));
        check(&came[0], seed);
        for of_rank in &came[1..] {
            assert_eq!(*of_rank, came[0], "seed {seed}");
        }
        assert_nothing_is_left(&network, &ranks);
    }
}

/// What another rank's failure ends does not wait for what the leader computes.
#[test]
fn a_failure_elsewhere_ends_what_the_leader_computes() {
    struct Waits;
    impl Work for Waits {
        fn pieces(&self) -> u64 {
            2
        }
        fn fingerprint(&self, _: &mut Fingerprint) {}
        fn run(&self, piece: u64, cx: &mut Context<'_>, _: &mut Frame) -> Result<(), Failure> {
            if piece == 1 {
                return Err(Failure::other("it fails"));
            }
            while !cx.cancelled() {
                thread::sleep(Duration::from_millis(1));
            }
            Err(Failure::cancelled())
        }
    }
    let (network, ranks) = world(2, 0);
    let options = ExecuteOptions::new().with_end_at_failure(true);
    let reports = on_all(&ranks, |world| {
        let driver = Mpi::of(world, None).expect("there are two");
        driver.run(&Waits, &mut Total::default(), &options, &mut fascicle_core::ignore_events)
    });
    for report in reports {
        let report: Report = report.expect("it runs");
        assert_eq!((report.failures.len(), report.done, report.interrupted), (1, 0, true));
        assert!(report.failures[0].to_string().contains("on rank 1 (host 1)"));
    }
    assert_nothing_is_left(&network, &ranks);
}

/// A rank that dies in its piece, as another one on its host sees it, ends the run on the others.
#[test]
fn a_rank_that_dies_is_named_with_what_it_had() {
    #[derive(Clone, Copy)]
    struct Dies(&'static World);
    impl Work for Dies {
        fn pieces(&self) -> u64 {
            1000
        }
        fn fingerprint(&self, _: &mut Fingerprint) {}
        fn run(&self, piece: u64, _: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
            // The first pieces go to the ranks in their order.
            if piece == 1 {
                self.0.shared.with(|desk| desk.send(0, &Word::Died { rank: 1 }));
                loop {
                    thread::park();
                }
            }
            thread::sleep(Duration::from_millis(1));
            out.put_i64s("square", vec![1]);
            Ok(())
        }
    }
    let (_, ranks) = world(4, 1);
    let run = |world: &'static World, sibling| {
        let driver = Mpi::of(world, None).expect("there are four");
        let (mut total, options) = (Total::default(), ExecuteOptions::new());
        let on = &mut fascicle_core::ignore_events;
        driver
            .run(&Dies(sibling), &mut total, &options, on)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let [leader, dies, sibling, fourth] = ranks[..] else { panic!("four") };
    thread::spawn(move || run(dies, sibling));
    // The fourth would have the outcome from the second.
    let others = [sibling, fourth].map(|rank| thread::spawn(move || run(rank, sibling)));
    let why = "rank 1 on host 1 has died; it had batch 1 to run";
    assert_eq!(run(leader, sibling), Err(why.to_string()));
    for other in others {
        assert_eq!(other.join().unwrap(), Err(format!("rank 0 has ended the run: {why}")));
    }
    for rank in ranks {
        // They do not take leave of one that is not there.
        rank.shared.with(|desk| desk.leave = Leave::Gone);
    }
}

/// Ranks that are about to run different things have an error, and nothing of it is left.
#[test]
fn another_work_is_an_error_on_all() {
    let (network, ranks) = world(3, 1);
    let options = ExecuteOptions::new();
    let came = on_all(&ranks, |world| {
        let pieces = if world.rank == 2 { 21 } else { 20 };
        let differs = run(world, 3, Squares { pieces, ..SQUARES }, &options);
        (differs.1, run(world, 3, SQUARES, &options).0)
    });
    for (differs, total) in came {
        let message = differs.expect_err("they differ");
        assert!(message.contains("rank 2 on host 2 is to run something else"), "{message}");
        assert_eq!(total.sum, sum(20));
    }
    assert_nothing_is_left(&network, &ranks);
}

/// Results that are too long to be sent are an error on all ranks, and what is there stays with the leader.
#[test]
fn results_that_cannot_be_sent_are_an_error_on_all() {
    #[derive(Default)]
    struct Long(Total);
    impl Fold for Long {
        fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
            self.0.add(piece, frame)
        }
        fn state(&self) -> Option<Frame> {
            let mut state = Frame::default();
            // A name is in the head of a packet, which may not be that long.
            state.put_i64s("x".repeat(129 << 20), Vec::new());
            Some(state)
        }
    }
    let (network, ranks) = world(2, 2);
    let came = on_all(&ranks, |world| {
        let mut fold = Long::default();
        let driver = Mpi::of(world, None).expect("there are two");
        let options = ExecuteOptions::new();
        let result = driver.run(&SQUARES, &mut fold, &options, &mut fascicle_core::ignore_events);
        (fold.0.pieces, result.map_err(|error: RunError| error.to_string()))
    });
    let [(kept, leader), (_, follower)] = &came[..] else { panic!("two ranks") };
    assert_eq!(*kept, 20);
    let why = "a length of ";
    assert!(leader.as_ref().is_err_and(|error| error.contains(why)), "{leader:?}");
    assert!(follower.as_ref().is_err_and(|error| error.contains(why)), "{follower:?}");
    assert_nothing_is_left(&network, &ranks);
}
