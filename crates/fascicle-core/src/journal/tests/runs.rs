//! Runs of a toy work that are cut off and go on.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Mutex;

use super::*;
use crate::{
    Event, Execute, ExecuteOptions, Fold, FoldError, Listener, Next, Progress, Report, RunError,
    Seed, Serial, Threads, ignore_events,
};

/// The pieces of its rounds.
const ROUNDS: [u64; 3] = [5, 3, 4];

/// Notes what was run; some pieces fail.
#[derive(Default)]
struct Toy {
    ran: Mutex<Vec<u64>>,
    failing: Vec<u64>,
}

impl Toy {
    fn ran(&self) -> Vec<u64> {
        let mut ran = self.ran.lock().unwrap().clone();
        ran.sort_unstable();
        ran
    }
}

impl Work for Toy {
    fn pieces(&self) -> u64 {
        ROUNDS[0]
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text("toy");
    }
    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        self.ran.lock().unwrap().push(piece);
        log(piece).into_iter().for_each(|line| cx.log(line));
        if self.failing.contains(&piece) {
            return Err(Failure::other("the weather is bad"));
        }
        *out = frame(piece);
        Ok(())
    }
    fn seeds(&self, piece: u64) -> Vec<Seed> {
        vec![Seed(100 + piece)]
    }
    fn size(&self, piece: u64) -> u64 {
        piece + 1
    }
    fn shared(&self) -> Option<&(dyn Work + Sync)> {
        Some(self)
    }
}

/// Keeps all frames, and what was there at the end of each round.
#[derive(Debug, Default, PartialEq)]
struct All {
    frames: BTreeMap<u64, Frame>,
    rounds: Vec<Vec<u64>>,
}

impl Fold for All {
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
        assert!(self.frames.insert(piece, frame.clone()).is_none(), "piece {piece} came twice");
        Ok(())
    }
    fn round(&mut self) -> Next {
        self.rounds.push(self.frames.keys().copied().collect());
        ROUNDS.get(self.rounds.len()).map_or(Next::Done, |&pieces| Next::More(pieces))
    }
}

/// What a run gives and tells.
struct Outcome {
    all: All,
    report: Report,
    /// Log lines by piece.
    log: BTreeMap<u64, Vec<LogLine>>,
    /// Those of the run as a whole.
    said: Vec<String>,
    progress: Vec<Progress>,
    failed: Vec<u64>,
}

/// Runs it until so many pieces are done.
fn run(toy: &Toy, driver: &dyn Execute, path: &Path, until: usize) -> Result<Outcome, RunError> {
    let mut all = All::default();
    let (mut log, mut said) = (BTreeMap::<u64, Vec<LogLine>>::new(), Vec::new());
    let (mut progress, mut failed, mut done) = (Vec::new(), Vec::new(), 0);
    let on: &mut Listener<'_> = &mut |event| {
        match event {
            Event::Log { piece: Some(piece), line } => {
                log.entry(piece).or_default().push(line.clone());
            }
            Event::Log { piece: None, line } => said.push(line.text.clone()),
            Event::Started { progress: now, .. } | Event::Round { progress: now, .. } => {
                progress.push(now);
            }
            Event::Done { progress: now, .. } => {
                progress.push(now);
                done += 1;
            }
            Event::Failed { failure, .. } => failed.push(failure.piece),
            _ => {}
        }
        if done >= until { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let report = Journaled::new(driver, path).run(toy, &mut all, &ExecuteOptions::new(), on)?;
    Ok(Outcome { all, report, log, said, progress, failed })
}

fn scratch() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.journal");
    (folder, path)
}

#[test]
fn a_run_ended_after_any_piece_goes_on() {
    let mut expected = All::default();
    let options = ExecuteOptions::new();
    let plain = Serial.run(&Toy::default(), &mut expected, &options, &mut ignore_events).unwrap();
    let (serial, threads) = (Serial, Threads::new(3).unwrap());
    for (first, second) in [
        (&serial as &dyn Execute, &serial as &dyn Execute),
        (&serial, &threads),
        (&threads, &serial),
    ] {
        for until in 1..=12 {
            let (_folder, path) = scratch();
            let (before, after) = (Toy::default(), Toy::default());
            let begun = run(&before, first, &path, until).unwrap();
            let resumed = run(&after, second, &path, usize::MAX).unwrap();
            assert_eq!(resumed.all, expected, "{until}");
            assert_eq!((resumed.report.done, resumed.report.interrupted), (plain.done, false));
            // Only what is missing is run, and everything is told.
            let missing: Vec<u64> =
                (0..12).filter(|piece| !begun.all.frames.contains_key(piece)).collect();
            assert_eq!(after.ran(), missing);
            for piece in 0..12 {
                assert_eq!(resumed.log.get(&piece).cloned().unwrap_or_default(), log(piece));
            }
            let there = begun.all.frames.len();
            let said = format!("{there} batches come from the journal {}", path.display());
            assert!(resumed.said.contains(&said), "{:?}", resumed.said);
            let last = resumed.progress.last().unwrap();
            assert_eq!(
                (last.pieces, last.all_pieces, last.items, last.all_items),
                (12, 12, 78, 78)
            );
        }
    }
}

