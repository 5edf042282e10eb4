//! Bad input: a clear error that names value and expectation, before any worker starts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fascicle::core::{Level, Seed};
use fascicle::dynamics::ingredients::Sampler;
use fascicle::dynamics::{Algorithm, Coords, Hermitian, Lane, Structure};
use fascicle::prelude::*;
use fascicle_tests::simulations::{mash, spin_boson, surface_hopping};

type Sim<A = MeanField> = Simulation<SpinBoson, A>;

/// Runs on every driver and gives the message, which must be the same on all, and must come before
/// any task has run.
fn message<A: Algorithm + Clone>(change: impl Fn(&mut Sim<A>), algorithm: A) -> String {
    message_with(change, algorithm, RunOptions::new())
}

fn message_with<A: Algorithm + Clone>(
    change: impl Fn(&mut Sim<A>),
    algorithm: A,
    options: RunOptions,
) -> String {
    let mut sim = spin_boson(algorithm);
    sim.settings.tmax = 0.4;
    change(&mut sim);
    let drivers = [Driver::Serial, Driver::Threads(2), Driver::Processes(2)];
    let messages = drivers
        .map(|driver| driver.run(&sim, options.clone()).expect_err("the input is bad").to_string());
    assert!(messages.iter().all(|message| *message == messages[0]), "{messages:?}");
    messages[0].clone()
}

fn mean_field(change: impl Fn(&mut Sim)) -> String {
    // A task that must not be reached.
    let mut algorithm = MeanField::default();
    algorithm.recipe.initialization.push(task("trap", |_, _| panic!("a worker has started")));
    message(change, algorithm)
}

#[test]
fn counts_of_nothing() {
    assert_eq!(
        mean_field(|sim| sim.settings.num_trajs = 0),
        "num_trajs must be at least 1, found 0"
    );
    assert_eq!(
        mean_field(|sim| sim.settings.batch_size = 0),
        "batch_size must be at least 1, found 0"
    );
}

#[test]
fn numbers_of_tasks() {
    let sim = spin_boson(MeanField::default());
    for (tasks, expected) in [
        (0, "num_tasks must be at least 1, found 0"),
        (-3, "num_tasks must be at least 1, found -3"),
        (1_000_000, "num_tasks must be at most 4096, found 1000000"),
    ] {
        let threads = parallel_driver_threads(&sim, tasks).unwrap_err().to_string();
        let processes = parallel_driver_multiprocessing(&sim, tasks).unwrap_err().to_string();
        assert_eq!((threads.as_str(), processes.as_str()), (expected, expected));
    }
    for driver in [Driver::Threads(0), Driver::Processes(0)] {
        let error = driver.run(&sim, RunOptions::new()).unwrap_err().to_string();
        assert_eq!(error, "num_tasks must be at least 1, found 0");
    }
}

#[test]
fn times() {
    let dt = |dt: f64| mean_field(move |sim| sim.settings.dt_update = dt);
    assert_eq!(dt(0.0), "dt_update must be positive and finite, found 0");
    assert_eq!(dt(-0.1), "dt_update must be positive and finite, found -0.1");
    assert_eq!(dt(f64::NAN), "dt_update must be positive and finite, found NaN");
    assert_eq!(
        mean_field(|sim| sim.settings.tmax = -1.0),
        "tmax must be at least 0 and finite, found -1"
    );
    assert_eq!(
        mean_field(|sim| sim.settings.dt_collect = f64::NAN),
        "dt_collect must be positive and finite, found NaN"
    );
}

fn logged(change: impl Fn(&mut Sim), level: Level) -> Vec<String> {
    let mut sim = spin_boson(MeanField::default());
    sim.settings.num_trajs = 5;
    sim.settings.tmax = 0.4;
    change(&mut sim);
    let data = parallel_driver_multiprocessing(&sim, 2).unwrap();
    let lines = data.log().iter().filter(|line| line.level == level);
    lines.map(|line| line.text.clone()).collect()
}

#[test]
fn a_time_step_longer_than_the_collection_is_qc_labs_adjustment_with_a_warning() {
    let lines = logged(|sim| sim.settings.dt_collect = 0.005, Level::Warning);
    assert_eq!(
        lines,
        ["dt_collect 0.005 is less than dt_update 0.02: collecting at every time step"]
    );
}

