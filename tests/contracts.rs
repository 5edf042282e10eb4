//! The contracts, proved by foreign implementers: models from outside, an inserted task, a work that
//! has no trajectories, a pair of ranks that is none.

use std::ops::ControlFlow;

use fascicle::core::{
    Comm, Context, Event, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, Next,
    Scale, Work, ignore_events,
};
use fascicle::prelude::*;
use fascicle_tests::simulations::{spin_boson, surface_hopping};
use fascicle_tests::users::{OnBlocks, WithoutFacts};

const DRIVERS: [Driver; 4] =
    [Driver::Serial, Driver::Threads(2), Driver::Processes(1), Driver::Processes(3)];

fn largest_difference(a: &Data, b: &Data) -> f64 {
    let dm = a.complex("dm_db").unwrap().to_owned() - b.complex("dm_db").unwrap();
    let energy =
        a.real("classical_energy").unwrap().to_owned() - b.real("classical_energy").unwrap();
    let dm = dm.iter().map(|z| z.norm()).fold(0.0, f64::max);
    energy.iter().map(|x: &f64| x.abs()).fold(dm, f64::max)
}

/// The data of a model without facts, and those of the built-in one.
fn without_facts<A: Algorithm + Clone, M: Model>(
    algorithm: A,
    own: impl Fn(&SpinBoson) -> M,
) -> (Data, Data) {
    let mut built_in = spin_boson(algorithm);
    built_in.settings.num_trajs = 40;
    let model = own(&built_in.model);
    let mut sim = Simulation::new(model, built_in.algorithm.clone());
    sim.settings = built_in.settings.clone();
    sim.initial_state = built_in.initial_state.clone();
    let data = parallel_driver_multiprocessing(&sim, 2).unwrap();
    assert_eq!(data, serial_driver(&sim).unwrap());
    (data, serial_driver(&built_in).unwrap())
}

#[test]
fn a_model_without_facts_gives_what_the_fast_kernels_give() {
    for (own, fast) in [
        without_facts(MeanField::default(), WithoutFacts::new),
        without_facts(MeanField::default(), OnBlocks::new),
    ] {
        let difference = largest_difference(&own, &fast);
        assert!(difference < 1e-12, "{difference:e}");
    }
    for (own, fast) in [
        without_facts(surface_hopping(false), WithoutFacts::new),
        without_facts(surface_hopping(false), OnBlocks::new),
    ] {
        let difference = largest_difference(&own, &fast);
        assert!(difference < 1e-10, "{difference:e}");
    }
}

#[test]
fn closures_with_facts_hop_as_the_built_in_model_does() {
    let mut built_in = spin_boson(surface_hopping(false));
    built_in.settings.num_trajs = 40;
    let reference = built_in.model.clone();
    let facts = reference.structure();
    let (e, v) = (reference.E, reference.V);
    let closures = ClosureModel::new("spin and bosons", 2, reference.A)
        .with_weight(&reference.classical_coordinate_weight())
        .with_structure(facts)
        .with_h_q(move |h| {
            h[(0, 0)] = c64(e, 0.0);
            h[(1, 1)] = c64(-e, 0.0);
            h[(0, 1)] = c64(v, 0.0);
        })
        .with_init_classical(move |draws, z| reference.init_classical().draw(draws, z));
    let mut sim = Simulation::new(closures, built_in.algorithm.clone());
    sim.settings = built_in.settings.clone();
    sim.initial_state = built_in.initial_state.clone();
    let (own, fast) = (serial_driver(&sim).unwrap(), serial_driver(&built_in).unwrap());
    assert_eq!(largest_difference(&own, &fast), 0.0);
}

#[test]
fn finite_differences_are_near_the_gradients() {
    let own = |model: &SpinBoson| WithoutFacts::new(model).with_differences();
    let (own, fast) = without_facts(MeanField::default(), own);
    let difference = largest_difference(&own, &fast);
    assert!(difference > 0.0 && difference < 1e-5, "{difference:e}");
}

/// Tully's first problem from closures, with gradients by differences.
fn tully_from_closures() -> ClosureModel {
    let q = |z: &[c64]| (2.0_f64 / 2000.0).sqrt() * z[0].re;
    ClosureModel::new("tully", 2, 1)
        .with_mass(&[2000.0])
        .with_h_qc(move |z, h| {
            let q = q(z);
            let step = 0.01 * (1.0 - (-1.6 * q.abs()).exp());
            h[(0, 0)] = c64(if q >= 0.0 { step } else { -step }, 0.0);
            h[(1, 1)] = -h[(0, 0)];
            h[(1, 0)] = c64(0.005 * (-q * q).exp(), 0.0);
        })
        .with_h_c(|z| z[0].im * z[0].im)
        .with_init_classical(|draws, z| {
            let (mass, q, p) = (2000.0_f64, -3.0, 10.0 + draws.normal());
            z[0] = c64((mass / 2.0).sqrt() * q, p / (2.0 * mass).sqrt());
        })
}

