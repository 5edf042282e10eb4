//! Runs with a checkpoint: cut off in every way, they go on to the same bits.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fascicle::core::{Event, LogLine};
use fascicle::dynamics::Algorithm;
use fascicle::prelude::*;
use fascicle_tests::simulations::{mash, slow, spin_boson, surface_hopping, tully};

const DRIVERS: [Driver; 4] =
    [Driver::Serial, Driver::Threads(2), Driver::Processes(2), Driver::Processes(3)];

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.journal");
    (folder, path)
}

/// Ends a run when so many batches are done.
fn interrupted<M: Model, A: Algorithm>(
    sim: &Simulation<M, A>,
    driver: Driver,
    options: &RunOptions,
    batches: u64,
) -> Data {
    let mut done = 0;
    let data = driver.run_with(sim, options, &mut |event| {
        done += u64::from(matches!(event, Event::Done { .. }));
        if done >= batches { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    data.unwrap()
}

fn same(a: &Data, b: &Data) {
    assert_eq!(a, b);
    assert_eq!(a.digest(), b.digest());
    assert_eq!((a.log(), a.failures(), a.missing()), (b.log(), b.failures(), b.missing()));
    assert!(a.trajectories() == b.trajectories());
}

/// Interrupts a run twice and ends it, each time on another driver.
fn goes_on<M: Model, A: Algorithm>(mut sim: Simulation<M, A>) {
    // Threads end what they have begun: up to 9 batches are done when three were to be, then 8 more.
    sim.settings.num_trajs = 120;
    sim.settings.batch_size = 5;
    let plain = RunOptions::new().with_keep_trajectories([0, 17, 59]);
    let whole = Driver::Serial.run(&sim, &plain).unwrap();
    for (at, first) in DRIVERS.into_iter().enumerate() {
        let (_folder, path) = scratch();
        let options = plain.clone().with_checkpoint(&path);
        let begun = interrupted(&sim, first, &options, 3);
        assert!(!begun.is_complete());
        let second = DRIVERS[(at + 1) % DRIVERS.len()];
        let more = interrupted(&sim, second, &options, 2);
        let resumed = more.provenance().runs.last().unwrap().resumed;
        assert_eq!(resumed, begun.seeds().len() as u64);
        assert!(more.seeds().len() > begun.seeds().len() && !more.is_complete());
        let third = DRIVERS[(at + 2) % DRIVERS.len()];
        same(&third.run(&sim, &options).unwrap(), &whole);
        let again = first.run(&sim, &options).unwrap();
        same(&again, &whole);
        assert_eq!(again.provenance().runs.last().unwrap().resumed, 120);
    }
}

#[test]
fn mean_field_goes_on_to_the_same_bits() {
    goes_on(tully(MeanField::default()));
}

#[test]
fn surface_hopping_goes_on_to_the_same_bits() {
    goes_on(spin_boson(surface_hopping(false)));
}

#[test]
fn branches_go_on_to_the_same_bits() {
    goes_on(spin_boson(surface_hopping(true)));
}

#[test]
fn mash_goes_on_to_the_same_bits() {
    goes_on(tully(mash()));
}

#[test]
fn lines_of_the_log_and_dropped_trajectories_come_back() {
    let sim = || {
        let mut algorithm = MeanField::default();
        let spoil = task("spoil", |step, block| {
            if let Some(lane) = block.seeds().iter().position(|&seed| seed == Seed(23))
                && step.index() == 5
            {
                block.z.re[0][lane] = f64::NAN;
            }
            Ok(())
        });
        algorithm.recipe.update.insert_before("update_z_rk4", spoil).unwrap();
        let mut sim = spin_boson(algorithm);
        sim.settings.num_trajs = 60;
        sim.settings.batch_size = 10;
        sim.settings.tmax = 1.0;
        sim
    };
    let plain = RunOptions::new().with_on_failure(OnFailure::Drop);
    let whole = Driver::Threads(2).run(sim(), &plain).unwrap();
    assert_eq!((whole.seeds().len(), whole.failures().len()), (59, 1));
    let (_folder, path) = scratch();
    let options = plain.with_checkpoint(&path);
    interrupted(&sim(), Driver::Serial, &options, 4);
    same(&Driver::Processes(2).run(sim(), &options).unwrap(), &whole);
}

#[test]
fn a_batch_that_failed_is_run_again() {
    let broken = Arc::new(AtomicU64::new(1));
    let mut algorithm = MeanField::default();
    let flag = broken.clone();
    let trap = task("trap", move |_, block| {
        assert!(!(block.seeds().contains(&Seed(25)) && flag.load(Ordering::Relaxed) == 1));
        Ok(())
    });
    algorithm.recipe.initialization.push(trap);
    let mut sim = spin_boson(algorithm);
    sim.settings.num_trajs = 60;
    sim.settings.batch_size = 10;
    sim.settings.tmax = 1.0;
    let (folder, path) = scratch();
    let options = RunOptions::new().with_checkpoint(&path);
    let here = std::env::current_dir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    let error = Driver::Processes(2).run(&sim, &options).unwrap_err().to_string();
    std::env::set_current_dir(here).unwrap();
    assert!(error.contains("batch 2 (seeds 20-29) failed"), "{error}");
    broken.store(0, Ordering::Relaxed);
    let data = Driver::Threads(2).run(&sim, &options).unwrap();
    assert_eq!(data.provenance().runs.last().unwrap().resumed, 50);
    same(&data, &Driver::Serial.run(&sim, RunOptions::new()).unwrap());
}

#[test]
fn what_listeners_hear_of_a_resumed_run() {
    let sim = slow(Duration::ZERO);
    let (_folder, path) = scratch();
    let options = RunOptions::new().with_checkpoint(&path);
    interrupted(&sim, Driver::Serial, &options, 8);
    let (mut started, mut done, mut lines) = (None, Vec::new(), Vec::new());
    let data = Driver::Processes(2).run_with(&sim, &options, &mut |event| {
        match event {
            Event::Started { progress, .. } => started = Some(progress),
            Event::Done { piece, progress, .. } => done.push((piece, progress.items)),
            Event::Log { piece: None, line } => lines.push(line.clone()),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    assert!(data.unwrap().is_complete());
    let started = started.unwrap();
    assert_eq!((started.pieces, started.all_pieces), (8, 20));
    assert_eq!((started.items, started.all_items), (80, 200));
    let mut pieces: Vec<u64> = done.iter().map(|&(piece, _)| piece).collect();
    pieces.sort_unstable();
    assert_eq!(pieces, (8..20).collect::<Vec<_>>());
    assert_eq!(done.last().unwrap().1, 200);
    let line = format!("8 batches come from the journal {}", path.display());
    assert!(lines.contains(&LogLine::info(line)), "{lines:?}");
}

/// A model of closures; strength and gradient may be changed.
fn closures(strength: f64, factor: f64) -> Simulation<ClosureModel, MeanField> {
    let model = ClosureModel::new("mine", 2, 1)
        .with_h_q(|h| h[(0, 1)] = c64(0.5, 0.0))
        .with_h_qc(move |z, h| h[(0, 0)] = c64(strength * z[0].re, 0.0))
        .with_h_c(|z| z[0].norm_sqr())
        .with_dh_c_dzc(move |z, gradient| gradient[0] = z[0] * factor)
        .with_init_classical(|draws, z| z[0] = c64(draws.normal(), draws.normal()));
    let mut sim = Simulation::new(model, MeanField::default());
    sim.settings.num_trajs = 40;
    sim.settings.batch_size = 10;
    sim.settings.tmax = 1.0;
    sim.settings.dt_update = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    sim
}

#[test]
fn checkpoints_of_other_simulations_are_refused_with_the_difference() {
    let (_folder, path) = scratch();
    let options = RunOptions::new().with_checkpoint(&path);
    let refused = |sim: &Simulation<ClosureModel, MeanField>, options: &RunOptions, what: &str| {
        for driver in DRIVERS {
            let error = driver.run(sim, options).unwrap_err().to_string();
            let start = format!("{} is the journal of another run: {what}", path.display());
            assert!(error.starts_with(&start), "{error}");
        }
    };
    let sim = closures(0.3, 1.0);
    let data = Driver::Serial.run(&sim, &options).unwrap();
    let digest = "digest of H_q, H_qc and H_c is ";
    // In its last bit, and in a gradient alone.
    refused(&closures(0.3_f64.next_up(), 1.0), &options, digest);
    refused(&closures(0.3, 1.0_f64.next_up()), &options, digest);
    let mut other = closures(0.3, 1.0);
    other.settings.seeding = Seeding::QcLab;
    refused(&other, &options, "seeding is ");
    other.settings = sim.settings.clone();
    other.settings.dt_update = 0.02;
    refused(&other, &options, "dt_update is ");
    let more = options.clone().with_seeds(0..50_u64);
    refused(&sim, &more, "seeds is 0-39 in the journal and 0-49 here");
    // Nothing was changed by all that.
    let again = Driver::Serial.run(closures(0.3, 1.0), &options).unwrap();
    assert_eq!((again.provenance().runs[0].resumed, again), (40, data));
}

/// All trajectories start at the origin, where the coupling and its gradient vanish, whatever its
/// strength.
fn from_the_origin(strength: f64) -> Simulation<ClosureModel, MeanField> {
    let model = ClosureModel::new("mine", 2, 1)
        .with_h_q(|h| h[(0, 1)] = c64(0.5, 0.0))
        .with_h_qc(move |z, h| h[(0, 0)] = c64(strength * z[0].norm_sqr(), 0.0))
        .with_dh_qc_dzc(move |z, _, _, gradient| gradient[0] = z[0] * strength)
        .with_dh_c_dzc(|z, gradient| gradient[0] = z[0])
        .with_init_classical(|_, z| z[0] = c64(0.0, 0.0));
    Simulation { model, ..closures(0.3, 1.0) }
}

#[test]
fn a_model_that_differs_only_away_from_the_start_is_another() {
    let (_folder, path) = scratch();
    let options = RunOptions::new().with_checkpoint(&path);
    let data = Driver::Serial.run(from_the_origin(0.3), &options).unwrap();
    let error = Driver::Serial.run(from_the_origin(0.3_f64.next_up()), &options).unwrap_err();
    assert!(error.to_string().contains("digest of H_q, H_qc and H_c is "), "{error}");
    assert_eq!(Driver::Serial.run(from_the_origin(0.3), &options).unwrap(), data);
}

#[test]
fn a_run_that_was_not_good_enough_goes_on_when_it_is_allowed_more() {
    let (_folder, path) = scratch();
    let sim = closures(0.3, 1.0);
    let until = |most| RunOptions::new().until_standard_error("dm_db", 1e-4, most);
    let few = Driver::Processes(2).run(&sim, until(80).with_checkpoint(&path)).unwrap();
    assert_eq!(few.seeds().len(), 80);
    let more = Driver::Threads(2).run(&sim, until(400).with_checkpoint(&path)).unwrap();
    assert_eq!(more.provenance().runs[0].resumed, 80);
    assert!(more.seeds().len() > 80);
    same(&more, &Driver::Serial.run(&sim, until(400)).unwrap());
}

fn journaled(path: &Path, driver: &str, milliseconds: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_journaled"));
    command.arg(path).arg(driver).arg(milliseconds.to_string());
    // Where data are rescued to.
    let folder = path.parent().expect("it is in a folder");
    command.current_dir(folder).env("TMPDIR", folder);
    command
}

/// What the program has printed: how many trajectories it ran, and the digest.
fn told(output: &Output) -> (u64, String) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    let parts = text.trim().split_once(' ').filter(|_| output.status.success());
    let (ran, digest) = parts.unwrap_or_else(|| panic!("expected a result, found {text}{error}"));
    (ran.parse().unwrap(), digest.to_string())
}

/// Waits until the journal has grown to so many bytes.
fn wait_for(path: &Path, bytes: u64, child: &mut Child) {
    let start = Instant::now();
    while fs::metadata(path).map_or(0, |there| there.len()) < bytes {
        assert!(child.try_wait().unwrap().is_none(), "the program has ended too early");
        assert!(start.elapsed() < Duration::from_secs(60), "the journal does not grow");
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_killed_program_goes_on_where_it_was() {
    let digest = Driver::Serial.run(slow(Duration::ZERO), RunOptions::new()).unwrap().digest();
    let (_folder, path) = scratch();
    let whole = told(&journaled(&path, "serial", 0).output().unwrap());
    assert_eq!(whole, (200, digest.clone()));
    let size = fs::metadata(&path).unwrap().len();
    for driver in ["serial", "threads", "processes"] {
        let (_folder, path) = scratch();
        let mut left = 200;
        for share in [5, 2] {
            let mut child = journaled(&path, driver, 30).stdout(Stdio::null()).spawn().unwrap();
            wait_for(&path, size / share, &mut child);
            child.kill().unwrap();
            child.wait().unwrap();
        }
        // At once: the lock of the killed program and its workers ends with them.
        let (ran, found) = told(&journaled(&path, "processes", 0).output().unwrap());
        assert_eq!(found, digest, "{driver}");
        assert!((10..=110).contains(&ran), "{driver}: {ran} trajectories were run again");
        left -= ran;
        assert!(left > 0);
        assert_eq!(told(&journaled(&path, "threads", 0).output().unwrap()), (0, digest.clone()));
    }
}

/// As by a scheduler that ends a job: what is done is in the file, and the program ends as by the signal.
#[test]
#[cfg(unix)]
fn a_terminated_program_brings_its_checkpoint_to_the_disk() {
    use std::os::unix::process::ExitStatusExt;

    let (_folder, path) = scratch();
    let whole = told(&journaled(&path, "serial", 0).output().unwrap());
    let size = fs::metadata(&path).unwrap().len();
    for driver in ["serial", "threads", "processes"] {
        let (_folder, path) = scratch();
        let mut command = journaled(&path, driver, 200);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(&path, size / 5, &mut child);
        let pid = nix::unistd::Pid::from_raw(child.id() as i32);
        let sent = Instant::now();
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(15), "{driver}: {ended:?}");
        let said = String::from_utf8_lossy(&ended.stderr);
        let how = format!("the same command goes on from {}", path.display());
        assert!(said.contains(&how), "{driver}: {said}");
        assert!(sent.elapsed() < Duration::from_secs(2), "{driver}: {:?}", sent.elapsed());
        let (ran, digest) = told(&journaled(&path, "threads", 0).output().unwrap());
        assert!(ran < 200 && digest == whole.1, "{driver}: {ran}");
    }
}

#[test]
fn two_programs_do_not_write_to_one_checkpoint() {
    let (_folder, path) = scratch();
    let mut first = journaled(&path, "serial", 500).stdout(Stdio::null()).spawn().unwrap();
    wait_for(&path, 1000, &mut first);
    let second = journaled(&path, "threads", 0).output().unwrap();
    assert!(first.try_wait().unwrap().is_none(), "the first has ended too early to tell");
    first.kill().unwrap();
    first.wait().unwrap();
    let error = String::from_utf8_lossy(&second.stderr);
    assert!(error.contains("is in use by another run"), "{error}");
    assert!(!second.status.success());
}

/// Runs a program by a script, which has it as `"$@"`.
fn by_script(mut shell: Command, script: &str, command: &Command) -> Output {
    shell.args(["sh", "-c", script, "sh"]).arg(command.get_program()).args(command.get_args());
    let environment = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    shell.envs(environment).current_dir(command.get_current_dir().expect("a folder"));
    shell.output().unwrap()
}

/// Runs a program that may write files of so many blocks at the most: the rest does not fit.
fn limited(blocks: u64, command: &Command) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    by_script(Command::new("env"), &script, command)
}

/// Runs a program twice on a small disk of its own, where this user may mount one.
fn on_a_small_disk(folder: &Path, kibibytes: u64, command: &Command) -> Option<Output> {
    let mount = format!("mount -t tmpfs -o size={kibibytes}k none {}", folder.display());
    // Who is not root may be it in a namespace.
    let unshare = || {
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "--map-root-user"]);
        unshare
    };
    let mut trial = unshare();
    trial.args(["sh", "-c", &mount]).stderr(Stdio::null());
    if !trial.status().is_ok_and(|status| status.success()) {
        return None;
    }
    let twice = "\"$@\"; rm -f fascicle-rescued*; \"$@\"";
    let script = format!("{mount} && cd {} && {{ {twice}; }}", folder.display());
    Some(by_script(unshare(), &script, command))
}

#[test]
fn a_disk_without_room_ends_the_run_and_keeps_what_is_there() {
    let (_folder, whole) = scratch();
    let (_, digest) = told(&journaled(&whole, "serial", 0).output().unwrap());
    let size = fs::metadata(&whole).unwrap().len();
    let (folder, path) = scratch();
    let command = journaled(&path, "processes", 0);
    let message = |reason| format!("could not write to the journal {}: {reason}", path.display());
    // Half the journal, in blocks of 512 bytes or of 1024, as shells have it.
    let output = limited(size / 2048, &command);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(&message("File too large")), "{error}");
    let there = fs::metadata(&path).unwrap().len();
    assert!(there > 1000 && there <= size / 2, "{there} of {size}");
    let (ran, found) = told(&journaled(&path, "threads", 0).output().unwrap());
    assert_eq!(found, digest);
    assert!(ran < 200, "nothing was kept");
    // A disk that is really full says so by another name. Not everybody may make one.
    if let Some(output) = on_a_small_disk(folder.path(), size / 2048, &command) {
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(error.matches(&message("No space left on device")).count(), 2, "{error}");
    }
}

#[test]
fn a_disk_without_room_leaves_the_old_data() {
    let (folder, path) = scratch();
    let saved = folder.path().join("data.h5");
    let old = Driver::Serial.run(closures(0.3, 1.0), RunOptions::new()).unwrap();
    old.save(&saved).unwrap();
    told(&journaled(&path, "serial", 0).output().unwrap());
    // The journal is whole, so that nothing but the data is written.
    let mut command = journaled(&path, "serial", 0);
    command.arg(&saved);
    let output = limited(4, &command);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(error.contains("could not write") && error.contains("data.h5"), "{error}");
    assert_eq!(Data::load(&saved).unwrap(), old);
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 2, "nothing else is left");
}
