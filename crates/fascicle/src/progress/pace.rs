//! How far a run is, and how quick.

use std::time::Instant;

/// Counts, from a start on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    position: u64,
    length: u64,
    /// The position at the start: what was there already is not counted into the rate.
    from: u64,
    start: Instant,
}

/// What it comes to at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    /// So many are done.
    pub position: u64,
    /// Of so many, one at least.
    pub length: u64,
    /// How many a second.
    pub rate: f64,
    /// Seconds that are left; unknown as long as there is no rate.
    pub left: f64,
}

impl Pace {
    /// Starts at a position, and the clock with it.
    pub fn new(position: u64, length: u64) -> Self {
        Self { position, length, from: position, start: Instant::now() }
    }

    /// Moves on.
    pub fn advance(&mut self, position: u64, length: u64) {
        (self.position, self.length) = (position, length);
    }

    /// What it comes to now.
    pub fn now(&self) -> Moment {
        self.after(self.start.elapsed().as_secs_f64())
    }

    /// What it comes to, so many seconds after the start.
    pub fn after(&self, elapsed: f64) -> Moment {
        let length = self.length.max(1);
        let position = self.position.min(length);
        let rate = (position - self.from.min(position)) as f64 / elapsed.max(1e-9);
        let left = if rate > 0.0 { (length - position) as f64 / rate } else { f64::NAN };
        Moment { position, length, rate, left }
    }
}

impl Moment {
    /// "  62 %  1,250/2,000 trajectories on 4 processes  75 a second  10s left"
    pub fn words(&self, message: &str) -> String {
        let Self { position, length, rate, left } = *self;
        let percent = 100 * u128::from(position) / u128::from(length);
        let (position, length, left) = (grouped(position), grouped(length), duration(left));
        format!("{percent:>3} %  {position}/{length} {message}  {rate:.0} a second  {left} left")
    }
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
    fn what_was_there_is_not_counted_into_the_rate() {
        let mut pace = Pace::new(500, 2000);
        pace.advance(1250, 2000);
        let words = pace.after(10.0).words("trajectories");
        assert_eq!(words, " 62 %  1,250/2,000 trajectories  75 a second  10s left");
    }

    #[test]
    fn without_a_rate_nothing_is_known_of_the_rest() {
        assert!(Pace::new(0, 10).after(1.0).left.is_nan());
        assert_eq!(Pace::new(0, 0).after(1.0).length, 1);
    }

    #[test]
    fn numbers_and_times_are_short() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([f64::NAN, 5.2, 600.0, 36000.0].map(duration), ["-", "5s", "10m", "10h"]);
    }
}