#[test]
fn wave_functions() {
    assert_eq!(
        mean_field(|sim| sim.initial_state.wf_db = vec![c64(1.0, 0.0)]),
        "initial_state.wf_db must have 2 components, one per quantum state of SpinBoson, found 1"
    );
    assert_eq!(
        mean_field(|sim| sim.initial_state.wf_db = Vec::new()),
        "initial_state.wf_db must have 2 components, one per quantum state of SpinBoson, found 0"
    );
    assert_eq!(
        mean_field(|sim| sim.initial_state.wf_db = vec![c64(0.0, 0.0); 2]),
        "initial_state.wf_db must have a positive, finite norm, found 0"
    );
    let unnormalised = |sim: &mut Sim| sim.initial_state.wf_db = vec![c64(2.0, 0.0), c64(0.0, 0.0)];
    assert_eq!(
        logged(unnormalised, Level::Warning),
        ["initial_state.wf_db has norm 2, not 1, and is used as given"]
    );
}

#[test]
fn seeds() {
    let with = |options| message_with(|_| (), MeanField::default(), options);
    assert_eq!(
        with(RunOptions::new().with_seeds([4, 7, 4, 4])),
        "seed 4 occurs 3 times: a trajectory counts once"
    );
    assert_eq!(
        with(RunOptions::new().with_seeds(0..0_u64)),
        "expected at least one seed, found none"
    );
    assert_eq!(
        with(RunOptions::new().with_keep_trajectories([777])),
        "trajectory 777 is to be kept, but the run has no such seed"
    );
    let large = RunOptions::new().with_seeds([1 << 40]);
    assert_eq!(
        message_with(|sim| sim.settings.seeding = Seeding::QcLab, MeanField::default(), large),
        "seed 1099511627776 is too large for QC Lab's seeding: expected at most 4294967295"
    );
}

#[test]
fn deterministic_hopping_needs_whole_groups() {
    assert_eq!(
        message(|sim| sim.settings.num_trajs = 7, surface_hopping(true)),
        "7 trajectories are no multiple of the 2 branches that make a group: expected 6 or 8"
    );
    let odd = RunOptions::new().with_seeds([2, 3, 5]);
    assert_eq!(
        message_with(|_| (), surface_hopping(true), odd),
        "seed 4 is missing: seeds 4 to 5 are the branches of one group and go together"
    );
}

#[test]
fn constants() {
    let mut model = SpinBoson::default();
    assert_eq!(
        model.set_constant("kbt", 1.0).unwrap_err().to_string(),
        "SpinBoson has no constant `kbt`: expected one of kBT, V, E, W, l_reorg, boson_mass, A"
    );
    assert_eq!(
        model.set_constant("A", 2.5).unwrap_err().to_string(),
        "SpinBoson's constant `A` must be a whole number from 1 to 1048576, found 2.5"
    );
    model.set_constant("A", 37.0).unwrap();
    assert_eq!(model.A, 37);
    assert_eq!(
        mean_field(|sim| sim.model.boson_mass = -1.0),
        "SpinBoson's constant `boson_mass` must be positive and finite, found -1"
    );
    assert_eq!(
        mean_field(|sim| sim.model.kBT = f64::NAN),
        "SpinBoson's constant `kBT` must be at least 0 and finite, found NaN"
    );
}

