//! What QC Lab does not have, against analytic or published results.

use fascicle::core::Trajectory;
use fascicle::dynamics::tasks::{
    Collapse, CollectDetailedBalance, CollectPopAdb, EnergyBasedDecoherence,
    InstantaneousDecoherence, Populations,
};
use fascicle::prelude::*;
use fascicle_tests::simulations::{mash, of_model, spin_boson, surface_hopping, tully};

fn every_trajectory<M: Model, A: Algorithm>(sim: &Simulation<M, A>) -> Vec<Trajectory> {
    let options = RunOptions::new().with_keep_all_trajectories();
    let data = Driver::Serial.run(sim, options).expect("the run succeeds");
    data.seeds().to_vec().into_iter().map(|seed| data.trajectory(seed).unwrap().clone()).collect()
}

/// Two uncoupled states with a gap of 0.3 and populations 0.36 and 0.64, and a free particle of kinetic
/// energy 0.5: nothing moves the populations but decoherence.
fn uncoupled<A: Algorithm>(
    algorithm: A,
    trajectories: u64,
    tmax: f64,
) -> Simulation<ClosureModel, A> {
    let model = ClosureModel::new("uncoupled", 2, 1)
        .with_structure(Structure::general().with_free())
        .with_h_q(|h| h[(1, 1)] = c64(0.3, 0.0))
        .with_init_classical(|_, z| z[0] = c64(0.0, 0.5_f64.sqrt()));
    let mut sim = Simulation::new(model, algorithm);
    sim.settings.num_trajs = trajectories;
    sim.settings.tmax = tmax;
    sim.settings.dt_update = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(0.6, 0.0), c64(0.0, 0.8)];
    sim
}

/// Granucci and Persico: populations of inactive states decay as e^(−2t/τ),
/// τ = (1 + C/E_kin)/|E_k − E_a|, here with τ = (1 + 0.1/0.5)/0.3 = 4.
#[test]
fn edc_decays_as_its_authors_say() {
    let algorithm =
        surface_hopping(false).with_decoherence(EnergyBasedDecoherence::default()).unwrap();
    let mut sim = uncoupled(algorithm, 32, 8.0);
    sim.settings.dt_collect = 0.5;
    let mut seen = [false; 2];
    for trajectory in every_trajectory(&sim) {
        let dm = trajectory.complex("dm_db").unwrap();
        let active = usize::from(dm[[0, 1, 1]].re > 0.5);
        seen[active] = true;
        let start = [0.64, 0.36][active];
        for time in 0..17 {
            let inactive = start * (-2.0 * 0.5 * time as f64 / 4.0).exp();
            let coherence = dm[[time, 0, 1]].norm_sqr();
            let expected = inactive * (1.0 - inactive);
            assert!((coherence - expected).abs() < 1e-12, "{coherence} for {expected}");
        }
    }
    assert_eq!(seen, [true, true], "trajectories start on both surfaces");
}

/// Without decoherence the same coherence stays for ever: the defect that is corrected.
#[test]
fn without_edc_nothing_decays() {
    for trajectory in every_trajectory(&uncoupled(surface_hopping(false), 4, 8.0)) {
        let dm = trajectory.complex("dm_db").unwrap();
        assert!((dm[[80, 0, 1]].norm() - 0.48).abs() < 1e-12);
    }
}

/// After a hop the wave function is the active state: the coherence vanishes until coupling makes new.
#[test]
fn instantaneous_decoherence_collapses_the_wave_function_at_hops() {
    for (after, frustrated_too) in
        [(Collapse::SuccessfulHops, false), (Collapse::AttemptedHops, true)]
    {
        let mut algorithm =
            surface_hopping(false).with_decoherence(InstantaneousDecoherence { after }).unwrap();
        let checked = std::sync::Arc::new(std::sync::Mutex::new([0_u32; 2]));
        let counts = checked.clone();
        let watch = task("watch", move |_, block| {
            for lane in 0..block.seeds().len() {
                let (active, dest) = (block.act_surf_ind[lane], block.hop_dest[lane]);
                if dest < 0.0 {
                    continue;
                }
                let hopped = active == dest;
                counts.lock().unwrap()[usize::from(hopped)] += 1;
                let own = block.wf_adb.get(active as usize, lane).norm_sqr();
                let collapsed = (own - 1.0).abs() < 1e-9;
                assert_eq!(collapsed, hopped || frustrated_too, "population {own}");
            }
            Ok(())
        });
        let at = "update_wf_db_instantaneous_decoherence";
        algorithm.recipe.update.insert_after(at, watch).unwrap();
        serial_driver(spin_boson(algorithm)).unwrap();
        let [frustrated, hopped] = *checked.lock().unwrap();
        assert!(frustrated > 20 && hopped > 20, "{frustrated} frustrated hops, {hopped} hops");
    }
}

