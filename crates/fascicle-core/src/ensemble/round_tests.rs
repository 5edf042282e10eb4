//! Runs that stop by themselves.

use std::ops::ControlFlow;

use super::batches::Batches;
use super::plan::Plan;
use super::*;
use crate::{
    Data, Event, Execute, ExecuteOptions, Fingerprint, Fold, Frame, Listener, Purpose, Report,
    Rounds, RunError, Scale, Seeding, Serial, Threads, Work, attempt, ignore_events, run_ensemble,
};

/// Units that end at 1 or −1 by turns: of an even number n of them, the standard error is
/// 1 / √(n − 1). The imaginary part of another output is twice that.
#[derive(Clone)]
struct Coins {
    num_trajs: u64,
    batch_size: usize,
    group: usize,
    /// A seed whose batch fails.
    unlucky: Option<u64>,
}

const COINS: Coins = Coins { num_trajs: 100, batch_size: 25, group: 1, unlucky: None };

impl Ensemble for Coins {
    fn describe(&self) -> Description {
        Description { simulation: "coins".into(), ..Default::default() }
    }
    fn times(&self) -> Vec<f64> {
        vec![0.0, 1.0]
    }
    fn num_trajs(&self) -> u64 {
        self.num_trajs
    }
    fn batch_size(&self) -> usize {
        self.batch_size
    }
    fn group(&self) -> usize {
        self.group
    }
    fn run(
        &self,
        seeds: &[Seed],
        _: &mut Context<'_>,
        out: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        for &seed in seeds {
            if Some(seed.0) == self.unlucky {
                return Err(Failure::other("unlucky"));
            }
            out.begin(&[seed]);
            let even = (seed.0 / self.group as u64).is_multiple_of(2);
            let side = if even { 1.0 } else { -1.0 };
            for (time, x) in [0.0, side].into_iter().enumerate() {
                let (re, im) = ([0.5], [2.0 * x]);
                out.real(time, "side", &[], Scale::Exact, Lanes::one(&[x]))?;
                let scale = Scale::Fixed { log2_range: 1 };
                out.complex(time, "phase", &[1], scale, Lanes::one(&re), Lanes::one(&im))?;
            }
            out.end()?;
        }
        Ok(())
    }
}

fn until(output: &str, target: f64, most: u64) -> RunOptions {
    RunOptions::new().until_standard_error(output, target, most)
}

fn run(coins: &Coins, options: &RunOptions) -> Data {
    run_ensemble(coins, &Serial, options, &mut ignore_events).expect("it runs")
}

fn error(coins: &Coins, options: &RunOptions) -> EnsembleError {
    run_ensemble(coins, &Serial, options, &mut ignore_events).expect_err("it cannot succeed")
}

fn counts(data: &Data) -> Vec<u64> {
    data.convergence().iter().map(|round| round.trajectories).collect()
}

/// Runs the pieces of a round in an order that hangs on a seed.
struct AnyOrder(u64);

impl Execute for AnyOrder {
    fn name(&self) -> &'static str {
        "any order"
    }
    fn workers(&self) -> usize {
        1
    }
    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        let mut draws = Seeding::Independent.draws(Seed(self.0), Purpose::new("order"));
        let mut rounds = Rounds::begin(work, fold, on, options, (self.name(), 1));
        loop {
            let mut pieces: Vec<u64> = std::iter::from_fn(|| rounds.next_piece()).collect();
            while !pieces.is_empty() {
                let at = (draws.uniform() * pieces.len() as f64) as usize;
                let (piece, mut frame) = (pieces.swap_remove(at), Frame::default());
                let result = attempt(work, piece, &mut Context::new(0), &mut frame);
                rounds.finish(piece, 0, &[], result.map(|()| &frame));
            }
            if !rounds.another_round() {
                return Ok(rounds.end());
            }
        }
    }
}

