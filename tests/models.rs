//! All models: their gradients, their constants, and models of one's own that imitate them.

use fascicle::dynamics::LANES;
use fascicle::dynamics::ingredients::{dh_c_dzc_differences, dh_qc_dzc_differences};
use fascicle::prelude::*;
use fascicle_tests::simulations::{of_model, surface_hopping};
use fascicle_tests::variant::{MODELS, Variant, model};

/// Sixteen starting points, moved towards where states couple.
fn points(model: &dyn Model) -> Coords {
    let mut z = Coords::zeros(model.num_classical_coordinates());
    let sampler = model.init_classical();
    for lane in 0..LANES {
        let mut own = vec![c64(0.0, 0.0); z.len()];
        let mut draws = Seeding::Independent.draws(Seed(lane as u64), PURPOSE);
        sampler.draw(&mut draws, &mut own);
        for (j, z) in own.iter_mut().enumerate() {
            let near = c64(0.3 * draws.normal(), 0.0);
            *z = if model.update_dh_qc_dzc() { c64(near.re, z.im) } else { *z + near * j as f64 };
        }
        z.set_trajectory(lane, &own);
    }
    z
}

const PURPOSE: fascicle::core::Purpose = fascicle::core::Purpose::new("points");

fn wave_function(n: usize, turn: f64) -> States {
    let mut wf = States::zeros(n);
    for k in 0..n {
        for lane in 0..LANES {
            let angle = turn * (k + 1) as f64 + lane as f64;
            wf.set(k, lane, c64(angle.cos(), angle.sin()) / (n as f64).sqrt());
        }
    }
    wf
}

#[test]
fn gradients_are_the_derivatives_of_the_hamiltonians() {
    for name in MODELS {
        let mut model = model(name);
        if name == "FMOComplex" {
            model.set_constant("N", 3.0).unwrap();
        }
        let z = points(model.as_ref());
        let n = model.num_quantum_states();
        let (left, right) = (wave_function(n, 0.7), wave_function(n, -1.9));
        let zeros = || Coords::zeros(z.len());
        let (mut own, mut expected) = (zeros(), zeros());
        model.dh_qc_dzc(&z, &left, &right, &mut own);
        dh_qc_dzc_differences(model.as_ref(), &z, &left, &right, &mut expected);
        compare(name, &own, &expected);
        let (mut own, mut expected) = (zeros(), zeros());
        model.dh_c_dzc(&z, &mut own);
        dh_c_dzc_differences(model.as_ref(), &z, &mut expected);
        compare(name, &own, &expected);
    }
}

fn compare(name: &str, own: &Coords, expected: &Coords) {
    let largest = expected
        .re
        .iter()
        .chain(&expected.im)
        .flat_map(|lane| lane.0)
        .fold(1e-3, |most, x| x.abs().max(most));
    let mut nonzero = false;
    for j in 0..own.len() {
        for lane in 0..LANES {
            let (own, expected) = (own.get(j, lane), expected.get(j, lane));
            nonzero |= own.norm() > 0.0;
            let off = (own - expected).norm() / largest;
            assert!(off < 3e-5, "{name}, coordinate {j}: {own}, by differences {expected}");
        }
    }
    assert!(nonzero, "{name}: a gradient that vanishes tests nothing");
}

#[test]
fn constants_are_set_by_name_and_bad_ones_are_refused() {
    for name in MODELS {
        let mut model = model(name);
        for (constant, value) in model.constants() {
            model.set_constant(constant, value).unwrap();
            let error = model.set_constant(constant, f64::NAN).unwrap_err().to_string();
            assert!(error.contains(constant) && error.contains("NaN"), "{error}");
        }
        assert_eq!(model.check(), Ok(()));
        let error = model.set_constant("nonsense", 1.0).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("expected one of"), "{error}");
    }
    let mut lattice = HolsteinLatticeReciprocalSpace::default();
    let error = lattice.set_constant("N", 7.0).unwrap_err().to_string();
    assert!(error.contains("an even number") && error.contains("found 7"), "{error}");
    let error = HolsteinLattice::default().set_constant("periodic", 0.5).unwrap_err().to_string();
    assert!(error.contains("0 or 1"), "{error}");
}

