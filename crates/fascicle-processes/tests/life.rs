//! Nothing is left of a run, however it ends.
#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{
    Kept, again, alone, children, descriptors, integers, is_alive, processes, raise, run,
    wait_until,
};
use fascicle_core::{
    Event, Execute, ExecuteOptions, Fold, FoldError, Frame, RunError, Work, ignore_events,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

#[test]
fn no_descriptors_and_no_children_are_left() {
    alone("no_descriptors_and_no_children_are_left", || {
        let work = integers(6, |piece, cx| {
            if piece == 2 && cx.attempt() == 0 {
                raise(Signal::SIGKILL);
            }
            piece as i64
        });
        run(3, &work);
        let before = descriptors();
        for _ in 0..50 {
            assert_eq!(run(3, &work).report.done, 6);
        }
        assert_eq!(descriptors(), before);
        assert_eq!(children(), [""; 0]);
    });
}

#[test]
fn a_worker_holds_no_descriptors_of_the_others() {
    alone("a_worker_holds_no_descriptors_of_the_others", || {
        let host = descriptors() as i64;
        let work = integers(8, |_, _| {
            std::thread::sleep(Duration::from_millis(20));
            descriptors() as i64
        });
        let counts = run(8, &work).kept.values();
        // What the host had, a pipe for commands and one for results.
        assert_eq!(counts, [host + 2; 8]);
    });
}

#[test]
fn a_listener_ends_the_run_and_what_is_finished_is_kept() {
    let work = integers(1000, |piece, _| {
        std::thread::sleep(Duration::from_millis(if piece < 10 { 1 } else { 3000 }));
        piece as i64
    });
    let (started, mut kept) = (Instant::now(), Kept::default());
    let listener = &mut |event: Event<'_>| match event {
        Event::Done { progress, .. } if progress.pieces == 5 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let report = processes(2).run(&work, &mut kept, &ExecuteOptions::new(), listener).unwrap();
    assert!(report.interrupted);
    assert_eq!(report.done as usize, kept.frames.len());
    assert!((5..=6).contains(&report.done), "{report:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_run_that_is_refused_from_the_start_forks_nothing() {
    let work = integers(4, |_, _| unreachable!("nothing may run"));
    let listener = &mut |_: Event<'_>| ControlFlow::Break(());
    let driver = processes(2);
    let report = driver.run(&work, &mut Kept::default(), &ExecuteOptions::new(), listener).unwrap();
    assert_eq!((report.interrupted, report.done, report.workers_lost), (true, 0, 0));
}

struct Panicking;

impl Fold for Panicking {
    fn add(&mut self, piece: u64, _: &Frame) -> Result<(), FoldError> {
        assert!(piece != 2, "the fold gives up");
        Ok(())
    }
}

#[test]
fn nobody_is_left_when_the_fold_or_the_listener_panics() {
    alone("nobody_is_left_when_the_fold_or_the_listener_panics", || {
        let work = integers(6, |piece, _| {
            std::thread::sleep(Duration::from_millis(if piece < 4 { 1 } else { 60_000 }));
            piece as i64
        });
        let before = descriptors();
        let unwind = |fold: &mut dyn Fold, listener: &mut fascicle_core::Listener<'_>| {
            let options = ExecuteOptions::new();
            let driver = processes(2);
            let run = AssertUnwindSafe(|| driver.run(&work, fold, &options, listener));
            assert!(catch_unwind(run).is_err());
        };
        unwind(&mut Panicking, &mut |_| ControlFlow::Continue(()));
        assert_eq!((children(), descriptors()), (Vec::new(), before));
        unwind(&mut Kept::default(), &mut |event| {
            assert!(!matches!(event, Event::Done { piece: 3, .. }), "the listener gives up");
            ControlFlow::Continue(())
        });
        assert_eq!((children(), descriptors()), (Vec::new(), before));
    });
}

/// A work whose workers tell their numbers and then sleep.
fn sleepers() -> impl Work {
    integers(3, |_, _| {
        let mut stdout = std::io::stdout();
        writeln!(stdout, "worker {}", std::process::id()).unwrap();
        std::thread::sleep(Duration::from_secs(300));
        0
    })
}

#[test]
fn workers_die_with_the_driver() {
    const INSIDE: &str = "FASCICLE_SLEEPS";
    if std::env::var_os(INSIDE).is_some() {
        let _ = processes(3).run(
            &sleepers(),
            &mut Kept::default(),
            &ExecuteOptions::new(),
            &mut |event| {
                if let Event::Output { line, .. } = event {
                    writeln!(std::io::stderr(), "{line}").unwrap();
                }
                ControlFlow::Continue(())
            },
        );
        return;
    }
    let mut command = again("workers_die_with_the_driver", INSIDE);
    let mut driver = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(driver.stderr.take().unwrap()).lines();
    let workers: Vec<u32> = lines
        .filter_map(|line| line.unwrap().strip_prefix("worker ")?.parse().ok())
        .take(3)
        .collect();
    assert_eq!(workers.len(), 3);
    assert!(workers.iter().all(|&worker| is_alive(worker)));
    driver.kill().unwrap();
    driver.wait().unwrap();
    let gone = wait_until(|| !workers.iter().any(|&worker| is_alive(worker)));
    assert!(gone.is_some_and(|time| time < Duration::from_secs(2)), "{gone:?}");
}

#[test]
fn workers_of_workers_die_with_their_worker() {
    let options = ExecuteOptions::new().with_timeout(Duration::from_millis(500)).with_attempts(1);
    let work = integers(1, |_, _| {
        let relay = &mut |event: Event<'_>| {
            if let Event::Output { line, .. } = event {
                writeln!(std::io::stdout(), "{line}").unwrap();
            }
            ControlFlow::Continue(())
        };
        let inner = processes(3);
        inner.run(&sleepers(), &mut Kept::default(), &ExecuteOptions::new(), relay).unwrap();
        0
    });
    let seen = common::run_with(1, &work, &options);
    let inner: Vec<u32> = seen
        .lines
        .iter()
        .filter_map(|(_, line)| line.strip_prefix("worker ")?.parse().ok())
        .collect();
    assert_eq!(inner.len(), 3, "{seen:?}");
    assert!(wait_until(|| !inner.iter().any(|&worker| is_alive(worker))).is_some());
}