#[test]
fn a_model_from_closures_runs_on_every_driver() {
    let mut sim = Simulation::new(tully_from_closures(), surface_hopping(false));
    sim.settings.num_trajs = 60;
    sim.settings.tmax = 1600.0;
    sim.settings.dt_update = 2.0;
    sim.settings.dt_collect = 80.0;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    let data = serial_driver(&sim).unwrap();
    for driver in DRIVERS {
        assert_eq!(driver.run(&sim, RunOptions::new()).unwrap(), data);
    }
    // Most of the particles stay on the lower adiabat, which is the other diabat behind the crossing.
    let transmitted = data.complex("dm_db").unwrap()[[data.times().len() - 1, 1, 1]].re;
    assert!((0.5..1.0).contains(&transmitted), "{transmitted}");
    let total = |time| {
        data.real("quantum_energy").unwrap()[time] + data.real("classical_energy").unwrap()[time]
    };
    let drift: f64 = total(20) - total(0);
    assert!(drift.abs() < 1e-4, "{drift:e}");
}

#[test]
fn three_states_from_closures() {
    let model = ClosureModel::new("chain", 3, 1)
        .with_h_q(|h| {
            h[(1, 0)] = c64(0.2, 0.1);
            h[(2, 1)] = c64(0.2, -0.1);
        })
        .with_h_qc(|z, h| h[(1, 1)] = c64(0.3 * z[0].re, 0.0))
        .with_h_c(|z| z[0].norm_sqr())
        .with_init_classical(|draws, z| z[0] = c64(draws.normal(), draws.normal()));
    let mut sim = Simulation::new(model, surface_hopping(true));
    sim.settings.num_trajs = 60;
    sim.settings.batch_size = 7;
    sim.settings.dt_update = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0), c64(0.0, 0.0)];
    let data = serial_driver(&sim).unwrap();
    assert_eq!((data.group(), data.units()), (3, 20));
    assert_eq!(parallel_driver_multiprocessing(&sim, 3).unwrap(), data);
    let dm = data.complex("dm_db").unwrap();
    for time in 0..data.times().len() {
        // Rounding aside, a trajectory is on one surface at every time.
        let trace: f64 = (0..3).map(|n| dm[[time, n, n]].re).sum();
        assert!((trace - 1.0).abs() < 1e-6, "trace {trace}");
    }
}

#[test]
fn an_inserted_task_collects_and_changes_no_bit_of_the_others() {
    let without = serial_driver(spin_boson(surface_hopping(false))).unwrap();
    let mut algorithm = surface_hopping(false);
    algorithm
        .recipe
        .update
        .insert_after(
            "update_hop_inds_fssh",
            task("count_hops", |_, block| {
                let wanted = block.hop_dest.map(|dest| if dest >= 0.0 { 1.0 } else { 0.0 });
                let count = &mut block.extra("hops", 1)[0];
                *count += wanted;
                Ok(())
            }),
        )
        .unwrap();
    algorithm
        .recipe
        .collect
        .insert_after(
            "collect_dm_db",
            task("collect_hops", |_, block| {
                let count = block.extra("hops", 1)[0];
                block.outputs.real("hops", &[], Scale::Exact, &[count]);
                Ok(())
            }),
        )
        .unwrap();
    let sim = spin_boson(algorithm);
    let with = parallel_driver_multiprocessing(&sim, 3).unwrap();
    assert_eq!(with, serial_driver(&sim).unwrap());
    let hops = with.real("hops").unwrap();
    assert_eq!(hops[0], 0.0);
    assert!(hops[20] > 0.2, "{hops}");
    assert_eq!(with.complex("dm_db").unwrap(), without.complex("dm_db").unwrap());
    assert_eq!(
        with.standard_error("quantum_energy").unwrap(),
        without.standard_error("quantum_energy").unwrap()
    );
}

/// An algorithm of one's own, with settings of its own, made of the tasks of surface hopping.
struct OwnAlgorithm {
    recipe: Recipe,
}

impl Algorithm for OwnAlgorithm {
    fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    fn settings(&self) -> &(dyn std::any::Any + Send + Sync) {
        &"none"
    }
}

#[test]
fn tasks_serve_algorithms_of_ones_own() {
    let built_in = surface_hopping(false);
    let own = OwnAlgorithm { recipe: built_in.recipe.clone() };
    let own = serial_driver(spin_boson(own)).unwrap();
    let built_in = serial_driver(spin_boson(built_in)).unwrap();
    assert_eq!(own.complex("dm_db").unwrap(), built_in.complex("dm_db").unwrap());
}

#[test]
fn tasks_can_be_replaced_and_removed() {
    let mut algorithm = MeanField::default();
    algorithm.recipe.collect.remove("collect_quantum_energy").unwrap();
    let frozen = task("frozen", |_, _| Ok(()));
    algorithm.recipe.update.replace("update_wf_db_rk4", frozen).unwrap();
    let data = serial_driver(spin_boson(algorithm)).unwrap();
    assert!(data.real("quantum_energy").is_err());
    let dm = data.complex("dm_db").unwrap();
    assert_eq!(dm[[20, 0, 0]], dm[[0, 0, 0]]);
}

