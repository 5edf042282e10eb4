//! A bar on the last line of a terminal.

use std::io::Write;
use std::time::{Duration, Instant};

use super::pace::{Moment, Pace};

/// Between two drawings.
const PAUSE: Duration = Duration::from_millis(100);

/// The bar's width in characters.
const WIDTH: u64 = 32;

/// Parts of a character, in eighths.
const PARTS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// So many of so many, how many a second, and the time that is left.
pub(super) struct Bar {
    to: Box<dyn Write>,
    /// What it said last.
    line: String,
    drawn: Option<Instant>,
}

impl Bar {
    /// On this terminal, with nothing drawn yet.
    pub fn new(to: Box<dyn Write>) -> Self {
        Self { to, line: String::new(), drawn: None }
    }

    /// Draws it, if it is time.
    pub fn advance(&mut self, pace: &Pace, message: &str) {
        if self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE) {
            self.line = line(&pace.now(), message);
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
        // A line that is too long is cut off by the terminal, for a second line would stay.
        self.put(&format!("\r\x1b[?7l{}\x1b[K\x1b[?7h", self.line));
    }

    /// A closed terminal is no reason to end a run.
    fn put(&mut self, text: &str) {
        let _ = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush());
    }
}

fn line(moment: &Moment, message: &str) -> String {
    format!("{} {}", bar(moment.position, moment.length), moment.words(message))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_rate_and_rest() {
        let mut pace = Pace::new(500, 2000);
        pace.advance(1250, 2000);
        let bars = "█".repeat(20) + &" ".repeat(12);
        let rest = "  62 %  1,250/2,000 trajectories  75 a second  10s left";
        assert_eq!(line(&pace.after(10.0), "trajectories"), bars + rest);
    }

    #[test]
    fn bars_are_of_one_width() {
        for position in 0..=300 {
            assert_eq!(bar(position, 300).chars().count() as u64, WIDTH);
        }
        assert!(bar(1, 300).starts_with(' ') && bar(2, 300).starts_with('▏'));
    }
}
