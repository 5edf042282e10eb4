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
}

/// The contents of one batch's frame.
struct Batch {
    outputs: Vec<(OutputSpec, Sums)>,
    seeds: Vec<Seed>,
    dropped: Vec<Failure>,
    kept: BTreeMap<Seed, Trajectory>,
}

impl EnsembleFold {
    /// Goes on from parts that may already hold trajectories.
    pub(super) fn new(parts: DataParts) -> Self {
        let settled = !parts.outputs.is_empty();
        Self { parts, settled, logs: BTreeMap::new() }
    }

    pub(super) fn log(&mut self, piece: u64, line: LogLine) {
        self.logs.entry(piece).or_default().push(line);
    }

    /// The data so far. Log lines are in the order of the batches.
    pub(super) fn into_parts(mut self) -> DataParts {
        self.parts.log.extend(self.logs.into_values().flatten());
        self.parts
    }

    fn check_specs(&self, batch: &Batch) -> Result<(), FoldError> {
        let there = || self.parts.outputs.iter().map(|output| &output.spec);
        let new = || batch.outputs.iter().map(|(spec, _)| spec);
        if there().eq(new()) {
            return Ok(());
        }
        Err(FoldError::ShapeChanged { expected: specs_text(there()), found: specs_text(new()) })
    }
}

impl Fold for EnsembleFold {
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
        let mut batch = unpack(frame, self.parts.times.len())?;
        batch.outputs.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        if self.settled {
            self.check_specs(&batch)?;
            for (there, (_, sums)) in self.parts.outputs.iter_mut().zip(&batch.outputs) {
                let Summed::Sums(all) = &mut there.summed else {
                    let error = DataError::MeansOnly { name: there.spec.name.clone() };
                    return Err(FoldError::Other(error.to_string()));
                };
                all.merge(sums).map_err(|error| FoldError::Other(error.to_string()))?;
            }
        } else {
            let new = |(spec, sums)| OutputParts { spec, summed: Summed::Sums(sums) };
            self.parts.outputs = batch.outputs.into_iter().map(new).collect();
            self.settled = true;
        }
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
        Data::from_parts(self.parts.clone()).ok()
    }
}

fn unpack(frame: &Frame, times: usize) -> Result<Batch, FoldError> {
    let specs: Vec<OutputSpec> = frame.get("specs")?;
    let mut outputs = Vec::new();
    for (at, spec) in specs.iter().enumerate() {
        let sums = Sums::from_bytes(frame.bytes(&format!("sums {at}"))?)
            .map_err(|error| FoldError::Other(error.to_string()))?;
        if sums.len() != times * spec.width() || sums.scale() != spec.scale {
            return Err(FoldError::Other(format!("the sums of {spec} do not fit its shape")));
        }
        outputs.push((spec.clone(), sums));
    }
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
