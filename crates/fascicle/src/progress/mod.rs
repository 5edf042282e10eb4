//! Progress of a run, for a terminal, a log or a notebook.

mod bar;
mod live;
mod pace;

use std::fmt;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use fascicle_core::{Data, Event, Level, PieceFailure, Progress as Counts, Stream};

use bar::Bar;
use live::Live;
use pace::Pace;

use crate::channel::{self, Message, Way};

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
/// number of workers. In a notebook whose kernel takes messages (docs/display.md) it is a bar and a chart
/// of the data so far. Elsewhere it is plain lines without control codes. What workers print, lost
/// workers, failures and warnings are shown in any case, also when progress is not.
pub struct Progress {
    face: Face,
    voice: Voice,
    start: Instant,
    pace: Pace,
    unit: &'static str,
    /// What is counted and who runs it, in words.
    message: String,
    /// The round that goes on, from 1.
    round: u64,
    counts: Counts,
    /// What was there when the run began, from a checkpoint.
    resumed: u64,
}

/// What moves.
enum Face {
    Hidden,
    Bar(Bar),
    Lines { next: Duration },
    Live(Live),
}

/// Where lines go.
enum Voice {
    Streams { out: Box<dyn Write>, err: Box<dyn Write> },
    Messages,
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl Progress {
    /// For this process's standard outputs. Without `shown`, only what needs attention is.
    pub fn new(shown: bool) -> Self {
        let (out, err) = (Box::new(std::io::stdout()), Box::new(std::io::stderr()));
        if Way::here() == Way::Messages {
            let face = if shown { Face::Live(Live::new()) } else { Face::Hidden };
            return Self::with(face, Voice::Messages);
        }
        let mut progress = Self::lines(shown, out, err);
        if shown && std::io::stderr().is_terminal() {
            progress.face = Face::Bar(Bar::new(Box::new(std::io::stderr())));
        }
        progress
    }

    /// Plain lines to these writers.
    fn lines(shown: bool, out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        let face = if shown { Face::Lines { next: QUIET.0 } } else { Face::Hidden };
        Self::with(face, Voice::Streams { out, err })
    }

    fn with(face: Face, voice: Voice) -> Self {
        let (unit, message, counts) = ("pieces", String::new(), Counts::default());
        let (start, pace) = (Instant::now(), Pace::new(0, 0));
        Self { face, voice, start, pace, unit, message, round: 1, counts, resumed: 0 }
    }

    /// Takes an event.
    pub fn on(&mut self, event: Event<'_>) {
        match event {
            Event::Started { driver, workers, unit, progress } => {
                self.begin(driver, workers, unit, progress);
            }
            Event::Done { progress, partial, .. } => {
                self.advance(progress);
                self.draw(partial);
            }
            Event::Round { round, progress, partial, .. } => {
                self.next_round(round, progress);
                self.advance(progress);
                self.draw(partial);
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
        if let Face::Bar(bar) = &mut self.face {
            bar.clear();
        }
        if self.counts.all_items == 0 {
            return;
        }
        let line = self.last_line(finished);
        match &mut self.face {
            Face::Hidden => {}
            Face::Live(live) => live.finish(&self.pace, self.unit, &line),
            Face::Bar(_) | Face::Lines { .. } => self.say(&line),
        }
    }

    /// "200 of 200 trajectories in 0.52 s, 385 a second"
    fn last_line(&self, finished: u64) -> String {
        let Counts { items, all_items, .. } = self.counts;
        let seconds = self.start.elapsed().as_secs_f64();
        let run = finished.saturating_sub(self.resumed);
        let rate = match run {
            0 => String::new(),
            _ => format!(", {:.0} a second", run as f64 / seconds.max(1e-9)),
        };
        let rounds = match self.round {
            1 => String::new(),
            rounds => format!(", {rounds} rounds"),
        };
        let failed = match items.saturating_sub(finished) {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let unit = self.unit;
        format!("{finished} of {all_items} {unit} in {seconds:.2} s{rate}{rounds}{failed}")
    }

    fn begin(&mut self, driver: &str, workers: usize, unit: &'static str, counts: Counts) {
        self.start = Instant::now();
        self.pace = Pace::new(counts.items, counts.all_items);
        self.unit = unit;
        self.counts = counts;
        self.resumed = counts.items;
        let crew = match (driver, workers) {
            ("serial", _) => "one core".to_string(),
            ("processes", 1) => "1 process".to_string(),
            ("threads", 1) => "1 thread".to_string(),
            ("mpi", 1) => "1 rank".to_string(),
            ("mpi", _) => format!("{workers} ranks"),
            _ => format!("{workers} {driver}"),
        };
        self.message = format!("{unit} on {crew}");
        if let Face::Lines { next } = &mut self.face {
            *next = QUIET.0;
            let batches = if counts.all_pieces == 1 { "batch" } else { "batches" };
            let Counts { all_items, all_pieces, .. } = counts;
            let there = match counts.items {
                0 => String::new(),
                items => format!(", {items} of them from the checkpoint"),
            };
            self.say(&format!("{all_items} {unit} in {all_pieces} {batches} on {crew}{there}"));
        }
        if counts.all_items > 0 {
            self.advance(counts);
        }
    }

    /// After a round, unless it was the last: there is more to do than was known.
    fn next_round(&mut self, over: u64, counts: Counts) {
        if counts.items < counts.all_items {
            self.round = over + 1;
        }
    }

    fn advance(&mut self, counts: Counts) {
        self.counts = counts;
        self.pace.advance(counts.items, counts.all_items);
        let round = match self.round {
            1 => String::new(),
            round => format!(", round {round}"),
        };
        match &mut self.face {
            Face::Hidden => {}
            Face::Bar(bar) => bar.advance(&self.pace, &format!("{}{round}", self.message)),
            Face::Live(live) => {
                live.advance(&self.pace, self.unit, &format!("{}{round}", self.message));
            }
            Face::Lines { next } => {
                if counts.items == counts.all_items || self.start.elapsed() < *next {
                    return;
                }
                *next = next_line(self.start.elapsed());
                let (Counts { items, all_items, .. }, unit) = (counts, self.unit);
                let percent = 100 * items / all_items.max(1);
                let left = self.pace.now().left;
                let left =
                    if left.is_nan() { String::new() } else { format!(", {left:.0} s left") };
                self.say(&format!("{percent} %: {items} of {all_items} {unit}{round}{left}"));
            }
        }
    }

    /// The chart of what there is so far, if there is a place for it.
    fn draw(&mut self, partial: &dyn Fn() -> Option<Data>) {
        if let Face::Live(live) = &mut self.face {
            live.draw(partial);
        }
    }

    fn failed(&mut self, failure: &PieceFailure) {
        self.say(&failure.to_string());
    }

    /// A line of a worker, on the stream that it was written to.
    fn relay(&mut self, worker: usize, stream: Stream, line: &str) {
        self.line(stream, Some(worker), &format!("worker {worker} | {line}"));
    }

    fn say(&mut self, line: &str) {
        self.line(Stream::Stderr, None, line);
    }

    /// Writes a line, above the bar if there is one. A closed stream is no reason to end a run.
    fn line(&mut self, stream: Stream, worker: Option<usize>, line: &str) {
        let Voice::Streams { out, err } = &mut self.voice else {
            let (name, text) = (stream.name(), &format!("{line}\n"));
            return channel::send(&Message::Stream { name, worker, text });
        };
        let out = match stream {
            Stream::Stdout => out,
            Stream::Stderr => err,
        };
        let mut write = || {
            let _ = writeln!(out, "{}", as_text(line)).and_then(|()| out.flush());
        };
        match &mut self.face {
            Face::Bar(bar) => bar.suspend(write),
            _ => write(),
        }
    }
}

/// A line that evcxr, in a notebook, does not take for the beginning of rich output: it looks for that
/// anywhere in a line, and would wait for the end, which never comes, with all that follows. Another kind
/// of space looks the same.
fn as_text(line: &str) -> String {
    line.replace("EVCXR_BEGIN_CONTENT ", "EVCXR_BEGIN_CONTENT\u{a0}")
}

#[cfg(test)]
mod tests;
