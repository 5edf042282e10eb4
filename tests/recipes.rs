//! What users do to recipes: an integrator of their own, tasks left out, a listener at the door.

use std::ops::ControlFlow;

use fascicle::core::{Event, Failure, Trajectory};
use fascicle::dynamics::{Block, Coords, Lane, Step, Vector};
use fascicle::prelude::*;
use fascicle_tests::simulations::{spin_boson, surface_hopping};

/// Two states on a plane, whose derivative coupling turns from place to place.
fn plane() -> ClosureModel {
    ClosureModel::new("plane", 2, 2)
        .with_h_qc(|z, h| {
            let (x, y) = (z[0].re, z[1].re);
            h[(0, 0)] = c64(0.4 * x, 0.0);
            h[(1, 1)] = c64(-0.4 * x, 0.0);
            h[(1, 0)] = c64(0.3 * (x * y).sin() + 0.2 * y, 0.0);
        })
        .with_h_c(|z| z.iter().map(|z| z.norm_sqr()).sum())
        .with_init_classical(|draws, z| z.fill_with(|| c64(draws.normal(), 1.5 * draws.normal())))
}

/// Fourth-order Runge–Kutta once more, with the public parts of `Step` and `Block`.
fn own_runge_kutta(step: &Step<'_>, block: &mut Block, says_where: bool) {
    let dt = step.dt();
    let (wf, start) = (block.act_surf_wf.clone(), block.z.clone());
    let mut at = start.clone();
    let mut slopes = Vec::new();
    for node in [0.5 * dt, 0.5 * dt, dt, 0.0] {
        let mut slope = Coords::zeros(start.len());
        step.dh_c_dzc(&at, &mut slope);
        step.dh_qc_dzc(&at, &wf, &wf, &mut slope);
        if node > 0.0 {
            for j in 0..start.len() {
                at.re[j] = start.re[j] + slope.im[j] * node;
                at.im[j] = start.im[j] - slope.re[j] * node;
            }
        }
        slopes.push(slope);
    }
    let sum = |part: fn(&Coords) -> &Vec<Lane>, j: usize| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|k| part(&slopes[k])[j]);
        ((a + b * 2.0) + c * 2.0) + d
    };
    for j in 0..start.len() {
        block.z.re[j] += sum(|slope| &slope.im, j) * (dt / 6.0);
        block.z.im[j] -= sum(|slope| &slope.re, j) * (dt / 6.0);
    }
    if says_where {
        block.set_gradient_at(step, &at);
    }
}

fn on_the_plane(algorithm: FewestSwitchesSurfaceHopping) -> Data {
    run_on_the_plane(plane(), algorithm)
}

fn run_on_the_plane(model: ClosureModel, algorithm: FewestSwitchesSurfaceHopping) -> Data {
    let mut sim = Simulation::new(model, algorithm);
    sim.settings.num_trajs = 100;
    sim.settings.tmax = 6.0;
    sim.settings.dt_update = 0.02;
    sim.settings.dt_collect = 0.2;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(0.0, 0.0), c64(1.0, 0.0)];
    Driver::Serial.run(&sim, RunOptions::new().with_keep_all_trajectories()).unwrap()
}

fn with_own_integrator(says_where: bool) -> FewestSwitchesSurfaceHopping {
    let mut algorithm = surface_hopping(false);
    let own = task("update_z_rk4", move |step, block| {
        own_runge_kutta(step, block, says_where);
        Ok(())
    });
    algorithm.recipe.update.replace("update_z_rk4", own).unwrap();
    algorithm
}

#[test]
fn an_integrator_of_ones_own_that_does_the_same_gives_the_same_bits() {
    let built_in = on_the_plane(surface_hopping(false));
    assert_eq!(on_the_plane(with_own_integrator(true)), built_in);
}

#[test]
fn an_integrator_that_says_nothing_has_hops_directed_at_the_coordinates() {
    let built_in = on_the_plane(surface_hopping(false));
    let own = on_the_plane(with_own_integrator(false));
    assert_ne!(own.digest(), built_in.digest(), "hops tell the two places apart");
    // Hops conserve energy with either direction, but for the first-order error of the time step.
    assert!(drift(&own) < 0.03 && drift(&built_in) < 0.03, "{} {}", drift(&own), drift(&built_in));
    // Without the shift that pays for a hop, energy is off by the gaps.
    let free = plane().with_hop(|z, _, _| Some(vec![c64(0.0, 0.0); z.len()]));
    assert!(drift(&run_on_the_plane(free, surface_hopping(false))) > 0.1);
}

/// The deviation of a trajectory's total energy, about 6, from that at its start: the mean of its
/// size over times and trajectories. (Means of the energy itself would hide what goes both ways.)
fn drift(data: &Data) -> f64 {
    let of_one = |trajectory: &Trajectory| {
        let quantum = trajectory.real("quantum_energy").unwrap();
        let total = quantum + trajectory.real("classical_energy").unwrap();
        let sizes = total.iter().map(|energy| (energy - total[0]).abs());
        sizes.sum::<f64>() / total.len() as f64
    };
    data.trajectories().values().map(of_one).sum::<f64>() / data.trajectories().len() as f64
}

#[test]
fn with_a_task_left_out_data_still_do_not_depend_on_the_batch_size() {
    for left_out in ["initialize_z", "initialize_active_surface", "initialize_variable_objects"] {
        let digest = |batch_size| {
            let mut algorithm = surface_hopping(false);
            algorithm.recipe.initialization.remove(left_out).unwrap();
            let mut sim = spin_boson(algorithm);
            sim.settings.num_trajs = 64;
            sim.settings.batch_size = batch_size;
            sim.settings.tmax = 1.0;
            serial_driver(&sim).unwrap().digest()
        };
        assert_eq!(digest(8), digest(64), "without {left_out}");
    }
}

