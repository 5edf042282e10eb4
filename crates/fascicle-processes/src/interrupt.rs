//! Ctrl-C.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use fascicle_core::CancelHandle;
use nix::sys::signal::{Signal, raise};

use crate::{notebook, sys};

/// How many runs can be watched at once; more are not interrupted.
const PLACES: usize = 64;

/// How long a run may take to end. After that a second interrupt is not ours.
const PATIENCE: u64 = 1000;

/// What a run of this place is told by. The handler sets all of them.
static FLAGS: [AtomicBool; PLACES] = [const { AtomicBool::new(false) }; PLACES];

/// When the first interrupt came that no run has ended by yet, in milliseconds; 0 for none.
static FIRST: AtomicU64 = AtomicU64::new(0);

/// Whose places are taken. While there are any, interrupts are ours.
static TAKEN: Mutex<[bool; PLACES]> = Mutex::new([false; PLACES]);

/// While it lives, an interrupt from the terminal (SIGINT) ends a run instead of the process. What was
/// to happen at an interrupt before is in force again when the last of these is dropped.
///
/// - A run that has not ended a second after an interrupt, as of pieces on this process's own threads
///   that do not look whether they are to end, leaves the next one to what was to happen before: by
///   default that ends the process.
/// - An interrupt that came too late to end the run is passed on, if a function was to be called.
/// - Where interrupts are ignored, as of a program in the background, they stay so.
/// - In a process that runs the cells of a notebook for a kernel of evcxr, the end of that kernel ends a
///   run too: nobody else could tell this process, which hears of it when its cell is over.
#[derive(Debug)]
pub struct Interruptible {
    place: Option<usize>,
}

impl Interruptible {
    /// Watches, and gives the handle by which the run learns of it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new(handle: CancelHandle) -> io::Result<(Self, CancelHandle)> {
        let handle = notebook::heed_kernel(handle);
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = taken.iter().position(|taken| !taken) else {
            return Ok((Self { place: None }, handle));
        };
        FLAGS[place].store(false, Ordering::Relaxed);
        if !taken.contains(&true) {
            FIRST.store(0, Ordering::Relaxed);
            if !sys::take_interrupts(on_interrupt)? {
                return Ok((Self { place: None }, handle));
            }
        }
        taken[place] = true;
        Ok((Self { place: Some(place) }, handle.with_flag(&FLAGS[place])))
    }

    /// Ends it, after a run that was ended by an interrupt or not.
    pub fn end(mut self, interrupted: bool) {
        self.give_back(interrupted);
    }

    fn give_back(&mut self, heeded: bool) {
        let Some(place) = self.place.take() else {
            return;
        };
        let to_function = {
            let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
            taken[place] = false;
            FIRST.store(0, Ordering::Relaxed);
            !taken.contains(&true) && sys::give_interrupts_back(on_interrupt)
        };
        if to_function && !heeded && FLAGS[place].load(Ordering::Relaxed) {
            // It cannot fail for SIGINT.
            let _ = raise(Signal::SIGINT);
        }
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        self.give_back(true);
    }
}

/// Hangs in a worker that was forked while another thread had what is needed to watch.
pub(crate) fn test() {
    drop(TAKEN.lock().unwrap_or_else(PoisonError::into_inner));
}

extern "C" fn on_interrupt(_: i32) {
    let now = sys::milliseconds();
    let first = FIRST.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    match first {
        Err(first) if now.saturating_sub(first) >= PATIENCE => sys::pass_on(),
        _ => FLAGS.iter().for_each(|flag| flag.store(true, Ordering::Relaxed)),
    }
}
