//! SIGTERM, by which schedulers end a job that is near its time limit.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use fascicle_core::CancelHandle;
use nix::sys::signal::{Signal, raise};

use crate::sys;

/// Whether the signal has come since it was watched for.
static COME: AtomicBool = AtomicBool::new(false);

/// How many runs watch for it.
static WATCHERS: Mutex<usize> = Mutex::new(0);

/// While it lives, SIGTERM ends a run, which thus can bring its checkpoint to the disk; when the last of
/// these is dropped, the signal ends the process as it would have done at once.
///
/// Where somebody else has seen to that signal, or it is ignored, it stays so.
#[derive(Debug)]
pub struct Terminable {
    watches: bool,
}

impl Terminable {
    /// Watches, and gives the handle by which the run learns of it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new(handle: CancelHandle) -> io::Result<(Self, CancelHandle)> {
        let mut watchers = WATCHERS.lock().unwrap_or_else(PoisonError::into_inner);
        if *watchers == 0 {
            COME.store(false, Ordering::Relaxed);
            if !sys::take_termination(on_termination)? {
                return Ok((Self { watches: false }, handle));
            }
        }
        *watchers += 1;
        Ok((Self { watches: true }, handle.with_sign(|| COME.load(Ordering::Relaxed))))
    }

    /// Whether the signal has come, and ends the process when this is dropped.
    pub fn is_due(&self) -> bool {
        self.watches && COME.load(Ordering::Relaxed)
    }
}

impl Drop for Terminable {
    fn drop(&mut self) {
        if !self.watches {
            return;
        }
        let mut watchers = WATCHERS.lock().unwrap_or_else(PoisonError::into_inner);
        *watchers -= 1;
        if *watchers == 0 {
            sys::give_termination_back(on_termination);
            if COME.load(Ordering::Relaxed) {
                // It cannot fail for SIGTERM.
                let _ = raise(Signal::SIGTERM);
            }
        }
    }
}

extern "C" fn on_termination(_: i32) {
    COME.store(true, Ordering::Relaxed);
}
