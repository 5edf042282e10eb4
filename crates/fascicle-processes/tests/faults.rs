//! Workers that die, hang and flood.
#![cfg(unix)]

mod common;

use std::io::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use common::{Kept, Pieces, integers, raise, run, run_with};
use fascicle_core::{
    Cause, Context, Event, Execute, ExecuteOptions, Failure, Frame, Report, WorkerLost,
};
use nix::sys::signal::Signal;

/// Runs ten pieces of which piece 4 does mischief; all others must be done.
fn run_mischief(mischief: fn(&mut Context<'_>), options: &ExecuteOptions) -> common::Seen {
    let work = integers(10, |piece, cx| {
        if piece == 4 {
            mischief(cx);
        }
        piece as i64 * 3
    });
    let seen = run_with(2, &work, options);
    for piece in (0..10).filter(|&piece| piece != 4) {
        assert_eq!(seen.kept.frames[&piece].i64s("value").unwrap(), [piece as i64 * 3]);
    }
    seen
}

/// A mischief that costs the worker each time: three workers, then the piece has failed.
/// Checks of what piece 4 has failed.
fn assert_lost(seen: &common::Seen, expected: &WorkerLost, times: u32) {
    let Cause::WorkerLost { lost, attempts, .. } = seen.cause(4) else {
        panic!("{:?}", seen.cause(4));
    };
    assert_eq!((lost, *attempts), (expected, times));
}

fn always_lost(mischief: fn(&mut Context<'_>), expected: &WorkerLost) {
    let seen = run_mischief(mischief, &ExecuteOptions::new());
    assert_lost(&seen, expected, 3);
    assert_eq!(seen.lost, vec![(expected.clone(), Some(4)); 3]);
    assert_eq!((seen.report.done, seen.report.workers_lost), (9, 3));
}

#[test]
fn a_panic_is_a_failure_at_once() {
    let seen = run_mischief(|_| panic!("piece of cake"), &ExecuteOptions::new());
    assert_eq!(*seen.cause(4), Cause::Panicked { message: "piece of cake".to_string() });
    assert_eq!((seen.report.done, seen.report.workers_lost), (9, 0));
}

#[test]
fn a_panic_with_a_value_that_panics_when_dropped_is_a_failure() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let seen = run_mischief(|_| std::panic::panic_any(Bomb), &ExecuteOptions::new());
    assert!(matches!(seen.cause(4), Cause::Panicked { .. }));
    assert_eq!(seen.report.done, 9);
}

#[test]
fn a_failure_is_a_failure_at_once() {
    let work = Pieces(3, |piece, _: &mut Context<'_>, _: &mut Frame| match piece {
        1 => Err(Failure::other("no")),
        _ => Ok(()),
    });
    let seen = run(2, &work);
    assert_eq!(seen.cause(1).to_string(), "no");
    assert_eq!((seen.report.done, seen.report.workers_lost), (2, 0));
}

#[test]
fn an_exit_is_a_lost_worker() {
    always_lost(|_| std::process::exit(3), &WorkerLost::Exited(3));
    always_lost(|_| std::process::exit(0), &WorkerLost::Exited(0));
}

#[test]
fn an_abort_is_a_lost_worker() {
    always_lost(|_| std::process::abort(), &WorkerLost::Killed(6));
}

#[test]
fn signals_are_lost_workers() {
    always_lost(|_| raise(Signal::SIGKILL), &WorkerLost::Killed(9));
    always_lost(|_| raise(Signal::SIGTERM), &WorkerLost::Killed(15));
    always_lost(|_| raise(Signal::SIGHUP), &WorkerLost::Killed(1));
}

#[test]
fn a_segmentation_fault_is_a_lost_worker() {
    let fault: fn(&mut Context<'_>) = |_| {
        // Rust's handler steps aside at the first, as the faulting instruction would come again.
        raise(Signal::SIGSEGV);
        raise(Signal::SIGSEGV);
    };
    always_lost(fault, &WorkerLost::Killed(11));
}

#[test]
fn a_stack_overflow_is_a_lost_worker() {
    #[expect(unconditional_recursion, reason = "the point of it")]
    fn deep(depth: &mut [u64; 64]) -> u64 {
        let mut next = std::hint::black_box(*depth);
        next[0] += 1;
        deep(&mut next) + depth[0]
    }
    let seen = run_mischief(
        |_| {
            std::hint::black_box(deep(&mut [0; 64]));
        },
        &ExecuteOptions::new().with_attempts(1),
    );
    let lost = WorkerLost::Killed(6);
    assert_lost(&seen, &lost, 1);
    assert!(seen.lines.iter().any(|(_, line)| line.contains("overflowed its stack")));
}

