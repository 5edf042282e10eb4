//! Ctrl-C.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use fascicle_core::CancelHandle;
use nix::sys::signal::SigAction;

use crate::sys;

/// How many runs can be watched at once; more are not interrupted.
const PLACES: usize = 64;

/// What a run of this place is told by. The handler sets all of them.
static FLAGS: [AtomicBool; PLACES] = [const { AtomicBool::new(false) }; PLACES];

/// Whose places are taken, and what was to happen at an interrupt before the first of them.
static WATCHED: Mutex<Watched> = Mutex::new(Watched { taken: [false; PLACES], before: None });

struct Watched {
    taken: [bool; PLACES],
    before: Option<SigAction>,
}

/// While it lives, an interrupt from the terminal (SIGINT) ends a run instead of the process. What was
/// to happen at an interrupt before is in force again when the last of these is dropped.
///
/// Where interrupts are ignored, as of a program in the background, they stay so.
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
        let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = watched.taken.iter().position(|taken| !taken) else {
            return Ok((Self { place: None }, handle));
        };
        if watched.before.is_none() {
            let Some(before) = sys::take_interrupts(set_flags)? else {
                return Ok((Self { place: None }, handle));
            };
            watched.before = Some(before);
        }
        watched.taken[place] = true;
        FLAGS[place].store(false, Ordering::Relaxed);
        Ok((Self { place: Some(place) }, handle.with_flag(&FLAGS[place])))
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        let Some(place) = self.place else {
            return;
        };
        let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        watched.taken[place] = false;
        if !watched.taken.contains(&true)
            && let Some(before) = watched.before.take()
        {
            sys::give_interrupts_back(&before);
        }
    }
}

/// Hangs in a worker that was forked while another thread had what is needed to watch.
pub(crate) fn test() {
    drop(WATCHED.lock().unwrap_or_else(PoisonError::into_inner));
}

extern "C" fn set_flags(_: i32) {
    FLAGS.iter().for_each(|flag| flag.store(true, Ordering::Relaxed));
}