#[test]
fn appending_to_other_data() {
    let mut sim = spin_boson(MeanField::default());
    sim.settings.num_trajs = 4;
    sim.settings.tmax = 0.4;
    let data = serial_driver(&sim).unwrap();
    let append = || RunOptions::new().with_append(data.clone());
    let other = |change: &dyn Fn(&mut Sim)| message_with(change, MeanField::default(), append());
    let apart = "the run cannot be appended to the data: the data do not fit together: ";
    assert_eq!(
        other(&|sim| sim.model.kBT = 0.7),
        format!("{apart}kBT is 0.3 in one and 0.7 in the other")
    );
    assert_eq!(
        other(&|sim| sim.settings.tmax = 0.8),
        format!("{apart}steps is 20 in one and 40 in the other")
    );
    assert_eq!(
        other(&|sim| sim.settings.seeding = Seeding::QcLab),
        format!("{apart}seeding is independent in one and QC Lab in the other")
    );
    assert_eq!(
        other(&|sim| sim.settings.arithmetic = Arithmetic::Fused),
        format!("{apart}arithmetic is strict in one and fused in the other")
    );
    let hopping = message_with(|_| (), surface_hopping(false), append());
    assert_eq!(
        hopping,
        format!(
            "{apart}simulation is SpinBoson, MeanField in one and SpinBoson, FewestSwitchesSurfaceHopping in the other"
        )
    );
    // Another output is another recipe.
    let mut algorithm = MeanField::default();
    algorithm.recipe.collect.push(task("collect_more", |_, _| Ok(())));
    let recipe = message_with(|_| (), algorithm, append());
    assert!(recipe.starts_with(&format!("{apart}collect recipe is")), "{recipe}");
    assert_eq!(
        message_with(|_| (), MeanField::default(), append().with_seeds([9, 2])),
        "seed 2 is already in the data to append to: a trajectory counts once"
    );
}

/// Closures of the same name and shape, but of another strength.
fn closures(strength: f64) -> Simulation<ClosureModel, MeanField> {
    let model = ClosureModel::new("mine", 2, 1)
        .with_h_q(|h| h[(0, 1)] = c64(0.5, 0.0))
        .with_h_qc(move |z, h| h[(0, 0)] = c64(strength * z[0].re, 0.0))
        .with_h_c(|z| z[0].norm_sqr())
        .with_init_classical(|draws, z| z[0] = c64(draws.normal(), draws.normal()));
    let mut sim = Simulation::new(model, MeanField::default());
    sim.settings.num_trajs = 4;
    sim.settings.tmax = 1.0;
    sim.settings.dt_update = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    sim
}

#[test]
fn appending_to_data_of_another_model_of_ones_own() {
    let data = serial_driver(closures(0.3)).unwrap();
    let append = || RunOptions::new().with_append(&data);
    let error = Driver::Serial.run(closures(0.4), append()).unwrap_err();
    assert!(format!("{error:?}").contains("digest of H_q, H_qc and H_c is"), "{error:?}");
    assert_eq!(Driver::Serial.run(closures(0.3), append()).unwrap().seeds().len(), 8);
    // What is filled above the diagonal counts, too.
    let last = data.times().len() - 1;
    assert!(data.complex("dm_db").unwrap()[[last, 1, 1]].re > 0.05);
}

#[test]
fn appending_to_data_of_other_starts_or_gradients() {
    let data = serial_driver(closures(0.3)).unwrap();
    let refused = |change: fn(ClosureModel) -> ClosureModel| {
        let mut sim = closures(0.3);
        sim.model = change(sim.model);
        let options = RunOptions::new().with_append(&data);
        let error = Driver::Serial.run(sim, options).unwrap_err().to_string();
        assert!(error.contains("digest of H_q, H_qc and H_c is"), "{error}");
    };
    refused(|model| {
        model.with_init_classical(|draws, z| z[0] = c64(draws.normal(), 2.0 * draws.normal()))
    });
    refused(|model| model.with_dh_qc_dzc(|_, _, _, gradient| gradient[0] = c64(7.0, 0.0)));
    refused(|model| model.with_dh_c_dzc(|z, gradient| gradient[0] = z[0] * 2.0));
}

