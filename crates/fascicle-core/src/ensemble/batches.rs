//! An ensemble as work: batches of seeds.

use super::plan::Plan;
use super::{Ensemble, OnFailure, Recorder, RunOptions, checkpoint};
use crate::data::OutputSpec;
use crate::{Context, Failure, Fingerprint, Frame, FrameError, Seed, Work};

/// The batches of an ensemble, as planned.
pub(super) struct Batches<'a> {
    ensemble: &'a dyn Ensemble,
    plan: &'a Plan<'a>,
    times: Vec<f64>,
    options: &'a RunOptions,
    drop_failed: bool,
}

impl<'a> Batches<'a> {
    pub(super) fn new(
        ensemble: &'a dyn Ensemble,
        plan: &'a Plan<'a>,
        options: &'a RunOptions,
    ) -> Self {
        let drop_failed = options.on_failure == OnFailure::Drop;
        Self { ensemble, plan, times: ensemble.times(), options, drop_failed }
    }
}

impl Work for Batches<'_> {
    fn pieces(&self) -> u64 {
        self.plan.pieces(0)
    }

    fn fingerprint(&self, to: &mut Fingerprint) {
        self.ensemble.describe().fingerprint(to);
        to.reals(&self.times);
        self.plan.fingerprint(to);
    }

    fn facts(&self) -> Vec<(String, String)> {
        checkpoint::facts(self.ensemble, self.plan)
    }

    fn wishes(&self) -> Vec<(String, String)> {
        checkpoint::wishes(self.options)
    }

    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        let group = self.ensemble.group();
        let mut record = Recorder::new(&self.times, group, &self.options.keep, self.drop_failed);
        let seeds = self.seeds(piece);
        self.ensemble.run(&seeds, cx, &mut record)?;
        record.check_seeds(&seeds)?;
        pack(&record, out).map_err(Failure::other)
    }

    fn seeds(&self, piece: u64) -> Vec<Seed> {
        self.plan.seeds_of_piece(piece)
    }

    /// Not if other trajectories are to be kept now, or none to be dropped.
    fn accepts(&self, piece: u64, frame: &Frame) -> bool {
        let (Ok(mut there), Ok(kept)) = (seeds_of(frame, "seeds"), seeds_of(frame, "kept")) else {
            return false;
        };
        let Ok(dropped) = frame.get::<Vec<Failure>>("dropped") else {
            return false;
        };
        if !self.drop_failed && !dropped.is_empty() {
            return false;
        }
        let wanted = there.iter().filter(|&&seed| self.options.keep.wants(seed)).copied();
        let same_kept = wanted.eq(kept);
        there.extend(dropped.into_iter().flat_map(|failure| failure.seeds));
        there.sort_unstable();
        same_kept && there == self.plan.seeds_of_piece(piece)
    }

    fn size(&self, piece: u64) -> u64 {
        self.plan.size(piece)
    }

    fn unit(&self) -> &'static str {
        "trajectories"
    }

    fn shared(&self) -> Option<&(dyn Work + Sync)> {
        Some(self)
    }
}

/// Puts what was recorded into a frame; [`super::fold::EnsembleFold`] reads it.
fn pack(record: &Recorder<'_>, out: &mut Frame) -> Result<(), FrameError> {
    let specs: Vec<(&OutputSpec, bool)> =
        record.sums().map(|(spec, _, lower)| (spec, lower)).collect();
    out.put("specs", &specs)?;
    out.put_i64s("seeds", as_i64s(record.seeds.iter()));
    out.put("dropped", &record.dropped)?;
    for (at, (_, sums, _)) in record.sums().enumerate() {
        out.put_bytes(format!("sums {at}"), sums.to_bytes());
    }
    out.put_i64s("kept", as_i64s(record.kept.keys()));
    for at in 0..specs.len() {
        let series = record.kept.values().flat_map(|kept| kept.outputs()[at].1.iter().copied());
        out.put_f64s(format!("kept {at}"), series.collect());
    }
    Ok(())
}

fn seeds_of(frame: &Frame, block: &str) -> Result<Vec<Seed>, FrameError> {
    Ok(frame.i64s(block)?.iter().map(|&seed| Seed(seed.cast_unsigned())).collect())
}

pub(super) fn as_i64s<'a>(seeds: impl Iterator<Item = &'a Seed>) -> Vec<i64> {
    seeds.map(|seed| seed.0.cast_signed()).collect()
}
