//! Files that are whole, foreign and damaged.

use std::path::{Path, PathBuf};

use super::*;
use crate::{
    Context, Description, Ensemble, Failure, Lanes, Recorder, RunOptions, Scale, Seed, Serial, c64,
    ignore_events, run_ensemble,
};

/// An ensemble with a real and a complex output.
struct Toy;

impl Ensemble for Toy {
    fn describe(&self) -> Description {
        let mut description = Description { simulation: "toy".into(), ..Description::default() };
        description.set("constant", 0.1_f64 + 0.2);
        description
    }

    fn times(&self) -> Vec<f64> {
        vec![0.0, 0.5, 1.0]
    }

    fn num_trajs(&self) -> u64 {
        6
    }

    fn batch_size(&self) -> usize {
        4
    }

    fn run(
        &self,
        seeds: &[Seed],
        cx: &mut Context<'_>,
        out: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        cx.log(crate::LogLine::warning("ünusual"));
        for &seed in seeds {
            out.begin(&[seed]);
            let x = (seed.0 as f64).sin();
            for time in 0..3 {
                let y = [x + time as f64, x * 1e-200];
                out.real(time, "energy", &[], Scale::Exact, Lanes::one(&[x * 1e20]))?;
                let scale = Scale::Fixed { log2_range: 2 };
                out.complex(time, "dm", &[2], scale, Lanes::one(&y), Lanes::one(&[0.1, x]))?;
            }
            out.end()?;
        }
        Ok(())
    }
}

fn data(options: RunOptions) -> Data {
    run_ensemble(&Toy, &Serial, &options, &mut ignore_events).expect("it runs")
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data.h5");
    (folder, path)
}

#[test]
fn everything_survives_saving_and_loading() {
    let (_folder, path) = scratch();
    let mut saved = data(RunOptions::new().with_keep_trajectories([1, 4]));
    saved.set_elapsed(0.1);
    saved.save(&path).unwrap();
    let loaded = Data::load(&path).unwrap();
    assert_eq!(loaded, saved);
    assert_eq!(loaded.digest(), saved.digest());
    assert_eq!(loaded.log(), saved.log());
    assert_eq!(loaded.provenance(), saved.provenance());
    assert_eq!((loaded.convergence(), loaded.convergence().len()), (saved.convergence(), 1));
    assert_eq!(loaded.trajectory(4), saved.trajectory(4));
    assert!(loaded.trajectory(0).is_none());
    let again = data(RunOptions::new().with_append(loaded));
    let once = data(RunOptions::new().with_seeds(0..12_u64).with_keep_trajectories([1, 4]));
    assert_eq!(again, once);
}

/// What was not known when a file was written is as if it had not been.
#[test]
fn headers_of_older_files_are_read() {
    let mut old = serde_json::to_value(header::Header::of(&data(RunOptions::new()))).unwrap();
    assert!(old.as_object_mut().unwrap().remove("convergence").is_some());
    assert!(old["provenance"]["runs"][0].as_object_mut().unwrap().remove("rounds").is_some());
    let read: header::Header = serde_json::from_value(old).unwrap();
    assert_eq!((read.convergence.len(), read.provenance.runs[0].rounds), (0, 0));
}

#[test]
fn rounds_that_had_no_errors_yet_survive() {
    let (_folder, path) = scratch();
    let saved = data(RunOptions::new().with_seeds([1]));
    assert!(saved.convergence()[0].errors.is_empty());
    saved.save(&path).unwrap();
    assert_eq!(Data::load(&path).unwrap().convergence(), saved.convergence());
}

#[test]
fn large_seeds_and_no_outputs_survive() {
    let (_folder, path) = scratch();
    let saved = data(RunOptions::new().with_seeds([u64::MAX, 3]));
    saved.save(&path).unwrap();
    assert_eq!(Data::load(&path).unwrap(), saved);
}

#[test]
fn a_file_with_qc_labs_keys_alone_has_means_only() {
    let (_folder, path) = scratch();
    let saved = data(RunOptions::new());
    saved.save_qclab(&path).unwrap();
    let loaded = Data::load(&path).unwrap();
    assert_eq!(loaded.real("energy").unwrap(), saved.real("energy").unwrap());
    assert_eq!(loaded.complex("dm").unwrap(), saved.complex("dm").unwrap());
    assert_eq!(loaded.seeds(), saved.seeds());
    assert!(loaded.standard_error("energy").unwrap().iter().all(|error| error.is_nan()));
    assert_eq!(loaded.log()[0].text, "warning: ünusual");
    let error =
        run_ensemble(&Toy, &Serial, &RunOptions::new().with_append(loaded), &mut ignore_events);
    let error = std::error::Error::source(&error.unwrap_err()).expect("a source").to_string();
    assert!(error.contains("has means only"), "{error}");
}

