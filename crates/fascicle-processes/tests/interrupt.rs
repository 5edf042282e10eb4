//! Runs that are ended from outside, and what they leave behind.
#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use common::{Kept, Pieces, again, alone, children, integers, raise};
use fascicle_core::{
    CancelHandle, Context, Execute, ExecuteOptions, Failure, Frame, Report, Serial, Threads, Work,
    ignore_events,
};
use fascicle_processes::{Interruptible, Processes};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

const AFTER: Duration = Duration::from_millis(300);
const SOON: Duration = Duration::from_millis(1300);

/// Long pieces that give up when they are told to.
struct Patient;

impl Work for Patient {
    fn pieces(&self) -> u64 {
        100
    }
    fn fingerprint(&self, _: &mut fascicle_core::Fingerprint) {}
    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        let started = Instant::now();
        while piece > 3 && started.elapsed() < Duration::from_secs(60) {
            if cx.cancelled() {
                return Err(Failure::cancelled());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        out.put_i64s("value", vec![piece as i64]);
        Ok(())
    }
    fn shared(&self) -> Option<&(dyn Work + Sync)> {
        Some(self)
    }
}

/// Runs until something ends it, and checks that that was soon.
fn ended(driver: &dyn Execute, work: &dyn Work, cancel: &CancelHandle, end: fn(&CancelHandle)) {
    let (mut kept, options) = (Kept::default(), ExecuteOptions::new().with_cancel(cancel.clone()));
    let started = Instant::now();
    let report: Report = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(AFTER);
            end(cancel);
        });
        driver.run(work, &mut kept, &options, &mut ignore_events).unwrap()
    });
    let took = started.elapsed();
    assert!(AFTER <= took && took < SOON, "{} took {took:?}", driver.name());
    assert!(report.interrupted && report.failures.is_empty(), "{report:?}");
    assert_eq!(kept.values(), [0, 1, 2, 3], "{}", driver.name());
    assert_eq!(children(), [""; 0]);
}

#[test]
fn a_handle_ends_a_run_on_every_driver() {
    alone("a_handle_ends_a_run_on_every_driver", || {
        let drivers: [&dyn Execute; 3] =
            [&Serial, &Threads::new(2).unwrap(), &Processes::new(2).unwrap()];
        for driver in drivers {
            ended(driver, &Patient, &CancelHandle::new(), CancelHandle::cancel);
        }
    });
}

static CAUGHT: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: i32) {
    CAUGHT.fetch_add(1, Ordering::Relaxed);
}

fn handle_interrupts(handler: SigHandler) {
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing but add to an atomic number.
    unsafe { sigaction(Signal::SIGINT, &action) }.unwrap();
}

/// As from the terminal: any thread of the process may get it.
fn interrupt(_: &CancelHandle) {
    nix::sys::signal::kill(nix::unistd::Pid::this(), Signal::SIGINT).unwrap();
}

#[test]
fn an_interrupt_ends_a_run_and_not_the_process() {
    alone("an_interrupt_ends_a_run_and_not_the_process", || {
        handle_interrupts(SigHandler::Handler(count));
        let (processes, threads) = (Processes::new(2).unwrap(), Threads::new(2).unwrap());
        for driver in [&processes as &dyn Execute, &threads] {
            let (outer, _) = Interruptible::new(CancelHandle::new()).unwrap();
            let (inner, cancel) = Interruptible::new(CancelHandle::new()).unwrap();
            ended(driver, &Patient, &cancel, interrupt);
            drop(inner);
            raise(Signal::SIGINT);
            assert_eq!(CAUGHT.load(Ordering::Relaxed), 0, "another run is watched still");
            drop(outer);
            // The handler from before is in force again.
            raise(Signal::SIGINT);
            assert_eq!(CAUGHT.swap(0, Ordering::Relaxed), 1);
        }
        // And the next run knows nothing of it.
        let (_guard, cancel) = Interruptible::new(CancelHandle::new()).unwrap();
        let options = ExecuteOptions::new().with_cancel(cancel);
        let (work, mut kept) = (integers(20, |piece, _| piece as i64), Kept::default());
        let driver = Processes::new(2).unwrap();
        let report = driver.run(&work, &mut kept, &options, &mut ignore_events).unwrap();
        assert_eq!((report.done, report.interrupted), (20, false));
    });
}

#[test]
fn interrupts_that_are_ignored_stay_so() {
    alone("interrupts_that_are_ignored_stay_so", || {
        handle_interrupts(SigHandler::SigIgn);
        let (_guard, cancel) = Interruptible::new(CancelHandle::new()).unwrap();
        raise(Signal::SIGINT);
        assert!(!cancel.is_cancelled());
        let seen = common::run(2, &integers(20, |piece, _| piece as i64));
        assert_eq!(seen.report.done, 20);
    });
}

