//! Failures as values: what went wrong with one piece, or with one trajectory of it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Seed;

/// How a worker was lost while it ran a piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WorkerLost {
    /// It ended by itself, with this code.
    Exited(i32),
    /// It was ended by this signal.
    Killed(i32),
    /// It was ended because a piece took longer than allowed.
    TimedOut(Duration),
    /// It never said that it had started, within this time.
    Silent(Duration),
    /// What it sent was no valid frame.
    Garbled(String),
    /// It had no more memory.
    OutOfMemory(String),
    /// It has ended, and somebody else was told how.
    Unknown,
}

impl fmt::Display for WorkerLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "the worker exited with code {code}"),
            Self::Killed(signal) => write!(f, "the worker was killed by {}", signal_name(*signal)),
            Self::TimedOut(limit) => write!(f, "the time limit of {limit:?} was exceeded"),
            Self::Silent(limit) => write!(f, "the worker said nothing within {limit:?}"),
            Self::Garbled(what) => write!(f, "the worker sent a damaged frame: {what}"),
            Self::OutOfMemory(what) => write!(f, "the worker ran out of memory: {what}"),
            Self::Unknown => f.write_str(
                "the worker ended, how is not known: this process ignores its children's ends, or another \
                 part of it has taken this one in",
            ),
        }
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL (by hand, or out of memory)",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        other => return format!("signal {other}"),
    };
    name.to_string()
}

/// What a failed piece failed of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Error)]
#[non_exhaustive]
pub enum Cause {
    /// The code panicked.
    #[error("panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The worker was lost, as often as is allowed.
    #[error("{lost}, {attempts} time(s){}", quote(last_words))]
    WorkerLost {
        /// How it was lost the last time.
        lost: WorkerLost,
        /// How often a worker was lost on this piece.
        attempts: u32,
        /// The last lines that the last of them wrote to its standard error.
        #[serde(default)]
        last_words: Vec<String>,
    },
    /// An output of a trajectory is NaN or infinite.
    #[error("{output} is {value} at time {}", short(*time))]
    NotFinite {
        /// The output's name.
        output: String,
        /// The first time at which it is not finite.
        time: f64,
        /// The value found: `NaN`, `inf` or `-inf`.
        value: String,
    },
    /// An output of a trajectory is outside the range declared for its sums.
    #[error("{output} is {value}, outside the range of 2^{range} declared for it")]
    OutOfRange {
        /// The output's name.
        output: String,
        /// The value found.
        value: f64,
        /// The declared range's binary logarithm.
        range: i32,
    },
    /// Outputs differ in name, kind or shape between trajectories, times or pieces.
    #[error("outputs changed shape: expected {expected}, found {found}")]
    ShapeChanged {
        /// The outputs, as first seen.
        expected: String,
        /// The outputs found later.
        found: String,
    },
    /// A named task of an algorithm gave up.
    #[error("task {task} failed: {message}")]
    Task {
        /// The task's name.
        task: String,
        /// Why.
        message: String,
    },
    /// The run was interrupted.
    #[error("cancelled")]
    Cancelled,
    /// Anything else.
    #[error("{message}")]
    Other {
        /// What happened.
        message: String,
    },
}

/// "; its last words: …", a line each; nothing if there are none.
fn quote(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!("; its last words:\n    {}", lines.join("\n    "))
}

