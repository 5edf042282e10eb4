//! One answer, bit for bit, whatever runs it.

use fascicle::dynamics::{Algorithm, Model};
use fascicle::prelude::*;
use fascicle_tests::matrix::{self, DRIVERS};
use fascicle_tests::simulations::{mash, of_model, spin_boson, surface_hopping, tully};
use fascicle_tests::variant::MODELS;

fn agree<M: Model, A: Algorithm>(mut sim: Simulation<M, A>) {
    for (driver, batch_size, equal) in matrix::compare(&mut sim) {
        assert!(equal, "{driver:?} with batches of {batch_size} gives other bits");
    }
}

#[test]
fn mean_field_spin_boson() {
    agree(spin_boson(MeanField::default()));
}

#[test]
fn surface_hopping_spin_boson() {
    agree(spin_boson(surface_hopping(false)));
}

#[test]
fn deterministic_surface_hopping_spin_boson() {
    agree(spin_boson(surface_hopping(true)));
}

#[test]
fn mean_field_tully() {
    agree(tully(MeanField::default()));
}

#[test]
fn surface_hopping_tully() {
    agree(tully(surface_hopping(false)));
}

#[test]
fn deterministic_surface_hopping_tully() {
    agree(tully(surface_hopping(true)));
}

#[test]
fn every_model_with_mash() {
    for name in MODELS {
        agree(of_model(name, &[], mash()));
    }
}

/// Each option that makes a lane look at its own hops, alone: another one could hide that lanes mix.
fn every_model_with(change: impl Fn(FewestSwitchesSurfaceHopping) -> FewestSwitchesSurfaceHopping) {
    for name in MODELS {
        let mut algorithm = surface_hopping(false);
        algorithm.settings.gauge_fixing = GaugeFixing::PhaseDerCouple;
        algorithm.settings.use_gauge_field_force = true;
        agree(of_model(name, &[], change(algorithm)));
    }
}

#[test]
fn every_model_with_instantaneous_decoherence() {
    let task = tasks::InstantaneousDecoherence::default();
    every_model_with(|algorithm| algorithm.with_decoherence(task).unwrap());
}

#[test]
fn every_model_with_energy_based_decoherence() {
    let task = tasks::EnergyBasedDecoherence::default();
    every_model_with(|algorithm| algorithm.with_decoherence(task).unwrap());
}

#[test]
fn every_model_with_reversal_and_refresh() {
    every_model_with(|mut algorithm| {
        algorithm.settings.reverse_frustrated_hops = true;
        algorithm.settings.refresh_at_hop = true;
        let of = tasks::Populations::WaveFunction;
        algorithm.recipe.collect.push(tasks::CollectPopAdb { of });
        algorithm
    });
}

#[test]
fn the_second_order_step_and_monte_carlo_sampling() {
    agree(spin_boson(MeanField::second_order()));
    agree(of_model("HolsteinLattice", &["init_classical".to_string()], MeanField::default()));
}

#[test]
fn other_seeds_give_other_bits() {
    let sim = spin_boson(MeanField::default());
    let shifted = RunOptions::new().with_seeds(1..201_u64);
    let shifted = Driver::Serial.run(&sim, shifted).unwrap();
    assert_ne!(shifted.digest(), serial_driver(&sim).unwrap().digest());
    assert_ne!(shifted, serial_driver(&sim).unwrap());
}

/// A last batch that is not full, and more workers than batches: every trajectory runs.
#[test]
fn every_trajectory_runs() {
    for driver in DRIVERS {
        let mut sim = spin_boson(MeanField::default());
        sim.settings.num_trajs = 53;
        sim.settings.batch_size = 7;
        sim.settings.tmax = 0.4;
        let data = driver.run(&sim, RunOptions::new()).unwrap();
        assert_eq!(data.seeds(), (0..53).map(Seed).collect::<Vec<_>>());
        assert_eq!(data.norm_factor(), 53);
        assert!(data.is_complete());
    }
}

fn appended<M: Model, A: Algorithm>(sim: &mut Simulation<M, A>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.h5");
    let all = serial_driver(&*sim).unwrap();
    sim.settings.num_trajs = 100;
    sim.settings.batch_size = 7;
    parallel_driver_multiprocessing(&*sim, 3).unwrap().save(&path).unwrap();
    let half = Data::load(&path).unwrap();
    assert_eq!(half.seeds().len(), 100);
    // The default seeds go on after the highest.
    let both = parallel_driver_threads(&*sim, RunOptions::new().with_tasks(2).with_append(half));
    let both = both.unwrap();
    assert_eq!(both, all);
    assert_eq!(both.digest(), all.digest());
    both.save(&path).unwrap();
    assert_eq!(Data::load(&path).unwrap(), all);
}

