//! What the courier's thread and the thread that computes share: who is where, what is to be run, what is
//! done. It does no input or output; what is to be sent is left in the outbox.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fascicle_core::wire::WireError;
use fascicle_core::{CancelHandle, Failure, Frame, LogLine, Outcome};

use crate::handout::{Handout, Order};
use crate::message::{Errand, Numbered, Packet, Passed, Word};

mod lost;

pub(crate) use lost::{DIED, Lost};

/// A finished piece of another rank.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) rank: usize,
    pub(crate) piece: u64,
    pub(crate) log: Vec<LogLine>,
    pub(crate) result: Result<Frame, Failure>,
}

/// Leader: what has come in since it was last asked.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) done: VecDeque<Done>,
    /// A rank that was told to end the run.
    pub(crate) asked: Option<usize>,
    /// Whether a rank is lost.
    pub(crate) lost: bool,
}

/// Whether this rank takes leave of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Not yet.
    Stays,
    /// It wishes to.
    Wishes,
    /// It has said so to the leader, and waits until that has heard it of all.
    Waits,
    /// Nobody will say anything any more.
    Gone,
}

/// The leader's view of a run.
#[derive(Debug)]
struct Leading {
    handout: Handout,
    /// Whether the first piece that fails ends the run.
    end_at_failure: bool,
    /// Whether that has happened.
    is_over: bool,
    /// The pieces of the round, and by which numbers all ranks know them.
    first: u64,
    numbers: Vec<u64>,
}

impl Leading {
    /// What a rank is at, as far as is known.
    fn at(&self, rank: usize) -> Option<Numbered> {
        self.handout.first_of(rank).map(|piece| self.numbered(piece))
    }

    /// A piece of the round by the number that all ranks know.
    fn numbered(&self, piece: u64) -> Numbered {
        let number = self.numbers.get((piece - self.first) as usize).copied().unwrap_or(piece);
        Numbered { piece, number }
    }
}

/// This rank's desk.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) rank: usize,
    pub(crate) size: usize,
    /// Packets to be sent, and to whom.
    pub(crate) outbox: Vec<(usize, Packet)>,
    /// How many occasions on which all ranks come together are over.
    pub(crate) at: u64,
    /// Whether a thread of this rank is in one of them.
    entered: bool,
    /// Whether the computing thread waits for others.
    pub(crate) waiting: bool,
    /// Whether a run goes on.
    pub(crate) running: bool,
    /// How long the last piece of this rank took.
    pub(crate) took: Duration,
    /// What ends this run, until the leader is told that it was used.
    pub(crate) cancel: Option<CancelHandle>,
    /// Leader: who is where.
    pub(crate) arrived: Vec<VecDeque<(u64, Errand)>>,
    /// Others: occasions that the leader has let pass.
    pub(crate) passed: VecDeque<(u64, Passed)>,
    /// What this rank is to run next.
    pub(crate) queue: VecDeque<Numbered>,
    leading: Option<Leading>,
    /// Leader: what others have finished.
    pub(crate) done: VecDeque<Done>,
    /// Leader: a failure among that which ends the run.
    pub(crate) failed: Option<String>,
    /// Leader: a rank that is lost, which ends the run and then the job.
    pub(crate) lost: Option<Lost>,
    /// Leader: what others have printed.
    pub(crate) said: Vec<Vec<String>>,
    /// Leader: a rank that was told to end the run.
    pub(crate) asked_to_end: Option<usize>,
    /// Others: what the leader has come to, of runs that this rank may be late for.
    pub(crate) outcomes: VecDeque<(u64, Outcome, Frame)>,
    /// Tells the piece that runs here to give up.
    pub(crate) stop: Arc<AtomicBool>,
    /// Who has left.
    pub(crate) departed: Vec<bool>,
    /// Why the job must end, and with which code.
    pub(crate) fatal: Option<(String, i32)>,
    pub(crate) leave: Leave,
}