#[test]
fn rounds_are_as_many_as_the_variance_tells() {
    for (output, target, expected) in
        [("side", 0.2, 100), ("side", 0.05, 500), ("phase", 0.2, 200), ("phase", 0.1, 500)]
    {
        let data = run(&COINS, &until(output, target, 10_000));
        assert_eq!(data.seeds(), (0..expected).map(Seed).collect::<Vec<_>>(), "{output} {target}");
        assert_eq!(counts(&data), (1..=expected / 100).map(|n| 100 * n).collect::<Vec<_>>());
        assert_eq!(data.provenance().runs[0].rounds, expected / 100);
        assert!(data.is_complete());
        assert!(data.log().iter().any(|line| line.to_string().contains("are enough")));
        for round in data.convergence() {
            let exact = (round.trajectories as f64 - 1.0).sqrt().recip();
            assert!((round.largest_error("side").unwrap() - exact).abs() < 1e-15);
            assert!((round.largest_error("phase").unwrap() - 2.0 * exact).abs() < 1e-15);
        }
        // It is the same as without stopping.
        let all = Coins { num_trajs: expected, ..COINS };
        let at_once = run(&all, &RunOptions::new());
        assert_eq!(data, at_once);
        assert_eq!(data.digest(), at_once.digest());
    }
}

#[test]
fn the_target_itself_is_enough() {
    let reached = run(&Coins { num_trajs: 400, ..COINS }, &RunOptions::new());
    let error = reached.standard_error("side").unwrap()[1];
    assert_eq!(run(&COINS, &until("side", error, 1000)).seeds().len(), 400);
    assert_eq!(run(&COINS, &until("side", error.next_down(), 1000)).seeds().len(), 500);
}

#[test]
fn batches_drivers_and_orders_do_not_matter() {
    let options = until("side", 0.05, 10_000);
    let expected = run(&COINS, &options);
    let threads = [1, 2, 5].map(|workers| Threads::new(workers).unwrap());
    let orders = [1, 2, 3].map(AnyOrder);
    let threads = threads.iter().map(|driver| driver as &dyn Execute);
    let orders = orders.iter().map(|driver| driver as &dyn Execute);
    for driver in std::iter::once(&Serial as &dyn Execute).chain(threads).chain(orders) {
        for batch_size in [1, 7, 16, 100, 1000] {
            let coins = Coins { batch_size, ..COINS };
            let data = run_ensemble(&coins, driver, &options, &mut ignore_events).unwrap();
            assert_eq!(data, expected, "{} in batches of {batch_size}", driver.name());
            assert_eq!(data.digest(), expected.digest());
            assert_eq!(data.convergence(), expected.convergence());
            assert_eq!(data.log(), expected.log());
        }
    }
}

#[test]
fn the_most_is_an_upper_bound() {
    let data = run(&COINS, &until("side", 1e-3, 250));
    assert_eq!(counts(&data), [100, 200, 250]);
    assert!(data.is_complete());
    let error = data.standard_error("side").unwrap()[1];
    let line = data.log().last().unwrap().to_string();
    let expected = format!(
        "warning: 250 trajectories are not enough: the largest standard error of `side` is {error:?}, wanted 0.001"
    );
    assert_eq!(line, expected);
    // Whole groups, in rounds and batches.
    let groups = Coins { num_trajs: 10, batch_size: 3, group: 2, unlucky: None };
    let data = run(&groups, &until("side", 1e-3, 25));
    assert_eq!(counts(&data), [10, 20, 24]);
    assert_eq!(data.provenance().runs[0].batch_size, 4);
    // More than there can be is no limit.
    assert_eq!(run(&COINS, &until("side", 0.05, u64::MAX)).seeds().len(), 500);
    assert_eq!(counts(&run(&COINS, &until("side", 0.05, 40))), [40]);
}

#[test]
fn a_single_trajectory_is_never_enough() {
    let data = run(&Coins { num_trajs: 1, ..COINS }, &until("side", 10.0, 5));
    assert_eq!(counts(&data), [1, 2]);
    assert_eq!(data.convergence()[0].largest_error("side"), None);
}

