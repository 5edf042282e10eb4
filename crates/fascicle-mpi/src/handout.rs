//! Which rank runs which piece. News come in, orders go out; there is no input or output here and no
//! clock, only times that come with the news.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

/// How many pieces a rank has before it while it runs another, at the least: so many that it need not
/// wait for an answer.
const AHEAD: usize = 2;

/// At the most, of short pieces.
const MOST_AHEAD: usize = 1024;

/// As many short pieces as are likely to take this long: some times what a result takes to rank 0, and an
/// answer back.
const AHEAD_TIME: Duration = Duration::from_millis(20);

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Have a rank run a piece, after those that it was sent before.
    Send { rank: usize, piece: u64 },
    /// Take back what a rank was sent and has not begun.
    TakeBack { rank: usize },
}

/// A rank that runs pieces.
#[derive(Debug, Default)]
struct Share {
    /// What it was sent and has not finished; the first of them is what it runs.
    has: VecDeque<u64>,
    /// Whether it was asked for what it has not begun, and has not answered.
    asked: bool,
}

/// Hands out pieces to ranks.
#[derive(Debug)]
pub(crate) struct Handout {
    ranks: Vec<Share>,
    fresh: Range<u64>,
    again: VecDeque<u64>,
    unfinished: u64,
    /// How long pieces take, the later ones counting more.
    pace: Option<Duration>,
    orders: VecDeque<Order>,
}

impl Handout {
    pub(crate) fn new(ranks: usize) -> Self {
        Self {
            ranks: std::iter::repeat_with(Share::default).take(ranks).collect(),
            fresh: 0..0,
            again: VecDeque::new(),
            unfinished: 0,
            pace: None,
            orders: VecDeque::new(),
        }
    }

    /// Begins a round of pieces. The one before must be done.
    pub(crate) fn begin(&mut self, pieces: Range<u64>) {
        debug_assert!(self.is_done(), "a round begins when the last one is done");
        self.unfinished = pieces.end - pieces.start;
        self.fresh = pieces;
        self.deal();
    }

    /// Whether all pieces of the round are finished.
    pub(crate) fn is_done(&self) -> bool {
        self.unfinished == 0
    }

    /// What is to be done next.
    pub(crate) fn next_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// What a rank is at, as far as is known.
    pub(crate) fn first_of(&self, rank: usize) -> Option<u64> {
        self.ranks.get(rank)?.has.front().copied()
    }

    /// A rank has finished a piece. Says whether it had it to run.
    #[must_use]
    pub(crate) fn finished(&mut self, rank: usize, piece: u64, took: Duration) -> bool {
        let Some(share) =
            self.ranks.get_mut(rank).filter(|share| share.has.front() == Some(&piece))
        else {
            return false;
        };
        share.has.pop_front();
        self.unfinished -= 1;
        self.pace = Some(self.pace.map_or(took, |pace| (pace * 3).saturating_add(took) / 4));
        self.fill(rank);
        true
    }

    /// A rank has given back the last pieces that it was sent, so many. Says whether it had them.
    #[must_use]
    pub(crate) fn taken_back(&mut self, rank: usize, pieces: usize) -> bool {
        let Some(share) =
            self.ranks.get_mut(rank).filter(|share| share.asked && share.has.len() >= pieces)
        else {
            return false;
        };
        share.asked = false;
        for _ in 0..pieces {
            share.has.pop_back().into_iter().for_each(|piece| self.again.push_front(piece));
        }
        self.deal();
        true
    }

    /// Gives one rank as many pieces as it may have: the others had theirs when they finished one.
    fn fill(&mut self, rank: usize) {
        let most = 1 + self.most_ahead();
        while !self.ranks[rank].asked && self.ranks[rank].has.len() < most {
            if !self.give(rank) {
                return self.take_back();
            }
        }
    }

    /// Gives a rank one more piece, if there is one.
    fn give(&mut self, rank: usize) -> bool {
        let Some(piece) = self.again.pop_front().or_else(|| self.fresh.next()) else {
            return false;
        };
        self.ranks[rank].has.push_back(piece);
        self.orders.push_back(Order::Send { rank, piece });
        true
    }

    /// Gives everybody a piece, then everybody another, and so on, up to so many as they may have; where
    /// none are left for somebody, takes back what waits behind others.
    fn deal(&mut self) {
        let fewest =
            self.ranks.iter().filter(|share| !share.asked).map(|share| share.has.len()).min();
        for depth in 1 + fewest.unwrap_or(0)..=1 + self.most_ahead() {
            for rank in 0..self.ranks.len() {
                let share = &self.ranks[rank];
                let may_have_it = !share.asked && share.has.len() < depth;
                if may_have_it && !self.give(rank) {
                    return self.take_back();
                }
            }
        }
    }

    fn most_ahead(&self) -> usize {
        let Some(pace) = self.pace else { return AHEAD };
        let in_time = AHEAD_TIME.as_nanos() / pace.as_nanos().max(1);
        // Many of the last pieces at one rank would only be taken back.
        let share = self.left() / (2 * self.ranks.len().max(1)) as u64;
        usize::try_from(in_time)
            .unwrap_or(MOST_AHEAD)
            .min(MOST_AHEAD)
            .min(share as usize)
            .max(AHEAD)
    }

    /// How many pieces nobody has been sent.
    fn left(&self) -> u64 {
        self.again.len() as u64 + (self.fresh.end - self.fresh.start)
    }

    /// Where somebody has nothing to do, asks the one who has the most before it.
    fn take_back(&mut self) {
        if !self.ranks.iter().any(|share| share.has.is_empty() && !share.asked) {
            return;
        }
        let most = self.ranks.iter_mut().enumerate().max_by_key(|(_, share)| share.has.len());
        if let Some((rank, share)) = most.filter(|(_, share)| share.has.len() > 1 && !share.asked) {
            share.asked = true;
            self.orders.push_back(Order::TakeBack { rank });
        }
    }
}

#[cfg(test)]
mod tests;