#[test]
fn a_thousand_runs_use_no_more_places_than_one() {
    alone("a_thousand_runs_use_no_more_places_than_one", || {
        let work = Pieces(1, |_: u64, _: &mut Context<'_>, _: &mut Frame| Ok(()));
        for _ in 0..1000 {
            let (_guard, cancel) = Interruptible::new(CancelHandle::new()).unwrap();
            let options = ExecuteOptions::new().with_cancel(cancel);
            Serial.run(&work, &mut Kept::default(), &options, &mut ignore_events).unwrap();
        }
        let (_guard, cancel) = Interruptible::new(CancelHandle::new()).unwrap();
        raise(Signal::SIGINT);
        assert!(cancel.is_cancelled());
    });
}

/// A piece that does not look whether it is to end, and one after it.
fn deaf() -> impl Work {
    integers(2, |piece, _| {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(5));
        }
        piece as i64
    })
}

#[test]
fn an_interrupt_that_a_run_does_not_heed_for_a_second_is_followed_by_what_was_to_happen_before() {
    alone(
        "an_interrupt_that_a_run_does_not_heed_for_a_second_is_followed_by_what_was_to_happen_before",
        || {
            handle_interrupts(SigHandler::Handler(count));
            let (guard, cancel) = Interruptible::new(CancelHandle::new()).unwrap();
            let options = ExecuteOptions::new().with_cancel(cancel);
            let caught = std::thread::scope(|scope| {
                let caught = scope.spawn(|| {
                    [300, 300, 900].map(|after| {
                        std::thread::sleep(Duration::from_millis(after));
                        interrupt(&CancelHandle::new());
                        std::thread::sleep(Duration::from_millis(50));
                        CAUGHT.load(Ordering::Relaxed)
                    })
                });
                let report =
                    Serial.run(&deaf(), &mut Kept::default(), &options, &mut ignore_events);
                assert!(report.unwrap().interrupted);
                caught.join().unwrap()
            });
            assert_eq!(caught, [0, 0, 1]);
            guard.end(true);
            raise(Signal::SIGINT);
            assert_eq!(CAUGHT.load(Ordering::Relaxed), 2);
        },
    );
}

#[test]
fn an_interrupt_that_comes_too_late_to_end_a_run_is_passed_on() {
    alone("an_interrupt_that_comes_too_late_to_end_a_run_is_passed_on", || {
        handle_interrupts(SigHandler::Handler(count));
        for (heeded, expected) in [(true, 0), (false, 1)] {
            let (guard, cancel) = Interruptible::new(CancelHandle::new()).unwrap();
            raise(Signal::SIGINT);
            assert!(cancel.is_cancelled());
            guard.end(heeded);
            assert_eq!(CAUGHT.load(Ordering::Relaxed), expected);
        }
    });
}

/// A folder in which each of two pieces writes the number of a program that it has started.
struct Started(std::path::PathBuf);

impl Started {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("fascicle-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Runs a shell that starts another program and waits for it.
    fn start(&self, piece: u64) {
        let mut shell = std::process::Command::new("sh");
        let file = self.0.join(piece.to_string());
        shell.args(["-c", "sleep 600 & echo $! > \"$0\"; wait"]).arg(file);
        shell.status().unwrap();
    }

    /// Runs a shell that starts another program and does not wait for it.
    fn leave(&self, piece: u64) {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "sleep 600 & echo $! > \"$0\""]).arg(self.0.join(piece.to_string()));
        shell.status().unwrap();
    }

    /// Waits until both have.
    fn wait(&self) -> [u32; 2] {
        let read = |piece: u32| std::fs::read_to_string(self.0.join(piece.to_string())).ok();
        let number = |piece| read(piece).filter(|pid| pid.ends_with('\n'));
        let both = || number(0).is_some() && number(1).is_some();
        assert!(common::wait_until(both).is_some());
        [0, 1].map(|piece| number(piece).unwrap().trim().parse().unwrap())
    }
}