#[test]
fn data_that_are_appended_to_count() {
    let options = until("side", 0.05, 10_000);
    let at_once = run(&COINS, &options);
    let first = run(&Coins { num_trajs: 300, ..COINS }, &RunOptions::new());
    let data = run(&COINS, &options.clone().with_append(first));
    assert_eq!(data, at_once);
    assert_eq!(counts(&data), [300, 400, 500]);
    // Where they are enough, nothing is run, and nothing lost.
    let mut events = Vec::new();
    let again = options.with_append(&data);
    let again = run_ensemble(&COINS, &Serial, &again, &mut |event| {
        events.push(matches!(event, Event::Log { .. }));
        ControlFlow::Continue(())
    });
    let again = again.unwrap();
    assert_eq!(again, data);
    assert_eq!(events, [true]);
    assert_eq!(again.provenance().runs.last().unwrap().trajectories, 0);
    assert_eq!(again.convergence(), data.convergence());
    // Nor do data that came about so remember it.
    let more = run(&COINS, &RunOptions::new().with_append(again));
    assert_eq!(more, run(&Coins { num_trajs: 600, ..COINS }, &RunOptions::new()));
}

#[test]
fn given_seeds_are_taken_in_order() {
    let seeds: Vec<u64> = (0..350).rev().map(|n| 7 * n).collect();
    let options = until("side", 0.075, 10_000).with_seeds(seeds.clone());
    let data = run(&COINS, &options);
    assert_eq!(data.seeds(), (0..200).map(|n| Seed(7 * n)).collect::<Vec<_>>());
    let data = run(&COINS, &until("side", 1e-3, 10_000).with_seeds(seeds.clone()));
    assert_eq!(counts(&data), [100, 200, 300, 350]);
    let data = run(&COINS, &until("side", 1e-3, 120).with_seeds(seeds));
    assert_eq!(counts(&data), [100, 120]);
    let kept = until("side", 0.2, 1000).with_keep_trajectories([5, 700]);
    assert_eq!(run(&COINS, &kept).trajectories().len(), 1, "700 did not come to be run");
}

