//! Runs and thread pools inside of pieces, and the last words of workers.
#![cfg(target_os = "linux")]

mod common;

use common::{Kept, Pieces, alone, integers, run};
use fascicle_core::{
    Cause, Context, Execute, ExecuteOptions, Failure, Fingerprint, Frame, Threads, Work,
    WorkerLost, available_cores, ignore_events, share_of_cores,
};
use fascicle_processes::Processes;
use rayon::prelude::*;

#[test]
fn rayon_works_in_a_worker_though_its_pool_was_in_use() {
    alone("rayon_works_in_a_worker_though_its_pool_was_in_use", || {
        let total = |to: i64| (0..to).into_par_iter().map(|x| x * x).sum::<i64>();
        assert_eq!(total(1000), 332_833_500);
        let seen = run(2, &integers(20, |piece, _| total(1000 + piece as i64)));
        assert_eq!(seen.kept.values().len(), 20);
        assert_eq!(seen.kept.values()[0], 332_833_500);
        assert!(seen.lost.is_empty(), "{:?}", seen.lost);
    });
}

#[test]
fn a_run_in_a_piece_keeps_to_the_workers_share_of_the_cores() {
    let cores = available_cores();
    for workers in [1, cores, 2 * cores] {
        let work = Pieces(4, |_: u64, _: &mut Context<'_>, out: &mut Frame| {
            let nested = [Processes::all_cores().workers(), Threads::all_cores().workers()];
            let threads = rayon::current_num_threads();
            out.put_i64s("value", nested.iter().chain([&threads]).map(|&n| n as i64).collect());
            Ok(())
        });
        let expected = share_of_cores(workers) as i64;
        let seen = run(workers as i64, &work);
        for frame in seen.kept.frames.values() {
            assert_eq!(frame.i64s("value").unwrap(), [expected; 3], "{workers} workers");
        }
    }
}

#[test]
fn runs_of_all_kinds_in_pieces_of_all_kinds_end() {
    let inner = |piece: u64, nested: &dyn Execute| {
        let (work, mut kept) = (integers(5, |piece, _| piece as i64), Kept::default());
        let options = ExecuteOptions::new();
        nested.run(&work, &mut kept, &options, &mut ignore_events).unwrap();
        kept.values().iter().sum::<i64>() + piece as i64
    };
    let seen = run(2, &integers(6, |piece, _| inner(piece, &Processes::all_cores())));
    assert_eq!(seen.kept.values(), [10, 11, 12, 13, 14, 15]);
    let seen = run(2, &integers(6, |piece, _| inner(piece, &fascicle_core::Serial)));
    assert_eq!(seen.kept.values(), [10, 11, 12, 13, 14, 15]);
}

/// Workers forked by a piece that runs on a thread of this process.
struct Nested;

impl Work for Nested {
    fn pieces(&self) -> u64 {
        2
    }
    fn fingerprint(&self, _: &mut Fingerprint) {}
    fn run(&self, _: u64, _: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        let work = integers(3, |_, _| available_cores() as i64);
        let (mut kept, options) = (Kept::default(), ExecuteOptions::new());
        let driver = Processes::new(2).expect("a driver");
        driver.run(&work, &mut kept, &options, &mut ignore_events).expect("it runs");
        out.put_i64s("value", kept.values());
        Ok(())
    }
    fn shared(&self) -> Option<&(dyn Work + Sync)> {
        Some(self)
    }
}

#[test]
fn workers_that_a_piece_on_a_thread_forks_have_their_own_share() {
    let (mut kept, options) = (Kept::default(), ExecuteOptions::new());
    Threads::new(1).unwrap().run(&Nested, &mut kept, &options, &mut ignore_events).unwrap();
    let expected = share_of_cores(2) as i64;
    for frame in kept.frames.values() {
        assert_eq!(frame.i64s("value").unwrap(), [expected; 3]);
    }
}

#[test]
fn cores_are_those_that_the_process_may_use() {
    const TEST: &str = "cores_are_those_that_the_process_may_use";
    if std::env::var_os("FASCICLE_PINNED").is_some() {
        assert_eq!((available_cores(), Threads::all_cores().workers()), (1, 1));
        return;
    }
    let again = common::again(TEST, "FASCICLE_PINNED");
    let output = std::process::Command::new("taskset")
        .args(["-c", "0"])
        .arg(again.get_program())
        .args(again.get_args())
        .env("FASCICLE_PINNED", "1")
        .output()
        .expect("install taskset with: apt-get install util-linux");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn more_workers_than_cores_are_warned_of() {
    let work = integers(1, |piece, _| piece as i64);
    let cores = available_cores();
    assert_eq!(run(cores as i64, &work).crowded, None);
    let (twice, what) = (2 * cores, "core(s): more are no quicker");
    let expected = format!("{twice} workers share {cores} {what}");
    assert_eq!(run(twice as i64, &work).crowded, Some(expected));
}

#[test]
fn the_last_words_of_a_poisonous_piece_are_told() {
    // Others are left, so that the worker is replaced before its end is told.
    let work = integers(60, |piece, _| {
        for line in 0..9 {
            eprintln!("line {line} of piece {piece}");
        }
        if piece == 4 {
            std::process::exit(3);
        }
        piece as i64
    });
    let seen = run(2, &work);
    let Cause::WorkerLost { lost, attempts: 3, last_words } = seen.cause(4) else {
        panic!("{:?}", seen.cause(4));
    };
    assert_eq!(*lost, WorkerLost::Exited(3));
    let expected: Vec<String> = (4..9).map(|line| format!("line {line} of piece 4")).collect();
    assert_eq!(*last_words, expected);
}
