use std::sync::{Arc, Mutex};

use fascicle_core::{LogLine, WorkerLost};

use super::*;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no writer panics").clone()).expect("text")
    }
}

fn counts(items: u64) -> Counts {
    Counts { pieces: items / 25, all_pieces: 4, items, all_items: 100 }
}

fn run(shown: bool, finished: u64) -> (String, String) {
    let (out, err) = (Sink::default(), Sink::default());
    let mut progress = Progress::lines(shown, Box::new(out.clone()), Box::new(err.clone()));
    let (unit, partial) = ("trajectories", &|| None);
    let started = Event::Started { driver: "processes", workers: 2, unit, progress: counts(0) };
    let warning = LogLine::warning("a norm of 2");
    let info = LogLine::info("nothing much");
    let lost = WorkerLost::Killed(9);
    let events = [
        started,
        Event::Log { piece: None, line: &warning },
        Event::Log { piece: Some(1), line: &info },
        Event::Output { worker: 1, stream: Stream::Stdout, line: "hello" },
        Event::Output { worker: 0, stream: Stream::Stderr, line: "oh" },
        Event::WorkerLost { worker: 0, lost: &lost, piece: Some(3) },
        Event::Done { piece: 0, worker: 1, progress: counts(50), partial },
        Event::Done { piece: 1, worker: 1, progress: counts(100), partial },
    ];
    for event in events {
        progress.on(event);
    }
    progress.finish(finished);
    (out.text(), err.text())
}

#[test]
fn a_log_gets_plain_lines() {
    let (out, err) = run(true, 100);
    assert_eq!(out, "worker 1 | hello\n");
    assert!(
        err.starts_with("100 trajectories in 4 batches on 2 processes\nwarning: a norm of 2\n")
    );
    assert!(err.contains("worker 0 | oh\n"));
    assert!(err.contains("worker 0 was lost on batch 3: the worker was killed by SIGKILL"));
    assert!(err.lines().last().is_some_and(|l| l.starts_with("100 of 100 trajectories in ")));
    assert!(out.chars().chain(err.chars()).all(|c| c == '\n' || !c.is_control()));
    assert!(!err.contains("nothing much"));
}

#[test]
fn a_worker_begins_no_rich_output() {
    let out = Sink::default();
    let mut progress = Progress::lines(true, Box::new(out.clone()), Box::new(std::io::sink()));
    let line = "so EVCXR_BEGIN_CONTENT text/html";
    progress.on(Event::Output { worker: 0, stream: Stream::Stdout, line });
    assert_eq!(out.text(), "worker 0 | so EVCXR_BEGIN_CONTENT\u{a0}text/html\n");
}

#[test]
fn hidden_progress_shows_what_needs_attention() {
    let (out, err) = run(false, 100);
    assert_eq!(out, "worker 1 | hello\n");
    assert_eq!(err.lines().count(), 3, "{err}");
}

#[test]
fn what_a_checkpoint_had_is_told_and_not_counted_into_the_rate() {
    let err = Sink::default();
    let mut progress = Progress::lines(true, Box::new(std::io::sink()), Box::new(err.clone()));
    let (driver, unit, progress_then) = ("serial", "trajectories", counts(75));
    progress.on(Event::Started { driver, workers: 1, unit, progress: progress_then });
    progress.start = Instant::now().checked_sub(Duration::from_secs(5)).expect("it was");
    let partial = &|| None;
    progress.on(Event::Done { piece: 3, worker: 0, progress: counts(100), partial });
    progress.finish(100);
    let text = err.text();
    let first = "100 trajectories in 4 batches on one core, 75 of them from the checkpoint\n";
    assert!(text.starts_with(first), "{text}");
    assert!(text.ends_with(" s, 5 a second\n"), "{text}");
}

#[test]
fn what_failed_is_not_counted_as_finished() {
    let (_, err) = run(true, 75);
    let last = err.lines().last().unwrap_or_default();
    assert!(last.starts_with("75 of 100 trajectories in "), "{last}");
    assert!(last.ends_with(" a second, 25 failed"), "{last}");
}

#[test]
fn rounds_are_named_and_totals_grow() {
    let err = Sink::default();
    let mut progress = Progress::lines(true, Box::new(std::io::sink()), Box::new(err.clone()));
    let of = |items, all_items| Counts { items, all_items, ..counts(0) };
    let (unit, partial) = ("trajectories", &|| None);
    progress.on(Event::Started { driver: "threads", workers: 2, unit, progress: of(0, 100) });
    let snapshot = &|| None;
    progress.on(Event::Round { round: 1, progress: of(100, 200), partial, snapshot });
    // As if nothing had been said for long.
    progress.face = Face::Lines { next: Duration::ZERO };
    progress.on(Event::Done { piece: 5, worker: 0, progress: of(150, 200), partial });
    progress.on(Event::Round { round: 2, progress: of(200, 200), partial, snapshot });
    progress.finish(200);
    let text = err.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[1].starts_with("75 %: 150 of 200 trajectories, round 2, "), "{text}");
    assert!(lines[2].starts_with("200 of 200 trajectories in "), "{text}");
    assert!(lines[2].ends_with(" a second, 2 rounds"), "{text}");
}

#[test]
fn of_a_run_that_never_began_nothing_is_said() {
    let err = Sink::default();
    Progress::lines(true, Box::new(std::io::sink()), Box::new(err.clone())).finish(0);
    assert_eq!(err.text(), "");
}

#[test]
fn a_long_run_is_no_flood_of_lines() {
    let lines_in = |seconds| {
        let ends = std::iter::successors(Some(QUIET.0), |&at| Some(next_line(at)));
        ends.take_while(|at| *at < Duration::from_secs(seconds)).count()
    };
    assert_eq!([1, 10, 60, 3600].map(lines_in), [0, 4, 8, 20]);
    // Later every ten minutes.
    assert_eq!(lines_in(7200) - lines_in(3600), 6);
}
