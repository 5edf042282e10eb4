//! SIGTERM, held back for a moment while MPI starts.
//!
//! When a rank ends with an error, Open MPI's `mpirun` ends the others: it sends SIGTERM to them and
//! sleeps for a second, or until it hears of an end. Those that wait in MPI's start would often end before
//! it falls asleep, and it would sleep that second for nothing.

use std::fs;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// How long it is held back.
const MOMENT: Duration = Duration::from_millis(50);

/// Held back from this thread until it is dropped, on the same thread; and from those that it starts meanwhile, as
/// MPI does, for good.
#[derive(Debug)]
pub(crate) struct Held(SigSet);

impl Held {
    /// Holds it, where [`heed`] can tell that it has come; elsewhere it comes as ever.
    pub(crate) fn begin() -> Option<Self> {
        has_come()?;
        termination().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok().map(Self)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.thread_set_mask();
    }
}

/// If it has come, what the program has for it is done a moment later, on this thread.
pub(crate) fn heed() {
    if has_come() == Some(true) {
        thread::sleep(MOMENT);
        let _ = termination().thread_unblock();
    }
}

/// Whether it waits for a thread that takes it.
fn has_come() -> Option<bool> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let waiting = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"))?;
    let waiting = u64::from_str_radix(waiting.trim(), 16).ok()?;
    Some(waiting & (1 << (Signal::SIGTERM as u32 - 1)) != 0)
}

fn termination() -> SigSet {
    SigSet::from(Signal::SIGTERM)
}
