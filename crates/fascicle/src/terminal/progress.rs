//! Progress of a run, for a terminal or a log.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use fascicle_core::{Event, Level, PieceFailure, Progress as Counts, Stream};

use super::bar::Bar;

/// Between two lines of progress in a log, at the least and at the most.
const QUIET: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(600));

/// When the next line is due, so long after the beginning: each is half as late again, so that a run of a
/// minute has eight lines, one of an hour twenty, and a longer one another every ten minutes.
fn next_line(elapsed: Duration) -> Duration {
    elapsed + (elapsed / 2).clamp(QUIET.0, QUIET.1)
}

/// Shows how a run goes on: feed it the run's events.
///
/// On a terminal it is a bar over all trajectories, with their rate, the time that is left and the
/// number of workers. Elsewhere it is plain lines without control codes. What workers print, lost
/// workers, failures and warnings are shown in either case, also when progress is not.
pub struct Progress {
    face: Face,
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    start: Instant,
    unit: &'static str,
    /// Who runs them, in words.
    crew: String,
    /// The round that goes on, from 1.
    round: u64,
    counts: Counts,
    /// What was there when the run began, from a checkpoint.
    resumed: u64,
}

enum Face {
    Hidden,
    Bar(Bar),
    Lines { next: Duration },
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl Progress {
    /// For this process's standard outputs. Without `shown`, only what needs attention is.
    pub fn new(shown: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let (out, err) = (Box::new(std::io::stdout()), Box::new(std::io::stderr()));
        let mut progress = Self::lines(shown, out, err);
        if shown && terminal {
            progress.face = Face::Bar(Bar::new(Box::new(std::io::stderr())));
        }
        progress
    }

    /// Plain lines to these writers.
    fn lines(shown: bool, out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        let start = Instant::now();
        let face = if shown { Face::Lines { next: QUIET.0 } } else { Face::Hidden };
        let (unit, crew, counts) = ("pieces", String::new(), Counts::default());
        Self { face, out, err, start, unit, crew, round: 1, counts, resumed: 0 }
    }

    /// Takes an event.
    pub fn on(&mut self, event: Event<'_>) {
        match event {
            Event::Started { driver, workers, unit, progress } => {
                self.begin(driver, workers, unit, progress);
            }
            Event::Done { progress, .. } => self.advance(progress),
            Event::Round { round, progress, .. } => {
                self.next_round(round, progress);
                self.advance(progress);
            }
            Event::Failed { failure, progress } => {
                self.failed(failure);
                self.advance(progress);
            }
            Event::WorkerLost { worker, lost, piece } => {
                let piece = piece.map_or(String::new(), |piece| format!(" on batch {piece}"));
                self.say(&format!("worker {worker} was lost{piece}: {lost}"));
            }
            Event::Log { line, .. } if line.level == Level::Warning => self.say(&line.to_string()),
            Event::Output { worker, stream, line } => self.relay(worker, stream, line),
            _ => {}
        }
    }

    /// Ends the display with a last line, of so many that are finished and not failed. Of a run that
    /// never began nothing is left.
    pub fn finish(mut self, finished: u64) {
        let Counts { items, all_items, .. } = self.counts;
        if let Face::Bar(bar) = &mut self.face {
            bar.clear();
        }
        if all_items == 0 || matches!(self.face, Face::Hidden) {
            return;
        }
        let seconds = self.start.elapsed().as_secs_f64();
        let run = finished.saturating_sub(self.resumed);
        let rate = match run {
            0 => String::new(),
            _ => format!(", {:.0} a second", run as f64 / seconds.max(1e-9)),
        };
        let unit = self.unit;
        let rounds = match self.round {
            1 => String::new(),
            rounds => format!(", {rounds} rounds"),
        };
        let failed = match items.saturating_sub(finished) {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        self.say(&format!(
            "{finished} of {all_items} {unit} in {seconds:.2} s{rate}{rounds}{failed}"
        ));
    }

    fn begin(&mut self, driver: &str, workers: usize, unit: &'static str, counts: Counts) {
        self.start = Instant::now();
        self.unit = unit;
        self.counts = counts;
        self.resumed = counts.items;
        self.crew = match (driver, workers) {
            ("serial", _) => "one core".to_string(),
            ("processes", 1) => "1 process".to_string(),
            ("threads", 1) => "1 thread".to_string(),
            _ => format!("{workers} {driver}"),
        };
        match &mut self.face {
            Face::Hidden => {}
            Face::Bar(bar) => {
                bar.set_message(format!("{unit} on {}", self.crew));
                // The rate is of what is run now.
                bar.begin(counts.items, counts.all_items);
            }
            Face::Lines { next } => {
                *next = QUIET.0;
                let batches = if counts.all_pieces == 1 { "batch" } else { "batches" };
                let Counts { all_items, all_pieces, .. } = counts;
                let there = match counts.items {
                    0 => String::new(),
                    items => format!(", {items} of them from the checkpoint"),
                };
                let crew = &self.crew;
                let line = format!("{all_items} {unit} in {all_pieces} {batches} on {crew}{there}");
                self.say(&line);
            }
        }
    }

    /// After a round, unless it was the last: there is more to do than was known.
    fn next_round(&mut self, over: u64, counts: Counts) {
        if counts.items == counts.all_items {
            return;
        }
        self.round = over + 1;
        if let Face::Bar(bar) = &mut self.face {
            bar.set_message(format!("{} on {}, round {}", self.unit, self.crew, self.round));
        }
    }

    fn advance(&mut self, counts: Counts) {
        self.counts = counts;
        let elapsed = self.start.elapsed().as_secs_f64();
        match &mut self.face {
            Face::Hidden => {}
            Face::Bar(bar) => bar.advance(counts.items, counts.all_items),
            Face::Lines { next } => {
                if counts.items == counts.all_items || self.start.elapsed() < *next {
                    return;
                }
                *next = next_line(self.start.elapsed());
                let Counts { items, all_items, .. } = counts;
                let percent = 100 * items / all_items.max(1);
                let run = items.saturating_sub(self.resumed).max(1);
                let left = elapsed * (all_items - items) as f64 / run as f64;
                let unit = self.unit;
                let round = match self.round {
                    1 => String::new(),
                    round => format!(", round {round}"),
                };
                self.say(&format!(
                    "{percent} %: {items} of {all_items} {unit}{round}, {left:.0} s left"
                ));
            }
        }
    }

    fn failed(&mut self, failure: &PieceFailure) {
        self.say(&failure.to_string());
    }

    /// A line of a worker, on the stream that it was written to.
    fn relay(&mut self, worker: usize, stream: Stream, line: &str) {
        let line = format!("worker {worker} | {}", as_text(line));
        let out = match stream {
            Stream::Stdout => &mut self.out,
            Stream::Stderr => &mut self.err,
        };
        write_line(&mut self.face, out.as_mut(), &line);
    }

    fn say(&mut self, line: &str) {
        write_line(&mut self.face, self.err.as_mut(), line);
    }
}

/// Writes a line, above the bar if there is one. A closed stream is no reason to end a run.
fn write_line(face: &mut Face, out: &mut dyn Write, line: &str) {
    let mut write = || {
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    };
    match face {
        Face::Bar(bar) => bar.suspend(write),
        _ => write(),
    }
}

/// A line that evcxr, in a notebook, does not take for the beginning of rich output: it looks for that
/// anywhere in a line, and would wait for the end, which never comes, with all that follows. Another kind
/// of space looks the same.
fn as_text(line: &str) -> String {
    line.replace("EVCXR_BEGIN_CONTENT ", "EVCXR_BEGIN_CONTENT\u{a0}")
}

#[cfg(test)]
mod tests {
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
}