#[test]
fn a_file_that_qc_lab_wrote_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/qclab-1.3.0/saved-by-qclab.h5");
    let data = Data::load(path).unwrap();
    assert_eq!(data.seeds(), [0, 1, 2, 3].map(Seed));
    assert_eq!((data.norm_factor(), data.times().len()), (4, 11));
    let dm = data.complex("dm_db").unwrap();
    assert_eq!(dm.shape(), [11, 2, 2]);
    assert!((dm[[0, 0, 0]] - c64(0.36, 0.0)).norm() < 1e-15);
    assert!((dm[[0, 0, 1]] - c64(0.0, -0.48)).norm() < 1e-15);
    assert_eq!(data.real("classical_energy").unwrap().len(), 11);
}

fn message(path: &Path) -> String {
    Data::load(path).expect_err("the file is wrong").to_string()
}

#[test]
fn wrong_files_say_what_is_wrong() {
    let (folder, path) = scratch();
    assert!(message(&path).starts_with("could not read "));
    std::fs::write(&path, "").unwrap();
    assert!(message(&path).ends_with("is no HDF5 file: expected its signature, found nothing"));
    std::fs::write(&path, "t,dm_db\n0,1\n").unwrap();
    assert!(message(&path).ends_with("found \"t,dm_db\\n\""));
    let mut other = hdf5_pure::FileBuilder::new();
    other.create_dataset("temperature").with_f64_data(&[1.0]);
    std::fs::write(&path, other.finish().unwrap()).unwrap();
    assert!(message(&path).ends_with("holds no ensemble data: expected a dataset `t` at the root"));
    assert!(message(folder.path()).ends_with("expected a plain file, found something else"));
}

#[test]
fn a_failed_save_leaves_the_old_file() {
    let (folder, path) = scratch();
    let data = data(RunOptions::new());
    data.save(&path).unwrap();
    let missing = folder.path().join("no such folder").join("data.h5");
    let error = data.save(&missing).unwrap_err().to_string();
    assert!(error.starts_with("could not create a temporary file beside"), "{error}");
    data.save(&path).unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "temporary files are left: {left:?}");
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_what_is_no_file_is_left_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, path) = scratch();
    let data = data(RunOptions::new());
    let (target, link) = (folder.path().join("target.h5"), folder.path().join("link.h5"));
    std::fs::write(&target, "old").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    data.save(&link).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(Data::load(&target).unwrap(), data);
    // Also to where there is nothing yet, and step by step, relative to each link's own folder.
    let (later, first) = (folder.path().join("later.h5"), folder.path().join("first.h5"));
    std::os::unix::fs::symlink("later.h5", folder.path().join("second.h5")).unwrap();
    std::os::unix::fs::symlink("second.h5", &first).unwrap();
    data.save(&first).unwrap();
    assert!(std::fs::symlink_metadata(&first).unwrap().is_symlink() && later.is_file());
    // Who may read a file does not change.
    std::fs::set_permissions(&later, std::fs::Permissions::from_mode(0o600)).unwrap();
    data.save(&first).unwrap();
    assert_eq!(std::fs::metadata(&later).unwrap().permissions().mode() & 0o777, 0o600);
    // A folder stands for all that is no plain file: devices, pipes.
    std::fs::create_dir(&path).unwrap();
    let error = data.save(&path).unwrap_err().to_string();
    assert!(error.starts_with("could not replace "), "{error}");
    assert!(path.is_dir());
}

/// Files to damage.
const ROUNDS: u32 = 20_000;

/// Bit flips, cuts and overwritten ranges: an error or the same data, never a panic or other data.
#[test]
fn damaged_files_are_an_error() {
    let whole = data(RunOptions::new().with_keep_trajectories([2]));
    let bytes = write::file(&whole, Path::new("x"), true).unwrap();
    let mut random = crate::Seeding::Independent.draws(Seed(0), crate::Purpose::new("damage"));
    let mut errors = 0;
    for round in 0..ROUNDS {
        let mut damaged = bytes.clone();
        let mut below = |n: usize| (random.uniform() * n as f64) as usize;
        let at = below(bytes.len());
        let cut = round % 4 == 1;
        match round % 4 {
            0 => damaged[at] ^= 1 << below(8),
            1 => damaged.truncate(at),
            2 => damaged[at] = below(256) as u8,
            _ => {
                let end = (at + 1 + below(16)).min(bytes.len());
                damaged[at..end].fill(if round % 8 == 3 { 0xFF } else { 0 });
            }
        }
        match read::file(&damaged, Path::new("damaged.h5")) {
            Ok(data) => assert!(data == whole && !cut, "round {round} gave other data"),
            Err(_) => errors += 1,
        }
    }
    println!("{errors} of {ROUNDS} damaged files were refused");
    assert!(errors > ROUNDS / 4, "cuts alone are a quarter");
}
