//! Runs that are ended from outside: by Ctrl-C, and with the process that drives them.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fascicle::prelude::*;
use fascicle_tests::simulations::slow;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid};

use super::work::{Dice, children, workers_of};
use super::{Found, Length};

/// Interrupts that came where no run was.
static STRAY: AtomicU64 = AtomicU64::new(0);

extern "C" fn stray(_: i32) {
    STRAY.fetch_add(1, Ordering::Relaxed);
}

fn own_action() -> SigAction {
    SigAction::new(SigHandler::Handler(stray), SaFlags::empty(), SigSet::empty())
}

/// The handler that is in force.
fn handler() -> Option<usize> {
    // SAFETY: all zeros are a valid value; sigaction only reads the disposition into it.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let found = unsafe { libc::sigaction(libc::SIGINT, std::ptr::null(), &raw mut action) };
    (found == 0).then_some(action.sa_sigaction)
}

/// A run that is interrupted: how long it took to end from then, if it was ended by that and left all
/// as it was.
fn interrupted(after: Duration) -> Result<Option<Duration>, Box<dyn Error>> {
    let sim = slow(Duration::from_millis(40));
    let (data, signalled) = std::thread::scope(|scope| {
        let signal = scope.spawn(move || {
            std::thread::sleep(after);
            let at = Instant::now();
            kill(Pid::this(), Signal::SIGINT).map(|()| at)
        });
        (Driver::Processes(2).run(&sim, RunOptions::new()), signal.join())
    });
    let took = signalled.expect("it does not panic")?.elapsed();
    let well = !data?.is_complete()
        && children().is_empty()
        && handler() == Some(stray as *const () as usize);
    Ok(well.then_some(took))
}

/// Interrupts at random times of runs.
pub fn interrupts(length: Length) -> Found {
    // SAFETY: the handler does nothing but add to an atomic number.
    unsafe { sigaction(Signal::SIGINT, &own_action()) }?;
    let (count, mut dice) = (length.of(20, 500), Dice(3));
    let (mut well, mut longest) = (0, Duration::ZERO);
    for _ in 0..count {
        let after = Duration::from_micros(20_000 + dice.below(150_000) as u64);
        if let Some(took) = interrupted(after)? {
            well += 1;
            longest = longest.max(took);
        }
    }
    let strays = STRAY.load(Ordering::Relaxed);
    let text = format!(
        "{well} of {count} runs ended Ok and incomplete, with no worker left and the handler of before; \
         {strays} interrupts missed their run; the longest took {:.0} ms",
        1e3 * longest.as_secs_f64()
    );
    Ok((text, well == count && longest < Duration::from_secs(1)))
}

/// Kills a process that drives two workers: how long one of them lived on.
fn orphaned() -> Result<Duration, Box<dyn Error>> {
    // SAFETY: there is no other thread.
    let driver = match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            let _ = Driver::Processes(2).run(slow(Duration::from_secs(2)), RunOptions::new());
            std::process::exit(0)
        }
        ForkResult::Parent { child } => child,
    };
    let mut workers = Vec::new();
    let started = Instant::now();
    while workers.len() < 2 && started.elapsed() < Duration::from_secs(10) {
        workers = workers_of(driver.as_raw());
    }
    kill(driver, Signal::SIGKILL)?;
    let killed = Instant::now();
    waitpid(driver, None)?;
    if workers.len() < 2 {
        return Err("the driver has not begun".into());
    }
    while workers.iter().any(|&worker| lives(worker)) && killed.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(killed.elapsed())
}

/// Whether a process is there and no zombie, which only waits to be reaped.
fn lives(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

/// Drivers that are killed with their workers at work.
pub fn parent(length: Length) -> Found {
    let count = length.of(10, 300);
    let mut longest = Duration::ZERO;
    for _ in 0..count {
        longest = longest.max(orphaned()?);
    }
    let text = format!(
        "{count} drivers of two workers killed: the last worker was gone after {:.0} ms at the most",
        1e3 * longest.as_secs_f64()
    );
    Ok((text, longest < Duration::from_secs(1)))
}
