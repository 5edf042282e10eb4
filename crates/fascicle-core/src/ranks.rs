//! Several processes of one program that run in step, as under MPI.
//!
//! Every rank makes the same calls in the same order. One leads: it hands pieces out, merges, keeps the
//! journal and decides. The others follow: they run pieces, and take over what the leader has come to, so
//! that every rank goes on with the same results.

mod outcome;

use std::cell::Cell;
use std::fmt::Display;
use std::sync::OnceLock;

use crate::cores::is_in_piece;
use crate::{
    Event, Execute, ExecuteOptions, Fold, Frame, Listener, Progress, Report, RunError, Work,
};

use outcome::Heard;
pub use outcome::Outcome;

/// What a driver gives whose program runs on several ranks.
pub trait Ranks {
    /// Begins a run on this rank.
    ///
    /// # Errors
    /// When another thread is in one.
    fn enter(&self) -> Result<(), RunError> {
        Ok(())
    }

    /// Whether all ranks run pieces, and not the one that leads alone.
    fn all_work(&self) -> bool {
        true
    }

    /// The driver that hands pieces out to all ranks, on the one that leads; none on one that follows.
    fn manager(&self) -> Option<&dyn Execute>;

    /// On a rank that follows: runs the pieces that the leader hands out until it has told the outcome.
    fn follow(&self, work: &dyn Work, options: &ExecuteOptions) -> (Outcome, Frame);

    /// On the rank that leads: gives the outcome, and the state of the fold, to all others.
    ///
    /// # Errors
    /// When that cannot be sent; the others are told so, as if the run could not be made.
    fn tell(&self, outcome: Outcome, state: Frame) -> Result<(), RunError>;
}

/// What the leader of a run does with the driver that hands pieces out.
pub type Lead<'a> =
    dyn FnMut(&dyn Execute, &mut dyn Fold, &mut Listener<'_>) -> Result<Report, RunError> + 'a;

/// Runs a work on ranks such that the fold and the report are the same on all of them. What the leader
/// does is given: with a journal or without.
///
/// # Errors
/// The leader's, on all ranks; on the others as [`RunError::OnLeader`].
pub fn run_on_ranks(
    ranks: &dyn Ranks,
    work: &dyn Work,
    fold: &mut dyn Fold,
    options: &ExecuteOptions,
    on: &mut Listener<'_>,
    lead: &mut Lead<'_>,
) -> Result<Report, RunError> {
    if !fold.has_state() {
        return Err(RunError::NotForRanks);
    }
    ranks.enter()?;
    let Some(manager) = ranks.manager() else {
        let (outcome, state) = ranks.follow(work, options);
        return take_over(outcome, state, fold, &mut |event| apart(Apart::Listening, || on(event)));
    };
    let telling = Telling { ranks, told: false };
    let mut heard = Heard::default();
    let result = lead(manager, fold, &mut |event| {
        match event {
            Event::Log { piece: Some(piece), line } => heard.logged.push((piece, line.clone())),
            Event::Failed { failure, .. } => heard.failed.push(failure.clone()),
            _ => {}
        }
        apart(Apart::Listening, || on(event))
    });
    let told = match fold.state() {
        Some(state) => {
            let (outcome, state) = Outcome::of(&result, heard, state);
            telling.tell(outcome, state)
        }
        None => telling.tell_of_no_state(),
    };
    result.and_then(|report| told.map(|()| report))
}

/// On a rank that follows: the leader's results.
fn take_over(
    outcome: Outcome,
    state: Frame,
    fold: &mut dyn Fold,
    on: &mut Listener<'_>,
) -> Result<Report, RunError> {
    let (heard, result) = outcome.take_over(state, fold);
    // A listener's wish to end a run that is over changes nothing.
    for (piece, line) in &heard.logged {
        let _ = on(Event::Log { piece: Some(*piece), line });
    }
    for failure in &heard.failed {
        let _ = on(Event::Failed { failure, progress: Progress::default() });
    }
    result
}

/// Sees to it that the others do not wait for a leader that has panicked.
struct Telling<'a> {
    ranks: &'a dyn Ranks,
    told: bool,
}

