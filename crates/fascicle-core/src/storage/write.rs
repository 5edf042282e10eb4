//! Data to the bytes of an HDF5 file.

use std::path::Path;

use super::hdf5::{Kind, Writer};
use super::header::{Checksum, Header};
use super::{GROUP, StorageError};
use crate::{Data, Output, Summed};

const BYTES: Kind = Kind::Integer { signed: false, size: 1 };
const UNSIGNED: Kind = Kind::Integer { signed: false, size: 8 };
const SIGNED: Kind = Kind::Integer { signed: true, size: 8 };

/// The longest name of an output, in bytes.
const LONGEST_NAME: usize = 1024;

/// A group that grows: datasets are written where they are added.
#[derive(Default)]
struct Members(Vec<(String, u64)>);

impl Members {
    fn add(&mut self, file: &mut Writer, name: &str, kind: Kind, shape: &[u64], data: &[u8]) {
        self.0.push((name.to_string(), file.dataset(kind, shape, data)));
    }

    /// Adds a list.
    fn list(&mut self, file: &mut Writer, name: &str, kind: Kind, data: &[u8]) {
        let length = (data.len() / kind.size()) as u64;
        self.add(file, name, kind, &[length], data);
    }
}

/// The bytes of the file, with or without fascicle's own group.
pub(super) fn file(data: &Data, path: &Path, own: bool) -> Result<Vec<u8>, StorageError> {
    for output in data.outputs() {
        check_name(&output.spec().name, path)?;
    }
    let (mut file, mut root) = (Writer::new(), Members::default());
    root.list(&mut file, "t", Kind::F64, &of_reals(data.times()));
    let seeds: Vec<u64> = data.seeds().iter().map(|seed| seed.0).collect();
    // NumPy's integers are signed; only seeds that need the last bit are not.
    let signed = seeds.iter().all(|&seed| i64::try_from(seed).is_ok());
    root.list(&mut file, "seed", if signed { SIGNED } else { UNSIGNED }, &of_integers(&seeds));
    root.add(&mut file, "norm_factor", SIGNED, &[], &data.norm_factor().to_le_bytes());
    let mut sum = Checksum::default();
    sum.reals(data.times());
    sum.integers(&seeds);
    sum.integers(&[data.norm_factor()]);
    for output in data.outputs() {
        write_means(&mut file, &mut root, output, &mut sum);
    }
    if own {
        let group = write_group(&mut file, data, sum, path)?;
        root.0.push((GROUP.to_string(), group));
    }
    let log: Vec<String> = data.log().iter().map(ToString::to_string).collect();
    // A NUL would end the string early.
    let log = log.join("\n").replace('\0', "");
    let root = file.group(&root.0, Some(("log", &log)));
    Ok(file.finish(root))
}

fn of_reals(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn of_integers(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn check_name(name: &str, path: &Path) -> Result<(), StorageError> {
    let taken = ["t", "seed", "norm_factor", GROUP, "", ".", ".."].contains(&name);
    if taken || name.contains(['/', '\0']) || name.len() > LONGEST_NAME {
        return Err(StorageError::Name { path: path.to_path_buf(), name: name.to_string() });
    }
    Ok(())
}

fn write_means(file: &mut Writer, root: &mut Members, output: &Output, sum: &mut Checksum) {
    let means = output.mean_bits();
    sum.reals(&means);
    let spec = output.spec();
    let times = means.len() / spec.width().max(1);
    let mut shape = vec![times as u64];
    shape.extend(spec.shape.iter().map(|&n| n as u64));
    let kind = if spec.complex { Kind::Complex } else { Kind::F64 };
    root.add(file, &spec.name, kind, &shape, &of_reals(&means));
}

/// Adds the group, and gives its address.
fn write_group(
    file: &mut Writer,
    data: &Data,
    mut sum: Checksum,
    path: &Path,
) -> Result<u64, StorageError> {
    let header = serde_json::to_vec(&Header::of(data)).map_err(|error| refused(path, &error))?;
    sum.bytes(&header);
    let mut group = Members::default();
    group.list(file, "header", BYTES, &header);
    for (at, output) in data.outputs().iter().enumerate() {
        if let Summed::Sums(sums) = output.summed() {
            let bytes = sums.to_bytes();
            sum.bytes(&bytes);
            group.list(file, &format!("sums {at}"), BYTES, &bytes);
        }
    }
    if !data.trajectories().is_empty() {
        let seeds: Vec<u64> = data.trajectories().keys().map(|seed| seed.0).collect();
        sum.integers(&seeds);
        group.list(file, "kept seeds", UNSIGNED, &of_integers(&seeds));
        for at in 0..data.outputs().len() {
            let kept = data.trajectories().values();
            let series = kept.flat_map(|kept| kept.outputs()[at].1.iter().copied());
            let series: Vec<f64> = series.collect();
            sum.reals(&series);
            group.list(file, &format!("kept {at}"), Kind::F64, &of_reals(&series));
        }
    }
    group.list(file, "checksum", UNSIGNED, &sum.finish().to_le_bytes());
    Ok(file.group(&group.0, None))
}

fn refused(path: &Path, error: &dyn std::error::Error) -> StorageError {
    let source = std::io::Error::other(error.to_string());
    StorageError::Io { path: path.to_path_buf(), action: "write", source }
}
