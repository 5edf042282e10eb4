//! Ensembles that do not do what they were asked.

use super::*;
use crate::{RunOptions, Serial, ignore_events, run_ensemble};

/// Records the seeds that a function makes of those it is given.
struct Records(fn(&[Seed]) -> Vec<Seed>);

impl Ensemble for Records {
    fn describe(&self) -> Description {
        Description { simulation: "records".into(), ..Default::default() }
    }
    fn times(&self) -> Vec<f64> {
        vec![0.0]
    }
    fn num_trajs(&self) -> u64 {
        8
    }
    fn batch_size(&self) -> usize {
        4
    }
    fn run(
        &self,
        seeds: &[Seed],
        _: &mut Context<'_>,
        out: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        for seed in (self.0)(seeds) {
            out.begin(&[seed]);
            out.real(0, "x", &[], crate::Scale::Exact, Lanes::one(&[1.0]))?;
            out.end()?;
        }
        Ok(())
    }
}

fn run(records: fn(&[Seed]) -> Vec<Seed>) -> Result<crate::Data, String> {
    let result = run_ensemble(&Records(records), &Serial, &RunOptions::new(), &mut ignore_events);
    result.map_err(|error| error.to_string())
}

#[test]
fn what_is_recorded_is_what_was_asked_for() {
    assert_eq!(run(<[Seed]>::to_vec).unwrap().norm_factor(), 8);
    for wrong in [
        (|seeds| seeds[..2].to_vec()) as fn(&[Seed]) -> Vec<Seed>,
        |seeds| seeds.iter().map(|seed| Seed(seed.0 + 100)).collect(),
        |seeds| [seeds, seeds].concat(),
    ] {
        let error = run(wrong).unwrap_err();
        assert!(error.contains("expected the ensemble to record 4 trajectories"), "{error}");
    }
}

/// Records all kinds of outputs.
struct Kinds;

impl Ensemble for Kinds {
    fn describe(&self) -> Description {
        Description { simulation: "kinds".into(), ..Default::default() }
    }
    fn times(&self) -> Vec<f64> {
        vec![0.0, 1.0]
    }
    fn num_trajs(&self) -> u64 {
        4
    }
    fn batch_size(&self) -> usize {
        4
    }
    fn run(
        &self,
        seeds: &[Seed],
        _: &mut Context<'_>,
        out: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        for &seed in seeds {
            out.begin(&[seed]);
            let x = if seed == Seed(2) { f64::NAN } else { value(seed.0, 0, 0) };
            for time in 0..2 {
                let (values, scale) = ([x, 0.1, 0.2, x], crate::Scale::Fixed { log2_range: 4 });
                let (re, im) = (Lanes::one(&values), Lanes::one(&[0.0; 4]));
                out.real(time, "energy", &[], crate::Scale::Exact, Lanes::one(&[x]))?;
                out.complex(time, "matrix", &[2, 2], scale, re, im)?;
                out.hermitian(time, "dm", 2, scale, re, im)?;
            }
            out.end()?;
        }
        Ok(())
    }
}

/// Changes one of a frame's blocks.
fn mutate(frame: &crate::Frame, draws: &mut crate::Draws) -> crate::Frame {
    let mut below = |n: usize| (draws.uniform() * n as f64) as usize;
    let mut blocks: Vec<(String, crate::Content)> =
        frame.blocks().map(|(name, content)| (name.to_string(), content.clone())).collect();
    let at = below(blocks.len());
    match &mut blocks[at].1 {
        crate::Content::Bytes(bytes) if !bytes.is_empty() => {
            for _ in 0..=below(2) {
                let at = below(bytes.len());
                bytes[at] = [0, 1, 0xff, below(256) as u8][below(4)];
            }
            let length = bytes.len() - below(2) * below(3).min(bytes.len());
            bytes.truncate(length);
        }
        crate::Content::I64s(values) if !values.is_empty() => {
            let at = below(values.len());
            values[at] = [0, -1, i64::MAX, i64::MIN][below(4)];
        }
        crate::Content::F64s(values) => values.truncate(below(values.len().max(1))),
        _ => drop(blocks.remove(at)),
    }
    let mut changed = crate::Frame::default();
    blocks.into_iter().for_each(|(name, content)| changed.put_content(name, content));
    changed
}