/// QC Lab's defaults, and Hamiltonians by hand.
#[test]
fn quantum_hamiltonians_are_those_of_the_books() {
    let h_q = |model: &dyn Model| {
        let mut h = Hermitian::zeros(model.num_quantum_states());
        model.h_q(&mut h);
        h
    };
    let ring = h_q(&HolsteinLattice { N: 4, J: 0.7, ..Default::default() });
    assert_eq!(
        (ring.get(0, 3, 5).re, ring.get(2, 1, 0).re, ring.get(0, 2, 0).re),
        (-0.7, -0.7, 0.0)
    );
    let chain = h_q(&HolsteinLattice { N: 4, J: 0.7, periodic: false, ..Default::default() });
    assert_eq!((chain.get(0, 3, 5).re, chain.get(2, 1, 0).re), (0.0, -0.7));
    let two = h_q(&HolsteinLattice { N: 2, ..Default::default() });
    assert_eq!(two.get(0, 1, 0).re, -1.0);
    let waves = h_q(&HolsteinLatticeReciprocalSpace { N: 4, ..Default::default() });
    let energies = [0, 1, 2, 3].map(|k| waves.get(k, k, 0).re);
    let expected = [2.0, 0.0, -2.0, 0.0];
    assert!(energies.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{energies:?}");
    // 87.7 wavenumbers at 208.51 to the kT of 300 K.
    let fmo = h_q(&FMOComplex::default());
    assert!((fmo.get(0, 1, 0).re + 87.7 / 208.512).abs() < 1e-5);
    assert_eq!(fmo.get(2, 2, 0).re, 0.0);
}

/// The lattice in real and in reciprocal space is one physical system.
#[test]
fn both_holstein_models_are_one_system() {
    let energy = |name: &str, wf_db: [f64; 4]| {
        let mut sim = Simulation::new(Variant::new(name, &[]), MeanField::default());
        sim.model.set_constant("N", 4.0).unwrap();
        sim.settings.num_trajs = 2000;
        sim.settings.tmax = 3.0;
        sim.settings.dt_update = 0.01;
        sim.settings.dt_collect = 0.5;
        sim.settings.progress_bar = false;
        sim.initial_state.wf_db = wf_db.map(|c| c64(c, 0.0)).to_vec();
        let data = parallel_driver_threads(&sim, 2).unwrap();
        let error = data.standard_error("quantum_energy").unwrap().to_owned();
        (data.real("quantum_energy").unwrap().to_owned(), error)
    };
    // The first site is the sum of all waves e^(2πi k n/N)/√N, all alike.
    let (real, error) = energy("HolsteinLattice", [1.0, 0.0, 0.0, 0.0]);
    let (reciprocal, other) = energy("HolsteinLatticeReciprocalSpace", [0.5; 4]);
    for time in 0..real.len() {
        let miss = (real[[time]] - reciprocal[[time]]).abs();
        let allowed = 4.5 * error[[time]].hypot(other[[time]]);
        assert!(miss < allowed, "time {time}: {miss} of {allowed}");
    }
}

/// A model of one's own with `h_q`, `h_qc`, `h_c` and a start alone, and the built-in it imitates.
/// Gradients are forward differences with steps δ of 1e-6 in z: that of H_c, quadratic in Im z, is off
/// by δ, as if all moved faster by δ/(2 Im z), for Tully's particles by 3e-6. Phases grow by an energy
/// times a time, here up to 30, and with them what that makes of populations.
#[test]
fn a_model_with_only_its_hamiltonians_agrees_with_the_built_in_one() {
    let missing = ["dh_qc_dzc", "dh_c_dzc", "hop"].map(String::from).to_vec();
    for name in MODELS {
        let mean_field = |without| serial_driver(of_model(name, without, MeanField::default()));
        let off = difference(&mean_field(&[]).unwrap(), &mean_field(&missing).unwrap());
        assert!(off < 1e-4, "{name}: mean field is off by {off:e}");
        assert!(off > 0.0, "{name}: the imitation is not one");
        let hopping = |without| serial_driver(of_model(name, without, surface_hopping(false)));
        let off_too = difference(&hopping(&[]).unwrap(), &hopping(&missing).unwrap());
        assert!(off_too < 1e-4, "{name}: surface hopping is off by {off_too:e}");
        println!("{name:32} mean field {off:.1e}, surface hopping {off_too:.1e}");
    }
}

/// A model's own form of the step of z does what the staged computation does, to the last bit.
#[test]
fn models_with_a_step_of_their_own_step_as_any_model() {
    let without = ["runge_kutta".to_string()];
    let own = |name: &&&str| name.starts_with("Tully") || name.starts_with("ComplexAvoided");
    for name in MODELS.iter().filter(own) {
        let fused = |without: &[String]| {
            let mean_field = of_model(name, without, MeanField::default());
            let hopping = of_model(name, without, surface_hopping(false));
            [serial_driver(&mean_field).unwrap(), serial_driver(&hopping).unwrap()]
        };
        let (own, staged) = (fused(&[]), fused(&without));
        for (own, staged) in own.iter().zip(&staged) {
            assert_eq!(own.digest(), staged.digest(), "{name}");
        }
    }
}

/// The largest difference of density matrices, and of energies relative to their size.
fn difference(a: &Data, b: &Data) -> f64 {
    let (x, y) = (a.complex("dm_db").unwrap(), b.complex("dm_db").unwrap());
    let populations = x.iter().zip(y.iter()).map(|(a, b)| (a - b).norm());
    let energies = ["quantum_energy", "classical_energy"].into_iter().flat_map(|name| {
        let (x, y) = (a.real(name).unwrap(), b.real(name).unwrap());
        let pairs: Vec<_> = x.iter().copied().zip(y.iter().copied()).collect();
        pairs.into_iter().map(|(a, b)| (a - b).abs() / a.abs().max(1.0))
    });
    populations.chain(energies).fold(0.0, f64::max)
}
