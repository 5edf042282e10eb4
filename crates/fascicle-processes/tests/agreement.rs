//! What comes out of a run is what comes out of a serial one.
#![cfg(unix)]

mod common;

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;

use common::{Kept, Pieces, integers, processes, run};
use fascicle_core::{
    Context, Event, Execute, ExecuteOptions, Failure, Fingerprint, Frame, LogLine, RunError,
    Serial, Work, ignore_events,
};
use fascicle_processes::Processes;

fn mixed(pieces: u64) -> impl Work {
    Pieces(pieces, |piece, cx: &mut Context<'_>, out: &mut Frame| {
        cx.log(LogLine::info(format!("piece {piece}")));
        if piece % 5 == 3 {
            return Err(Failure::other(format!("{piece} is not liked")));
        }
        out.put_f64s("reals", vec![(piece as f64).sqrt(), f64::NAN, -0.0]);
        out.put_i64s("integers", vec![i64::MIN, piece as i64]);
        out.put_bytes("bytes", vec![7; piece as usize * 1000]);
        Ok(())
    })
}

/// The frames' bits, the failures and the log, sorted: only the order of pieces may differ.
fn outcome(driver: &dyn Execute, work: &dyn Work, rounds: &[u64]) -> (String, Vec<String>) {
    let (mut kept, mut log) = (Kept::default(), Vec::new());
    kept.rounds = rounds.to_vec();
    let report = driver.run(work, &mut kept, &ExecuteOptions::new(), &mut |event| {
        if let Event::Log { piece, line } = event
            && !common::is_of_cores(line)
        {
            log.push(format!("{piece:?} {line}"));
        }
        ControlFlow::Continue(())
    });
    log.sort();
    (format!("{kept:?} {:?}", report.unwrap()), log)
}

#[test]
fn any_number_of_workers_gives_what_serial_gives() {
    for rounds in [&[][..], &[5, 1, 12]] {
        let expected = outcome(&Serial, &mixed(23), rounds);
        for workers in [1, 2, 3, 7, 40] {
            assert_eq!(outcome(&processes(workers), &mixed(23), rounds), expected, "{workers}");
        }
    }
}

#[test]
fn no_pieces_are_no_work() {
    let seen = run(3, &integers(0, |_, _| unreachable!("there is no piece")));
    assert_eq!((seen.report.done, seen.report.interrupted), (0, false));
}

#[test]
fn no_more_workers_than_pieces_and_the_same_ones_in_all_rounds() {
    let mut kept = Kept { rounds: vec![2; 10], ..Kept::default() };
    let work = integers(2, |_, _| i64::from(std::process::id()));
    processes(8).run(&work, &mut kept, &ExecuteOptions::new(), &mut ignore_events).unwrap();
    assert_eq!(kept.frames.len(), 22);
    let mut pids = kept.values();
    pids.sort_unstable();
    pids.dedup();
    assert!(pids.len() <= 2, "{pids:?}");
    assert!(!pids.contains(&i64::from(std::process::id())));
}

#[test]
fn work_that_threads_could_not_share_runs() {
    let (number, calls) = (Rc::new(41), Cell::new(0));
    let work = integers(9, |piece, _| {
        calls.set(calls.get() + 1);
        *number + piece as i64
    });
    let seen = run(2, &work);
    assert_eq!(seen.kept.values(), (41..50).collect::<Vec<_>>());
    assert_eq!(calls.get(), 0, "the workers' memory is their own");
}

#[test]
fn a_run_inside_a_worker_works() {
    let work = integers(4, |piece, _| {
        let inner = run(2, &integers(6, |k, _| (10 * piece + k) as i64));
        assert_eq!(inner.report.done, 6);
        inner.kept.values().iter().sum()
    });
    assert_eq!(run(2, &work).kept.values(), [15, 75, 135, 195]);
}

struct Gang;

impl Work for Gang {
    fn pieces(&self) -> u64 {
        1
    }
    fn gang(&self) -> usize {
        2
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("gang");
    }
    fn run(&self, _: u64, _: &mut Context<'_>, _: &mut Frame) -> Result<(), Failure> {
        Ok(())
    }
}

#[test]
fn what_it_cannot_do_it_refuses() {
    let refused =
        processes(2).run(&Gang, &mut Kept::default(), &ExecuteOptions::new(), &mut ignore_events);
    let message = refused.unwrap_err().to_string();
    assert!(message.starts_with("the processes driver has no gangs"), "{message}");
    assert!(matches!(Processes::new(0), Err(RunError::NoWorkers { found: 0 })));
    assert!(matches!(Processes::new(5000), Err(RunError::TooManyWorkers { found: 5000, .. })));
    assert!(Processes::all_cores().workers() >= 1);
}
