//! Ensembles on two ranks, one after the other: what the leader has told, the follower takes over.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::{
    Data, Event, Execute, ExecuteOptions, Fold, Frame, Journaled, Listener, Outcome, Purpose,
    Ranks, Report, RunError, Scale, Seeding, Serial, Work, ignore_events, run_ensemble,
    run_on_ranks, wire,
};

/// Units with a real output, a Hermitian one and lines in the log; one goes wrong.
struct Units;

impl Ensemble for Units {
    fn describe(&self) -> Description {
        Description { simulation: "units".into(), ..Default::default() }
    }
    fn times(&self) -> Vec<f64> {
        vec![0.0, 1.0]
    }
    fn num_trajs(&self) -> u64 {
        30
    }
    fn batch_size(&self) -> usize {
        7
    }
    fn run(
        &self,
        seeds: &[Seed],
        cx: &mut Context<'_>,
        out: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        cx.log(LogLine::info(format!("begins with {}", seeds[0].0)));
        for &seed in seeds {
            let mut draws = Seeding::Independent.draws(seed, Purpose::new("x"));
            let x = if seed.0 == 5 { f64::NAN } else { draws.normal() };
            out.begin(&[seed]);
            for time in 0..2 {
                out.real(time, "x", &[], Scale::Exact, Lanes::one(&[x]))?;
            }
            out.end()?;
        }
        Ok(())
    }
}

/// A rank of two. The leader goes first, and what it tells is kept for the other.
struct Rank<'a> {
    leads: bool,
    told: &'a RefCell<Option<Vec<u8>>>,
}

impl Execute for Rank<'_> {
    fn name(&self) -> &'static str {
        "two"
    }
    fn workers(&self) -> usize {
        2
    }
    fn ranks(&self) -> Option<&dyn Ranks> {
        Some(self)
    }
    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        run_on_ranks(self, work, fold, options, on, &mut |manager, fold, on| {
            manager.run(work, fold, options, on)
        })
    }
}

impl Ranks for Rank<'_> {
    fn manager(&self) -> Option<&dyn Execute> {
        self.leads.then_some(&Serial)
    }
    fn follow(&self, _: &dyn Work, _: &ExecuteOptions) -> (Outcome, Frame) {
        let mut decoder = wire::Decoder::default();
        decoder.push(self.told.borrow().as_ref().expect("the leader has told"));
        decoder.next_packet().unwrap().unwrap()
    }
    fn tell(&self, outcome: Outcome, state: Frame) -> Result<(), RunError> {
        *self.told.borrow_mut() = Some(wire::encode(&outcome, &state).unwrap());
        Ok(())
    }
}

type Results = [Result<Data, String>; 2];

fn on_both(options: &RunOptions, on: &mut Listener<'_>) -> Results {
    let told = RefCell::new(None);
    let mut run = |leads: bool| {
        let rank = Rank { leads, told: &told };
        let on: &mut Listener<'_> = if leads { on } else { &mut ignore_events };
        run_ensemble(&Units, &rank, options, on).map_err(|error| error.to_string())
    };
    [run(true), run(false)]
}

fn same([leader, follower]: &Results) -> &Data {
    let (leader, follower) = (leader.as_ref().unwrap(), follower.as_ref().unwrap());
    assert_eq!(leader, follower);
    assert_eq!(leader.digest(), follower.digest());
    assert_eq!(leader.log(), follower.log());
    assert_eq!(leader.failures(), follower.failures());
    assert_eq!(leader.missing(), follower.missing());
    assert_eq!(leader.convergence(), follower.convergence());
    assert_eq!(leader.provenance(), follower.provenance());
    leader
}

