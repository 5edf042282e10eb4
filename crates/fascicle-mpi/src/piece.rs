//! The piece that runs on this rank.

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fascicle_core::{Context, Failure, Frame, LogLine, Work, attempt, with_share};

use crate::message::Numbered;
use crate::quiet::Quiet;
use crate::world::World;

/// What is said of the piece that runs now, if this process ends in it.
static NOW: Mutex<Option<String>> = Mutex::new(None);

/// What a piece has come to, but for its frame.
pub(crate) struct Ran {
    pub(crate) took: Duration,
    pub(crate) log: Vec<LogLine>,
    pub(crate) result: Result<(), Failure>,
}

/// Runs a piece on this rank.
pub(crate) fn run<'a>(
    world: &'a World,
    work: &dyn Work,
    piece: u64,
    number: u64,
    cx: Context<'a>,
    frame: &mut Frame,
) -> Ran {
    let started = Instant::now();
    set(Some(describe(work, piece, number)));
    world.quiet.iter().for_each(Quiet::listen);
    let mut cx = cx.with_stop(&world.shared.stop);
    let result = with_share(world.share, || attempt(work, piece, &mut cx, frame));
    world.quiet.iter().for_each(Quiet::end);
    set(None);
    let log = cx.take_log();
    Ran { took: started.elapsed(), log, result }
}

/// The same, by the number that all ranks know it by.
pub(crate) fn run_numbered(
    world: &World,
    work: &dyn Work,
    piece: Numbered,
    frame: &mut Frame,
) -> Ran {
    run(world, work, piece.number, piece.number, Context::new(world.rank), frame)
}

/// " while it ran batch 7 (seeds 175-199)", if it does.
pub(crate) fn told() -> String {
    let now = NOW.try_lock().ok().and_then(|now| now.clone());
    now.map_or(String::new(), |now| format!(" while it ran {now}"))
}

fn set(now: Option<String>) {
    *NOW.lock().unwrap_or_else(PoisonError::into_inner) = now;
}

fn describe(work: &dyn Work, piece: u64, number: u64) -> String {
    let seeds = work.seeds(piece);
    let mut text = format!("batch {number}");
    if let (Some(first), Some(last)) = (seeds.first(), seeds.last()) {
        let _ = write!(text, " (seeds {first} to {last})");
    }
    text
}
