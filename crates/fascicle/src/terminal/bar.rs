//! A bar on the last line of a terminal.

use std::io::Write;
use std::time::{Duration, Instant};

/// Between two drawings.
const PAUSE: Duration = Duration::from_millis(100);

/// The bar's width in characters.
const WIDTH: u64 = 32;

/// Parts of a character, in eighths.
const PARTS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// So many of so many, how many a second, and the time that is left.
pub(super) struct Bar {
    to: Box<dyn Write>,
    message: String,
    position: u64,
    length: u64,
    /// The position at the start: what was there already is not counted into the rate.
    from: u64,
    start: Instant,
    drawn: Option<Instant>,
}

impl Bar {
    /// On this terminal, with nothing drawn yet.
    pub fn new(to: Box<dyn Write>) -> Self {
        let (message, start) = (String::new(), Instant::now());
        Self { to, message, position: 0, length: 0, from: 0, start, drawn: None }
    }

    /// Starts at a position, and the clock with it.
    pub fn begin(&mut self, position: u64, length: u64) {
        (self.from, self.position, self.length) = (position, position, length);
        self.start = Instant::now();
        self.draw();
    }

    /// Says what is counted; it is seen from the next drawing on.
    pub fn set_message(&mut self, message: String) {
        self.message = message;
    }

    /// Moves on, and draws if it is time.
    pub fn advance(&mut self, position: u64, length: u64) {
        (self.position, self.length) = (position, length);
        if self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE) {
            self.draw();
        }
    }

    /// Does something that writes to the terminal, above the bar.
    pub fn suspend(&mut self, write: impl FnOnce()) {
        let drawn = self.drawn.is_some();
        self.clear();
        write();
        if drawn {
            self.draw();
        }
    }

    /// Removes it.
    pub fn clear(&mut self) {
        if self.drawn.take().is_some() {
            self.put("\r\x1b[K");
        }
    }

    fn draw(&mut self) {
        self.drawn = Some(Instant::now());
        let line = self.line(self.start.elapsed().as_secs_f64());
        // A line that is too long is cut off by the terminal, for a second line would stay.
        self.put(&format!("\r\x1b[?7l{line}\x1b[K\x1b[?7h"));
    }

    /// A closed terminal is no reason to end a run.
    fn put(&mut self, text: &str) {
        let _ = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush());
    }

    fn line(&self, elapsed: f64) -> String {
        let Self { message, position, length, .. } = self;
        let length = (*length).max(1);
        let position = (*position).min(length);
        let rate = (position - self.from.min(position)) as f64 / elapsed.max(1e-9);
        let left = if rate > 0.0 { (length - position) as f64 / rate } else { f64::NAN };
        let (bar, percent) =
            (bar(position, length), 100 * u128::from(position) / u128::from(length));
        let (position, length) = (grouped(position), grouped(length));
        let left = duration(left);
        format!(
            "{bar} {percent:>3} %  {position}/{length} {message}  {rate:.0} a second  {left} left"
        )
    }
}

fn bar(position: u64, length: u64) -> String {
    let eighths = (u128::from(8 * WIDTH) * u128::from(position) / u128::from(length)) as u64;
    let (full, part) = (eighths / 8, PARTS[(eighths % 8) as usize]);
    let mut bar = "█".repeat(full as usize);
    if full < WIDTH {
        bar.push_str(part);
        bar.push_str(&" ".repeat((WIDTH - full - 1) as usize));
    }
    bar
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds in the unit that fits.
fn duration(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() => "-".to_string(),
        s if s < 120.0 => format!("{s:.0}s"),
        s if s < 7200.0 => format!("{:.0}m", s / 60.0),
        s => format!("{:.0}h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_rate_and_rest() {
        let mut bar = Bar::new(Box::new(std::io::sink()));
        bar.set_message("trajectories".to_string());
        bar.begin(500, 2000);
        bar.advance(1250, 2000);
        let bars = "█".repeat(20) + &" ".repeat(12);
        let rest = "  62 %  1,250/2,000 trajectories  75 a second  10s left";
        assert_eq!(bar.line(10.0), bars + rest);
    }

    #[test]
    fn bars_are_of_one_width() {
        for position in 0..=300 {
            assert_eq!(bar(position, 300).chars().count() as u64, WIDTH);
        }
        assert!(bar(1, 300).starts_with(' ') && bar(2, 300).starts_with('▏'));
    }

    #[test]
    fn numbers_and_times_are_short() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([f64::NAN, 5.2, 600.0, 36000.0].map(duration), ["-", "5s", "10m", "10h"]);
    }
}