#[test]
fn settings_of_mash_that_cannot_be() {
    let message = |change: fn(&mut MultiStateMappingApproachToSurfaceHopping)| {
        let mut sim = spin_boson(mash());
        change(&mut sim.algorithm);
        serial_driver(&sim).unwrap_err().to_string()
    };
    assert_eq!(
        message(|mash| mash.settings.msmash_max_hops = 0),
        "MultiStateMappingApproachToSurfaceHopping's msmash_max_hops must be at least 1, found 0"
    );
    assert_eq!(
        message(|mash| mash.settings.msmash_num_bisections = 0),
        "MultiStateMappingApproachToSurfaceHopping's msmash_num_bisections must be at least 1, found 0"
    );
    let mut single = Simulation::new(HolsteinLattice { N: 1, ..Default::default() }, mash());
    single.initial_state.wf_db = vec![c64(1.0, 0.0)];
    assert_eq!(
        serial_driver(&single).unwrap_err().to_string(),
        "MultiStateMappingApproachToSurfaceHopping's number of quantum states must be at least 2, found 1"
    );
    let missing = message(|mash| {
        mash.recipe.update.remove("copy_before_step").unwrap();
    });
    assert!(
        missing.contains("expected the task copy_before_step before it, found none"),
        "{missing}"
    );
}

#[test]
fn parameters_of_tasks_that_cannot_be() {
    let mut algorithm = surface_hopping(false);
    let edc = tasks::EnergyBasedDecoherence { constant: -0.6 };
    algorithm = algorithm.with_decoherence(edc).unwrap();
    assert_eq!(
        serial_driver(spin_boson(algorithm)).unwrap_err().to_string(),
        "update_wf_db_edc's constant must be positive and finite, found -0.6"
    );
    let mut algorithm = surface_hopping(false);
    let of = tasks::Populations::ActiveSurface;
    algorithm.recipe.collect.push(tasks::CollectDetailedBalance { of, kbt: 0.0 });
    assert_eq!(
        serial_driver(spin_boson(algorithm)).unwrap_err().to_string(),
        "collect_detailed_balance's kbt must be positive and finite, found 0"
    );
}

#[test]
fn appending_to_data_of_a_task_with_other_parameters() {
    let with = |constant: f64| {
        let edc = tasks::EnergyBasedDecoherence { constant };
        let mut sim = spin_boson(surface_hopping(false).with_decoherence(edc).unwrap());
        sim.settings.num_trajs = 4;
        sim
    };
    let data = serial_driver(with(0.1)).unwrap();
    let append = || RunOptions::new().with_append(&data);
    let error = Driver::Serial.run(with(0.2), append()).unwrap_err().to_string();
    let expected = "update_wf_db_edc in the update recipe is EnergyBasedDecoherence { constant: ";
    assert!(error.contains(expected), "{error}");
    assert_eq!(Driver::Serial.run(with(0.1), append()).unwrap().seeds().len(), 8);
}

#[test]
fn a_gauge_field_that_the_model_does_not_have_is_a_warning() {
    let mut sim = spin_boson(surface_hopping(false));
    sim.algorithm.settings.use_gauge_field_force = true;
    sim.settings.num_trajs = 2;
    let data = serial_driver(&sim).unwrap();
    let expected = "use_gauge_field_force is set, but SpinBoson has no gauge field: none acts";
    assert!(data.log().iter().any(|line| line.text == expected), "{:?}", data.log());
}

#[test]
fn a_model_that_does_not_say_where_it_starts() {
    let start = |monte_carlo: MonteCarlo| {
        let model = ClosureModel::new("lost", 2, 1)
            .with_h_c(|z| z[0].norm_sqr())
            .with_monte_carlo(monte_carlo);
        let mut sim = Simulation::new(model, MeanField::default());
        sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
        serial_driver(&sim).unwrap_err().to_string()
    };
    assert_eq!(
        start(MonteCarlo::default()),
        "lost does not say where trajectories start: expected init_classical, initial_state.sampling, or a kBT at which \
         initial coordinates are sampled by Monte Carlo (of closures: with_init_classical or \
         with_monte_carlo)"
    );
    let mut chain = MonteCarlo::at(1.0);
    chain.initial_z = Some(vec![c64(0.0, 0.0); 3]);
    assert_eq!(start(chain), "lost's start of the Monte-Carlo chain has 3 entries, expected 1");
    assert_eq!(
        start(MonteCarlo::at(0.0)),
        "lost's constant `kBT` must be positive and finite, to sample initial coordinates by Monte \
         Carlo, found 0"
    );
}

