//! The fold of an ensemble: frames of batches into data.

use std::collections::BTreeMap;

use crate::data::merge::specs_text;
use crate::data::{DataParts, OutputParts, OutputSpec, Summed, Trajectory};
use crate::sums::Sums;
use crate::{Data, DataError, Failure, Fold, FoldError, Frame, LogLine, PieceFailure, Seed};

/// Merges the frames of batches into what becomes [`Data`].
pub(super) struct EnsembleFold {
    parts: DataParts,
    /// Whether it is settled which outputs there are.
    settled: bool,
    logs: BTreeMap<u64, Vec<LogLine>>,
    /// Of each output, the sums of its lower triangle, if it is given by that.
    lower: Vec<Option<Sums>>,
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

impl EnsembleFold {
    /// Goes on from parts that may already hold trajectories.
    pub(super) fn new(parts: DataParts) -> Self {
        let (settled, lower) = (!parts.outputs.is_empty(), vec![None; parts.outputs.len()]);
        Self { parts, settled, logs: BTreeMap::new(), lower }
    }

    pub(super) fn log(&mut self, piece: u64, line: LogLine) {
        self.logs.entry(piece).or_default().push(line);
    }

    /// The data so far. Log lines are in the order of the batches.
    pub(super) fn into_parts(mut self) -> DataParts {
        self.parts.log.extend(self.logs.into_values().flatten());
        complete(&mut self.parts, &self.lower);
        self.parts
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

impl Fold for EnsembleFold {
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

    fn partial(&self) -> Option<Data> {
        let mut parts = self.parts.clone();
        complete(&mut parts, &self.lower);
        Data::from_parts(parts).ok()
    }
}

/// Adds what is known by lower triangles alone.
fn complete(parts: &mut DataParts, lower: &[Option<Sums>]) {
    for (output, lower) in parts.outputs.iter_mut().zip(lower) {
        if let (Summed::Sums(all), Some(lower)) = (&mut output.summed, lower) {
            all.merge(&lower.mirrored(output.spec.shape[0])).expect("they are of one output");
        }
    }
}

fn unpack(frame: &Frame, times: usize) -> Result<Batch, FoldError> {
    let specs: Vec<(OutputSpec, bool)> = frame.get("specs")?;
    let mut outputs = Vec::new();
    for (at, (spec, lower)) in specs.iter().enumerate() {
        let sums = Sums::from_bytes(frame.bytes(&format!("sums {at}"))?)
            .map_err(|error| FoldError::Other(error.to_string()))?;
        let square = spec.complex && matches!(spec.shape[..], [rows, columns] if rows == columns);
        let width = if *lower { spec.width() / 2 } else { spec.width() };
        if sums.len() != times * width || sums.scale() != spec.scale || (*lower && !square) {
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

fn unpack_kept(
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

fn as_seeds(values: &[i64]) -> Vec<Seed> {
    values.iter().map(|&value| Seed(value.cast_unsigned())).collect()
}