#[test]
fn mutated_frames_never_panic() {
    let options = RunOptions::new().with_seeds(0..4_u64).with_keep_all_trajectories();
    let options = options.with_on_failure(OnFailure::Drop);
    let plan = plan::Plan::new(&Kinds, &options).unwrap();
    let work = batches::Batches::new(&Kinds, &plan, &options);
    let mut frame = crate::Frame::default();
    crate::Work::run(&work, 0, &mut Context::default(), &mut frame).unwrap();
    assert!(crate::Work::accepts(&work, 0, &frame));
    let mut draws = crate::Seeding::Independent.draws(Seed(0), crate::Purpose::new("mutations"));
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..50_000 {
        let frame = mutate(&frame, &mut draws);
        let _ = crate::Work::accepts(&work, 0, &frame);
        let parts = crate::DataParts { times: Kinds.times(), group: 1, ..Default::default() };
        let mut fold = fold::EnsembleFold::new(&plan, parts, true);
        match crate::Fold::add(&mut fold, 0, &frame) {
            // Numbers may be others, but what comes out is data or an error.
            Ok(()) => taken += usize::from(crate::Data::from_parts(fold.into_parts()).is_ok()),
            Err(_) => refused += 1,
        }
    }
    assert!(taken > 1000 && refused > 1000, "{taken}, {refused}");
}

/// The value of a trajectory at a time, in component 0 or 1.
fn value(seed: u64, time: usize, component: usize) -> f64 {
    (seed as f64 * 0.37 - 1.0) / (1.0 + time as f64) + component as f64 * 1e-13
}

/// Records trajectories in blocks of so many. One of them may have a NaN.
fn recorded(group: usize, block: usize, nan: Option<u64>) -> (Vec<Vec<u8>>, Vec<Seed>, Vec<u64>) {
    let (times, keep) = ([0.0, 1.0, 2.0], Keep::All);
    let mut recorder = Recorder::new(&times, group, &keep, true);
    let seeds: Vec<Seed> = (0..24).map(Seed).collect();
    for seeds in seeds.chunks(block) {
        recorder.begin(seeds);
        // In any order of the times.
        for time in [2, 0, 1] {
            let of = |component| seeds.iter().map(move |seed| value(seed.0, time, component));
            let mut re: Vec<f64> = of(0).chain(of(1)).collect();
            let im: Vec<f64> = re.iter().map(|x| -2.0 * x).collect();
            if let Some(at) = seeds.iter().position(|seed| Some(seed.0) == nan) {
                re[at] = f64::NAN;
            }
            let (re, im) = (Lanes::new(&re, seeds.len()), Lanes::new(&im, seeds.len()));
            let scale = crate::Scale::Fixed { log2_range: 6 };
            recorder.complex(time, "c", &[2], scale, re, im).unwrap();
            recorder.real(time, "r", &[2], crate::Scale::Exact, im).unwrap();
        }
        recorder.end().unwrap();
    }
    let sums = recorder.sums().map(|(_, sums, _)| sums.to_bytes()).collect();
    for (seed, series) in &recorder.kept {
        assert_eq!(series.real("r").unwrap()[[2, 1]], -2.0 * value(seed.0, 2, 1));
    }
    let kept = recorder.kept.keys().map(|seed| seed.0).collect();
    (sums, recorder.seeds, kept)
}

#[test]
fn blocks_do_not_matter() {
    for group in [1, 2, 3] {
        for nan in [None, Some(7)] {
            let one_by_one = recorded(group, 1, nan);
            assert_eq!(one_by_one.1.len(), if nan.is_some() { 24 - group } else { 24 });
            assert_eq!(one_by_one.1.len(), one_by_one.2.len());
            for block in [2, 3, 6, 7, 24] {
                assert_eq!(recorded(group, block, nan), one_by_one, "{group}, {block}, {nan:?}");
            }
        }
    }
}

#[test]
fn each_time_is_recorded_once() {
    let (times, keep) = ([0.0, 1.0], Keep::default());
    for (recorded, found) in
        [(vec![0], "it at 1"), (vec![0, 0], "it at 2"), (vec![0, 1, 1], "it at 3")]
    {
        let mut recorder = Recorder::new(&times, 1, &keep, false);
        recorder.begin(&[Seed(0)]);
        for time in recorded {
            recorder.real(time, "x", &[], crate::Scale::Exact, Lanes::one(&[1.0])).unwrap();
        }
        assert!(recorder.end().unwrap_err().to_string().contains(found), "{found}");
    }
}

#[test]
fn means_of_branches_that_overflow_are_refused() {
    let (times, keep) = ([0.0], Keep::default());
    let mut recorder = Recorder::new(&times, 2, &keep, false);
    recorder.begin(&[Seed(0), Seed(1)]);
    let values = Lanes::new(&[f64::MAX, f64::MAX], 2);
    recorder.real(0, "x", &[], crate::Scale::Exact, values).unwrap();
    assert!(recorder.end().unwrap_err().to_string().contains("component 0 is inf"));
}