/// A frustrated hop turns the momentum of a single particle around, and costs no energy; without the
/// option it does nothing.
#[test]
fn a_frustrated_hop_reverses_the_momentum() {
    for reverse in [false, true] {
        let mut algorithm = surface_hopping(false);
        algorithm.settings.reverse_frustrated_hops = reverse;
        let keep = task("keep_momentum", |_, block| {
            let momentum = block.z.im[0];
            block.extra("momentum", 1)[0] = momentum;
            Ok(())
        });
        let seen = std::sync::Arc::new(std::sync::Mutex::new(0_u32));
        let count = seen.clone();
        let check = task("check_momentum", move |_, block| {
            let before = block.extra("momentum", 1)[0];
            for lane in 0..block.seeds().len() {
                let (active, dest) = (block.act_surf_ind[lane], block.hop_dest[lane]);
                if dest >= 0.0 && dest != active {
                    let expected = if reverse { -before[lane] } else { before[lane] };
                    let found = block.z.im[0][lane];
                    assert!((found - expected).abs() <= 1e-14 * expected.abs(), "{found}");
                    *count.lock().unwrap() += 1;
                }
            }
            Ok(())
        });
        algorithm.recipe.update.insert_before("update_z_hop", keep).unwrap();
        algorithm.recipe.update.insert_after("update_z_hop", check).unwrap();
        let mut sim = tully(algorithm);
        sim.model.init_momentum = 8.0;
        serial_driver(&sim).unwrap();
        assert!(*seen.lock().unwrap() > 5, "hops were frustrated");
    }
}

/// A conical intersection H = ((x³, y), (y, −x³)): the derivative coupling, of the gradient of
/// arctan(y/x³), is perpendicular to (x, 3 y).
fn conical() -> ClosureModel {
    ClosureModel::new("conical", 2, 2)
        .with_structure(Structure::general().with_free())
        .with_h_qc(|z, h| {
            let (x, y) = (2.0_f64.sqrt() * z[0].re, 2.0_f64.sqrt() * z[1].re);
            h[(0, 0)] = c64(x.powi(3), 0.0);
            h[(1, 1)] = c64(-x.powi(3), 0.0);
            h[(1, 0)] = c64(y, 0.0);
        })
        .with_dh_qc_dzc(|z, l, r, out| {
            let half = 0.5_f64.sqrt();
            let slope = 3.0 * 2.0 * z[0].re * z[0].re * half;
            out[0] = (l[0].conj() * r[0] - l[1].conj() * r[1]) * slope;
            out[1] = (l[0].conj() * r[1] + l[1].conj() * r[0]) * half;
        })
        .with_init_classical(|draws, z| {
            z[0] = c64(-1.0 + 0.2 * draws.normal(), 2.0);
            z[1] = c64(0.3 * draws.normal(), 0.5 * draws.normal());
        })
}

/// With `refresh_at_hop` the momentum changes along the derivative coupling at the coordinates; as QC
/// Lab does it, along that of a place nearby.
#[test]
fn a_refreshed_hop_has_its_direction_where_the_particle_is() {
    let worst = |refresh: bool| {
        let mut algorithm = surface_hopping(false);
        algorithm.settings.refresh_at_hop = refresh;
        let keep = task("keep_momentum", |_, block| {
            let momentum = block.z.im.clone();
            block.extra("momentum", 2).copy_from_slice(&momentum);
            Ok(())
        });
        let worst = std::sync::Arc::new(std::sync::Mutex::new((0_u32, 0.0_f64)));
        let seen = worst.clone();
        let check = task("check_direction", move |_, block| {
            let before = block.extra("momentum", 2).clone();
            for lane in 0..block.seeds().len() {
                if block.hop_dest[lane] != block.act_surf_ind[lane] {
                    continue;
                }
                let change = [0, 1].map(|j| block.z.im[j][lane] - before[j][lane]);
                let place = [block.z.re[0][lane], 3.0 * block.z.re[1][lane]];
                let along = change[0] * place[0] + change[1] * place[1];
                let size = change[0].hypot(change[1]) * place[0].hypot(place[1]);
                let mut seen = seen.lock().unwrap();
                *seen = (seen.0 + 1, seen.1.max((along / size).abs()));
            }
            Ok(())
        });
        algorithm.recipe.update.insert_before("update_z_hop", keep).unwrap();
        algorithm.recipe.update.insert_after("update_z_hop", check).unwrap();
        let mut sim = Simulation::new(conical(), algorithm);
        sim.settings.num_trajs = 64;
        sim.settings.tmax = 0.8;
        sim.settings.dt_update = 0.01;
        sim.settings.progress_bar = false;
        sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
        serial_driver(&sim).unwrap();
        let (hops, worst) = *worst.lock().unwrap();
        assert!(hops > 20, "{hops} hops test too little");
        worst
    };
    let (refreshed, as_qc_lab) = (worst(true), worst(false));
    assert!(refreshed < 1e-11, "{refreshed:e}");
    assert!(as_qc_lab > 1e-7, "{as_qc_lab:e}: the two cannot be told apart");
}

