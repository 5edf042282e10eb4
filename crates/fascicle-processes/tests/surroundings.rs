//! Hosts that make it hard: signals, handlers and hooks of their own.
#![cfg(target_os = "linux")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use common::{Pieces, alone, children, integers, raise, run};
use fascicle_core::{Context, Execute, ExecuteOptions, Frame, WorkerLost, ignore_events};
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

static ALARMS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: i32) {
    ALARMS.fetch_add(1, Ordering::Relaxed);
}

fn handle(signal: Signal, handler: SigHandler) {
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing but add to an atomic number.
    unsafe { sigaction(signal, &action) }.unwrap();
}

/// Sends SIGALRM to one thread of this process, again and again, while a closure runs in it.
fn pestered(body: impl FnOnce()) {
    handle(Signal::SIGALRM, SigHandler::Handler(count));
    let (stop, victim) = (AtomicBool::new(false), nix::unistd::gettid().as_raw());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // SAFETY: tgkill reads three integers and nothing else.
                unsafe {
                    libc::syscall(libc::SYS_tgkill, std::process::id(), victim, libc::SIGALRM)
                };
                std::thread::sleep(Duration::from_micros(50));
            }
        });
        let _stop = common::StopAtEnd(&stop);
        body();
    });
}

#[test]
fn signals_interrupt_nothing() {
    alone("signals_interrupt_nothing", || {
        let work = Pieces(40, |piece, cx: &mut Context<'_>, out: &mut Frame| {
            if piece == 11 && cx.attempt() == 0 {
                raise(Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(2));
            out.put_bytes("large", vec![piece as u8; 1 << 20]);
            Ok(())
        });
        pestered(|| {
            for _ in 0..5 {
                let seen = run(2, &work);
                assert_eq!((seen.report.done, seen.report.workers_lost), (40, 1));
            }
        });
        assert!(ALARMS.load(Ordering::Relaxed) > 100);
        assert_eq!(children(), [""; 0]);
    });
}

#[test]
fn a_host_that_ignores_its_children_learns_only_that_they_ended() {
    alone("a_host_that_ignores_its_children_learns_only_that_they_ended", || {
        handle(Signal::SIGCHLD, SigHandler::SigIgn);
        let work = integers(20, |piece, cx| {
            if piece == 11 && cx.attempt() == 0 {
                raise(Signal::SIGKILL);
            }
            piece as i64
        });
        let seen = run(2, &work);
        assert_eq!(seen.report.done, 20);
        assert_eq!(seen.lost, [(WorkerLost::Unknown, Some(11))]);
        assert_eq!(children(), [""; 0]);
    });
}

static FORKS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// What an inherited lock does to a worker that needs it before it can say hello.
extern "C" fn hang_once() {
    while FORKS.load(Ordering::Relaxed) == 1 {
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn a_worker_that_hangs_before_it_says_hello_is_replaced() {
    alone("a_worker_that_hangs_before_it_says_hello_is_replaced", || {
        // SAFETY: both functions are there for ever, and do nothing that a fork forbids.
        unsafe { libc::pthread_atfork(Some(count_fork), None, Some(hang_once)) };
        let seen = run(1, &integers(3, |piece, _| piece as i64));
        assert_eq!(seen.kept.values(), [0, 1, 2]);
        assert_eq!(seen.lost, [(WorkerLost::Silent(Duration::from_millis(500)), None)]);
    });
}

extern "C" fn hang() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn workers_that_never_start_are_an_error_in_the_end() {
    alone("workers_that_never_start_are_an_error_in_the_end", || {
        // SAFETY: the function is there for ever, and does nothing that a fork forbids.
        unsafe { libc::pthread_atfork(None, None, Some(hang)) };
        let work = integers(3, |piece, _| piece as i64);
        let (driver, options) = (common::processes(2), ExecuteOptions::new());
        let refused = driver.run(&work, &mut common::Kept::default(), &options, &mut ignore_events);
        let message = refused.unwrap_err().to_string();
        assert!(message.starts_with("the processes driver could not start worker"), "{message}");
        // The test's own main thread is the only one that could be suspected.
        assert!(message.contains("thread(s) of this process may have held a lock"), "{message}");
        assert_eq!(children(), [""; 0]);
    });
}

/// Ranks of MPI do not fork: a launcher says that this is one.
#[test]
fn a_rank_of_mpi_does_not_fork() {
    const RANKS: &str = "OMPI_COMM_WORLD_SIZE";
    if std::env::var_os(RANKS).is_none() {
        let mut inside = common::again("a_rank_of_mpi_does_not_fork", RANKS);
        let output = inside.env(RANKS, "2").output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
        return;
    }
    let work = integers(3, |piece, _| piece as i64);
    let driver = fascicle_processes::Processes::new(2).unwrap();
    let mut kept = common::Kept::default();
    let error =
        driver.run(&work, &mut kept, &ExecuteOptions::new(), &mut ignore_events).unwrap_err();
    let expected = "the processes driver has no fork() in a rank of MPI: use MPI";
    assert_eq!(error.to_string(), expected);
    assert!(kept.values().is_empty() && children().is_empty());
}
