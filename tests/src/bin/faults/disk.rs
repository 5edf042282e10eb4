//! Disks that are full.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use fascicle::prelude::*;
use fascicle_tests::simulations::spin_boson;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};

use super::{Found, Length};

/// A small file system that is unmounted in the end, or else a limit on the size of files.
enum Small {
    Mounted(tempfile::TempDir),
    Limited(tempfile::TempDir),
}

const BYTES: u64 = 256 << 10;

impl Small {
    fn new() -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        if mount(&format!("size={BYTES}"), folder.path()) {
            return Ok(Self::Mounted(folder));
        }
        // Not everyone may mount. Past this size, write(2) fails with EFBIG.
        // SAFETY: ignoring a signal runs no code.
        unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }?;
        limit_files(BYTES)?;
        Ok(Self::Limited(folder))
    }

    /// Room for all.
    fn grow(&self) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Mounted(folder) if mount("remount,size=1g", folder.path()) => Ok(()),
            Self::Mounted(_) => Err("the tmpfs cannot be made larger".into()),
            Self::Limited(_) => limit_files(1 << 30),
        }
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

    /// What an error says, without where this is.
    fn told(&self, error: &fascicle::Error) -> String {
        error.to_string().replace(self.path().to_string_lossy().as_ref(), "…")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        if let Self::Mounted(folder) = self {
            let _ = Command::new("umount").arg(folder.path()).output();
        }
    }
}

fn mount(options: &str, folder: &Path) -> bool {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder);
    mount.output().is_ok_and(|output| output.status.success())
}

fn limit_files(bytes: u64) -> Result<(), Box<dyn Error>> {
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE)?;
    Ok(setrlimit(Resource::RLIMIT_FSIZE, bytes, hard)?)
}

fn simulation(trajectories: u64, tmax: f64) -> Simulation<SpinBoson, MeanField> {
    let mut sim = spin_boson(MeanField::default());
    sim.settings.num_trajs = trajectories;
    sim.settings.batch_size = 16;
    sim.settings.tmax = tmax;
    sim.settings.dt_collect = 0.02;
    sim
}

/// Data that do not fit, saved over data that do.
pub fn saving(_: Length) -> Found {
    let small = Small::new()?;
    let path = small.path().join("data.h5");
    let (old, new) = (serial_driver(simulation(8, 0.2))?, serial_driver(simulation(8, 60.0))?);
    old.save(&path)?;
    let Err(error) = new.save(&path) else {
        return Ok(("the larger data were saved where they do not fit".into(), false));
    };
    let told = small.told(&error.into());
    let intact = Data::load(&path)? == old;
    let left = std::fs::read_dir(small.path())?.count();
    let text = format!(
        "on {}: the old file is {}, {left} file(s) there; \"{told}\"",
        small.kind(),
        if intact { "intact" } else { "DAMAGED" },
    );
    Ok((text, intact && left == 1 && told.contains("data.h5")))
}

/// A run whose journal does not fit, and which goes on when there is room.
pub fn journaling(_: Length) -> Found {
    let small = Small::new()?;
    let sim = simulation(320, 4.0);
    let expected = serial_driver(&sim)?;
    let options = RunOptions::new().with_checkpoint(small.path().join("run.journal"));
    // What is finished is brought to a file here.
    let here = tempfile::tempdir()?;
    std::env::set_current_dir(here.path())?;
    let told = match Driver::Processes(2).run(&sim, &options) {
        Ok(_) => return Ok(("the journal fitted".to_string(), false)),
        Err(error) => small.told(&error).replace(here.path().to_string_lossy().as_ref(), "…"),
    };
    small.grow()?;
    let data = Driver::Processes(2).run(&sim, &options)?;
    let resumed = data.provenance().runs.last().map_or(0, |run| run.resumed);
    let equal = data == expected && data.digest() == expected.digest();
    std::env::set_current_dir("/")?;
    let text = format!(
        "on {}: \"{told}\"; with room, {resumed} of 320 trajectories come from the journal, and the \
         bits are {}",
        small.kind(),
        if equal { "equal" } else { "OTHERS" },
    );
    Ok((text, equal && resumed > 0 && resumed < 320 && told.contains("run.journal")))
}
