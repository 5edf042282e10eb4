//! Runs that stop when they are good enough, in rounds that nothing but `num_trajs` decides on.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use fascicle::core::{Event, Snapshot};
use fascicle::dynamics::{Algorithm, Model};
use fascicle::prelude::*;
use fascicle::{Error, Rescue};
use fascicle_tests::simulations::{spin_boson, surface_hopping, tully};

const DRIVERS: [Driver; 5] = [
    Driver::Serial,
    Driver::Threads(2),
    Driver::Processes(1),
    Driver::Processes(3),
    Driver::Processes(7),
];

/// The largest standard error of an output in the data.
fn largest(data: &Data, output: &str) -> f64 {
    let re = data.standard_error(output).unwrap();
    let im = data.standard_error_im(output);
    let im = im.iter().flatten();
    re.iter().chain(im).copied().fold(0.0, f64::max)
}

/// Rounds of 50 trajectories, so many times shorter.
fn shorter<M: Model, A: Algorithm>(mut sim: Simulation<M, A>, times: f64) -> Simulation<M, A> {
    sim.settings.num_trajs = 50;
    sim.settings.tmax /= times;
    sim
}

fn short<A: Algorithm>(algorithm: A) -> Simulation<SpinBoson, A> {
    shorter(spin_boson(algorithm), 4.0)
}

/// A target that takes between three and five rounds, and the options that ask for it.
fn target<M: Model, A: Algorithm>(sim: &Simulation<M, A>, output: &str) -> (f64, RunOptions) {
    let first = Driver::Serial.run(sim, RunOptions::new()).unwrap();
    let target = largest(&first, output) / 2.0;
    (target, RunOptions::new().until_standard_error(output, target, 10_000))
}

fn agree<M: Model, A: Algorithm>(mut sim: Simulation<M, A>, output: &str) {
    let (target, options) = target(&sim, output);
    let expected = Driver::Serial.run(&sim, &options).unwrap();
    let rounds = expected.convergence();
    assert!((3..=6).contains(&rounds.len()), "{output}: {} rounds", rounds.len());
    for (at, round) in rounds.iter().enumerate() {
        assert_eq!(round.trajectories, 50 * (at as u64 + 1));
        let reached = round.largest_error(output).unwrap() <= target;
        assert_eq!(reached, at + 1 == rounds.len(), "{output}: it stops when it is enough");
    }
    for known in expected.outputs() {
        let name = known.name();
        assert_eq!(rounds.last().unwrap().largest_error(name), Some(largest(&expected, name)));
    }
    for batch_size in [1, 7, 16, 100] {
        sim.settings.batch_size = batch_size;
        for driver in DRIVERS {
            let data = driver.run(&sim, &options).unwrap();
            let what = format!("{output}: {driver:?} in batches of {batch_size}");
            assert_eq!(data, expected, "{what}");
            assert_eq!(data.digest(), expected.digest(), "{what}");
            assert_eq!(data.convergence(), rounds, "{what}");
            assert!(data.is_complete());
        }
    }
    // The same as without stopping, in as many rounds by hand.
    let mut data = Driver::Threads(2).run(&sim, RunOptions::new()).unwrap();
    for _ in 1..rounds.len() {
        data = Driver::Processes(2).run(&sim, RunOptions::new().with_append(data)).unwrap();
    }
    assert_eq!((&data, data.convergence()), (&expected, rounds));
}

#[test]
fn mean_field() {
    agree(short(MeanField::default()), "dm_db");
}

#[test]
fn surface_hopping_on_tullys_first_problem() {
    agree(shorter(tully(surface_hopping(false)), 2.0), "classical_energy");
}

/// A seed has two branches, which are one sample.
#[test]
fn deterministic_surface_hopping() {
    let sim = short(surface_hopping(true));
    agree(sim.clone(), "dm_db");
    let most = RunOptions::new().until_standard_error("dm_db", 1e-9, 75);
    let data = Driver::Processes(2).run(&sim, most).unwrap();
    assert_eq!((data.seeds().len(), data.units()), (74, 37));
    let warning = data.log().last().unwrap().to_string();
    let expected = format!(
        "warning: 74 trajectories are not enough: the largest standard error of `dm_db` is {:?}, \
         wanted 1e-9",
        largest(&data, "dm_db")
    );
    assert_eq!(warning, expected);
}

