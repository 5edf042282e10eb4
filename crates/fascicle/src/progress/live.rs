//! Progress for a kernel that takes messages: a bar that moves, and the chart of what there is so far.

use std::time::{Duration, Instant};

use fascicle_core::Data;

use super::pace::Pace;
use crate::channel::{self, Forms, Message, Step};
use crate::show::{Live as Place, escape, first_chart};

/// Between two messages of progress.
const PAUSE: Duration = Duration::from_millis(100);

/// Before the first chart, and between two of them, at the least.
const CHART_PAUSE: Duration = Duration::from_secs(1);

/// Charts may take so much less time than the run.
const CHART_SHARE: u32 = 20;

/// What is shown of a run.
pub(super) struct Live {
    bar: String,
    said: Option<Instant>,
    chart: Place,
    next_chart: Instant,
    /// What was sent last, if it was not the last word.
    open: Option<(u64, u64, String)>,
}

impl Live {
    /// With nothing shown yet.
    pub fn new() -> Self {
        let next_chart = Instant::now() + CHART_PAUSE;
        Self { bar: channel::new_id(), said: None, chart: Place::new(), next_chart, open: None }
    }

    /// Sends the numbers, if it is time.
    pub fn advance(&mut self, pace: &Pace, unit: &str, message: &str) {
        if self.said.is_none_or(|said| said.elapsed() >= PAUSE) {
            self.said = Some(Instant::now());
            let step = step(pace, unit, false);
            let bar = format!(
                "<progress value=\"{}\" max=\"{}\"></progress> ",
                step.position, step.length
            );
            self.open = Some((step.position, step.length, unit.to_string()));
            self.tell(step, &bar, pace.now().words(message).trim_start());
        }
    }

    /// Sends a chart of what there is so far, if it is time.
    pub fn draw(&mut self, partial: &dyn Fn() -> Option<Data>) {
        let start = Instant::now();
        if start < self.next_chart {
            return;
        }
        if let Some(chart) = partial().as_ref().and_then(first_chart) {
            self.chart.show(&chart);
        }
        self.next_chart = Instant::now() + CHART_PAUSE.max(start.elapsed() * CHART_SHARE);
    }

    /// The last word, and no chart any more, for the data have one.
    pub fn finish(&mut self, pace: &Pace, unit: &str, words: &str) {
        self.open = None;
        self.chart.clear();
        self.tell(step(pace, unit, true), "", words);
    }

    fn tell(&self, step: Step<'_>, bar: &str, words: &str) {
        let html = format!("<div>{bar}{}</div>", escape(words));
        let data: &Forms = &[("text/plain", format!("{words}\n")), ("text/html", html)];
        channel::send(&Message::Progress { id: &self.bar, step, data });
    }
}

/// A run that ends by a panic, as of a listener, leaves no bar that waits and no chart.
impl Drop for Live {
    fn drop(&mut self) {
        if let Some((position, length, unit)) = self.open.take() {
            self.chart.clear();
            let step =
                Step { position, length, unit: &unit, rate: 0.0, left: f64::NAN, done: true };
            self.tell(step, "", &format!("given up after {position} of {length} {unit}"));
        }
    }
}

fn step<'a>(pace: &Pace, unit: &'a str, done: bool) -> Step<'a> {
    let moment = pace.now();
    let (position, length) = (moment.position, moment.length);
    Step { position, length, unit, rate: moment.rate, left: moment.left, done }
}