impl Desk {
    pub(crate) fn new(rank: usize, size: usize) -> Self {
        Self {
            rank,
            size,
            outbox: Vec::new(),
            at: 0,
            entered: false,
            waiting: false,
            running: false,
            took: Duration::ZERO,
            cancel: None,
            arrived: vec![VecDeque::new(); size],
            passed: VecDeque::new(),
            queue: VecDeque::new(),
            leading: None,
            done: VecDeque::new(),
            failed: None,
            lost: None,
            said: vec![Vec::new(); size],
            asked_to_end: None,
            outcomes: VecDeque::new(),
            stop: Arc::new(AtomicBool::new(false)),
            departed: vec![false; size],
            fatal: None,
            leave: Leave::Stays,
        }
    }

    /// Sends a word to a rank.
    pub(crate) fn send(&mut self, to: usize, word: &Word) {
        self.outbox.push((to, word.packet()));
    }

    /// Sends a word to all that the leader speaks to, or to the leader.
    pub(crate) fn tell(&mut self, word: &Word) {
        let packet = word.packet();
        self.outbox.extend(self.peers().map(|to| (to, Arc::clone(&packet))));
    }

    /// Those with whom this rank exchanges signs of life.
    pub(crate) fn peers(&self) -> Range<usize> {
        if self.rank == 0 { 1..self.size } else { 0..1 }
    }

    /// Leader: what a rank has come with for this occasion, if it has come; the leader itself has come for this.
    /// One that has left will not come.
    pub(crate) fn next_arrival(&mut self, rank: usize, mine: &Errand) -> Option<Errand> {
        let now = self.at;
        self.end_for_lost();
        let queue = &mut self.arrived[rank];
        while queue.front().is_some_and(|(at, _)| *at < now) {
            queue.pop_front();
        }
        if let Some((_, errand)) = queue.pop_front() {
            return Some(errand);
        }
        if let Some(gone) = (1..self.size).find(|&rank| self.departed[rank]) {
            let doing = mine.told();
            self.end_job(format!("rank {gone} has ended its program, and rank 0 is {doing}"), 70);
        }
        None
    }

    /// Leader: begins to hand out to so many ranks.
    pub(crate) fn lead(&mut self, ranks: usize, end_at_failure: bool) {
        let (handout, numbers) = (Handout::new(ranks), Vec::new());
        self.leading = Some(Leading { handout, end_at_failure, is_over: false, first: 0, numbers });
        self.queue.clear();
        self.done.clear();
        self.said = vec![Vec::new(); self.size];
        self.running = true;
    }

    /// Leader: begins a round of pieces, which all ranks know by these numbers.
    pub(crate) fn begin_round(&mut self, pieces: Range<u64>, numbers: Vec<u64>) {
        if let Some(leading) = &mut self.leading {
            (leading.first, leading.numbers) = (pieces.start, numbers);
            leading.handout.begin(pieces);
        }
        self.obey();
    }

    /// Leader: whether the round is done, and all of it merged.
    pub(crate) fn is_round_done(&self) -> bool {
        let handed = self.leading.as_ref().is_none_or(|leading| leading.handout.is_done());
        handed && self.done.is_empty()
    }

    /// Leader: takes note that a piece is finished.
    pub(crate) fn finished(&mut self, rank: usize, piece: u64, took: Duration) {
        let well = self
            .leading
            .as_mut()
            .is_some_and(|leading| leading.handout.finished(rank, piece, took));
        if !well {
            self.end_job(
                format!("rank {rank} sent a result of batch {piece}, which it was not to run"),
                70,
            );
        }
        self.obey();
    }

    /// Leader: carries out what was decided.
    fn obey(&mut self) {
        let Some(mut leading) = self.leading.take() else { return };
        while let Some(order) = leading.handout.next_order() {
            match order {
                _ if leading.is_over => {}
                Order::Send { rank, piece } => {
                    let piece = leading.numbered(piece);
                    match rank {
                        0 => self.queue.push_back(piece),
                        _ => self.send(rank, &Word::Run { at: self.at, piece }),
                    }
                }
                Order::TakeBack { rank: 0 } => {
                    let pieces = self.queue.len();
                    self.queue.clear();
                    let _ = leading.handout.taken_back(0, pieces);
                }
                Order::TakeBack { rank } => self.send(rank, &Word::TakeBack { at: self.at }),
            }
        }
        self.leading = Some(leading);
    }

