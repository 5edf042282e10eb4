//! The end of what workers have started, also when the driver cannot see to it.
//!
//! A worker dies with its driver, but not what the worker has started. So all of a run's workers are in one
//! process group, and whatever they start is in it too, unless it makes a group of its own. Its leader is a
//! process that does nothing but wait: it kills the group when the driver is gone. When a run ends, the driver
//! kills the group itself.
//!
//! An interrupt from the terminal, which goes to the group in the foreground, reaches the driver alone, and does
//! not cut off what pieces have started before the driver has decided.

use std::io;
use std::time::Duration;

use fascicle_core::WorkerLost;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, getppid, setpgid};

use crate::sys::{self, Process};

/// How often it looks for the driver.
const LOOK: Duration = Duration::from_millis(50);

/// What the process is called, where a name can be given.
#[cfg(target_os = "linux")]
const NAME: &std::ffi::CStr = c"fascicle-guard";

/// The leader of a run's process group. The group is killed when it is dropped.
pub(crate) struct Guardian(Process);

impl Guardian {
    /// Forks it.
    pub(crate) fn begin() -> io::Result<Self> {
        let driver = Pid::this();
        let process = sys::fork_bare(|| watch(driver))?;
        // Both do it, for either may be quicker.
        let _ = setpgid(process.pid(), process.pid());
        Ok(Self(process))
    }

    /// The group that workers join.
    pub(crate) fn group(&self) -> Pid {
        self.0.pid()
    }

    /// Makes this copy, inherited by a worker, harmless.
    pub(crate) fn disown(mut self) {
        self.0.disown();
        std::mem::forget(self);
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        // Until it is waited for no stranger's group has this number. Where the host ignores its children nobody
        // knows whether that was done.
        if self.0.ended() != Some(WorkerLost::Unknown) {
            let _ = killpg(self.group(), Signal::SIGKILL);
        }
    }
}

/// Waits until the driver is gone. System calls only: other threads may have held any lock at the fork.
fn watch(driver: Pid) -> i32 {
    let me = Pid::this();
    if setpgid(me, me).is_err() {
        return 1;
    }
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_name(NAME);
    // Among them the kernel's pipes, whose end somebody may wait for.
    sys::close_all();
    while getppid() == driver {
        std::thread::sleep(LOOK);
    }
    let _ = killpg(me, Signal::SIGKILL);
    0
}