/// A work without trajectories: the primes below a limit, a hundred numbers a piece, in rounds that
/// go on until there are enough.
struct Primes;

impl Work for Primes {
    fn pieces(&self) -> u64 {
        3
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("primes");
    }
    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        let prime =
            |n: &u64| *n > 1 && (2..*n).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
        let found: Vec<i64> =
            (100 * piece..100 * (piece + 1)).filter(prime).map(u64::cast_signed).collect();
        cx.log(fascicle::core::LogLine::info(format!("{} primes", found.len())));
        out.put_i64s("primes", found);
        Ok(())
    }
    fn shared(&self) -> Option<&(dyn Work + Sync)> {
        Some(self)
    }
}

#[derive(Default)]
struct Enough {
    found: Vec<i64>,
    rounds: u64,
}

impl Fold for Enough {
    fn add(&mut self, _: u64, frame: &Frame) -> Result<(), FoldError> {
        self.found.extend(frame.i64s("primes")?);
        Ok(())
    }
    fn round(&mut self) -> Next {
        self.rounds += 1;
        self.found.sort_unstable();
        if self.found.len() < 150 { Next::More(2) } else { Next::Done }
    }
}

#[test]
fn a_work_without_trajectories_runs_in_rounds_on_every_driver() {
    for driver in DRIVERS {
        let mut fold = Enough::default();
        let mut log = Vec::new();
        let report = driver.execute().unwrap().run(
            &Primes,
            &mut fold,
            &ExecuteOptions::new(),
            &mut |event| {
                if let Event::Log { piece: Some(piece), line } = event {
                    log.push((piece, line.text.clone()));
                }
                ControlFlow::Continue(())
            },
        );
        // 168 primes below 1000; 62 below 300, 95 below 500, 125 below 700, 154 below 900.
        assert_eq!((fold.found.len(), fold.rounds), (154, 4), "{driver:?}");
        assert_eq!(report.unwrap().done, 9);
        log.sort();
        assert_eq!(log[1], (1, "21 primes".to_string()));
    }
}

/// More pieces than any driver finishes before a listener is heard.
struct Many;

impl Work for Many {
    fn pieces(&self) -> u64 {
        5000
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("many");
    }
    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        Primes.run(piece % 3, cx, out)
    }
    fn shared(&self) -> Option<&(dyn Work + Sync)> {
        Some(self)
    }
}

#[test]
fn a_listener_can_end_a_run_and_keeps_what_is_finished() {
    for driver in DRIVERS {
        let mut fold = Enough::default();
        let mut done = 0;
        let report =
            driver.execute().unwrap().run(&Many, &mut fold, &ExecuteOptions::new(), &mut |event| {
                done += u64::from(matches!(event, Event::Done { .. }));
                if done == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        let report = report.unwrap();
        assert!(report.interrupted, "{driver:?}");
        assert!((1..100).contains(&report.done) && fold.rounds == 0, "{driver:?}: {report:?}");
    }
}

/// One of two ranks in a pair: it knows beforehand what the other one says.
struct OneOfTwo {
    rank: usize,
    other: Vec<u8>,
}

impl Comm for OneOfTwo {
    fn rank(&self) -> usize {
        self.rank
    }
    fn size(&self) -> usize {
        2
    }
    fn all_gather(&mut self, mine: &[u8], all: &mut Vec<u8>) -> Result<(), Failure> {
        all.clear();
        let parts = if self.rank == 0 { [mine, &self.other] } else { [&self.other, mine] };
        parts.iter().for_each(|part| all.extend_from_slice(part));
        Ok(())
    }
}

/// A work whose pieces are shared by two ranks: each counts its half.
struct Halves;

impl Work for Halves {
    fn pieces(&self) -> u64 {
        1
    }
    fn gang(&self) -> usize {
        2
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("halves");
    }
    fn run(&self, _: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        let comm = cx.comm();
        let mut all = Vec::new();
        let mine = [10 + comm.rank() as u8];
        comm.all_gather(&mine, &mut all)?;
        out.put_bytes("all", all);
        Ok(())
    }
}

#[test]
fn two_ranks_share_a_piece() {
    for rank in 0..2 {
        let mut comm = OneOfTwo { rank, other: vec![11 - rank as u8] };
        let mut cx = Context::new(rank).with_comm(&mut comm);
        let mut frame = Frame::default();
        Halves.run(0, &mut cx, &mut frame).unwrap();
        assert_eq!(frame.bytes("all").unwrap(), [10, 11]);
    }
    // Drivers that have no gangs say so.
    for driver in DRIVERS {
        let result = driver.execute().unwrap().run(
            &Halves,
            &mut Enough::default(),
            &ExecuteOptions::new(),
            &mut ignore_events,
        );
        let error = result.unwrap_err().to_string();
        assert!(error.contains("has no gangs"), "{error}");
    }
}
