//! Data to the bytes of an HDF5 file.

use std::path::Path;

use hdf5_pure::{AttrValue, CompoundTypeBuilder, Datatype, FileBuilder};

use super::header::{Checksum, Header};
use super::{GROUP, StorageError};
use crate::{Data, Output, Summed};

/// h5py's complex numbers.
pub(super) fn complex() -> Datatype {
    let pair = CompoundTypeBuilder::new().f64_field("r").f64_field("i");
    pair.build().expect("two fields make a type")
}

/// The bytes of the file, with or without fascicle's own group.
pub(super) fn file(data: &Data, path: &Path, own: bool) -> Result<Vec<u8>, StorageError> {
    for output in data.outputs() {
        check_name(&output.spec().name, path)?;
    }
    let mut file = FileBuilder::new();
    file.create_dataset("t").with_f64_data(data.times());
    let seeds: Vec<u64> = data.seeds().iter().map(|seed| seed.0).collect();
    // NumPy's integers are signed; only seeds that need the last bit are not.
    if seeds.iter().all(|&seed| i64::try_from(seed).is_ok()) {
        let signed: Vec<i64> = seeds.iter().map(|seed| seed.cast_signed()).collect();
        file.create_dataset("seed").with_i64_data(&signed);
    } else {
        file.create_dataset("seed").with_u64_data(&seeds);
    }
    let norm_factor = data.norm_factor().cast_signed();
    file.create_dataset("norm_factor").with_i64_data(&[norm_factor]).with_shape(&[]);
    let mut sum = Checksum::default();
    sum.reals(data.times());
    sum.integers(&seeds);
    sum.integers(&[data.norm_factor()]);
    for output in data.outputs() {
        write_means(&mut file, output, &mut sum);
    }
    if own {
        write_group(&mut file, data, sum, path)?;
    }
    let log: Vec<String> = data.log().iter().map(ToString::to_string).collect();
    // A NUL would end the string early.
    let log = log.join("\n").replace('\0', "");
    file.set_attr("log", AttrValue::VarLenString(log));
    file.finish().map_err(|error| refused(path, &error))
}

fn check_name(name: &str, path: &Path) -> Result<(), StorageError> {
    let taken = ["t", "seed", "norm_factor", GROUP, "", ".", ".."].contains(&name);
    if taken || name.contains(['/', '\0']) {
        return Err(StorageError::Name { path: path.to_path_buf(), name: name.to_string() });
    }
    Ok(())
}

fn write_means(file: &mut FileBuilder, output: &Output, sum: &mut Checksum) {
    let means = output.mean_bits();
    sum.reals(&means);
    let spec = output.spec();
    let times = means.len() / spec.width().max(1);
    let mut shape = vec![times as u64];
    shape.extend(spec.shape.iter().map(|&n| n as u64));
    let dataset = file.create_dataset(&spec.name);
    if spec.complex {
        let bytes = means.iter().flat_map(|value| value.to_le_bytes()).collect();
        dataset.with_compound_data(complex(), bytes, means.len() as u64 / 2).with_shape(&shape);
    } else {
        dataset.with_f64_data(&means).with_shape(&shape);
    }
}

fn write_group(
    file: &mut FileBuilder,
    data: &Data,
    mut sum: Checksum,
    path: &Path,
) -> Result<(), StorageError> {
    let header = serde_json::to_vec(&Header::of(data)).map_err(|error| refused(path, &error))?;
    sum.bytes(&header);
    let mut group = file.create_group(GROUP);
    group.create_dataset("header").with_u8_data(&header);
    for (at, output) in data.outputs().iter().enumerate() {
        if let Summed::Sums(sums) = output.summed() {
            let bytes = sums.to_bytes();
            sum.bytes(&bytes);
            group.create_dataset(&format!("sums {at}")).with_u8_data(&bytes);
        }
    }
    if !data.trajectories().is_empty() {
        let seeds: Vec<u64> = data.trajectories().keys().map(|seed| seed.0).collect();
        sum.integers(&seeds);
        group.create_dataset("kept seeds").with_u64_data(&seeds);
        for at in 0..data.outputs().len() {
            let kept = data.trajectories().values();
            let series = kept.flat_map(|kept| kept.outputs()[at].1.iter().copied());
            let series: Vec<f64> = series.collect();
            sum.reals(&series);
            group.create_dataset(&format!("kept {at}")).with_f64_data(&series);
        }
    }
    group.create_dataset("checksum").with_u64_data(&[sum.finish()]);
    file.add_group(group.finish());
    Ok(())
}

fn refused(path: &Path, error: &dyn std::error::Error) -> StorageError {
    let source = std::io::Error::other(error.to_string());
    StorageError::Io { path: path.to_path_buf(), action: "write", source }
}