/// Breaks off after so many pieces.
fn interrupted(options: &RunOptions, after: u64) -> Data {
    let mut done = 0;
    let data = run_ensemble(&COINS, &Serial, options, &mut |event| {
        done += u64::from(matches!(event, Event::Done { .. }));
        if done == after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    data.expect("an interruption is no error")
}

#[test]
fn an_interrupted_round_is_missing() {
    let options = until("side", 0.05, 10_000);
    let whole = run(&COINS, &options);
    // In the middle of the second round, at the end of it, and at the end of the last.
    for (pieces, rounds, there, missing) in [(6, 1, 150, 50), (8, 2, 200, 100), (20, 5, 500, 0)] {
        let data = interrupted(&options, pieces);
        let run = data.provenance().runs[0].clone();
        assert_eq!((run.rounds, run.interrupted), (rounds, missing > 0), "{pieces} pieces");
        assert_eq!(data.convergence(), &whole.convergence()[..rounds as usize]);
        assert_eq!(data.missing(), (there..there + missing).map(Seed).collect::<Vec<_>>());
        assert_eq!(data.log().len(), usize::from(missing == 0), "a verdict comes at the end");
        let rest = RunOptions::new().with_seeds(data.missing().to_vec());
        let resumed = if missing == 0 { data } else { self::run(&COINS, &rest.with_append(data)) };
        assert_eq!(self::run(&COINS, &options.clone().with_append(resumed)), whole);
    }
}

#[test]
fn what_cannot_be_is_an_error() {
    for target in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        let expected =
            format!("the standard error to stop at must be positive and finite, found {target}");
        assert_eq!(error(&COINS, &until("side", target, 100)).to_string(), expected);
    }
    for (coins, most, expected) in [
        (COINS, 0, "max_trajectories must be at least 1, found 0"),
        (Coins { group: 4, ..COINS }, 3, "max_trajectories must be at least 4, found 3"),
        (Coins { num_trajs: 0, ..COINS }, 100, "num_trajs must be at least 1, found 0"),
    ] {
        assert_eq!(error(&coins, &until("side", 0.1, most)).to_string(), expected);
    }
    let odd = Coins { num_trajs: 101, group: 2, ..COINS };
    let odd = error(&odd, &until("side", 0.1, 1000).with_seeds(0..200_u64)).to_string();
    assert!(odd.starts_with("101 trajectories are no multiple of the 2 branches"), "{odd}");
}

#[test]
fn an_unknown_output_loses_nothing() {
    let expected = "the run was to stop at a standard error, but there is no output `sides`: \
                    expected one of phase, side";
    let options = until("sides", 0.05, 10_000);
    let EnsembleError::UnknownOutput { source, finished } = error(&COINS, &options) else {
        panic!("expected another error");
    };
    let finished = finished.expect("a round was run");
    assert_eq!(*finished, run(&COINS, &RunOptions::new()));
    // Of data that are there it is known before a worker starts.
    let trap = Coins { unlucky: Some(100), ..COINS };
    let known = error(&trap, &options.with_append(*finished));
    assert_eq!(known.to_string(), expected);
    assert!(matches!(known, EnsembleError::UnknownOutput { finished: None, .. }));
    assert!(expected.ends_with(&source.to_string()));
}

#[test]
fn a_failed_batch_ends_the_run_unless_it_is_dropped() {
    let (unlucky, options) = (Coins { unlucky: Some(110), ..COINS }, until("side", 0.05, 600));
    let EnsembleError::Failed { failures, pieces, finished } = error(&unlucky, &options) else {
        panic!("expected another error");
    };
    assert_eq!((failures.len(), failures[0].piece, pieces), (1, 4, 8));
    assert_eq!((finished.seeds().len(), finished.missing().len()), (175, 25));
    let data = run(&unlucky, &options.with_on_failure(OnFailure::Drop));
    assert_eq!(counts(&data), [100, 175, 275, 375, 475]);
    // Where nothing is left there is no end to wait for.
    let hopeless = Coins { batch_size: 100, unlucky: Some(5), ..COINS };
    let options = until("side", 0.05, 600).with_on_failure(OnFailure::Drop);
    let hopeless = error(&hopeless, &options);
    assert!(matches!(hopeless, EnsembleError::Failed { pieces: 1, .. }), "{hopeless}");
}

#[test]
fn a_run_is_one_round_and_merging_is_another() {
    let half = run(&COINS, &RunOptions::new());
    assert_eq!((counts(&half), half.provenance().runs[0].rounds), (vec![100], 1));
    let both = run(&COINS, &RunOptions::new().with_append(&half));
    assert_eq!(counts(&both), [100, 200]);
    let other = run(&COINS, &until("side", 0.075, 1000).with_seeds(100..400_u64));
    assert_eq!(counts(&other), [100, 200]);
    let merged = half.merged(other).unwrap();
    assert_eq!(counts(&merged), [100, 300]);
    let at_once = run(&Coins { num_trajs: 300, ..COINS }, &RunOptions::new());
    assert_eq!((merged.convergence().last(), &merged), (at_once.convergence().last(), &at_once));
}

#[test]
fn listeners_see_the_fold_so_far_and_change_nothing() {
    let options = until("side", 0.05, 10_000);
    let expected = run(&COINS, &options);
    let threads = Threads::new(3).unwrap();
    for driver in [&Serial as &dyn Execute, &threads, &AnyOrder(4)] {
        for every in [1, 3] {
            let (mut events, mut seen) = (0, Vec::new());
            let data = run_ensemble(&COINS, driver, &options, &mut |event| {
                events += 1;
                match event {
                    Event::Done { progress, partial, .. } if events % every == 0 => {
                        let partial = partial().expect("there is some");
                        assert_eq!(partial.seeds().len() as u64, progress.items);
                    }
                    Event::Round { round, partial, snapshot, progress } => {
                        let partial = partial().expect("there is some");
                        assert_eq!(partial.convergence().len() as u64, round);
                        assert_eq!(partial.convergence().last(), snapshot().as_ref());
                        let all = Coins { num_trajs: 100 * round, ..COINS };
                        assert_eq!(partial.digest(), run(&all, &RunOptions::new()).digest());
                        seen.push((round, progress.items, progress.all_items));
                    }
                    _ => {}
                }
                ControlFlow::Continue(())
            });
            let data = data.unwrap();
            assert_eq!((&data, data.digest()), (&expected, expected.digest()));
            assert_eq!(data.log(), expected.log());
            let rounds = (1..=5).map(|n| (n, 100 * n, 100 * (n + 1).min(5)));
            assert_eq!(seen, rounds.collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_only_round_is_told_too() {
    let mut seen = Vec::new();
    let data = run_ensemble(&COINS, &Serial, &RunOptions::new(), &mut |event| {
        if let Event::Round { partial, snapshot, .. } = event {
            seen.push((partial().expect("there is some").convergence().to_vec(), snapshot()));
        }
        ControlFlow::Continue(())
    });
    let data = data.unwrap();
    assert_eq!(seen, [(data.convergence().to_vec(), data.convergence().first().cloned())]);
}

#[test]
fn each_seed_is_in_one_batch_of_its_round() {
    for (num_trajs, batch_size, group, most) in [
        (10, 3, 1, 35),
        (10, 3, 2, 35),
        (1, 5, 1, 3),
        (12, 100, 3, 30),
        (7, 7, 1, 21),
        (5, 2, 1, 4),
    ] {
        let coins = Coins { num_trajs, batch_size, group, unlucky: None };
        let options = until("side", 0.1, most);
        let plan = Plan::new(&coins, &options).unwrap();
        let (mut piece, mut all) = (0, Vec::new());
        for round in 0.. {
            let pieces = plan.pieces(round);
            if pieces == 0 {
                break;
            }
            let of_round: Vec<Seed> =
                (piece..piece + pieces).flat_map(|piece| plan.seeds_of_piece(piece)).collect();
            assert_eq!(of_round, plan.seeds_of_round(round));
            assert!(of_round.len() <= num_trajs as usize);
            assert!((piece..piece + pieces).all(|piece| plan.size(piece) > 0));
            all.extend(of_round);
            piece += pieces;
        }
        assert_eq!(all, (0..most / group as u64 * group as u64).map(Seed).collect::<Vec<_>>());
    }
}

#[test]
fn a_resume_must_agree_on_when_to_stop() {
    let fingerprint = |coins: &Coins, options: &RunOptions| {
        let plan = Plan::new(coins, options).unwrap();
        let mut to = Fingerprint::new();
        Batches::new(coins, &plan, options).fingerprint(&mut to);
        to.hex()
    };
    let options = until("side", 0.1, 1000);
    let own = fingerprint(&COINS, &options);
    assert_eq!(own, fingerprint(&COINS, &options.clone().with_tasks(7)));
    let others = [
        fingerprint(&COINS, &RunOptions::new().with_seeds(0..1000_u64)),
        fingerprint(&COINS, &until("side", 0.2, 1000)),
        fingerprint(&COINS, &until("phase", 0.1, 1000)),
        fingerprint(&Coins { num_trajs: 50, ..COINS }, &options),
    ];
    assert!(!others.contains(&own));
    // Where it ends at the latest may be changed: what was run until then is the same.
    assert_eq!(own, fingerprint(&COINS, &until("side", 0.1, 1001)));
    // Nothing of it is in the data.
    assert_eq!(run(&COINS, &options).description(), &COINS.describe());
}