impl Started {
    /// Ends a run when both have started what they start, and checks that nothing of that is left.
    fn end_a_run_of(&self, work: &dyn Work, workers: i64) {
        let cancel = CancelHandle::new();
        let options = ExecuteOptions::new().with_cancel(cancel.clone());
        let pids = std::thread::scope(|scope| {
            let pids = scope.spawn(|| {
                let pids = self.wait();
                cancel.cancel();
                pids
            });
            let driver = Processes::new(workers).unwrap();
            driver.run(work, &mut Kept::default(), &options, &mut ignore_events).unwrap();
            pids.join().unwrap()
        });
        are_gone(pids);
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn are_gone(pids: [u32; 2]) {
    for pid in pids {
        assert!(common::wait_until(|| !common::is_alive(pid)).is_some(), "{pid} lives on");
    }
}

#[test]
fn what_a_piece_has_started_is_ended_with_it() {
    alone("what_a_piece_has_started_is_ended_with_it", || {
        let started = Started::new("started");
        let work = integers(2, |piece, _| {
            started.start(piece);
            piece as i64
        });
        started.end_a_run_of(&work, 2);
    });
}

#[test]
fn what_a_piece_has_started_ends_with_the_run_when_its_worker_has_died() {
    alone("what_a_piece_has_started_ends_with_the_run_when_its_worker_has_died", || {
        let started = Started::new("left");
        let work = integers(2, |piece, cx| {
            if cx.attempt() == 0 {
                std::thread::scope(|scope| {
                    scope.spawn(|| started.start(piece));
                    started.wait();
                    std::process::abort();
                });
            }
            piece as i64
        });
        let (driver, mut kept) = (Processes::new(2).unwrap(), Kept::default());
        let report =
            driver.run(&work, &mut kept, &ExecuteOptions::new(), &mut ignore_events).unwrap();
        assert_eq!((report.workers_lost, kept.values()), (2, vec![0, 1]));
        are_gone(started.wait());
    });
}

/// The inner run's guardian is killed with the rest of it.
#[test]
fn what_a_run_inside_a_piece_has_left_is_ended_with_the_piece() {
    alone("what_a_run_inside_a_piece_has_left_is_ended_with_the_piece", || {
        let started = Started::new("inner");
        let inner = integers(2, |piece, _| {
            started.leave(piece);
            std::thread::sleep(Duration::from_secs(600));
            0
        });
        let work = integers(1, |_, _| {
            let (driver, options) = (Processes::new(2).unwrap(), ExecuteOptions::new());
            driver.run(&inner, &mut Kept::default(), &options, &mut ignore_events).unwrap();
            0
        });
        started.end_a_run_of(&work, 1);
    });
}

#[test]
fn what_a_piece_has_started_ends_with_a_driver_that_is_killed() {
    const INSIDE: &str = "FASCICLE_STARTED";
    if let Some(folder) = std::env::var_os(INSIDE) {
        let started = Started(folder.into());
        let work = integers(2, |piece, _| {
            started.start(piece);
            piece as i64
        });
        let (driver, options) = (Processes::new(2).unwrap(), ExecuteOptions::new());
        driver.run(&work, &mut Kept::default(), &options, &mut ignore_events).unwrap();
        unreachable!("nobody ends it but by a kill");
    }
    let started = Started::new("killed");
    let mut program = again("what_a_piece_has_started_ends_with_a_driver_that_is_killed", INSIDE);
    let mut driver = program.env(INSIDE, &started.0).spawn().unwrap();
    let pids = started.wait();
    assert!(pids.iter().all(|&pid| common::is_alive(pid)));
    driver.kill().unwrap();
    driver.wait().unwrap();
    are_gone(pids);
}

#[test]
fn a_run_ends_with_the_kernel_of_its_notebook() {
    const INSIDE: &str = "EVCXR_IS_RUNTIME";
    if std::env::var_os(INSIDE).is_some() {
        std::thread::spawn(|| {
            std::thread::sleep(Duration::from_secs(20));
            std::process::exit(1);
        });
        let (_guard, cancel) = Interruptible::new(CancelHandle::new()).unwrap();
        let options = ExecuteOptions::new().with_cancel(cancel);
        let (driver, mut kept) = (Processes::new(2).unwrap(), Kept::default());
        writeln!(std::io::stderr(), "begun").unwrap();
        let report = driver.run(&Patient, &mut kept, &options, &mut ignore_events).unwrap();
        writeln!(std::io::stderr(), "interrupted {}", report.interrupted).unwrap();
        return;
    }
    let program = again("a_run_ends_with_the_kernel_of_its_notebook", INSIDE);
    // A shell stands for the kernel.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec 3<&0; \"$@\" <&3 & wait", "sh"]).arg(program.get_program());
    shell.args(program.get_args()).env(INSIDE, "1");
    let piped = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut kernel = piped.spawn().unwrap();
    let mut lines = BufReader::new(kernel.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "begun"));

    let started = Instant::now();
    // That it will be told no more is not the end: its pipe may have been closed by a cell.
    drop(kernel.stdin.take());
    std::thread::sleep(AFTER);
    kernel.kill().unwrap();
    kernel.wait().unwrap();
    assert!(lines.any(|line| line == "interrupted true"));
    let took = started.elapsed();
    assert!(AFTER <= took && took < SOON, "{took:?}");
}
