//! Conservation laws, trajectory by trajectory.

use fascicle::dynamics::{Algorithm, Model};
use fascicle::prelude::*;
use fascicle_tests::simulations::{mash, of_model, spin_boson, surface_hopping, tully};
use fascicle_tests::variant::MODELS;

/// The largest drift of the total energy along any trajectory.
fn drift<M: Model, A: Algorithm>(mut sim: Simulation<M, A>, dt_update: f64) -> f64 {
    sim.settings.num_trajs = 30;
    sim.settings.dt_update = dt_update;
    let options = RunOptions::new().with_keep_all_trajectories();
    let data = Driver::Threads(2).run(&sim, options).unwrap();
    let mut worst = 0.0_f64;
    for trajectory in data.trajectories().values() {
        let quantum = trajectory.real("quantum_energy").unwrap();
        let classical = trajectory.real("classical_energy").unwrap();
        let total = quantum + classical;
        worst = total.iter().map(|energy| (energy - total[0]).abs()).fold(worst, f64::max);
    }
    worst
}

#[test]
fn mean_field_conserves_energy() {
    // c is propagated with H at the old z: the error is of first order in the time step.
    let first_order = |coarse: f64, fine: f64, limit: f64| {
        assert!(fine < limit, "{fine:e}");
        assert!((1.8..2.2).contains(&(coarse / fine)), "{coarse:e} {fine:e}");
    };
    let spin_boson = |dt| drift(spin_boson(MeanField::default()), dt);
    first_order(spin_boson(0.01), spin_boson(0.005), 2e-3);
    let tully = |dt| drift(tully(MeanField::default()), dt);
    first_order(tully(1.0), tully(0.5), 1e-4);
}

#[test]
fn surface_hopping_conserves_energy_through_hops() {
    let energy = drift(spin_boson(surface_hopping(false)), 0.005);
    assert!(energy < 5e-3, "{energy:e}");
    let energy = drift(tully(surface_hopping(false)), 1.0);
    assert!(energy < 1e-4, "{energy:e}");
}

/// By surface hopping and MASH, in every model; the force of a gauge field does no work.
#[test]
fn hops_conserve_energy_in_every_model() {
    for name in MODELS {
        for force in [false, true] {
            let mut hopping = surface_hopping(false);
            hopping.settings.use_gauge_field_force = force;
            let mut mash = mash();
            mash.settings.use_gauge_field_force = force;
            // QC Lab's direction does not conserve energy in reciprocal space.
            mash.settings.covariant_direction = true;
            let (hopping, mash) = (of_model(name, &[], hopping), of_model(name, &[], mash));
            let dt = 0.25 * hopping.settings.dt_update;
            // Of the packets' energy, of Tully's couplings and gaps, and of kT.
            let scale = match name {
                name if name.starts_with("Complex") => 130.0,
                name if name.starts_with("Tully") => 0.05,
                _ => 1.0,
            };
            let (hopping, mash) = (drift(hopping, dt) / scale, drift(mash, dt) / scale);
            println!("{name:32} surface hopping {hopping:.1e}, MASH {mash:.1e}");
            assert!(hopping < 5e-3, "{name}: surface hopping drifts by {hopping:e}");
            assert!(mash < 5e-3, "{name}: MASH drifts by {mash:e}");
        }
    }
}

/// What `covariant_direction` mends.
#[test]
fn qc_labs_mash_does_not_conserve_energy_in_reciprocal_space() {
    let drifts = [false, true].map(|covariant| {
        let mut mash = mash();
        mash.settings.covariant_direction = covariant;
        let sim = of_model("HolsteinLatticeReciprocalSpace", &[], mash);
        let dt = 0.25 * sim.settings.dt_update;
        drift(sim, dt)
    });
    assert!(drifts[0] > 10.0 * drifts[1], "{drifts:?}");
}

#[test]
fn without_coupling_the_energy_of_each_part_is_conserved_to_rounding() {
    let mut sim = spin_boson(MeanField::default());
    sim.model.l_reorg = 0.0;
    sim.settings.num_trajs = 16;
    let data = serial_driver(&sim).unwrap();
    let classical = data.real("classical_energy").unwrap();
    let quantum = data.real("quantum_energy").unwrap();
    for time in 0..data.times().len() {
        assert!((classical[time] - classical[0]).abs() < 1e-6 * classical[0]);
        assert!((quantum[time] - quantum[0]).abs() < 1e-6);
    }
}

/// Without a bath, the populations oscillate with Rabi's formula.
#[test]
fn an_isolated_pair_of_states_oscillates() {
    let mut sim = spin_boson(surface_hopping(false));
    sim.model.l_reorg = 0.0;
    sim.settings.num_trajs = 4;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    let (e, v) = (sim.model.E, sim.model.V);
    let frequency = (e * e + v * v).sqrt();
    let mut mean_field = spin_boson(MeanField::default());
    mean_field.model = sim.model.clone();
    mean_field.initial_state = sim.initial_state.clone();
    let data = serial_driver(&mean_field).unwrap();
    let populations = data.complex("dm_db").unwrap();
    for (k, &t) in data.times().iter().enumerate() {
        let expected = 1.0 - (v / frequency).powi(2) * (frequency * t).sin().powi(2);
        assert!((populations[[k, 0, 0]].re - expected).abs() < 1e-8, "t = {t}");
    }
    // In surface hopping the wave function is the same, which the coherence of the eigenstates shows:
    // ⟨+|ρ|−⟩ with |+⟩ = (cos θ, sin θ), |−⟩ = (−sin θ, cos θ), tan 2θ = V / E.
    let hopping = serial_driver(&sim).unwrap();
    let (sin, cos) = (0.5 * v.atan2(e)).sin_cos();
    let coherence = |data: &Data, t: usize| {
        let dm = data.complex("dm_db").unwrap();
        let times_minus = |row: usize| dm[[t, row, 1]] * cos - dm[[t, row, 0]] * sin;
        times_minus(0) * cos + times_minus(1) * sin
    };
    for t in 0..data.times().len() {
        let (own, expected) = (coherence(&hopping, t), coherence(&data, t));
        assert!((own - expected).norm() < 1e-8 && own.norm() > 0.1, "{own} {expected}");
    }
}

/// At equal starts, deterministic hopping is an average over the same surfaces.
#[test]
fn deterministic_hopping_starts_from_the_initial_density_matrix() {
    let data = serial_driver(spin_boson(surface_hopping(true))).unwrap();
    let dm = data.complex("dm_db").unwrap();
    for ((row, column), expected) in
        [((0, 0), c64(0.36, 0.0)), ((0, 1), c64(0.0, -0.48)), ((1, 1), c64(0.64, 0.0))]
    {
        assert!((dm[[0, row, column]] - expected).norm() < 1e-14, "{}", dm[[0, row, column]]);
    }
}