impl Telling<'_> {
    fn tell(mut self, outcome: Outcome, state: Frame) -> Result<(), RunError> {
        self.told = true;
        self.ranks.tell(outcome, state)
    }

    fn tell_of_no_state(self) -> Result<(), RunError> {
        let message = "its results could not be put together for the other ranks";
        self.tell(Outcome::of_untold_results(message), Frame::default())?;
        Err(RunError::OnLeader { message: message.to_string(), keeps_results: false })
    }
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if !self.told {
            let _ = self.ranks.tell(Outcome::of_error("it panicked"), Frame::default());
        }
    }
}

/// This rank among those that run in step, and how it waits for the others.
#[derive(Clone, Copy, Debug)]
pub struct InStep {
    /// Its number; 0 leads.
    pub rank: usize,
    /// Returns when all ranks have come to this; gives what has failed there on the rank that leads.
    pub meet: fn(Meeting<'_>) -> Option<String>,
}

/// For what ranks meet.
#[derive(Clone, Debug)]
pub struct Meeting<'a> {
    /// What is done there, in words.
    pub what: &'a str,
    /// On the rank that leads: whether it has failed, and why.
    pub failed: Option<String>,
    /// Whether the rank that leads waits for the others as well, and not they for it alone.
    pub leader_waits: bool,
}

/// There is one world of ranks in a process, from when it is started until the process ends.
static IN_STEP: OnceLock<InStep> = OnceLock::new();

/// Says that this program runs in step on several ranks from now on. For drivers.
pub fn run_in_step(here: InStep) {
    let _ = IN_STEP.set(here);
}

/// What this thread does that is not for all ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apart {
    /// Nothing.
    No,
    /// It writes a file, for all.
    Writing,
    /// It listens to a run, which others take part in.
    Listening,
}

thread_local! {
    static APART: Cell<Apart> = const { Cell::new(Apart::No) };
}

/// Does something apart from the other ranks.
fn apart<R>(how: Apart, f: impl FnOnce() -> R) -> R {
    struct Back(Apart);
    impl Drop for Back {
        fn drop(&mut self) {
            APART.set(self.0);
        }
    }
    let _back = Back(APART.replace(how));
    f()
}

/// Whether this thread is where the other ranks are not: inside a piece, or inside a listener. A run there is
/// this rank's own.
pub fn is_apart() -> bool {
    is_in_piece() || APART.get() != Apart::No
}

/// This process among ranks that run in step, if it is.
pub fn in_step() -> Option<InStep> {
    IN_STEP.get().copied().filter(|_| !is_apart())
}

/// Writes a file: on one rank, if there are several that run in step, and all go on when that is done. Inside
/// a listener nobody is waited for.
///
/// # Errors
/// The writer's. The other ranks make theirs of what it says.
pub fn write_once<E: Display>(
    what: &str,
    write: impl FnOnce() -> Result<(), E>,
    elsewhere: impl FnOnce(String) -> E,
) -> Result<(), E> {
    write_on_leader(what, true, write, elsewhere)
}

/// The same before a program ends with an error: the other ranks wait for the one that writes, which does not wait
/// for them, for they may be busy yet.
pub fn write_before_the_end(what: &str, write: impl FnOnce()) {
    let write = || {
        write();
        Ok::<_, String>(())
    };
    let _ = write_on_leader(what, false, write, |message| message);
}

fn write_on_leader<E: Display>(
    what: &str,
    leader_waits: bool,
    write: impl FnOnce() -> Result<(), E>,
    elsewhere: impl FnOnce(String) -> E,
) -> Result<(), E> {
    let Some(&InStep { rank, meet }) = IN_STEP.get() else {
        return write();
    };
    if is_in_piece() || APART.get() == Apart::Writing {
        return write();
    }
    let written = if rank == 0 { apart(Apart::Writing, write) } else { Ok(()) };
    if APART.get() != Apart::No {
        return written;
    }
    let failed = written.as_ref().err().map(ToString::to_string);
    let failed = meet(Meeting { what, failed, leader_waits });
    written.and_then(|()| failed.map_or(Ok(()), |message| Err(elsewhere(message))))
}