#[test]
fn an_interrupt_is_the_drivers_to_answer() {
    let seen = run_mischief(|_| raise(Signal::SIGINT), &ExecuteOptions::new());
    assert_eq!((seen.report.done, seen.report.workers_lost), (10, 0));
}

#[test]
fn a_piece_that_loses_its_worker_is_run_again() {
    for kills in [1, 2] {
        let work = integers(6, |piece, cx| {
            if cx.attempt() < kills && piece % 2 == 0 {
                raise(Signal::SIGKILL);
            }
            piece as i64
        });
        let seen = run(3, &work);
        assert_eq!(seen.kept.values(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(seen.report.workers_lost, 3 * u64::from(kills));
        assert!(seen.report.failures.is_empty());
    }
}

#[test]
fn many_kills_in_a_long_run_cost_nothing() {
    let work = integers(300, |piece, cx| {
        if piece % 50 == 7 && cx.attempt() == 0 {
            raise(Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_micros(50));
        piece as i64
    });
    let seen = run(4, &work);
    assert_eq!(seen.report.done, 300);
    assert_eq!(seen.report.workers_lost, 6);
}

#[test]
fn a_death_among_short_pieces_is_charged_to_the_right_one() {
    let deadly = |piece: u64| piece % 700 == 650;
    let work = integers(5000, |piece, cx| {
        if deadly(piece) && cx.attempt() == 0 {
            raise(Signal::SIGKILL);
        }
        piece as i64
    });
    for workers in [1, 2, 3] {
        let mut seen = run(workers, &work);
        assert_eq!(seen.kept.values(), (0..5000).collect::<Vec<_>>());
        seen.lost.sort_by_key(|(_, piece)| *piece);
        let expected = (0..5000).filter(|&piece| deadly(piece));
        let expected = expected.map(|piece| (WorkerLost::Killed(9), Some(piece)));
        assert_eq!(seen.lost, expected.collect::<Vec<_>>());
    }
}

#[test]
fn no_piece_waits_for_a_slow_one() {
    let slow = 2000;
    let work = integers(4000, |piece, _| {
        if piece == slow {
            std::thread::sleep(Duration::from_secs(1));
        }
        piece as i64
    });
    let mut done = Vec::new();
    let listener = &mut |event: Event<'_>| {
        if let Event::Done { piece, .. } = event {
            done.push(piece);
        }
        ControlFlow::Continue(())
    };
    let (driver, options) = (common::processes(2), ExecuteOptions::new());
    driver.run(&work, &mut Kept::default(), &options, listener).unwrap();
    assert_eq!((done.len(), done.last()), (4000, Some(&slow)));
}

#[test]
fn a_time_limit_ends_what_hangs_and_nothing_else() {
    let limit = Duration::from_millis(200);
    let options = ExecuteOptions::new().with_timeout(limit).with_attempts(2);
    let hangs: [fn(&mut Context<'_>); 2] =
        [|_| std::thread::sleep(Duration::from_secs(60)), |_| raise(Signal::SIGSTOP)];
    for hang in hangs {
        let started = Instant::now();
        let seen = run_mischief(hang, &options);
        let lost = WorkerLost::TimedOut(limit);
        assert_lost(&seen, &lost, 2);
        assert_eq!((seen.report.done, seen.report.workers_lost), (9, 2));
        assert!(started.elapsed() >= 2 * limit);
    }
}

#[test]
fn a_slow_listener_costs_no_piece_its_time() {
    let options = ExecuteOptions::new().with_timeout(Duration::from_millis(200));
    let work = Pieces(4, |piece, _: &mut Context<'_>, out: &mut Frame| {
        out.put_bytes("large", vec![piece as u8; 3_000_000]);
        Ok(())
    });
    let slow = &mut |event: Event<'_>| {
        if matches!(event, Event::Done { .. }) {
            std::thread::sleep(Duration::from_millis(400));
        }
        ControlFlow::Continue(())
    };
    let report = common::processes(2).run(&work, &mut Kept::default(), &options, slow).unwrap();
    assert_eq!((report.done, report.workers_lost), (4, 0));
}

/// Runs five pieces on one worker, of which piece 1 leaves a mischief behind that befalls the worker
/// when its result is on its way and the driver, busy with a listener, has not read it.
fn run_after(mischief: fn(), options: &ExecuteOptions) -> (Report, Vec<(WorkerLost, Option<u64>)>) {
    let work = integers(5, |piece, cx| {
        if piece == 1 && cx.attempt() == 0 {
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                mischief();
            });
        }
        piece as i64
    });
    let mut lost = Vec::new();
    let busy = &mut |event: Event<'_>| {
        match event {
            Event::Done { piece: 0, .. } => std::thread::sleep(Duration::from_secs(1)),
            Event::WorkerLost { lost: how, piece, .. } => lost.push((how.clone(), piece)),
            _ => {}
        }
        ControlFlow::Continue(())
    };
    let report = common::processes(1).run(&work, &mut Kept::default(), options, busy).unwrap();
    (report, lost)
}

