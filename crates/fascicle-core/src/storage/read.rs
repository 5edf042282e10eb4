//! An HDF5 file to data.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use hdf5_pure::{AttrValue, DType, Dataset, File};

use super::header::{Checksum, FORMAT, Format, Header, SavedOutput};
use super::write::complex;
use super::{GROUP, StorageError};
use crate::sums::{Scale, Sums};
use crate::{
    Data, DataParts, Description, LogLine, OutputParts, OutputSpec, Provenance, Seed, Summed,
    Trajectory,
};

const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// What is wrong, before the path is added.
enum Wrong {
    Damaged(String),
    Foreign(String),
    Version(u32),
}

type Read<T> = Result<T, Wrong>;

fn damaged(what: impl std::fmt::Display) -> Wrong {
    Wrong::Damaged(what.to_string())
}

/// Reads the bytes of a file.
pub(super) fn file(bytes: Vec<u8>, path: &Path) -> Result<Data, StorageError> {
    if !bytes.starts_with(SIGNATURE) {
        let found = match bytes.len() {
            0 => "nothing".to_string(),
            _ => format!("{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(8)])),
        };
        return Err(StorageError::NotHdf5 { path: path.to_path_buf(), found });
    }
    let length = bytes.len() as u64;
    // The library is not ours: if it should panic over a damaged file, the file is the error.
    let read = catch_unwind(AssertUnwindSafe(|| read(bytes, length)));
    let wrong = match read {
        Ok(Ok(data)) => return Ok(data),
        Ok(Err(wrong)) => wrong,
        Err(_) => damaged("it makes the HDF5 library panic"),
    };
    let path = path.to_path_buf();
    Err(match wrong {
        Wrong::Damaged(what) => StorageError::Damaged { path, what },
        Wrong::Foreign(what) => StorageError::Foreign { path, what },
        Wrong::Version(found) => StorageError::Version { path, expected: FORMAT, found },
    })
}

fn read(bytes: Vec<u8>, length: u64) -> Read<Data> {
    let file = File::from_bytes(bytes).map_err(damaged)?;
    let stated = file.superblock().eof_address;
    if length < stated {
        return Err(damaged(format!("it is cut short: expected {stated} bytes, found {length}")));
    }
    let root = Members { group: file.root(), length };
    let names = root.group.datasets().map_err(damaged)?;
    for name in ["t", "seed", "norm_factor"] {
        if !names.iter().any(|n| n == name) {
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
        if !["t", "seed", "norm_factor"].contains(&name.as_str()) {
            let output = root.output(&name, parts.times.len())?;
            means.insert(name, output);
        }
    }
    if root.group.groups().map_err(damaged)?.iter().any(|name| name == GROUP) {
        let own = Members { group: root.group.group(GROUP).map_err(damaged)?, length };
        read_own(&own, means, &mut parts)?;
    } else {
        foreign(&root, means, &mut parts)?;
    }
    Data::from_parts(parts).map_err(damaged)
}

/// What a file of QC Lab's has: means, and the log.
fn foreign(
    root: &Members,
    means: BTreeMap<String, (OutputSpec, Vec<f64>)>,
    parts: &mut DataParts,
) -> Read<()> {
    let output = |(spec, means)| OutputParts { spec, summed: Summed::Means(means) };
    parts.outputs = means.into_values().map(output).collect();
    parts.group = 1;
    parts.description = Description {
        simulation: "unknown: from a file with QC Lab's keys alone".to_string(),
        ..Description::default()
    };
    parts.provenance = Provenance { version: "QC Lab's format".to_string(), runs: Vec::new() };
    let attributes = root.group.attrs().map_err(damaged)?;
    if let Some(AttrValue::VarLenString(log) | AttrValue::String(log)) = attributes.get("log") {
        parts.log = log.lines().map(LogLine::info).collect();
    }
    Ok(())
}

/// What fascicle's own group has: sums and everything else, under a checksum.
fn read_own(
    own: &Members,
    mut means: BTreeMap<String, (OutputSpec, Vec<f64>)>,
    parts: &mut DataParts,
) -> Read<()> {
    let bytes = own.bytes("header")?;
    let Format { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if format > FORMAT {
        return Err(Wrong::Version(format));
    }
    let header: Header = serde_json::from_slice(&bytes).map_err(damaged)?;
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
    sum.bytes(&bytes);
    for (at, SavedOutput { spec, sums }) in header.outputs.iter().enumerate() {
        let summed = if *sums {
            let bytes = own.bytes(&format!("sums {at}"))?;
            sum.bytes(&bytes);
            Summed::Sums(Sums::from_bytes(&bytes).map_err(damaged)?)
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
    own: &Members,
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

/// The datasets of a group, read with care: nothing is allocated that the file cannot hold.
struct Members {
    group: hdf5_pure::Group,
    /// Bytes of the whole file.
    length: u64,
}

impl Members {
    fn dataset(&self, name: &str) -> Read<Dataset> {
        let dataset = self.group.dataset(name).map_err(damaged)?;
        let shape = dataset.shape().map_err(damaged)?;
        let size = dataset.element_size().map_err(damaged)?;
        let bytes = shape.iter().try_fold(size, |bytes, &n| bytes.checked_mul(n));
        // Deflate makes at most 1032 bytes of one.
        let most =
            if dataset.is_chunked() { self.length.saturating_mul(1032) } else { self.length };
        match bytes {
            Some(bytes) if bytes <= most => Ok(dataset),
            _ => {
                Err(damaged(format!("dataset `{name}` of shape {shape:?} is larger than the file")))
            }
        }
    }

    fn reals(&self, name: &str) -> Read<Vec<f64>> {
        let dataset = self.dataset(name)?;
        match dataset.dtype().map_err(damaged)? {
            // Means of integers, and times that NumPy counted, may be whole numbers.
            DType::F64 | DType::F32 | DType::I64 | DType::I32 => {
                dataset.read_f64().map_err(damaged)
            }
            other => Err(Wrong::Foreign(format!("expected reals in `{name}`, found {other}"))),
        }
    }

    fn integers(&self, name: &str) -> Read<Vec<u64>> {
        let dataset = self.dataset(name)?;
        match dataset.dtype().map_err(damaged)? {
            DType::U64 | DType::U32 => dataset.read_u64().map_err(damaged),
            DType::I64 | DType::I32 => {
                let values = dataset.read_i64().map_err(damaged)?;
                let natural = |value| u64::try_from(value).ok();
                values.into_iter().map(natural).collect::<Option<_>>().ok_or_else(|| {
                    Wrong::Foreign(format!("expected no negative number in `{name}`"))
                })
            }
            other => Err(Wrong::Foreign(format!("expected integers in `{name}`, found {other}"))),
        }
    }

    fn bytes(&self, name: &str) -> Read<Vec<u8>> {
        let dataset = self.dataset(name)?;
        match dataset.dtype().map_err(damaged)? {
            DType::U8 => dataset.read_u8().map_err(damaged),
            other => Err(damaged(format!("expected bytes in `{name}`, found {other}"))),
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
        let dataset = self.dataset(name)?;
        let shape = dataset.shape().map_err(damaged)?;
        if shape.first() != Some(&(times as u64)) {
            let what = format!("expected {times} times first in `{name}`, found shape {shape:?}");
            return Err(Wrong::Foreign(what));
        }
        let complex = dataset.datatype().map_err(damaged)? == complex();
        let values = if complex {
            let bytes = dataset.read_raw().map_err(damaged)?;
            bytes.as_chunks::<8>().0.iter().map(|&word| f64::from_le_bytes(word)).collect()
        } else {
            self.reals(name)?
        };
        let shape = shape[1..].iter().map(|&n| n as usize).collect();
        let spec = OutputSpec { name: name.to_string(), shape, complex, scale: Scale::Exact };
        if values.len() != times * spec.width() {
            return Err(damaged(format!("dataset `{name}` is cut short")));
        }
        Ok((spec, values))
    }
}
