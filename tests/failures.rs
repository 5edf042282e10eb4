//! What goes wrong while running: named by batch and seeds, and nothing else is lost.

use std::sync::{Mutex, PoisonError};

use fascicle::core::{
    Cause, Context, EnsembleError, Execute, ExecuteOptions, Failure, Fingerprint, Fold, Frame,
    Listener, Report, RunError, Scale, Work, ignore_events, run_ensemble,
};
use fascicle::prelude::*;
use fascicle::{Error, Rescue};
use fascicle_tests::simulations::spin_boson;

const DRIVERS: [Driver; 3] = [Driver::Serial, Driver::Threads(2), Driver::Processes(2)];

/// 60 trajectories in batches of 10, with a task of ours after the start.
fn with_task(
    run: impl Fn(&Step<'_>, &mut Block) -> Result<(), Failure> + Send + Sync + 'static,
) -> Simulation<SpinBoson, MeanField> {
    let mut algorithm = MeanField::default();
    algorithm.recipe.update.insert_before("update_z_rk4", task("mine", run)).unwrap();
    let mut sim = spin_boson(algorithm);
    sim.settings.num_trajs = 60;
    sim.settings.batch_size = 10;
    sim.settings.tmax = 1.0;
    sim
}

fn has(block: &Block, seed: u64) -> bool {
    block.seeds().contains(&Seed(seed))
}

/// In a folder of its own, where the rescued file goes. The process has one current folder, so tests
/// that share a process take turns.
fn in_scratch<R>(f: impl FnOnce() -> R) -> R {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let before = std::env::current_dir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    let result = f();
    std::env::set_current_dir(before).unwrap();
    result
}

/// Pieces of which one fails, and the others take a while.
struct OneFails;

impl Work for OneFails {
    fn pieces(&self) -> u64 {
        200
    }
    fn fingerprint(&self, _: &mut Fingerprint) {}
    fn run(&self, piece: u64, cx: &mut Context<'_>, _: &mut Frame) -> Result<(), Failure> {
        if piece == 3 {
            return Err(Failure::other("the fourth fails"));
        }
        for _ in 0..10 {
            std::thread::sleep(std::time::Duration::from_millis(1));
            if cx.cancelled() {
                return Err(Failure::cancelled());
            }
        }
        Ok(())
    }
    fn shared(&self) -> Option<&(dyn Work + Sync)> {
        Some(self)
    }
}

struct Counts(u64);

impl Fold for Counts {
    fn add(&mut self, _: u64, _: &Frame) -> Result<(), fascicle::core::FoldError> {
        self.0 += 1;
        Ok(())
    }
}

#[test]
fn a_driver_that_is_told_to_ends_at_the_first_failure() {
    for driver in DRIVERS {
        for (ends, interrupted) in [(false, false), (true, true)] {
            let options = ExecuteOptions::new().with_end_at_failure(ends);
            let (mut fold, execute) = (Counts(0), driver.execute().unwrap());
            let report = execute.run(&OneFails, &mut fold, &options, &mut ignore_events).unwrap();
            let found = (report.failures.len(), report.interrupted, report.done == fold.0);
            assert_eq!(found, (1, interrupted, true), "{driver:?} {report:?}");
            assert_eq!(report.failures[0].piece, 3);
            assert!(if ends { report.done < 20 } else { report.done == 199 }, "{report:?}");
        }
    }
}

#[test]
fn a_panicking_task_names_batch_and_seeds_and_loses_nothing_else() {
    let sim = with_task(|step, block| {
        assert!(!(has(block, 23) && step.index() == 7), "seed 23 is unlucky");
        Ok(())
    });
    for driver in DRIVERS {
        in_scratch(|| {
            let error = driver.run(&sim, RunOptions::new()).unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("1 of 6 batches failed; the 50 finished trajectories are in ")
            );
            let line = "\n  batch 2 (seeds 20-29) failed: panicked: seed 23 is unlucky\n    to run it \
                        alone: Driver::Serial.run(&sim, RunOptions::new().with_seeds(20..=29_u64))";
            assert!(text.ends_with(line), "{text}");
            let Error::Failed { finished, rescue: Rescue::File { path, trajectories }, .. } = error
            else {
                panic!("expected a file, found {error:?}");
            };
            assert_eq!(trajectories, 50);
            let rescued = Data::load(&path).unwrap();
            assert_eq!(rescued, *finished);
            assert!(!rescued.is_complete());
            // What is missing can be run later, and is not distinguishable from a run without fault.
            let repaired = with_task(|_, _| Ok(()));
            let missing = rescued.missing().to_vec();
            assert_eq!(missing, (20..30).map(Seed).collect::<Vec<_>>());
            let rest = RunOptions::new().with_append(rescued).with_seeds(missing);
            let whole = driver.run(&repaired, rest).unwrap();
            assert_eq!(whole, serial_driver(&repaired).unwrap());
            assert!(whole.is_complete() && whole.failures().is_empty());
        });
    }
}