#[test]
fn a_worker_that_dies_between_two_pieces_costs_neither() {
    let options = ExecuteOptions::new().with_attempts(1);
    let (report, lost) = run_after(|| std::process::abort(), &options);
    assert_eq!(report.failures, []);
    assert_eq!((report.done, lost), (5, vec![(WorkerLost::Killed(6), None)]));
}

#[test]
fn a_piece_that_a_worker_never_took_is_not_charged() {
    let limit = Duration::from_millis(300);
    let options = ExecuteOptions::new().with_attempts(1).with_timeout(limit);
    let (report, lost) = run_after(|| raise(Signal::SIGSTOP), &options);
    assert_eq!(report.failures, []);
    assert_eq!((report.done, lost), (5, vec![(WorkerLost::TimedOut(limit), None)]));
}

#[test]
fn results_far_larger_than_a_pipe_arrive() {
    let work = Pieces(3, |piece, _: &mut Context<'_>, out: &mut Frame| {
        let size = if piece == 1 { 50 << 20 } else { 300 << 10 };
        out.put_bytes("large", vec![piece as u8; size]);
        Ok(())
    });
    let seen = run(2, &work);
    let sizes = |piece: u64| seen.kept.frames[&piece].bytes("large").unwrap().len();
    assert_eq!([0, 1, 2].map(sizes), [300 << 10, 50 << 20, 300 << 10]);
    let large = seen.kept.frames[&1].bytes("large").unwrap();
    assert!(large.iter().all(|&byte| byte == 1));
}

#[test]
fn dying_in_the_middle_of_a_result_is_a_lost_worker() {
    let work = Pieces(4, |piece, cx: &mut Context<'_>, out: &mut Frame| {
        if piece == 2 && cx.attempt() == 0 {
            // The result is larger than the pipe, so that it cannot all be written at once.
            std::thread::spawn(|| {
                std::thread::sleep(Duration::from_millis(20));
                raise(Signal::SIGKILL);
            });
            out.put_bytes("large", vec![0; 1 << 30]);
        } else {
            out.put_bytes("small", vec![1]);
        }
        Ok(())
    });
    let seen = run(2, &work);
    assert_eq!(seen.done(), [0, 1, 2, 3]);
    assert_eq!(seen.lost, [(WorkerLost::Killed(9), Some(2))]);
}

#[test]
fn a_flood_of_output_blocks_nothing() {
    let line = "x".repeat(99);
    let work = Pieces(4, |piece, _: &mut Context<'_>, out: &mut Frame| {
        let mut stderr = std::io::stderr();
        for _ in 0..100_000 {
            writeln!(stderr, "{line}").unwrap();
        }
        out.put_bytes("large", vec![piece as u8; 5 << 20]);
        Ok(())
    });
    let seen = run(2, &work);
    assert_eq!((seen.report.done, seen.lines.len()), (4, 400_000));
    assert!(seen.lines.iter().all(|(_, text)| *text == line));
}

/// Writes into each pipe that the process holds, in the hope that one leads to the driver.
fn babble() {
    let standard = ["0", "1", "2"];
    for entry in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let is_pipe = std::fs::read_link(entry.path())
            .is_ok_and(|to| to.to_string_lossy().starts_with("pipe:"));
        if is_pipe && !standard.iter().any(|name| entry.file_name() == *name) {
            // Opened anew for writing, which for a pipe is possible from either end.
            let mut pipe = std::fs::File::options().write(true).open(entry.path()).unwrap();
            let _ = pipe.write_all(b"this is not a frame, whatever one may think of it");
        }
    }
}

#[test]
fn a_garbled_frame_costs_the_worker() {
    // Other runs in this process would find their pipes in this worker too.
    common::alone("a_garbled_frame_costs_the_worker", || {
        let options = ExecuteOptions::new().with_attempts(2);
        // One reads what it has written into its own commands, the other leaves it there.
        let babblers: [fn(&mut Context<'_>); 2] = [
            |_| babble(),
            |_| {
                babble();
                std::process::abort();
            },
        ];
        for babbler in babblers {
            let seen = run_mischief(babbler, &options);
            let Cause::WorkerLost { lost: WorkerLost::Garbled(what), attempts: 2, .. } =
                seen.cause(4)
            else {
                panic!("{:?}", seen.report);
            };
            assert!(what.contains("magic"), "{what}");
            assert_eq!(seen.report.done, 9);
        }
    });
}
