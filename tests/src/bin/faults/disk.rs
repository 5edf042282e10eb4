//! Disks that are full, and system calls that are interrupted.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fascicle::prelude::*;
use fascicle_tests::simulations::spin_boson;
use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::{Found, Length};

/// A small file system that is unmounted in the end, or else a limit on the size of files.
enum Small {
    Mounted(tempfile::TempDir),
    Limited(tempfile::TempDir),
}

const BYTES: u64 = 256 << 10;

impl Small {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let size = format!("size={BYTES}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path());
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Ok(Self::Mounted(folder));
        }
        // Not everyone may mount. Past this size, write(2) fails with EFBIG.
        // SAFETY: ignoring a signal runs no code.
        unsafe { nix::sys::signal::signal(Signal::SIGXFSZ, SigHandler::SigIgn) }?;
        let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE)?;
        setrlimit(Resource::RLIMIT_FSIZE, BYTES, hard)?;
        Ok(Self::Limited(folder))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Mounted(folder) | Self::Limited(folder) => folder.path(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Mounted(_) => "a tmpfs of 256 KiB",
            Self::Limited(_) => "a limit of 256 KiB on files (no right to mount)",
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        if let Self::Mounted(folder) = self {
            let _ = Command::new("umount").arg(folder.path()).output();
        }
    }
}

fn data(trajectories: u64, tmax: f64) -> Result<Data, fascicle::Error> {
    let mut sim = spin_boson(MeanField::default());
    sim.settings.num_trajs = trajectories;
    sim.settings.tmax = tmax;
    sim.settings.dt_collect = 0.02;
    serial_driver(&sim)
}

/// Data that do not fit, saved over data that do.
pub fn full(_: Length) -> Found {
    let small = Small::new()?;
    let path = small.path().join("data.h5");
    let (old, new) = (data(8, 0.2)?, data(8, 60.0)?);
    old.save(&path)?;
    let error = match new.save(&path) {
        Ok(()) => return Ok(("the larger data were saved where they do not fit".into(), false)),
        Err(error) => error.to_string(),
    };
    let intact = Data::load(&path)? == old;
    let left: Vec<_> = std::fs::read_dir(small.path())?.flatten().collect();
    let well = intact && left.len() == 1 && error.contains("data.h5");
    let text = format!(
        "on {}: the old file is {}, {} file(s) there; \"{}\"",
        small.kind(),
        if intact { "intact" } else { "DAMAGED" },
        left.len(),
        error.replace(small.path().to_string_lossy().as_ref(), "…")
    );
    Ok((text, well))
}

static ALARMS: AtomicU64 = AtomicU64::new(0);

extern "C" fn count(_: i32) {
    ALARMS.fetch_add(1, Ordering::Relaxed);
}

/// Runs, saves and loads while signals interrupt system calls.
pub fn signals(length: Length) -> Found {
    let action = SigAction::new(SigHandler::Handler(count), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing but add to an atomic number.
    unsafe { sigaction(Signal::SIGALRM, &action) }?;
    let mut sim = spin_boson(MeanField::default());
    sim.settings.num_trajs = 400;
    let (expected, folder) = (serial_driver(&sim)?, tempfile::tempdir()?);
    let path = folder.path().join("data.h5");
    let (stop, victim) = (AtomicBool::new(false), nix::unistd::gettid().as_raw());
    let rounds = length.of(10, 200);
    let equal = std::thread::scope(|scope| -> Result<usize, Box<dyn std::error::Error>> {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // SAFETY: tgkill reads three integers and nothing else.
                unsafe {
                    libc::syscall(libc::SYS_tgkill, std::process::id(), victim, libc::SIGALRM)
                };
                std::thread::sleep(Duration::from_micros(50));
            }
        });
        let result = (0..rounds).try_fold(0, |equal, _| {
            let data = Driver::Processes(2).run(&sim, RunOptions::new())?;
            data.save(&path)?;
            Ok(equal + usize::from(data == expected && Data::load(&path)? == expected))
        });
        stop.store(true, Ordering::Relaxed);
        result
    })?;
    let alarms = ALARMS.load(Ordering::Relaxed);
    let text = format!("{rounds} runs, saved and loaded under {alarms} signals: {equal} equal");
    Ok((text, equal == rounds && alarms > 100))
}