#[test]
fn a_run_that_is_stopped_and_goes_on_loses_no_time() {
    const INSIDE: &str = "FASCICLE_STOPPED";
    if std::env::var_os(INSIDE).is_some() {
        // Each piece takes 0.6 s of the second that it has, in steps, so that it needs time after
        // the stop too.
        let work = integers(4, |piece, _| {
            writeln!(std::io::stdout(), "begun").unwrap();
            (0..12).for_each(|_| std::thread::sleep(Duration::from_millis(50)));
            piece as i64
        });
        let options = ExecuteOptions::new().with_timeout(Duration::from_secs(1)).with_attempts(1);
        let report = processes(2).run(&work, &mut Kept::default(), &options, &mut |event| {
            if let Event::Output { line, .. } = event {
                writeln!(std::io::stderr(), "{line}").unwrap();
            }
            ControlFlow::Continue(())
        });
        let report = report.unwrap();
        assert_eq!((report.done, report.workers_lost), (4, 0), "{:?}", report.failures);
        return;
    }
    let mut command = again("a_run_that_is_stopped_and_goes_on_loses_no_time", INSIDE);
    let piped = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut driver = piped.spawn().unwrap();
    let mut lines = BufReader::new(driver.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "begun"));
    // As Ctrl-Z and `fg` do.
    std::thread::sleep(Duration::from_millis(200));
    let group = Pid::from_raw(driver.id() as i32);
    killpg(group, Signal::SIGSTOP).unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    killpg(group, Signal::SIGCONT).unwrap();
    let rest: Vec<String> = lines.collect();
    assert!(driver.wait().unwrap().success(), "{rest:#?}");
}

/// Lets this process open so many more descriptors.
fn allow_descriptors(more: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let most = descriptors() as u64 - 1 + more;
    setrlimit(Resource::RLIMIT_NOFILE, most, hard).unwrap();
}