#[test]
fn when_all_is_there_nothing_is_run() {
    let (_folder, path) = scratch();
    let whole = run(&Toy::default(), &Serial, &path, usize::MAX).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let again = Toy::default();
    let resumed = run(&again, &Threads::new(2).unwrap(), &path, usize::MAX).unwrap();
    assert_eq!((resumed.all, again.ran()), (whole.all, Vec::new()));
    assert_eq!(resumed.log, whole.log);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn pieces_that_failed_are_run_again_and_keep_their_numbers() {
    let (_folder, path) = scratch();
    let failing = Toy { failing: vec![2, 6], ..Toy::default() };
    let first = run(&failing, &Serial, &path, usize::MAX).unwrap();
    assert_eq!((first.failed, first.report.done), (vec![2, 6], 10));
    // Piece 6 is the second that is missing.
    let failing = Toy { failing: vec![6], ..Toy::default() };
    let second = run(&failing, &Threads::new(2).unwrap(), &path, usize::MAX).unwrap();
    assert_eq!((second.failed, failing.ran(), second.report.done), (vec![6], vec![2, 6], 11));
    let text = second.report.failures[0].to_string();
    assert_eq!(text, "batch 6 (seed 106) failed: the weather is bad");
    let third = run(&Toy::default(), &Serial, &path, usize::MAX).unwrap();
    assert_eq!((third.report.done, third.all.frames.len()), (12, 12));
}

/// A fold that will not have a piece.
struct Picky;

impl Fold for Picky {
    fn add(&mut self, piece: u64, _: &Frame) -> Result<(), FoldError> {
        if piece == 3 { Err(FoldError::Other("not this one".to_string())) } else { Ok(()) }
    }
}

#[test]
fn a_record_that_cannot_be_merged_is_a_failed_piece() {
    let (_folder, path) = scratch();
    run(&Toy::default(), &Serial, &path, 5).unwrap();
    let driver = Journaled::new(&Serial, &path);
    let options = ExecuteOptions::new();
    let report = driver.run(&Toy::default(), &mut Picky, &options, &mut ignore_events).unwrap();
    assert_eq!((report.done, report.failures.len()), (4, 1));
    assert_eq!(report.failures[0].to_string(), "batch 3 (seed 103) failed: not this one");
}

#[test]
fn there_is_one_writer() {
    let (_folder, path) = scratch();
    let error = RefCell::new(None);
    let toy = Toy::default();
    let mut all = All::default();
    let on: &mut Listener<'_> = &mut |event| {
        if let Event::Started { .. } = event {
            *error.borrow_mut() = run(&Toy::default(), &Serial, &path, usize::MAX).err();
        }
        ControlFlow::Continue(())
    };
    let options = ExecuteOptions::new();
    Journaled::new(&Serial, &path).run(&toy, &mut all, &options, on).unwrap();
    let error = error.into_inner().expect("the second run is refused").to_string();
    let path_text = path.display();
    assert_eq!(
        error,
        format!("the journal {path_text} is in use by another run: expected to be its only writer")
    );
    assert_eq!(all.frames.len(), 12);
    run(&Toy::default(), &Serial, &path, usize::MAX).unwrap();
}

#[test]
fn what_is_no_plain_file_is_refused() {
    let (folder, path) = scratch();
    let message = |path: &Path| run(&Toy::default(), &Serial, path, 1).err().unwrap().to_string();
    assert!(message(folder.path()).contains("expected a plain file"));
    assert!(message(&path.join("nowhere")).starts_with("could not open the journal "));
}

#[test]
fn a_damaged_journal_is_told() {
    let (_folder, path) = scratch();
    run(&Toy::default(), &Serial, &path, 4).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let toy = Toy::default();
    let resumed = run(&toy, &Serial, &path, usize::MAX).unwrap();
    assert!(resumed.said[0].contains(" bytes of the journal "), "{:?}", resumed.said);
    assert_eq!(toy.ran()[0], 3);
    assert_eq!(run(&Toy::default(), &Serial, &path, usize::MAX).unwrap().said.len(), 1);
}

#[test]
fn whoever_has_a_clock_is_asked_after_each_record() {
    let (_folder, path) = scratch();
    let asked = std::sync::Arc::new(Mutex::new(0));
    let count = asked.clone();
    let due = SyncDue::new(move || {
        *count.lock().unwrap() += 1;
        true
    });
    let driver = Journaled::new(&Serial, &path).with_sync_due(Some(due));
    let (mut all, options) = (All::default(), ExecuteOptions::new());
    driver.run(&Toy::default(), &mut all, &options, &mut ignore_events).unwrap();
    assert_eq!(*asked.lock().unwrap(), 12);
}