    /// Leader: no more pieces; the others are to give up what they have.
    pub(crate) fn end_early(&mut self) {
        self.queue.clear();
        self.leading = None;
        self.tell(&Word::End { at: self.at });
    }

    /// Others: what the leader has come to in this run, if it has.
    pub(crate) fn outcome(&mut self) -> Option<(Outcome, Frame)> {
        while self.outcomes.front().is_some_and(|(of, ..)| *of < self.at) {
            self.outcomes.pop_front();
        }
        if self.outcomes.front()?.0 > self.at {
            return None;
        }
        self.outcomes.pop_front().map(|(_, outcome, state)| (outcome, state))
    }

    /// Others: that the leader has let this occasion pass, for which this rank has come with this. If it was for
    /// something else the job ends.
    pub(crate) fn take_passed(&mut self, mine: &Errand) -> Option<Passed> {
        let is_it = self.passed.front().is_some_and(|(passed, _)| *passed == self.at);
        let (_, passed) = if is_it { self.passed.pop_front()? } else { return None };
        if passed.told != mine.told() {
            let (rank, here, there) = (self.rank, mine.told(), &passed.told);
            self.end_job(
                format!(
                    "rank {rank} is {here}, and rank 0 is {there}: all ranks must make the same calls in the \
                     same order"
                ),
                70,
            );
        }
        Some(passed)
    }

    /// Begins an occasion on which all ranks come together, unless another thread is in one.
    pub(crate) fn enter(&mut self) -> bool {
        !std::mem::replace(&mut self.entered, true)
    }

    /// Ends the occasion on which all ranks came together.
    pub(crate) fn next_occasion(&mut self) {
        self.at += 1;
        self.entered = false;
        self.running = false;
        self.leading = None;
        self.cancel = None;
        self.queue.clear();
        self.done.clear();
        self.asked_to_end = None;
        self.failed = None;
        self.stop.store(false, Ordering::Relaxed);
    }

    /// Goes on with taking leave: the others say goodbye to the leader, and when it has heard that of all,
    /// it says so to them. So nothing is under way when MPI is ended.
    pub(crate) fn take_leave(&mut self) {
        match (self.leave, self.rank) {
            (Leave::Wishes, 0) => {
                self.end_for_lost();
                let late = (1..self.size).find_map(|rank| {
                    let comes = self.arrived[rank].iter().find(|(at, _)| *at >= self.at);
                    comes.map(|(_, errand)| (rank, errand.told()))
                });
                if let Some((rank, told)) = late {
                    self.end_job(
                        format!("rank {rank} is {told}, and rank 0 has ended its program"),
                        70,
                    );
                } else if self.departed[1..].iter().all(|&departed| departed) {
                    self.tell(&Word::Bye);
                    self.leave = Leave::Waits;
                }
            }
            (Leave::Wishes, _) => {
                self.send(0, &Word::Bye);
                self.leave = Leave::Waits;
            }
            (Leave::Waits, 1..) if self.departed[0] => self.leave = Leave::Gone,
            _ => {}
        }
    }

    /// Says that all ranks must end, if that was not said before.
    pub(crate) fn end_job(&mut self, why: String, code: i32) {
        self.fatal.get_or_insert((why, code));
    }