/// Mean-field data where a task of one's own changes the density matrix of a trajectory.
fn with_density_matrix(change: fn(&mut Vector, usize)) -> Result<Data, String> {
    let mut algorithm = MeanField::default();
    let own = task("own_dm_db", move |_, block| {
        let lane = block.seeds().len() - 1;
        change(&mut block.dm_db, lane);
        Ok(())
    });
    algorithm.recipe.collect.insert_after("update_dm_db_wf", own).unwrap();
    let mut sim = spin_boson(algorithm);
    sim.settings.num_trajs = 10;
    sim.settings.tmax = 0.4;
    serial_driver(&sim).map_err(|error| error.to_string())
}

#[test]
fn a_density_matrix_that_is_not_hermitian_is_an_error() {
    let wrong: [fn(&mut Vector, usize); 8] = [
        |dm, lane| dm.set(1, lane, c64(0.0, 0.0)),
        |dm, lane| dm.set(2, lane, dm.get(1, lane)),
        |dm, lane| dm.add(0, lane, c64(0.0, 1e-7)),
        |dm, lane| dm.add(1, lane, c64(f64::MAX, 0.0)),
        // What is not finite where nothing is kept.
        |dm, lane| dm.add(1, lane, c64(f64::NAN, 0.0)),
        |dm, lane| dm.add(1, lane, c64(0.0, f64::INFINITY)),
        |dm, lane| dm.add(0, lane, c64(0.0, f64::NAN)),
        |dm, lane| dm.add(3, lane, c64(0.0, f64::NEG_INFINITY)),
    ];
    for change in wrong {
        let error = with_density_matrix(change).unwrap_err();
        assert!(error.contains("batch 0 (seeds 0-9) failed: dm_db is not Hermitian"), "{error}");
        assert!(error.contains("outputs.complex") && error.contains("(seed 9)"), "{error}");
    }
    // Lanes beyond the last trajectory are nobody's.
    with_density_matrix(|dm, lane| dm.add(1, lane + 1, c64(0.5, 0.0))).unwrap();
}

#[test]
fn rounding_in_the_upper_triangle_is_left_out() {
    let sound = with_density_matrix(|_, _| ()).unwrap();
    let rounding = with_density_matrix(|dm, lane| {
        dm.add(1, lane, c64(1e-10, -1e-10));
        dm.add(3, lane, c64(0.0, 1e-10));
    });
    assert_eq!(rounding.unwrap().complex("dm_db").unwrap(), sound.complex("dm_db").unwrap());
    // What is not a number is told as such.
    let error = with_density_matrix(|dm, lane| dm.add(2, lane, c64(f64::NAN, 0.0))).unwrap_err();
    assert!(error.contains("dm_db is NaN at time 0 (seed 9)"), "{error}");
}

#[test]
fn a_hop_of_the_wrong_length_is_named() {
    let mut sim =
        Simulation::new(plane().with_hop(|_, _, _| Some(Vec::new())), surface_hopping(false));
    sim.settings.num_trajs = 40;
    sim.settings.dt_update = 0.02;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(0.0, 0.0), c64(1.0, 0.0)];
    let options = RunOptions::new().with_on_failure(OnFailure::Drop);
    let error = Driver::Serial.run(&sim, options).unwrap_err().to_string();
    assert!(error.contains("the model's hop gave 0 numbers, expected 2"), "{error}");
}

#[test]
fn a_listener_at_the_door_sees_partial_data_and_ends_the_run() {
    let mut sim = spin_boson(MeanField::default());
    sim.settings.batch_size = 10;
    for driver in [Driver::Serial, Driver::Threads(2), Driver::Processes(2)] {
        let mut seen = 0;
        let mut listener = |event: Event<'_>| {
            let Event::Done { partial, .. } = event else { return ControlFlow::Continue(()) };
            seen = partial().map_or(0, |data| data.seeds().len());
            if seen < 50 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let data = driver.run_with(&sim, RunOptions::new(), &mut listener).unwrap();
        assert!(!data.is_complete() && data.seeds().len() < 200, "{}", data.seeds().len());
        assert!(seen >= 50 && data.seeds().len() >= seen);
        // The rest completes it, to the same bits.
        let missing = data.missing().iter().copied();
        let rest = RunOptions::new().with_append(&data).with_seeds(missing);
        let whole = driver.run(&sim, rest).unwrap();
        assert_eq!(whole, serial_driver(&sim).unwrap());
        assert!(whole.is_complete());
    }
}

#[test]
fn a_failure_in_a_task_of_ones_own_is_told_with_its_causes() {
    let mut algorithm = MeanField::default();
    let fails = task("fails", |_, _| Err(Failure::other("no luck")));
    algorithm.recipe.update.push(fails);
    let mut sim = spin_boson(algorithm);
    sim.settings.num_trajs = 10;
    let error = serial_driver(&sim).unwrap_err();
    // What `main` prints of it is for people.
    assert_eq!(
        format!("{error:?}"),
        "1 of 1 batches failed; no trajectory was finished\n  batch 0 (seeds 0-9) failed: no luck\n    \
         to run it alone: Driver::Serial.run(&sim, RunOptions::new().with_seeds(0..=9_u64))"
    );
}