/// Halving the time step divides the error of a first-order method by 2, of a second-order one by 4.
#[test]
fn the_second_order_step_is_of_second_order() {
    let population = |algorithm: &MeanField, dt: f64| {
        let mut sim = spin_boson(algorithm.clone());
        sim.settings.num_trajs = 16;
        sim.settings.dt_update = dt;
        sim.settings.dt_collect = 4.0;
        let data = serial_driver(&sim).unwrap();
        (data.complex("dm_db").unwrap()[[1, 0, 0]].re, data.real("quantum_energy").unwrap()[[1]])
    };
    let order = |algorithm: MeanField| {
        let [a, b, c] = [0.04, 0.02, 0.01].map(|dt| population(&algorithm, dt));
        [(a.0 - b.0) / (b.0 - c.0), (a.1 - b.1) / (b.1 - c.1)].map(f64::log2)
    };
    for order in order(MeanField::default()) {
        assert!((order - 1.0).abs() < 0.15, "QC Lab's step has order {order}");
    }
    for order in order(MeanField::second_order()) {
        assert!((order - 2.0).abs() < 0.15, "the second-order step has order {order}");
    }
}

/// Parandekar and Tully: a quantum system in a classical bath comes to thermal populations by surface
/// hopping, with a small error, and to something hotter by mean field.
#[test]
fn surface_hopping_is_nearer_to_detailed_balance_than_mean_field() {
    let deviation = |data: &Data| {
        let balance = data.real("detailed_balance").unwrap();
        let errors = data.standard_error("detailed_balance").unwrap();
        let times = balance.shape()[0];
        let late = times / 2..times;
        let mean = late.clone().map(|t| balance[[t, 1]]).sum::<f64>() / late.len() as f64;
        (mean, errors[[times - 1, 1]])
    };
    let mut fssh = surface_hopping(false);
    let of = Populations::ActiveSurface;
    fssh.recipe.collect.push(CollectDetailedBalance { of, kbt: 0.3 });
    fssh.recipe.collect.push(CollectPopAdb { of });
    let mut mean_field = MeanField::default();
    let of = Populations::WaveFunction;
    mean_field.recipe.collect.push(CollectDetailedBalance { of, kbt: 0.3 });
    let (hopping, error) = deviation(&long_run(fssh));
    let (average, _) = deviation(&long_run(mean_field));
    println!("surface hopping {hopping:.4} (one time: ± {error:.4}), mean field {average:.4}");
    assert!(hopping.abs() < 0.03, "surface hopping is off by {hopping}");
    // Mean field comes to equal populations of the adiabatic states where kT is well below the gap.
    assert!(average > 0.15, "mean field is off by {average}");
}

fn long_run<A: Algorithm>(algorithm: A) -> Data {
    let mut sim = spin_boson(algorithm);
    sim.settings.num_trajs = 200;
    sim.settings.tmax = 800.0;
    sim.settings.dt_update = 0.05;
    sim.settings.dt_collect = 10.0;
    sim.model.V = 0.2;
    sim.model.E = 0.25;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    parallel_driver_threads(&sim, 2).unwrap()
}

