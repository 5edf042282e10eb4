//! System calls that are interrupted, or do little at a time.
//!
//! The C library's `read`, `write` and `writev` are replaced in this program by functions that can be
//! made nervous.

use std::error::Error;
use std::ffi::{c_int, c_void};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use fascicle::prelude::*;
use fascicle_tests::simulations::spin_boson;
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::{Found, Length};

/// Whether calls are interrupted and short.
static NERVOUS: AtomicBool = AtomicBool::new(false);
/// How many of this process's calls were.
static SHORT: AtomicU64 = AtomicU64::new(0);
static INTERRUPTED: AtomicU64 = AtomicU64::new(0);

/// How much of so many bytes a call may take; nothing if it is interrupted. What is small enough goes
/// through a pipe whole, on all systems.
fn share(fd: c_int, count: usize) -> Option<usize> {
    if !NERVOUS.load(Ordering::Relaxed) || count == 0 {
        return Some(count);
    }
    let call = SHORT.fetch_add(1, Ordering::Relaxed);
    if call % 5 == 4 {
        INTERRUPTED.fetch_add(1, Ordering::Relaxed);
        Errno::EINTR.set();
        return None;
    }
    if count <= libc::PIPE_BUF && is_pipe(fd) {
        return Some(count);
    }
    // Mostly a few bytes, else so many that large frames come to an end.
    let most =
        if call.is_multiple_of(16) { 40_000 } else { 1 + call.wrapping_mul(2_654_435_761) % 97 };
    Some(count.min(most as usize))
}

fn is_pipe(fd: c_int) -> bool {
    // SAFETY: all zeros are a valid value, and the call only writes to it.
    let mut found: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let known = unsafe { libc::fstat(fd, &raw mut found) } == 0;
    known && found.st_mode & libc::S_IFMT == libc::S_IFIFO
}

/// Reads, as read(2).
#[unsafe(no_mangle)]
extern "C" fn read(fd: c_int, bytes: *mut c_void, count: usize) -> isize {
    // SAFETY: as of the caller, with fewer bytes.
    share(fd, count)
        .map_or(-1, |count| unsafe { libc::syscall(libc::SYS_read, fd, bytes, count) as isize })
}

/// How many bytes may still be sent, and what is to be done then with which number, if anything is.
static LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);
static THEN: Mutex<Option<Then>> = Mutex::new(None);
type Then = (fn(usize) -> !, usize);

/// What this process writes to a pipe next, but to its standard outputs, is cut after so many bytes, and
/// then this is called with this number.
pub fn cut_next_frame(sent: usize, then: fn(usize) -> !, number: usize) {
    *THEN.lock().expect("nobody else has it") = Some((then, number));
    LEFT.store(sent, Ordering::Relaxed);
}

/// Before so many bytes are written: sends a part of them and does not come back, if they are to be cut.
fn cut(fd: c_int, bytes: *const c_void, count: usize) {
    let left = LEFT.load(Ordering::Relaxed);
    if left == usize::MAX || fd <= 2 || !is_pipe(fd) {
        return;
    }
    if left >= count {
        return LEFT.store(left - count, Ordering::Relaxed);
    }
    // SAFETY: as of the caller, with fewer bytes.
    unsafe { libc::syscall(libc::SYS_write, fd, bytes, left) };
    if let Some((then, number)) = *THEN.lock().expect("nobody else has it") {
        LEFT.store(usize::MAX, Ordering::Relaxed);
        then(number);
    }
}

/// Writes, as write(2).
#[unsafe(no_mangle)]
extern "C" fn write(fd: c_int, bytes: *const c_void, count: usize) -> isize {
    cut(fd, bytes, count);
    // SAFETY: as of the caller, with fewer bytes.
    share(fd, count)
        .map_or(-1, |count| unsafe { libc::syscall(libc::SYS_write, fd, bytes, count) as isize })
}

/// Writes, as writev(2): of the first part that is not empty alone, if it is nervous.
#[unsafe(no_mangle)]
extern "C" fn writev(fd: c_int, parts: *const libc::iovec, count: c_int) -> isize {
    if !NERVOUS.load(Ordering::Relaxed) && LEFT.load(Ordering::Relaxed) == usize::MAX {
        // SAFETY: as of the caller.
        return unsafe { libc::syscall(libc::SYS_writev, fd, parts, count) as isize };
    }
    // SAFETY: the caller has so many parts there.
    let parts = unsafe { std::slice::from_raw_parts(parts, count as usize) };
    let part = parts.iter().find(|part| part.iov_len > 0);
    part.map_or(0, |part| write(fd, part.iov_base, part.iov_len))
}

fn simulation() -> Simulation<SpinBoson, MeanField> {
    let mut sim = spin_boson(MeanField::default());
    sim.settings.num_trajs = 400;
    sim
}

/// Runs with a journal, runs from it, saves and loads, so many times: how often all had these bits.
fn rounds(count: usize, expected: &Data) -> Result<usize, Box<dyn Error>> {
    let (sim, folder) = (simulation(), tempfile::tempdir()?);
    let path = folder.path().join("data.h5");
    (0..count).try_fold(0, |equal, at| {
        let options =
            RunOptions::new().with_checkpoint(folder.path().join(format!("{at}.journal")));
        let data = Driver::Processes(2).run(&sim, &options)?;
        let again = Driver::Processes(2).run(&sim, &options)?;
        data.save(&path)?;
        let resumed = again.provenance().runs[0].resumed == 400;
        let all = data == *expected && again == *expected && Data::load(&path)? == *expected;
        Ok(equal + usize::from(resumed && all))
    })
}

/// Calls that take few bytes, or none as they are interrupted, here and in workers.
pub fn short(length: Length) -> Found {
    let (expected, count) = (serial_driver(simulation())?, length.of(5, 100));
    NERVOUS.store(true, Ordering::Relaxed);
    let equal = rounds(count, &expected);
    NERVOUS.store(false, Ordering::Relaxed);
    let equal = equal?;
    let [calls, interrupted] = [&SHORT, &INTERRUPTED].map(|count| count.load(Ordering::Relaxed));
    let text = format!(
        "{count} runs with a journal, run again from it, saved and loaded: {equal} equal, with {calls} \
         short calls in the driver, {interrupted} of them interrupted"
    );
    Ok((text, equal == count && interrupted > 1000))
}

static ALARMS: AtomicU64 = AtomicU64::new(0);

extern "C" fn count(_: c_int) {
    ALARMS.fetch_add(1, Ordering::Relaxed);
}

/// Signals for this thread, until it is told to stop.
fn storm(victim: libc::pid_t, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        // SAFETY: tgkill reads three integers and nothing else.
        unsafe { libc::syscall(libc::SYS_tgkill, std::process::id(), victim, libc::SIGALRM) };
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// Signals that interrupt whatever waits.
pub fn signals(length: Length) -> Found {
    let action = SigAction::new(SigHandler::Handler(count), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing but add to an atomic number.
    unsafe { sigaction(Signal::SIGALRM, &action) }?;
    let (expected, count) = (serial_driver(simulation())?, length.of(10, 200));
    let (stop, victim) = (AtomicBool::new(false), nix::unistd::gettid().as_raw());
    let equal = std::thread::scope(|scope| {
        scope.spawn(|| storm(victim, &stop));
        let equal = rounds(count, &expected);
        stop.store(true, Ordering::Relaxed);
        equal
    })?;
    let alarms = ALARMS.load(Ordering::Relaxed);
    let text = format!(
        "{count} runs with a journal, run again from it, saved and loaded: {equal} equal, under {alarms} \
         signals"
    );
    Ok((text, equal == count && alarms > 100))
}