#[test]
fn coordinates_that_cannot_be_sampled_one_by_one() {
    let coupled = |separable: bool| {
        let mut monte_carlo = MonteCarlo::at(1.0);
        monte_carlo.separable = separable;
        let model = ClosureModel::new("coupled", 2, 2)
            .with_h_c(|z| z[0].norm_sqr() + z[1].norm_sqr() + 0.5 * z[0].re * z[1].re)
            .with_monte_carlo(monte_carlo);
        let mut sim = Simulation::new(model, MeanField::default());
        sim.settings.num_trajs = 2;
        sim.settings.tmax = 0.1;
        sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
        serial_driver(&sim).map_err(|error| error.to_string())
    };
    assert_eq!(
        coupled(true).unwrap_err(),
        "coupled's h_c is no sum over coordinates, which Monte-Carlo sampling takes it for: expected \
         MonteCarlo with separable = false"
    );
    assert_eq!(coupled(false).unwrap().seeds().len(), 2);
}

#[test]
fn a_harmonic_model_of_closures_may_start_at_rest() {
    let model = ClosureModel::new("at rest", 2, 1)
        .with_structure(Structure::general().with_harmonic(vec![1.0]))
        .with_init_classical(|_, _| ());
    let mut sim = Simulation::new(model, MeanField::default());
    sim.settings.num_trajs = 2;
    sim.settings.tmax = 0.1;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    assert_eq!(serial_driver(&sim).unwrap().real("classical_energy").unwrap()[[1]], 0.0);
}

#[test]
fn a_matrix_that_is_not_hermitian() {
    let mut sim = closures(0.3);
    sim.model = sim.model.with_h_q(|h| {
        h[(0, 1)] = c64(0.0, 0.5);
        h[(1, 0)] = c64(0.0, 0.5);
    });
    assert_eq!(
        serial_driver(&sim).unwrap_err().to_string(),
        "mine panicked before the run: a matrix is not Hermitian: h[(1, 0)] is 0+0.5i, and h[(0, 1)] \
         is 0+0.5i"
    );
    let error = sim.model.set_constant("kBT", 0.8).unwrap_err().to_string();
    assert_eq!(
        error,
        "mine has no constant `kBT`: expected none, since the model has no constants"
    );
    let mut flat = closures(0.3);
    flat.model = ClosureModel::new("flat", 2, 1).with_monte_carlo(MonteCarlo::at(1.0));
    let error = serial_driver(&flat).unwrap_err().to_string();
    assert!(error.starts_with("flat's h_c is the same everywhere"), "{error}");
}

#[test]
fn a_model_that_panics_at_once() {
    let mut sim = closures(0.3);
    sim.model = sim.model.with_h_q(|h| h[(2, 0)] = c64(1.0, 0.0));
    let error = parallel_driver_multiprocessing(&sim, 2).unwrap_err().to_string();
    assert!(error.starts_with("mine panicked before the run: index out of bounds"), "{error}");
}

#[test]
fn time_limits() {
    let limit = |driver: Driver, limit| {
        let options = RunOptions::new().with_timeout(limit);
        driver.run(closures(0.3), options).unwrap_err().to_string()
    };
    assert_eq!(
        limit(Driver::Processes(2), Duration::ZERO),
        "the time limit of a batch must be positive, found 0ns"
    );
    assert_eq!(
        limit(Driver::Serial, Duration::from_secs(1)),
        "the serial driver has no time limit: it cannot end a piece from outside; use processes"
    );
}

/// A model that says twice what its classical energy is.
struct Contradicts;

impl Model for Contradicts {
    fn num_quantum_states(&self) -> usize {
        1
    }
    fn num_classical_coordinates(&self) -> usize {
        1
    }
    fn structure(&self) -> Structure {
        Structure::general().with_harmonic(vec![1.0])
    }
    fn h_q(&self, _: &mut Hermitian) {}
    fn h_c(&self, _: &Coords) -> Lane {
        Lane::splat(100.0)
    }
    fn init_classical(&self) -> Sampler<'_> {
        Sampler::new(|_, z| z[0] = c64(1.0, 0.0))
    }
}