#[test]
fn a_hundred_and_a_hundred_are_two_hundred() {
    appended(&mut spin_boson(MeanField::default()));
    appended(&mut spin_boson(surface_hopping(false)));
    appended(&mut spin_boson(surface_hopping(true)));
    appended(&mut tully(surface_hopping(false)));
    // Outputs of one's own have standard errors and are kept like all others.
    let mut algorithm = mash();
    let of = tasks::Populations::ActiveSurface;
    algorithm.recipe.collect.push(tasks::CollectPopAdb { of });
    algorithm.recipe.collect.push(tasks::CollectDetailedBalance { of, kbt: 0.3 });
    let mut sim = spin_boson(algorithm);
    appended(&mut sim);
    let data = serial_driver(&sim).unwrap();
    for name in ["dm_db", "quantum_energy", "classical_energy", "pop_adb", "detailed_balance"] {
        let errors = data.standard_error(name).unwrap();
        assert!(errors.iter().any(|error| *error > 0.0), "{name} has no errors");
    }
}

#[test]
fn kept_trajectories_average_to_the_mean_and_are_the_same_on_every_driver() {
    let mut sim = spin_boson(surface_hopping(false));
    sim.settings.num_trajs = 20;
    let options = || RunOptions::new().with_keep_all_trajectories();
    let expected = Driver::Serial.run(&sim, options()).unwrap();
    for driver in [Driver::Threads(2), Driver::Processes(3)] {
        assert_eq!(driver.run(&sim, options()).unwrap(), expected);
    }
    let kept = expected.trajectories().values();
    let sum: f64 = kept.map(|kept| kept.real("classical_energy").unwrap()[7]).sum();
    let mean = expected.real("classical_energy").unwrap()[7];
    assert!((sum / 20.0 - mean).abs() < 1e-13);
    let some = RunOptions::new().with_keep_trajectories([3, 11]);
    let some = Driver::Processes(2).run(&sim, some).unwrap();
    assert_eq!(some.trajectories().len(), 2);
    assert_eq!(some.trajectory(11), expected.trajectory(11));
}

/// The largest difference of the density matrices.
fn apart(a: &Data, b: &Data) -> f64 {
    let (a, b) = (a.complex("dm_db").unwrap(), b.complex("dm_db").unwrap());
    a.iter().zip(b).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max)
}

/// Fused arithmetic has one answer too, which is the strict one but for rounding.
fn agree_fused<A: Algorithm>(name: &str, algorithm: A) {
    let mut sim = of_model(name, &[], algorithm);
    let strict = Driver::Serial.run(&sim, RunOptions::new()).unwrap();
    sim.settings.arithmetic = Arithmetic::Fused;
    let fused = Driver::Serial.run(&sim, RunOptions::new()).unwrap();
    assert_eq!(fused.provenance().runs.len(), 1);
    assert_eq!(fused.description().arithmetic, Arithmetic::Fused);
    let apart = apart(&strict, &fused);
    assert!(0.0 < apart && apart < 1e-10, "{name}: {apart:e}");
    agree(sim);
}

#[test]
fn every_model_in_fused_arithmetic() {
    for name in MODELS {
        agree_fused(name, MeanField::default());
        agree_fused(name, surface_hopping(false));
    }
    agree_fused("SpinBoson", mash());
}

/// What a trajectory does does not depend on `tmax`, nor on which others are in its block.
#[test]
fn a_trajectory_depends_on_its_seed_alone() {
    let mut sim = spin_boson(surface_hopping(false));
    let keep = || RunOptions::new().with_seeds([5]).with_keep_all_trajectories();
    let short = Driver::Serial.run(&sim, keep()).unwrap();
    sim.settings.tmax = 8.0;
    let long = Driver::Serial.run(&sim, keep()).unwrap();
    let many = RunOptions::new().with_seeds(0..33_u64).with_keep_all_trajectories();
    let many = Driver::Serial.run(&sim, many).unwrap();
    let energy = |data: &Data| data.trajectory(5).unwrap().real("classical_energy").unwrap();
    let (short, long, many) = (energy(&short), energy(&long), energy(&many));
    assert_eq!(long, many);
    assert_eq!(short.as_slice().unwrap(), &long.as_slice().unwrap()[..short.len()]);
}