#[test]
fn a_failed_task_is_named() {
    let sim = with_task(|_, block| {
        if !has(block, 0) {
            return Ok(());
        }
        let message = "the weather is bad".to_string();
        Err(Failure::new(Cause::Task { task: "mine".into(), message }))
    });
    for driver in DRIVERS {
        let error = in_scratch(|| driver.run(&sim, RunOptions::new()).unwrap_err().to_string());
        assert!(error.contains("batch 0 (seeds 0-9) failed: task mine failed: the weather is bad"));
    }
}

/// A trajectory that becomes NaN at one time.
fn with_nan() -> Simulation<SpinBoson, MeanField> {
    with_task(|step, block| {
        for lane in 0..block.seeds().len() {
            if block.seeds()[lane] == Seed(41) && step.index() == 20 {
                block.z.re[3][lane] = f64::NAN;
            }
        }
        Ok(())
    })
}

#[test]
fn nan_names_seed_and_time() {
    for driver in DRIVERS {
        let error = in_scratch(|| driver.run(with_nan(), RunOptions::new()).unwrap_err());
        let text = error.to_string();
        let line = "batch 4 (seeds 40-49) failed: dm_db is NaN at time 0.6 (seed 41)";
        assert!(text.contains(line), "{text}");
        let Error::Failed { finished, .. } = error else { panic!("expected what is finished") };
        assert_eq!(finished.seeds().len(), 50);
    }
}

#[test]
fn nan_can_be_dropped_and_only_it_is() {
    let sound = with_task(|_, _| Ok(()));
    let others = RunOptions::new().with_seeds((0..60_u64).filter(|&seed| seed != 41));
    let others = Driver::Serial.run(&sound, others).unwrap();
    for driver in DRIVERS {
        let drop = RunOptions::new().with_on_failure(OnFailure::Drop);
        let data = driver.run(with_nan(), drop).unwrap();
        assert_eq!(data.seeds().len(), 59);
        assert_eq!(data, others);
        assert!(!data.is_complete());
        let failures = data.failures();
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0].seeds, [Seed(41)]);
        assert!(matches!(failures[0].failure.cause, Cause::NotFinite { .. }));
    }
}

/// 60 trajectories in batches of 10, of which the later ones have another output.
fn changing_shape() -> Simulation<SpinBoson, MeanField> {
    let mut algorithm = MeanField::default();
    algorithm.recipe.collect.push(task("collect_odd", |_, block| {
        let components = if block.seeds()[0] < Seed(30) { 2 } else { 3 };
        let values = vec![block.classical_energy; components];
        block.outputs.real("odd", &[components], Scale::Exact, &values);
        Ok(())
    }));
    let mut sim = spin_boson(algorithm);
    sim.settings.num_trajs = 60;
    sim.settings.batch_size = 10;
    sim.settings.tmax = 0.4;
    sim
}

#[test]
fn outputs_that_change_shape_between_batches_are_refused() {
    let sim = changing_shape();
    let error = in_scratch(|| serial_driver(&sim).unwrap_err().to_string());
    assert!(
        error.contains("3 of 6 batches failed; the 30 finished trajectories are in"),
        "{error}"
    );
    assert!(error.contains("batch 3 (seeds 30-39) failed: outputs changed shape: expected "));
    assert!(error.contains("odd real [2]") && error.contains("odd real [3]"), "{error}");
}

#[test]
fn batches_of_different_shapes_are_never_an_answer_that_depends_on_their_order() {
    let sim = changing_shape();
    for driver in DRIVERS {
        let options = RunOptions::new().with_on_failure(OnFailure::Drop);
        let error = in_scratch(|| driver.run(&sim, options).unwrap_err().to_string());
        assert!(error.contains("outputs changed shape"), "{error}");
    }
}

