//! An HDF5 file to data.

use std::collections::BTreeMap;
use std::path::Path;

use super::hdf5::{self, Dataset, File, Group, Kind, SIGNATURE};
use super::header::{Checksum, FORMAT, Format, Header, SavedOutput};
use super::{GROUP, StorageError};
use crate::sums::{Scale, Sums};
use crate::{
    Data, DataParts, Description, LogLine, OutputParts, OutputSpec, Provenance, Seed, Summed,
    Trajectory,
};

/// What is wrong, before the path is added.
enum Wrong {
    Damaged(String),
    Foreign(String),
    Version(u32),
}

impl From<hdf5::Wrong> for Wrong {
    fn from(wrong: hdf5::Wrong) -> Self {
        match wrong {
            hdf5::Wrong::Damaged(what) => Self::Damaged(what),
            hdf5::Wrong::Foreign(what) => Self::Foreign(what),
        }
    }
}

type Read<T> = Result<T, Wrong>;

fn damaged(what: impl std::fmt::Display) -> Wrong {
    Wrong::Damaged(what.to_string())
}

/// Reads the bytes of a file.
pub(super) fn file(bytes: &[u8], path: &Path) -> Result<Data, StorageError> {
    if !bytes.starts_with(SIGNATURE) {
        let found = match bytes.len() {
            0 => "nothing".to_string(),
            _ => format!("{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(8)])),
        };
        return Err(StorageError::NotHdf5 { path: path.to_path_buf(), found });
    }
    read(bytes).map_err(|wrong| {
        let path = path.to_path_buf();
        match wrong {
            Wrong::Damaged(what) => StorageError::Damaged { path, what },
            Wrong::Foreign(what) => StorageError::Foreign { path, what },
            Wrong::Version(found) => StorageError::Version { path, expected: FORMAT, found },
        }
    })
}

fn read(bytes: &[u8]) -> Read<Data> {
    let root = Members(File::new(bytes)?.root()?);
    let names = root.0.datasets()?;
    for name in ["t", "seed", "norm_factor"] {
        if !names.contains(&name) {
            return Err(Wrong::Foreign(format!("expected a dataset `{name}` at the root")));
        }
    }
    let mut parts = DataParts {
        times: root.reals("t")?,
        seeds: root.integers("seed")?.into_iter().map(Seed).collect(),
        norm_factor: root.norm_factor()?,
        ..DataParts::default()
    };
    let mut means = BTreeMap::new();
    for name in names {
        if !["t", "seed", "norm_factor"].contains(&name) {
            means.insert(name.to_string(), root.output(name, parts.times.len())?);
        }
    }
    match root.0.group(GROUP)? {
        Some(own) => read_own(&Members(own), means, &mut parts)?,
        None => foreign(&root, means, &mut parts),
    }
    Data::from_parts(parts).map_err(damaged)
}

/// What a file of QC Lab's has: means, and the log.
fn foreign(
    root: &Members<'_>,
    means: BTreeMap<String, (OutputSpec, Vec<f64>)>,
    parts: &mut DataParts,
) {
    let output = |(spec, means)| OutputParts { spec, summed: Summed::Means(means) };
    parts.outputs = means.into_values().map(output).collect();
    parts.group = 1;
    parts.description = Description {
        simulation: "unknown: from a file with QC Lab's keys alone".to_string(),
        ..Description::default()
    };
    parts.provenance = Provenance { version: "QC Lab's format".to_string(), runs: Vec::new() };
    if let Some(log) = root.0.text("log") {
        parts.log = log.lines().map(LogLine::info).collect();
    }
}

/// What fascicle's own group has: sums and everything else, under a checksum.
fn read_own(
    own: &Members<'_>,
    mut means: BTreeMap<String, (OutputSpec, Vec<f64>)>,
    parts: &mut DataParts,
) -> Read<()> {
    let bytes = own.bytes("header")?;
    let Format { format } = serde_json::from_slice(bytes).map_err(damaged)?;
    if format > FORMAT {
        return Err(Wrong::Version(format));
    }
    let header: Header = serde_json::from_slice(bytes).map_err(damaged)?;
    let mut sum = Checksum::default();
    sum.reals(&parts.times);
    sum.integers(&parts.seeds.iter().map(|seed| seed.0).collect::<Vec<_>>());
    sum.integers(&[parts.norm_factor]);
    for output in &header.outputs {
        let Some((_, values)) = means.get(&output.spec.name) else {
            return Err(damaged(format!("the output `{}` has no means", output.spec.name)));
        };
        sum.reals(values);
    }
    sum.bytes(bytes);
    for (at, SavedOutput { spec, sums }) in header.outputs.iter().enumerate() {
        let summed = if *sums {
            let bytes = own.bytes(&format!("sums {at}"))?;
            sum.bytes(bytes);
            Summed::Sums(Sums::from_bytes(bytes).map_err(damaged)?)
        } else {
            Summed::Means(means.remove(&spec.name).map(|(_, values)| values).unwrap_or_default())
        };
        parts.outputs.push(OutputParts { spec: spec.clone(), summed });
    }
    if header.kept > 0 {
        parts.kept = read_kept(own, &header.outputs, parts.times.len(), &mut sum)?;
    }
    let stated = own.integers("checksum")?;
    if stated != [sum.finish()] {
        return Err(damaged("its checksum does not match its contents"));
    }
    parts.description = header.description;
    parts.group = header.group;
    parts.missing = header.missing;
    parts.failures = header.failures;
    parts.log = header.log;
    parts.provenance = header.provenance;
    parts.convergence = header.convergence;
    Ok(())
}

fn read_kept(
    own: &Members<'_>,
    outputs: &[SavedOutput],
    times: usize,
    sum: &mut Checksum,
) -> Read<BTreeMap<Seed, Trajectory>> {
    let seeds = own.integers("kept seeds")?;
    sum.integers(&seeds);
    let mut series = Vec::new();
    for (at, output) in outputs.iter().enumerate() {
        let values = own.reals(&format!("kept {at}"))?;
        sum.reals(&values);
        let length = times.saturating_mul(output.spec.width());
        if length.checked_mul(seeds.len()) != Some(values.len()) {
            return Err(damaged(format!("kept trajectories of {} are cut short", output.spec)));
        }
        series.push((output.spec.clone(), length, values));
    }
    let trajectory = |at: usize| {
        let outputs = series.iter().map(|(spec, length, values)| {
            (spec.clone(), values[at * length..(at + 1) * length].to_vec())
        });
        Trajectory::new(outputs.collect())
    };
    Ok(seeds.iter().enumerate().map(|(at, &seed)| (Seed(seed), trajectory(at))).collect())
}

/// The datasets of a group, as the numbers that they should be.
struct Members<'a>(Group<'a>);

