//! The fold of an ensemble: frames of batches into data.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::plan::Plan;
use super::state::State;
use crate::data::convergence::{Snapshot, largest};
use crate::data::merge::specs_text;
use crate::data::{DataParts, OutputParts, OutputSpec, Summed, Trajectory};
use crate::sums::Sums;
use crate::{Data, DataError, Failure, Fold, FoldError, Frame, LogLine, Next, PieceFailure, Seed};

/// Merges the frames of batches into what becomes [`Data`], and decides on rounds.
pub(super) struct EnsembleFold<'a> {
    plan: &'a Plan<'a>,
    /// Whether a run goes on that has lost trajectories.
    drop_failed: bool,
    /// How many trajectories were there before the run.
    before: usize,
    /// How many rounds have begun, and how many of them are over.
    pub(super) begun: usize,
    pub(super) over: usize,
    pub(super) parts: DataParts,
    /// Whether it is settled which outputs there are.
    pub(super) settled: bool,
    logs: BTreeMap<u64, Vec<LogLine>>,
    /// Of each output, the sums of its lower triangle, if it is given by that.
    pub(super) lower: Vec<Option<Sums>>,
}

/// The contents of one batch's frame.
struct Batch {
    outputs: Vec<Part>,
    seeds: Vec<Seed>,
    dropped: Vec<Failure>,
    kept: BTreeMap<Seed, Trajectory>,
}

/// One output of a batch.
struct Part {
    spec: OutputSpec,
    sums: Sums,
    /// Whether the sums are those of a Hermitian matrix' lower triangle.
    lower: bool,
}

impl<'a> EnsembleFold<'a> {
    /// Goes on from parts that may already hold trajectories.
    pub(super) fn new(plan: &'a Plan<'a>, mut parts: DataParts, drop_failed: bool) -> Self {
        parts.missing.extend(plan.seeds_of_round(0));
        Self {
            plan,
            drop_failed,
            before: parts.seeds.len(),
            begun: 1,
            over: 0,
            settled: !parts.outputs.is_empty(),
            logs: BTreeMap::new(),
            lower: vec![None; parts.outputs.len()],
            parts,
        }
    }

    pub(super) fn log(&mut self, piece: u64, line: LogLine) {
        self.logs.entry(piece).or_default().push(line);
    }

    /// How many rounds are over.
    pub(super) fn rounds(&self) -> usize {
        self.over
    }

    /// How many pieces there were in the rounds begun.
    pub(super) fn pieces(&self) -> u64 {
        (0..self.begun).map(|round| self.plan.pieces(round)).sum()
    }

    /// Whether the end of the last round is not among the snapshots: where nothing hangs on it, it is
    /// left to the finished data.
    pub(super) fn is_unmeasured(&self) -> bool {
        self.over == self.begun && self.plan.until().is_none()
    }

    /// What there is to say about the end of a run that was to stop by itself, if it has come to it and
    /// not been stopped by a failure.
    pub(super) fn verdict(&self) -> Option<LogLine> {
        let (until, last) = (self.plan.until()?, self.parts.convergence.last()?);
        (self.over == self.begun && self.goes_well()).then(|| until.verdict(last))
    }

    /// The data so far. Log lines are in the order of the batches.
    pub(super) fn into_parts(mut self) -> DataParts {
        self.parts.log.extend(self.logs.into_values().flatten());
        complete(&mut self.parts, &self.lower);
        self.parts
    }

    /// The exact sums of an output, whole.
    fn sums(&self, at: usize) -> Option<Cow<'_, Sums>> {
        let OutputParts { spec, summed: Summed::Sums(all) } = &self.parts.outputs[at] else {
            return None;
        };
        Some(self.lower[at].as_ref().map_or(Cow::Borrowed(all), |lower| {
            let mut all = all.clone();
            add_lower(&mut all, lower, spec);
            Cow::Owned(all)
        }))
    }

    /// How good the means are now.
    fn measure(&self) -> Snapshot {
        let units = (self.parts.seeds.len() / self.parts.group) as u64;
        let errors = self.parts.outputs.iter().enumerate().filter_map(|(at, output)| {
            let errors = self.sums(at)?.standard_errors(units);
            Some((output.spec.name.clone(), largest(errors)))
        });
        Snapshot::new(self.parts.seeds.len() as u64, errors)
    }

    /// Whether another round could help. If trajectories are lost that the run cannot do without, or
    /// if there are none, or not the output, it could not.
    fn could_help(&self, output: &str) -> bool {
        self.goes_well() && self.parts.outputs.iter().any(|known| known.spec.name == output)
    }

    fn goes_well(&self) -> bool {
        let there = self.parts.seeds.len() - self.before;
        if self.drop_failed { there > 0 } else { there == self.plan.trajectories(self.over) }
    }

    /// Takes the outputs as those that there are.
    fn settle(&mut self, batch: &Batch) {
        let new = |part: &Part| {
            let sums = Sums::new(part.spec.scale, self.parts.times.len() * part.spec.width());
            OutputParts { spec: part.spec.clone(), summed: Summed::Sums(sums) }
        };
        self.parts.outputs = batch.outputs.iter().map(new).collect();
        self.lower = vec![None; batch.outputs.len()];
        self.settled = true;
    }

    /// Adds the sums of one output.
    fn merge(&mut self, at: usize, part: &Part) -> Result<(), FoldError> {
        let there = &mut self.parts.outputs[at];
        let Summed::Sums(all) = &mut there.summed else {
            let error = DataError::MeansOnly { name: there.spec.name.clone() };
            return Err(FoldError::Other(error.to_string()));
        };
        let all = if part.lower {
            self.lower[at].get_or_insert_with(|| Sums::new(part.spec.scale, part.sums.len()))
        } else {
            all
        };
        all.merge(&part.sums).map_err(|error| FoldError::Other(error.to_string()))
    }

    fn check_specs(&self, batch: &Batch) -> Result<(), FoldError> {
        let there = || self.parts.outputs.iter().map(|output| &output.spec);
        let new = || batch.outputs.iter().map(|part| &part.spec);
        if there().eq(new()) {
            return Ok(());
        }
        Err(FoldError::ShapeChanged { expected: specs_text(there()), found: specs_text(new()) })
    }
}