#[test]
fn a_run_of_which_nothing_is_left_is_an_error() {
    let sim = with_task(|_, _| Err(Failure::other("no luck")));
    let options = RunOptions::new().with_on_failure(OnFailure::Drop);
    let error = serial_driver(&sim).unwrap_err();
    let dropping = Driver::Serial.run(&sim, options).unwrap_err();
    assert_eq!(dropping.to_string(), error.to_string());
    assert!(error.to_string().starts_with("6 of 6 batches failed; no trajectory was finished"));
    // The same when no batch fails, but every trajectory is dropped.
    let mut algorithm = MeanField::default();
    algorithm.recipe.collect.push(task("collect_nan", |_, block| {
        block.outputs.real("nan", &[], Scale::Exact, &[block.classical_energy * f64::NAN]);
        Ok(())
    }));
    let sim = spin_boson(algorithm);
    let options = RunOptions::new().with_on_failure(OnFailure::Drop);
    let error = Driver::Serial.run(&sim, options).unwrap_err().to_string();
    assert!(error.starts_with("7 of 7 batches failed; no trajectory was finished"), "{error}");
    assert!(error.contains("nan is NaN"), "{error}");
}

/// A driver that gives up in the middle.
struct GivesUp;

impl Execute for GivesUp {
    fn name(&self) -> &'static str {
        "half-hearted"
    }
    fn workers(&self) -> usize {
        1
    }
    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        _: &ExecuteOptions,
        _: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        for piece in 0..work.pieces() / 2 {
            let mut frame = Frame::default();
            work.run(piece, &mut Context::default(), &mut frame).expect("the piece runs");
            fold.add(piece, &frame).expect("the frame fits");
        }
        let action = "go on".to_string();
        Err(RunError::Driver { driver: self.name(), action, source: "tired".into() })
    }
}

#[test]
fn a_driver_that_cannot_go_on_loses_nothing() {
    let sim = with_task(|_, _| Ok(()));
    let ensemble = sim.prepare().unwrap();
    let first = run_ensemble(&ensemble, &GivesUp, &RunOptions::new(), &mut ignore_events);
    let Err(EnsembleError::Stopped { source, finished }) = first else {
        panic!("expected what was finished, found {first:?}");
    };
    assert_eq!(source.to_string(), "the half-hearted driver could not go on: tired");
    assert_eq!((finished.seeds().len(), finished.is_complete()), (30, false));
    let rest = RunOptions::new().with_append(*finished).with_seeds(30..60_u64);
    assert_eq!(Driver::Serial.run(&sim, rest).unwrap(), serial_driver(&sim).unwrap());
}

#[test]
fn a_value_out_of_its_declared_range_is_named() {
    let mut algorithm = MeanField::default();
    algorithm.recipe.collect.push(task("collect_small", |_, block| {
        let value = block.classical_energy * 1e3;
        block.outputs.real("small", &[], Scale::Fixed { log2_range: 1 }, &[value]);
        Ok(())
    }));
    let mut sim = spin_boson(algorithm);
    sim.settings.num_trajs = 1;
    sim.settings.tmax = 0.0;
    let error = serial_driver(&sim).unwrap_err().to_string();
    assert!(error.contains("small is ") && error.contains("outside the range of 2^1"), "{error}");
    assert!(error.contains("no trajectory was finished"), "{error}");
}

#[test]
fn a_killed_worker_changes_nothing() {
    let sound = with_task(|_, _| Ok(()));
    let marker = tempfile::NamedTempFile::new().unwrap();
    let path = marker.path().to_path_buf();
    // The first worker that gets there dies, once: the file is the memory that it does not take along.
    let deadly = with_task(move |_, block| {
        if has(block, 35) && std::fs::remove_file(&path).is_ok() {
            std::process::abort();
        }
        Ok(())
    });
    let data = parallel_driver_multiprocessing(&deadly, 2).unwrap();
    assert_eq!(data, serial_driver(&sound).unwrap());
    assert_eq!(data.provenance().runs[0].workers_lost, 1);
}

#[test]
fn a_batch_that_kills_every_worker_is_a_failure_of_that_batch() {
    let sim = with_task(|_, block| {
        if has(block, 35) {
            std::process::abort();
        }
        Ok(())
    });
    let error = in_scratch(|| parallel_driver_multiprocessing(&sim, 2).unwrap_err().to_string());
    let line = "batch 3 (seeds 30-39) failed: the worker was killed by SIGABRT, 3 time(s)";
    assert!(error.contains(line), "{error}");
    assert!(error.contains("the 50 finished trajectories are in"), "{error}");
}

#[test]
fn errors_can_be_sent_and_kept() {
    fn check<E: std::error::Error + Send + Sync + 'static>() {}
    check::<Error>();
    check::<EnsembleError>();
    check::<RunError>();
    check::<Failure>();
    check::<fascicle::core::DataError>();
    check::<fascicle::core::StorageError>();
    check::<fascicle::core::FoldError>();
    check::<fascicle::core::wire::WireError>();
    check::<fascicle::dynamics::SimulationError>();
    check::<ModelError>();
    check::<fascicle::dynamics::RecipeError>();
}
