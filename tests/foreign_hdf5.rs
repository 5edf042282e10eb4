//! QC Lab and h5py read the files of results that fascicle writes. (That fascicle reads theirs is
//! tested in the core, with a file that QC Lab wrote.)

use std::path::Path;

use fascicle::prelude::*;
use fascicle_tests::peers;
use fascicle_tests::simulations::{spin_boson, surface_hopping};
use serde_json::Value;

/// What `check_hdf5.py` finds in a file.
fn check(path: &Path, qclab: bool) -> Value {
    let path = path.to_str().expect("a plain path");
    let arguments: &[&str] = if qclab { &[path, "--qclab"] } else { &[path] };
    let printed = peers::run("check_hdf5.py", arguments).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&printed).expect("the script prints JSON")
}

#[test]
fn qc_lab_loads_what_save_qclab_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    let data = serial_driver(spin_boson(surface_hopping(false))).unwrap();
    data.save_qclab(&path).unwrap();
    let found = check(&path, true);
    assert_eq!(found["qclab"], "keys and arrays equal");
    let shape = |key: &str| found[key]["shape"].clone();
    assert_eq!(shape("dm_db"), serde_json::json!([data.times().len(), 2, 2]));
    assert_eq!(found["dm_db"]["dtype"], "complex128");
    assert_eq!(found["classical_energy"]["dtype"], "float64");
    // Means go into the file bit for bit.
    let sum: f64 = data.real("classical_energy").unwrap().iter().sum();
    let written = found["classical_energy"]["sum_re"].as_f64().unwrap();
    assert!((sum - written).abs() <= 1e-12 * sum.abs(), "{sum} {written}");
    let trace: f64 = data.complex("dm_db").unwrap().iter().map(|z| z.re).sum();
    let written = found["dm_db"]["sum_re"].as_f64().unwrap();
    assert!((trace - written).abs() <= 1e-12 * trace.abs(), "{trace} {written}");
}

#[test]
fn h5py_reads_what_save_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    let data = serial_driver(spin_boson(MeanField::default())).unwrap();
    data.save(&path).unwrap();
    let printed = peers::run("read_hdf5.py", &[path.to_str().unwrap()]);
    let found: Value = serde_json::from_str(&printed.unwrap_or_else(|e| panic!("{e}"))).unwrap();
    // Both sides name the bits of the means.
    let bits: Vec<u64> = data.real("quantum_energy").unwrap().iter().map(|x| x.to_bits()).collect();
    let theirs: Vec<u64> = serde_json::from_value(found["quantum_energy"].clone()).unwrap();
    assert_eq!(bits, theirs);
    let groups: Vec<String> = serde_json::from_value(found["groups"].clone()).unwrap();
    assert_eq!(groups, ["fascicle"]);
}