#[test]
fn the_run_goes_on_with_the_workers_that_could_be_forked() {
    alone("the_run_goes_on_with_the_workers_that_could_be_forked", || {
        // A worker takes six of the driver's descriptors, and nine while it is forked.
        allow_descriptors(15);
        // Long enough for the driver to have tried again until it says so.
        let slow = integers(20, |piece, _| {
            std::thread::sleep(Duration::from_millis(150));
            piece as i64
        });
        let seen = run(6, &slow);
        assert_eq!(seen.kept.values(), (0..20).collect::<Vec<_>>());
        assert!((1..6).contains(&seen.notes.len()), "{:?}", seen.notes);
        let waits = |note: &String| note.contains("cannot be forked for now, and is tried again: ");
        assert!(seen.notes.iter().all(waits), "{:?}", seen.notes);
        assert_eq!(children(), [""; 0]);
    });
}

/// Takes all descriptors that are left, for a while.
fn starve(time: Duration) {
    let taken: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    assert!(!taken.is_empty());
    std::thread::spawn(move || {
        std::thread::sleep(time);
        drop(taken);
    });
}

#[test]
fn a_run_waits_for_descriptors_that_are_short_for_a_moment() {
    alone("a_run_waits_for_descriptors_that_are_short_for_a_moment", || {
        allow_descriptors(50);
        let work = integers(6, |piece, _| piece as i64);
        for workers in [1, 3] {
            starve(Duration::from_millis(600));
            let seen = run(workers, &work);
            assert_eq!((seen.report.done, seen.notes.len()), (6, 0), "{:?}", seen.notes);
        }
    });
}

#[test]
fn a_replacement_waits_for_descriptors_that_are_short_for_a_moment() {
    alone("a_replacement_waits_for_descriptors_that_are_short_for_a_moment", || {
        allow_descriptors(50);
        let work = integers(6, |piece, cx| {
            if piece == 2 && cx.attempt() == 0 {
                std::process::abort();
            }
            piece as i64
        });
        let starving = &mut |event: Event<'_>| {
            // Told when piece 2 is under way, and before its end is seen.
            if matches!(event, Event::Done { piece: 1, .. }) {
                starve(Duration::from_millis(600));
            }
            ControlFlow::Continue(())
        };
        let (mut kept, options) = (Kept::default(), ExecuteOptions::new());
        let report = processes(1).run(&work, &mut kept, &options, starving).unwrap();
        assert_eq!((report.done, report.workers_lost), (6, 1));
    });
}

#[test]
fn no_worker_at_all_is_an_error() {
    alone("no_worker_at_all_is_an_error", || {
        allow_descriptors(3);
        let work = integers(20, |piece, _| piece as i64);
        let options = ExecuteOptions::new();
        let refused = processes(4).run(&work, &mut Kept::default(), &options, &mut ignore_events);
        let error = refused.unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("the processes driver could not fork worker 3: "), "{message}");
        assert!(
            matches!(error, RunError::Driver { source, .. } if source.to_string().contains("os error 24"))
        );
    });
}

#[test]
fn a_run_in_each_of_many_threads_works() {
    std::thread::scope(|scope| {
        let one = || {
            for _ in 0..10 {
                let work = integers(8, |piece, _| {
                    writeln!(std::io::stdout(), "{piece}").unwrap();
                    piece as i64
                });
                let seen = run(2, &work);
                assert_eq!((seen.report.done, seen.lines.len()), (8, 8));
                assert_eq!(seen.report.workers_lost, 0);
            }
        };
        for _ in 0..4 {
            scope.spawn(one);
        }
    });
}

#[test]
fn other_threads_that_print_hang_no_worker() {
    alone("other_threads_that_print_hang_no_worker", || {
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    writeln!(std::io::stdout(), "some words").unwrap();
                    writeln!(std::io::stderr(), "some words").unwrap();
                }
            });
            let _stop = common::StopAtEnd(&stop);
            let lost: u64 = (0..100)
                .map(|_| {
                    let work = integers(2, |piece, _| {
                        writeln!(std::io::stdout(), "here").unwrap();
                        writeln!(std::io::stderr(), "here").unwrap();
                        piece as i64
                    });
                    let seen = run(2, &work);
                    assert_eq!((seen.report.done, seen.lines.len()), (2, 4), "{seen:?}");
                    seen.report.workers_lost
                })
                .sum();
            assert_eq!(lost, 0);
        });
    });
}