/// Where nothing couples, the populations are known, and so are thermal ones.
#[test]
fn adiabatic_populations_and_detailed_balance_of_two_uncoupled_levels() {
    for of in [Populations::ActiveSurface, Populations::WaveFunction] {
        let mut algorithm = surface_hopping(true);
        algorithm.recipe.collect.push(CollectPopAdb { of });
        algorithm.recipe.collect.push(CollectDetailedBalance { of, kbt: 0.5 });
        let data = serial_driver(uncoupled(algorithm, 8, 1.0)).unwrap();
        let (populations, balance) =
            (data.real("pop_adb").unwrap(), data.real("detailed_balance").unwrap());
        let thermal = (-0.3_f64 / 0.5).exp() / (1.0 + (-0.3_f64 / 0.5).exp());
        for time in [0, 10] {
            assert!((populations[[time, 1]] - 0.64).abs() < 1e-12, "{}", populations[[time, 1]]);
            let found = balance[[time, 1]];
            assert!((found - (0.64 - thermal)).abs() < 1e-12, "{found}");
        }
    }
}

/// Σ_j ω_j/2 coth(ω_j/2kT) in the Wigner distribution, C kT in the classical one.
#[test]
fn sampling_of_harmonic_models_has_the_energies_of_theory() {
    let kbt = 0.2;
    let energy = |sampling: Sampling| {
        let mut sim = Simulation::new(HolsteinLattice::default(), MeanField::default());
        sim.settings.num_trajs = 4000;
        sim.settings.tmax = 0.01;
        sim.settings.dt_update = 0.01;
        sim.settings.progress_bar = false;
        sim.initial_state.wf_db = vec![c64(0.1_f64.sqrt(), 0.0); 10];
        sim.initial_state.sampling = sampling;
        let data = parallel_driver_threads(&sim, 2).unwrap();
        (
            data.real("classical_energy").unwrap()[[0]],
            data.standard_error("classical_energy").unwrap()[[0]],
        )
    };
    let quantum = |kbt: f64| 10.0 * 0.25 / (0.25 / kbt).tanh();
    for (sampling, expected) in [
        (Sampling::Boltzmann { kbt }, 10.0 * kbt),
        (Sampling::Wigner { kbt }, quantum(kbt)),
        (Sampling::Wigner { kbt: 0.0 }, 2.5),
        (Sampling::Model, 10.0),
    ] {
        let (found, error) = energy(sampling);
        assert!((found - expected).abs() < 4.0 * error, "{sampling:?}: {found} ± {error}");
    }
    let mut sim = tully(MeanField::default());
    sim.initial_state.sampling = Sampling::Wigner { kbt: 1.0 };
    let message = serial_driver(&sim).unwrap_err().to_string();
    assert!(message.contains("TullyProblemOne states none"), "{message}");
    sim.initial_state.sampling = Sampling::Wigner { kbt: -1.0 };
    let message = serial_driver(&sim).unwrap_err().to_string();
    assert!(message.contains("found -1"), "{message}");
}

/// With a complex H the derivative coupling is complex, and has a part that would move positions: a
/// reversal leaves that out, so that it costs no energy at all, and H stays what it is.
#[test]
fn a_reversal_in_two_dimensions_turns_momenta_alone() {
    let mut algorithm = surface_hopping(false);
    algorithm.settings.reverse_frustrated_hops = true;
    algorithm.settings.refresh_at_hop = true;
    algorithm.settings.gauge_fixing = GaugeFixing::PhaseOverlap;
    let keep = task("keep", |_, block| {
        let z = block.z.clone();
        block.extra("re", 2).copy_from_slice(&z.re);
        block.extra("im", 2).copy_from_slice(&z.im);
        Ok(())
    });
    let seen = std::sync::Arc::new(std::sync::Mutex::new((0_u32, 0.0_f64)));
    let all = seen.clone();
    let check = task("check", move |_, block| {
        let (re, im) = (block.extra("re", 2).clone(), block.extra("im", 2).clone());
        for lane in 0..block.seeds().len() {
            let (active, dest) = (block.act_surf_ind[lane], block.hop_dest[lane]);
            if dest < 0.0 || dest == active {
                continue;
            }
            let (mut before, mut after, mut turned) = (0.0, 0.0, 0.0_f64);
            for j in 0..2 {
                assert_eq!(block.z.re[j][lane], re[j][lane], "a position has moved");
                before += im[j][lane] * im[j][lane];
                after += block.z.im[j][lane] * block.z.im[j][lane];
                turned = turned.max((block.z.im[j][lane] - im[j][lane]).abs());
            }
            assert!((before - after).abs() < 1e-12 * before, "{before} to {after}");
            let mut all = all.lock().unwrap();
            *all = (all.0 + 1, all.1.max(turned));
        }
        Ok(())
    });
    algorithm.recipe.update.insert_before("update_z_hop", keep).unwrap();
    algorithm.recipe.update.insert_after("update_z_hop", check).unwrap();
    let without = ["rescaling_direction_fssh".to_string()];
    let mut sim = of_model("ComplexAvoidedCrossingB", &without, algorithm);
    sim.model.set_constant("init_momentum_x", 4.0).unwrap();
    sim.settings.tmax = 0.6;
    serial_driver(&sim).unwrap();
    let (reversals, turned) = *seen.lock().unwrap();
    assert!(reversals > 5 && turned > 0.1, "{reversals} reversals of up to {turned}");
}