impl Fold for EnsembleFold<'_> {
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
        let mut batch = unpack(frame, self.parts.times.len())?;
        batch.outputs.sort_by(|a, b| a.spec.name.cmp(&b.spec.name));
        if self.settled {
            self.check_specs(&batch)?;
        } else {
            self.settle(&batch);
        }
        batch.outputs.iter().enumerate().try_for_each(|(at, part)| self.merge(at, part))?;
        self.parts.norm_factor += batch.seeds.len() as u64;
        self.parts.seeds.extend(batch.seeds);
        self.parts.kept.extend(batch.kept);
        for failure in batch.dropped {
            let seeds = failure.seeds.clone();
            self.parts.failures.push(PieceFailure { piece, seeds, failure });
        }
        Ok(())
    }

    fn round(&mut self) -> Next {
        self.over += 1;
        let Some(until) = self.plan.until() else {
            return Next::Done;
        };
        let snapshot = self.measure();
        let met = until.is_met_by(&snapshot);
        self.parts.convergence.push(snapshot);
        let pieces = self.plan.pieces(self.over);
        if met || pieces == 0 || !self.could_help(&until.output) {
            return Next::Done;
        }
        self.parts.missing.extend(self.plan.seeds_of_round(self.over));
        self.begun += 1;
        Next::More(pieces)
    }

    fn partial(&self) -> Option<Data> {
        let mut parts = self.parts.clone();
        complete(&mut parts, &self.lower);
        let mut data = Data::from_parts(parts).ok()?;
        if self.is_unmeasured() {
            data.take_snapshot();
        }
        Some(data)
    }

    fn snapshot(&self) -> Option<Snapshot> {
        Some(self.measure())
    }

    fn state(&self) -> Option<Frame> {
        State::of(self).pack().ok()
    }

    fn has_state(&self) -> bool {
        true
    }

    fn restore(&mut self, state: &Frame) -> Result<(), FoldError> {
        State::unpack(state, self.parts.times.len())?.put_into(self);
        Ok(())
    }
}

/// Adds what is known by lower triangles alone.
fn complete(parts: &mut DataParts, lower: &[Option<Sums>]) {
    for (output, lower) in parts.outputs.iter_mut().zip(lower) {
        if let (Summed::Sums(all), Some(lower)) = (&mut output.summed, lower) {
            add_lower(all, lower, &output.spec);
        }
    }
}

fn add_lower(all: &mut Sums, lower: &Sums, spec: &OutputSpec) {
    all.merge(&lower.mirrored(spec.shape[0])).expect("they are of one output");
}

fn unpack(frame: &Frame, times: usize) -> Result<Batch, FoldError> {
    let specs: Vec<(OutputSpec, bool)> = frame.get("specs")?;
    let mut outputs = Vec::new();
    for (at, (spec, lower)) in specs.iter().enumerate() {
        let sums = Sums::from_bytes(frame.bytes(&format!("sums {at}"))?)
            .map_err(|error| FoldError::Other(error.to_string()))?;
        let square = spec.complex && matches!(spec.shape[..], [rows, columns] if rows == columns);
        let width = if *lower { spec.width() / 2 } else { spec.width() };
        if sums.len() != times.saturating_mul(width)
            || sums.scale() != spec.scale
            || (*lower && !square)
        {
            return Err(FoldError::Other(format!("the sums of {spec} do not fit its shape")));
        }
        outputs.push(Part { spec: spec.clone(), sums, lower: *lower });
    }
    let specs: Vec<OutputSpec> = specs.into_iter().map(|(spec, _)| spec).collect();
    let seeds = as_seeds(frame.i64s("seeds")?);
    Ok(Batch {
        outputs,
        seeds,
        dropped: frame.get("dropped")?,
        kept: unpack_kept(frame, &specs, times)?,
    })
}

pub(super) fn unpack_kept(
    frame: &Frame,
    specs: &[OutputSpec],
    times: usize,
) -> Result<BTreeMap<Seed, Trajectory>, FoldError> {
    let seeds = as_seeds(frame.i64s("kept")?);
    let mut kept = BTreeMap::new();
    for (at, seed) in seeds.into_iter().enumerate() {
        let mut outputs = Vec::new();
        for (output, spec) in specs.iter().enumerate() {
            let length = times * spec.width();
            let all = frame.f64s(&format!("kept {output}"))?;
            let series = all.get(at * length..(at + 1) * length).ok_or_else(|| {
                FoldError::Other(format!("the kept trajectory {seed} is cut short"))
            })?;
            outputs.push((spec.clone(), series.to_vec()));
        }
        outputs.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        kept.insert(seed, Trajectory::new(outputs));
    }
    Ok(kept)
}

pub(super) fn as_seeds(values: &[i64]) -> Vec<Seed> {
    values.iter().map(|&value| Seed(value.cast_unsigned())).collect()
}
