//! Ensembles with a checkpoint.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::{
    Arithmetic, Data, Description, Ensemble, Event, Lanes, OnFailure, Recorder, RunOptions, Scale,
    Seed, Seeding, Serial, Threads, ignore_events, run_ensemble,
};

/// Walks with a log; one of them ends at NaN.
struct Walks {
    length: f64,
    arithmetic: Arithmetic,
    seeding: Seeding,
    batch: usize,
    nan: Option<u64>,
    ran: AtomicU64,
}

fn walks() -> Walks {
    Walks {
        length: 0.1,
        arithmetic: Arithmetic::Strict,
        seeding: Seeding::Independent,
        batch: 3,
        nan: None,
        ran: AtomicU64::new(0),
    }
}

impl Ensemble for Walks {
    fn describe(&self) -> Description {
        let mut description = Description { simulation: "walks".into(), ..Description::default() };
        description.set("length", self.length);
        description.arithmetic = self.arithmetic;
        description.seeding = self.seeding;
        description
    }
    fn times(&self) -> Vec<f64> {
        vec![0.0, 1.0]
    }
    fn num_trajs(&self) -> u64 {
        20
    }
    fn batch_size(&self) -> usize {
        self.batch
    }
    fn run(
        &self,
        seeds: &[Seed],
        cx: &mut Context<'_>,
        out: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        self.ran.fetch_add(seeds.len() as u64, Ordering::Relaxed);
        cx.log(LogLine::info(format!("walk from {}", seeds[0])));
        for &seed in seeds {
            let end = (seed.0 as f64).sin() * self.length;
            let end = if self.nan == Some(seed.0) { f64::NAN } else { end };
            out.begin(&[seed]);
            out.real(0, "x", &[], Scale::Exact, Lanes::one(&[0.0]))?;
            out.real(1, "x", &[], Scale::Exact, Lanes::one(&[end]))?;
            out.end()?;
        }
        Ok(())
    }
}

/// Ends a run after so many batches.
fn interrupted(walks: &Walks, options: &RunOptions, batches: usize) -> Data {
    let mut done = 0;
    let data = run_ensemble(walks, &Serial, options, &mut |event| {
        done += usize::from(matches!(event, Event::Done { .. }));
        if done >= batches { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    data.unwrap()
}

fn run(walks: &Walks, options: &RunOptions) -> Result<Data, String> {
    let driver = Threads::new(2).unwrap();
    run_ensemble(walks, &driver, options, &mut ignore_events).map_err(|error| error.to_string())
}

fn same(a: &Data, b: &Data) {
    assert_eq!(a, b);
    assert_eq!(a.digest(), b.digest());
    assert_eq!(a.log(), b.log());
    assert_eq!(a.failures(), b.failures());
    assert_eq!(a.missing(), b.missing());
    assert_eq!(a.trajectories(), b.trajectories());
}

#[test]
fn resumed_data_are_those_of_an_uninterrupted_run() {
    let with_nan = || Walks { nan: Some(7), ..walks() };
    let plain =
        RunOptions::new().with_keep_trajectories([4, 5, 19]).with_on_failure(OnFailure::Drop);
    let whole = run(&with_nan(), &plain).unwrap();
    assert_eq!((whole.seeds().len(), whole.trajectories().len()), (19, 3));
    for batches in 1..7 {
        let folder = tempfile::tempdir().unwrap();
        let options = plain.clone().with_checkpoint(folder.path().join("x.journal"));
        let begun = interrupted(&with_nan(), &options, batches);
        assert!(!begun.is_complete());
        for computed in [20 - 3 * batches as u64, 0] {
            let again = with_nan();
            let resumed = run(&again, &options).unwrap();
            same(&resumed, &whole);
            assert_eq!(again.ran.into_inner(), computed);
            let record = resumed.provenance().runs.last().unwrap();
            assert_eq!(record.trajectories, 19);
            assert_eq!(record.resumed, 20 - computed);
        }
    }
}

#[test]
fn it_goes_together_with_data_to_append_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.journal");
    let first = run(&walks(), &RunOptions::new()).unwrap();
    let options = RunOptions::new().with_append(&first).with_checkpoint(path);
    interrupted(&walks(), &options, 2);
    let again = walks();
    let all = run(&again, &options).unwrap();
    assert_eq!(again.ran.into_inner(), 14);
    assert_eq!(all, run(&walks(), &RunOptions::new().with_seeds(0..40_u64)).unwrap());
}

#[test]
fn other_trajectories_to_keep_are_run_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let options = RunOptions::new().with_checkpoint(folder.path().join("x.journal"));
    run(&walks(), &options).unwrap();
    let (keeps, more) = (walks(), options.clone().with_keep_trajectories([4, 5, 19]));
    let kept = run(&keeps, &more).unwrap();
    // Batches 1, and 6 of two.
    assert_eq!((kept.trajectories().len(), keeps.ran.into_inner()), (3, 5));
    same(&kept, &run(&walks(), &RunOptions::new().with_keep_trajectories([4, 5, 19])).unwrap());
    // And back again, which both were written down for.
    let back = walks();
    assert_eq!(run(&back, &options).unwrap().trajectories().len(), 0);
    assert_eq!(back.ran.into_inner(), 0);
}

#[test]
fn what_was_dropped_is_not_dropped_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let options = RunOptions::new().with_checkpoint(folder.path().join("x.journal"));
    let drop = options.clone().with_on_failure(OnFailure::Drop);
    let with_nan = || Walks { nan: Some(7), ..walks() };
    assert_eq!(run(&with_nan(), &drop).unwrap().seeds().len(), 19);
    let strict = with_nan();
    let error = run(&strict, &options).unwrap_err();
    assert!(error.contains("1 of 7 batches failed; the first: batch 2 (seeds 6-8)"), "{error}");
    assert_eq!(strict.ran.into_inner(), 3);
}

#[test]
fn checkpoints_of_other_runs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.journal");
    let options = RunOptions::new().with_checkpoint(&path);
    run(&walks(), &options).unwrap();
    let refused = |walks: Walks, options: &RunOptions, difference: &str| {
        let error = run(&walks, options).unwrap_err();
        let shown = path.display();
        assert_eq!(error, format!("{shown} is the journal of another run: {difference}"));
        assert_eq!(walks.ran.into_inner(), 0);
    };
    let other = Walks { length: 0.2, ..walks() };
    refused(other, &options, "length is 0.1 in the journal and 0.2 here");
    let other = Walks { arithmetic: Arithmetic::Fused, ..walks() };
    refused(other, &options, "arithmetic is strict in the journal and fused here");
    let other = Walks { batch: 4, ..walks() };
    refused(other, &options, "batch size is 3 in the journal and 4 here");
    let seeds = options.clone().with_seeds([3, 4, 5, 9]);
    refused(walks(), &seeds, "seeds is 0-19 in the journal and 3-5, 9 here");
}