#[test]
fn a_follower_has_the_leaders_data() {
    let options =
        || RunOptions::new().with_on_failure(OnFailure::Drop).with_keep_trajectories([3, 28]);
    let data = on_both(&options(), &mut ignore_events);
    let data = same(&data);
    assert_eq!((data.seeds().len(), data.failures().len(), data.log().len()), (29, 1, 5));
    assert_eq!(data.trajectories().len(), 2);
    let serial = run_ensemble(&Units, &Serial, &options(), &mut ignore_events).unwrap();
    assert_eq!(*data, serial);
    // Appended, in rounds.
    let more = RunOptions::new().with_on_failure(OnFailure::Drop).with_append(data);
    let more = more.until_standard_error("x", 0.1, 200);
    let more = on_both(&more, &mut ignore_events);
    let more = same(&more);
    assert!(more.seeds().len() > 60 && more.convergence().len() > 2);
}

#[test]
fn a_follower_has_the_leaders_error() {
    let [leader, follower] = on_both(&RunOptions::new(), &mut ignore_events);
    assert_eq!(leader.clone().unwrap_err(), follower.unwrap_err());
    assert!(leader.unwrap_err().contains("1 of 5 batches failed"));
}

/// One failed batch of five: a driver of one process finishes the others, ranks do not go on for an error.
#[test]
fn a_failure_ends_a_run_on_ranks() {
    let finished = |driver: &dyn Execute| {
        let error = run_ensemble(&Units, driver, &RunOptions::new(), &mut ignore_events);
        let Err(EnsembleError::Failed { failures, finished, .. }) = error else {
            panic!("a batch fails")
        };
        (failures.len(), finished.seeds().len(), finished.missing().len())
    };
    assert_eq!(finished(&Serial), (1, 23, 7));
    let told = RefCell::new(None);
    assert_eq!(finished(&Rank { leads: true, told: &told }), (1, 0, 30));
    assert_eq!(finished(&Rank { leads: false, told: &told }), (1, 0, 30));
}

#[test]
fn what_ends_the_leader_ends_the_follower() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = RunOptions::new().with_checkpoint(folder.path().join("no").join("run.journal"));
    let [leader, follower] = on_both(&nowhere, &mut ignore_events);
    let expected = format!("rank 0 has ended the run: {}", leader.unwrap_err());
    assert_eq!(follower.unwrap_err(), expected);

    let told = RefCell::new(None);
    let panics = &mut |_: Event<'_>| panic!("a listener of the leader's");
    let leader = catch_unwind(AssertUnwindSafe(|| {
        run_ensemble(&Units, &Rank { leads: true, told: &told }, &RunOptions::new(), panics)
    }));
    assert!(leader.is_err());
    let rank = Rank { leads: false, told: &told };
    let follower = run_ensemble(&Units, &rank, &RunOptions::new(), &mut ignore_events);
    assert_eq!(follower.unwrap_err().to_string(), "rank 0 has ended the run: it panicked");
}

#[test]
fn the_journal_is_the_leaders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.journal");
    let options = RunOptions::new().with_on_failure(OnFailure::Drop).with_checkpoint(&path);
    for resumed in [0, 30] {
        let data = on_both(&options, &mut ignore_events);
        let data = same(&data);
        assert_eq!(data.provenance().runs[0].resumed, resumed);
        assert_eq!(data.log().len(), 5);
    }
}

/// A fold that says nothing of what it has.
struct Silent;

impl Fold for Silent {
    fn add(&mut self, _: u64, _: &Frame) -> Result<(), crate::FoldError> {
        Ok(())
    }
}

struct Nothing;

impl Work for Nothing {
    fn pieces(&self) -> u64 {
        1
    }
    fn fingerprint(&self, _: &mut crate::Fingerprint) {}
    fn run(&self, _: u64, _: &mut Context<'_>, _: &mut Frame) -> Result<(), Failure> {
        Ok(())
    }
}

#[test]
fn a_fold_without_a_state_is_not_for_ranks() {
    let told = RefCell::new(None);
    let folder = tempfile::tempdir().unwrap();
    for leads in [true, false] {
        let rank = Rank { leads, told: &told };
        let journaled = Journaled::new(&rank, folder.path().join("run.journal"));
        for driver in [&rank as &dyn Execute, &journaled] {
            let result =
                driver.run(&Nothing, &mut Silent, &ExecuteOptions::new(), &mut ignore_events);
            assert!(matches!(result, Err(RunError::NotForRanks)), "{result:?}");
        }
    }
}