    /// Takes in a packet of another rank.
    pub(crate) fn hear(&mut self, from: usize, word: Word, frame: Frame) {
        match word {
            Word::Arrived { at, errand } => self.arrived[from].push_back((at, errand)),
            Word::GoOn { at, passed } => self.passed.push_back((at, passed)),
            Word::Run { at, piece } if at == self.at => self.queue.push_back(piece),
            Word::TakeBack { at } if at == self.at => {
                let pieces = self.queue.len();
                self.queue.clear();
                self.send(0, &Word::TakenBack { at, pieces });
            }
            Word::TakenBack { at, pieces } if at == self.at && self.leading.is_some() => {
                self.taken_back(from, pieces);
            }
            Word::Finished { at, piece, took, log, result }
                if at == self.at && self.leading.is_some() =>
            {
                if let Err(failure) = &result {
                    self.hear_failure(from, piece, failure);
                }
                let result = result.map(|()| frame);
                self.done.push_back(Done { rank: from, piece, log, result });
                self.finished(from, piece, took);
            }
            Word::Said { at, line } if at == self.at => self.said[from].push(line),
            Word::End { at } if at == self.at => {
                self.queue.clear();
                self.asked_to_end = Some(from);
                self.stop.store(true, Ordering::Relaxed);
            }
            Word::Outcome { at, outcome } => self.take_outcome(at, outcome, frame),
            Word::Died { rank } => self.lose(rank, DIED),
            Word::Bye => self.departed[from] = true,
            // A sign of life, and what is of an occasion that is over.
            _ => {}
        }
    }

    /// Leader: where a failure ends the run, nothing more is handed out, and neither what others compute nor what
    /// this rank does is to keep it from that. What is on its way is still taken.
    fn hear_failure(&mut self, from: usize, piece: u64, failure: &Failure) {
        let Some(leading) = self.leading.as_mut().filter(|leading| leading.end_at_failure) else {
            return;
        };
        if leading.is_over {
            return;
        }
        let number = leading.numbered(piece).number;
        self.failed = Some(format!("batch {number} on rank {from} has failed: {failure}"));
        self.give_up();
    }

    /// Leader: the run is over; this is for who computes.
    fn give_up(&mut self) {
        if let Some(leading) = &mut self.leading {
            leading.is_over = true;
        }
        self.stop.store(true, Ordering::Relaxed);
        self.queue.clear();
        self.tell(&Word::End { at: self.at });
    }

    /// Leader: what has come in.
    pub(crate) fn take_news(&mut self) -> News {
        self.failed = None;
        let (done, asked) = (std::mem::take(&mut self.done), self.asked_to_end.take());
        News { done, asked, lost: self.lost.is_some() }
    }

    /// Leader: whether something has come in.
    pub(crate) fn has_news(&self) -> bool {
        !self.done.is_empty() || self.asked_to_end.is_some() || self.lost.is_some()
    }

    fn taken_back(&mut self, rank: usize, pieces: usize) {
        let well =
            self.leading.as_mut().is_some_and(|leading| leading.handout.taken_back(rank, pieces));
        if !well {
            self.end_job(
                format!("rank {rank} gave back {pieces} batches that it did not have"),
                70,
            );
        }
        self.obey();
    }

    /// Takes in what the leader has come to, and passes it on.
    fn take_outcome(&mut self, at: u64, outcome: Outcome, frame: Frame) {
        if let Err(error) = self.pass_on(&outcome, &frame, at) {
            self.end_job(format!("the results could not be passed on: {error}"), 70);
        }
        if at >= self.at {
            self.outcomes.push_back((at, outcome, frame));
        }
    }

    /// Sends an outcome to those who have it from this rank: 2ᵏ ranks on, where that is more than its number.
    pub(crate) fn pass_on(
        &mut self,
        outcome: &Outcome,
        state: &Frame,
        at: u64,
    ) -> Result<(), WireError> {
        let to: Vec<usize> = match &self.lost {
            // Nobody is to wait for what it would have passed on.
            Some(lost) => (1..self.size).filter(|&to| to != lost.rank).collect(),
            None => heirs(self.rank, self.size).collect(),
        };
        if !to.is_empty() {
            let packet = Word::Outcome { at, outcome: outcome.clone() }.packet_with(state)?;
            self.outbox.extend(to.into_iter().map(|to| (to, Arc::clone(&packet))));
        }
        Ok(())
    }
}

/// Who gets from a rank what all are to get: a binomial tree, by which it is with all of n after log n steps.
fn heirs(rank: usize, size: usize) -> impl Iterator<Item = usize> {
    (0..usize::BITS - 1).map(|k| 1_usize << k).filter(move |&step| step > rank).map_while(
        move |step| {
            let to = rank + step;
            (to < size).then_some(to)
        },
    )
}

#[cfg(test)]
mod tests;