#[test]
fn facts_that_a_function_contradicts() {
    let mut sim = Simulation::new(Contradicts, MeanField::default());
    sim.initial_state.wf_db = vec![c64(1.0, 0.0)];
    assert_eq!(
        serial_driver(&sim).unwrap_err().to_string(),
        "Contradicts states a structure by which h_c is 1e0 at a starting point, but its own h_c is 1e2 there: leave out one of the two"
    );
}

#[test]
fn facts_that_a_gradient_contradicts() {
    let mut sim = closures(0.3);
    sim.model = ClosureModel::new("mine", 2, 1)
        .with_structure(Structure::general().with_harmonic(vec![1.0]))
        .with_init_classical(|draws, z| z[0] = c64(draws.normal(), 1.0))
        .with_dh_c_dzc(|z, gradient| gradient[0] = z[0] * 100.0);
    let error = serial_driver(&sim).unwrap_err().to_string();
    assert!(error.starts_with("mine states a structure by which dh_c_dzc is "), "{error}");
}

#[test]
fn more_than_memory_holds() {
    assert_eq!(
        message(|sim| sim.settings.num_trajs = 1_000_000_000_000, MeanField::default()),
        "num_trajs must be at most 1073741824 in one run, found 1000000000000"
    );
    assert_eq!(
        message(|sim| sim.settings.num_trajs = u64::MAX, MeanField::default()),
        "num_trajs must be at most 1073741824 in one run, found 18446744073709551615"
    );
    let long = |sim: &mut Sim| {
        sim.settings.tmax = 1e8;
        sim.settings.dt_collect = 1.0;
    };
    let times = message(long, MeanField::default());
    assert!(times.ends_with("expected at most 1000000"), "{times}");
}

#[test]
fn wave_functions_of_any_norm_are_used_as_given() {
    let population = |norm: f64| {
        let mut sim = spin_boson(MeanField::default());
        sim.settings.num_trajs = 2;
        sim.initial_state.wf_db = vec![c64(norm, 0.0), c64(0.0, 0.0)];
        sim.settings.tmax = 0.0;
        let data = serial_driver(&sim).unwrap();
        data.complex("dm_db").unwrap()[[0, 0, 0]].re
    };
    for norm in [1e-150, 1e-14, 0.5, 2.0, 1e30, 1e100] {
        assert_eq!(population(norm), norm * norm);
    }
}

/// The number of times that a model is asked for its initial coordinates, in this process.
static STARTS: AtomicU64 = AtomicU64::new(0);

#[test]
fn recipes() {
    let mut algorithm = MeanField::default();
    let recipe = &mut algorithm.recipe;
    assert_eq!(
        recipe.update.remove("update_z").unwrap_err().to_string(),
        "the recipe has no task `update_z`: expected one of update_z_rk4, update_wf_db_rk4, update_h_q_tot"
    );
    let again = task("update_h_q_tot", |_, _| Ok(()));
    assert_eq!(
        recipe.update.insert_before("update_z_rk4", again).unwrap_err().to_string(),
        "the recipe has a task `update_h_q_tot` already: names are unique"
    );
    let counted = task("count", |_, _| {
        STARTS.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    recipe.initialization.insert_after("initialize_z", counted).unwrap();
    let mut sim = spin_boson(algorithm);
    sim.settings.num_trajs = 0;
    serial_driver(&sim).unwrap_err();
    assert_eq!(STARTS.load(Ordering::Relaxed), 0);
    sim.settings.num_trajs = 1;
    sim.settings.tmax = 0.0;
    assert_eq!(serial_driver(&sim).unwrap().seeds(), [Seed(0)]);
    assert_eq!(STARTS.load(Ordering::Relaxed), 1);
}

#[test]
fn questions_to_the_data() {
    let mut sim = spin_boson(MeanField::default());
    sim.settings.num_trajs = 1;
    let data = serial_driver(&sim).unwrap();
    assert_eq!(
        data.real("dm").unwrap_err().to_string(),
        "there is no output `dm`: expected one of classical_energy, dm_db, quantum_energy"
    );
    assert_eq!(
        data.real("dm_db").unwrap_err().to_string(),
        "output `dm_db` is complex, expected real"
    );
    assert!(data.standard_error("dm_db").unwrap().iter().all(|error| error.is_nan()));
}