/// Ends a run in its second round.
fn interrupted(
    driver: Driver,
    sim: &Simulation<SpinBoson, MeanField>,
    options: &RunOptions,
) -> Data {
    let mut second = false;
    let data = driver.run_with(sim, options, &mut |event| {
        second |= matches!(event, Event::Round { .. });
        let enough = second && matches!(event, Event::Done { .. });
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    data.expect("an interruption is no error")
}

#[test]
fn a_run_that_is_interrupted_in_its_second_round_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("interrupted.h5");
    let mut sim = short(MeanField::default());
    sim.settings.batch_size = 1;
    let (_, options) = target(&sim, "dm_db");
    let whole = Driver::Serial.run(&sim, &options).unwrap();
    for driver in DRIVERS {
        let data = interrupted(driver, &sim, &options);
        assert!(!data.is_complete(), "{driver:?}");
        assert_eq!(data.convergence(), &whole.convergence()[..1], "{driver:?}");
        let seeds = data.seeds().iter().chain(data.missing());
        let seeds: BTreeSet<u64> = seeds.map(|seed| seed.0).collect();
        assert_eq!(seeds, (0..100).collect(), "two rounds are there or missing");
        data.save(&path).unwrap();
        let loaded = Data::load(&path).unwrap();
        assert_eq!(loaded.convergence(), data.convergence());
        let missing = RunOptions::new().with_seeds(loaded.missing().to_vec()).with_append(loaded);
        let two = driver.run(&sim, missing).unwrap();
        assert!(two.is_complete());
        assert_eq!(driver.run(&sim, options.clone().with_append(two)).unwrap(), whole);
    }
}

#[test]
fn data_that_stopped_by_themselves_are_like_any() {
    let sim = short(MeanField::default());
    let (target, options) = target(&sim, "dm_db");
    let stopped = Driver::Threads(2).run(&sim, &options).unwrap();
    let further = RunOptions::new().until_standard_error("dm_db", target / 1.2, 10_000);
    let at_once = Driver::Serial.run(&sim, &further).unwrap();
    assert!(at_once.seeds().len() > stopped.seeds().len());
    let both = Driver::Processes(2).run(&sim, further.with_append(&stopped)).unwrap();
    assert_eq!(both, at_once);
    assert_eq!(both.convergence(), at_once.convergence());
    assert_eq!(both.provenance().runs.len(), 2);
    // They are good enough already: nothing is run, and nothing has taken any time.
    let mut done = 0;
    let again = Driver::Processes(2).run_with(&sim, options.with_append(&stopped), &mut |event| {
        done += u64::from(matches!(event, Event::Done { .. }));
        ControlFlow::Continue(())
    });
    let again = again.unwrap();
    assert_eq!((&again, done), (&stopped, 0));
    assert_eq!(again.provenance().runs[0], stopped.provenance().runs[0]);
}

/// A live chart: the fold so far at each third event, and the convergence at each round.
#[test]
fn listeners_get_the_fold_so_far_as_often_as_they_like() {
    let mut sim = short(surface_hopping(false));
    sim.settings.batch_size = 16;
    let (_, options) = target(&sim, "dm_db");
    let expected = Driver::Serial.run(&sim, &options).unwrap();
    for driver in DRIVERS {
        let (mut events, mut last, mut seen) = (0, 0, Vec::<Snapshot>::new());
        let data = driver.run_with(&sim, &options, &mut |event| {
            events += 1;
            match event {
                Event::Done { partial, progress, .. } if events % 3 == 0 => {
                    let partial = partial().expect("there is some");
                    assert_eq!(partial.seeds().len() as u64, progress.items);
                    assert!(progress.items > last);
                    last = progress.items;
                    assert!(largest(&partial, "dm_db") > 0.0);
                }
                Event::Round { snapshot, .. } => seen.extend(snapshot()),
                _ => {}
            }
            ControlFlow::Continue(())
        });
        let data = data.unwrap();
        assert!(last > 0, "{driver:?}");
        assert_eq!((&data, data.digest()), (&expected, expected.digest()), "{driver:?}");
        assert_eq!(
            (seen.as_slice(), data.convergence()),
            (expected.convergence(), seen.as_slice())
        );
    }
}

#[test]
fn an_unknown_output_is_an_error_that_names_the_file_with_the_first_round() {
    let sim = short(MeanField::default());
    let options = RunOptions::new().until_standard_error("dm_adb", 0.1, 10_000);
    for driver in DRIVERS {
        let error = driver.run(&sim, &options).unwrap_err();
        let text = error.to_string();
        let expected = "the run was to stop at a standard error, but there is no output `dm_adb`: \
                        expected one of classical_energy, dm_db, quantum_energy; the 50 finished \
                        trajectories are in ";
        assert!(text.starts_with(expected), "{text}");
        let Error::UnknownOutput { rescue: Rescue::File { path, .. }, .. } = error else {
            panic!("expected a file, found {error:?}");
        };
        let rescued = Data::load(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(rescued.unwrap(), serial_driver(&sim).unwrap());
    }
}