/// A number to twelve digits: times are multiples of a time step, with its rounding.
fn short(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

/// Why a piece has no result, and which trajectories it concerns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Error)]
#[error("{}{cause}{}", name_rank(rank.as_ref()), name_seeds(seeds))]
pub struct Failure {
    /// What went wrong.
    pub cause: Cause,
    /// The seeds it concerns; empty if it concerns the whole piece.
    pub seeds: Vec<Seed>,
    /// The rank and the host where it happened, of a program on several ranks.
    #[serde(default)]
    pub rank: Option<(usize, String)>,
}

impl Failure {
    /// A failure of the whole piece.
    pub fn new(cause: Cause) -> Self {
        Self { cause, seeds: Vec::new(), rank: None }
    }

    /// A failure described in words.
    pub fn other(message: impl fmt::Display) -> Self {
        Self::new(Cause::Other { message: message.to_string() })
    }

    /// The piece noticed that the run was interrupted.
    pub fn cancelled() -> Self {
        Self::new(Cause::Cancelled)
    }

    /// The same, with the rank and the host where it happened.
    #[must_use]
    pub fn on_rank(mut self, rank: usize, host: impl Into<String>) -> Self {
        self.rank = Some((rank, host.into()));
        self
    }

    /// The same, concerning these trajectories.
    #[must_use]
    pub fn with_seeds(mut self, seeds: &[Seed]) -> Self {
        self.seeds = seeds.to_vec();
        self
    }
}

/// A failed piece: its number, all its seeds, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Error)]
#[error("batch {piece}{} failed: {failure}", name_seeds(seeds))]
pub struct PieceFailure {
    /// The piece's number.
    pub piece: u64,
    /// All seeds of the piece, if it has any.
    pub seeds: Vec<Seed>,
    /// Why.
    #[source]
    pub failure: Failure,
}

impl PieceFailure {
    /// Puts failures into the order of their pieces. A sort is much code, which is compiled here once.
    pub(crate) fn sort(failures: &mut [Self]) {
        failures.sort_by_key(|failure| failure.piece);
    }

    /// What runs the piece's seeds again, alone and in this process, where a debugger sees it.
    pub fn reproduce(&self) -> Option<String> {
        let runs = runs_of(&self.seeds);
        let seeds = match runs.as_slice() {
            [] => return None,
            [(first, last)] => format!("{first}..={last}_u64"),
            _ => {
                let seeds: Vec<String> = self.seeds.iter().map(Seed::to_string).collect();
                format!("[{}_u64]", seeds.join(", "))
            }
        };
        Some(format!("Driver::Serial.run(&sim, RunOptions::new().with_seeds({seeds}))"))
    }
}

/// "on rank 2 (node03): "
fn name_rank(rank: Option<&(usize, String)>) -> String {
    rank.map_or(String::new(), |(rank, host)| format!("on rank {rank} ({host}): "))
}

/// " (seeds 3, 4, 7)", with ranges contracted and long lists cut; nothing if there are none.
pub(crate) fn name_seeds(seeds: &[Seed]) -> String {
    const SHOWN: usize = 8;
    let runs = runs_of(seeds);
    match runs.as_slice() {
        [] => String::new(),
        [(a, b)] if a == b => format!(" (seed {a})"),
        runs => {
            let mut shown: Vec<String> = runs.iter().take(SHOWN).map(show_run).collect();
            if runs.len() > SHOWN {
                shown.push(format!("… {} in all", seeds.len()));
            }
            format!(" (seeds {})", shown.join(", "))
        }
    }
}

pub(crate) fn show_run((first, last): &(u64, u64)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// First and last of each run of consecutive seeds.
pub(crate) fn runs_of(seeds: &[Seed]) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &Seed(seed) in seeds {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(seed) => *last = seed,
            _ => runs.push((seed, seed)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_batch_names_its_seeds_and_the_cause() {
        let seeds: Vec<Seed> = [4, 5, 6, 9].map(Seed).to_vec();
        let cause = Cause::NotFinite { output: "dm_db".into(), time: 0.3, value: "NaN".into() };
        let failure = Failure::new(cause).with_seeds(&[Seed(9)]);
        let text = PieceFailure { piece: 2, seeds, failure }.to_string();
        assert_eq!(text, "batch 2 (seeds 4-6, 9) failed: dm_db is NaN at time 0.3 (seed 9)");
    }

    #[test]
    fn a_lost_batch_says_its_last_words_and_how_to_run_it_again() {
        let (lost, last_words) = (WorkerLost::Killed(11), vec!["help".into(), "me".into()]);
        let failure = Failure::new(Cause::WorkerLost { lost, attempts: 3, last_words });
        let of = |seeds: &[u64]| PieceFailure {
            piece: 2,
            seeds: seeds.iter().copied().map(Seed).collect(),
            failure: failure.clone(),
        };
        assert_eq!(
            of(&[4, 5, 6]).to_string(),
            "batch 2 (seeds 4-6) failed: the worker was killed by SIGSEGV, 3 time(s); its last words:\n    help\n    me"
        );
        let again = |seeds: &[u64]| of(seeds).reproduce();
        let line = |seeds: &str| {
            Some(format!("Driver::Serial.run(&sim, RunOptions::new().with_seeds({seeds}))"))
        };
        assert_eq!(again(&[4, 5, 6]), line("4..=6_u64"));
        assert_eq!(again(&[4, 9]), line("[4, 9_u64]"));
        assert_eq!(again(&[]), None);
    }

    #[test]
    fn long_lists_of_seeds_are_cut() {
        let seeds: Vec<Seed> = (0..20).map(|k| Seed(2 * k)).collect();
        assert_eq!(name_seeds(&seeds), " (seeds 0, 2, 4, 6, 8, 10, 12, 14, … 20 in all)");
    }
}