impl<'a> Members<'a> {
    fn reals(&self, name: &str) -> Read<Vec<f64>> {
        let dataset = self.0.dataset(name)?;
        reals(&dataset).ok_or_else(|| unexpected("reals", name, &dataset))
    }

    fn integers(&self, name: &str) -> Read<Vec<u64>> {
        let dataset = self.0.dataset(name)?;
        let Some(values) = integers(&dataset) else {
            return Err(unexpected("integers", name, &dataset));
        };
        let signed = matches!(dataset.kind, Kind::Integer { signed: true, .. });
        if signed && values.iter().any(|value| value.cast_signed() < 0) {
            return Err(Wrong::Foreign(format!("expected no negative number in `{name}`")));
        }
        Ok(values)
    }

    fn bytes(&self, name: &str) -> Read<&'a [u8]> {
        let dataset = self.0.dataset(name)?;
        match dataset.kind {
            Kind::Integer { signed: false, size: 1 } => Ok(dataset.data),
            _ => Err(unexpected("bytes", name, &dataset)),
        }
    }

    /// A number, which QC Lab may have as a real.
    fn norm_factor(&self) -> Read<u64> {
        let values = match self.integers("norm_factor") {
            Ok(values) => values,
            Err(_) => self.reals("norm_factor")?.into_iter().map(|value| value as u64).collect(),
        };
        match values.as_slice() {
            &[value] => Ok(value),
            _ => Err(Wrong::Foreign(format!("expected one norm_factor, found {}", values.len()))),
        }
    }

    /// The means of an output, `[time, …, (re, im)]`.
    fn output(&self, name: &str, times: usize) -> Read<(OutputSpec, Vec<f64>)> {
        let dataset = self.0.dataset(name)?;
        let shape = &dataset.shape;
        if shape.first() != Some(&(times as u64)) {
            let what = format!("expected {times} times first in `{name}`, found shape {shape:?}");
            return Err(Wrong::Foreign(what));
        }
        let complex = dataset.kind == Kind::Complex;
        let values = reals(&dataset).ok_or_else(|| unexpected("reals", name, &dataset))?;
        let shape = shape[1..].iter().map(|&n| n as usize).collect();
        let spec = OutputSpec { name: name.to_string(), shape, complex, scale: Scale::Exact };
        if values.len() != times * spec.width() {
            return Err(damaged(format!("dataset `{name}` is cut short")));
        }
        Ok((spec, values))
    }
}

fn unexpected(expected: &str, name: &str, dataset: &Dataset<'_>) -> Wrong {
    Wrong::Foreign(format!("expected {expected} in `{name}`, found {:?}", dataset.kind))
}

/// The numbers of a dataset as reals. Means of integers, and times that NumPy counted, may be whole;
/// complex numbers are two reals each.
fn reals(dataset: &Dataset<'_>) -> Option<Vec<f64>> {
    let data = dataset.data;
    Some(match dataset.kind {
        Kind::F64 | Kind::Complex => {
            data.as_chunks().0.iter().map(|&word| f64::from_le_bytes(word)).collect()
        }
        Kind::F32 => {
            data.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word).into()).collect()
        }
        Kind::Integer { signed: true, .. } => {
            integers(dataset)?.into_iter().map(|value| value.cast_signed() as f64).collect()
        }
        _ => return None,
    })
}

/// The bits of the integers of a dataset.
fn integers(dataset: &Dataset<'_>) -> Option<Vec<u64>> {
    let data = dataset.data;
    Some(match dataset.kind {
        Kind::Integer { size: 8, .. } => {
            data.as_chunks().0.iter().map(|&word| u64::from_le_bytes(word)).collect()
        }
        Kind::Integer { signed: false, size: 4 } => {
            data.as_chunks().0.iter().map(|&word| u32::from_le_bytes(word).into()).collect()
        }
        Kind::Integer { signed: true, size: 4 } => {
            let signed = |&word| i64::from(i32::from_le_bytes(word)).cast_unsigned();
            data.as_chunks().0.iter().map(signed).collect()
        }
        _ => return None,
    })
}