/// MASH's estimator of adiabatic populations sums to 1 and is V† ρ V.
#[test]
fn adiabatic_populations_of_mash() {
    let of = Populations::Mapping;
    let mut algorithm = mash();
    algorithm.recipe.collect.push(CollectPopAdb { of });
    let data = serial_driver(uncoupled(algorithm, 8, 1.0)).unwrap();
    let (dm, populations) = (data.complex("dm_db").unwrap(), data.real("pop_adb").unwrap());
    for time in 0..data.times().len() {
        for k in 0..2 {
            let miss = (dm[[time, k, k]].re - populations[[time, k]]).abs();
            assert!(miss < 1e-12, "{miss:e}");
        }
    }
}

/// Two copies of a crossing that do not see each other: states are degenerate in pairs.
#[test]
fn degenerate_states_do_not_spoil_mash() {
    let copies = ClosureModel::new("copies", 4, 1)
        .with_structure(Structure::general().with_free())
        .with_h_qc(|z, h| {
            for copy in [0, 2] {
                h[(copy, copy)] = c64(0.5 * z[0].re, 0.0);
                h[(copy + 1, copy + 1)] = c64(-0.5 * z[0].re, 0.0);
                h[(copy + 1, copy)] = c64(0.2, 0.0);
            }
        })
        .with_init_classical(|draws, z| z[0] = c64(-2.0, 2.0 + 0.2 * draws.normal()));
    let mut sim = Simulation::new(copies, mash());
    sim.settings.num_trajs = 32;
    sim.settings.tmax = 4.0;
    sim.settings.dt_update = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0), c64(0.0, 0.0), c64(0.0, 0.0)];
    let data = serial_driver(&sim).unwrap();
    let trace: f64 = (0..4).map(|k| data.complex("dm_db").unwrap()[[40, k, k]].re).sum();
    assert!((trace - 1.0).abs() < 1e-9, "{trace}");
}

/// A model that gives its derivative coupling as its own direction hops as without.
#[test]
fn a_direction_of_ones_own_that_is_the_coupling_changes_nothing() {
    // H = ((x, y), (y, −x)): E = ∓r, d_01 = (−y, x) / (2 r²) in positions, of real eigenvectors.
    let conical = |own: bool| {
        let model = ClosureModel::new("conical", 2, 2)
            .with_structure(Structure::general().with_free())
            .with_h_qc(|z, h| {
                h[(0, 0)] = c64(z[0].re, 0.0);
                h[(1, 1)] = c64(-z[0].re, 0.0);
                h[(1, 0)] = c64(z[1].re, 0.0);
            })
            .with_init_classical(|draws, z| {
                z[0] = c64(-1.5 + 0.2 * draws.normal(), 1.5);
                z[1] = c64(0.4 * draws.normal(), 0.3 * draws.normal());
            });
        if !own {
            return model;
        }
        model.with_rescaling_direction_fssh(|z, _, _| vec![c64(-z[1].re, 0.0), c64(z[0].re, 0.0)])
    };
    let run = |own: bool| {
        let mut sim = Simulation::new(conical(own), mash());
        sim.settings.num_trajs = 64;
        sim.settings.tmax = 2.0;
        sim.settings.dt_update = 0.01;
        sim.settings.progress_bar = false;
        sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
        serial_driver(&sim).unwrap()
    };
    let (without, with) = (run(false), run(true));
    let energies = without.real("classical_energy").unwrap();
    let others = with.real("classical_energy").unwrap();
    for time in 0..energies.len() {
        let miss = (energies[[time]] - others[[time]]).abs();
        assert!(miss < 1e-6, "time {time}: {miss:e}");
    }
    assert!((energies[[20]] - energies[[0]]).abs() > 0.05, "nothing has hopped");
}
