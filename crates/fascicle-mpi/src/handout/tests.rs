use std::collections::{BTreeMap, BTreeSet};

use super::*;

const MOMENT: Duration = Duration::from_millis(5);

/// Ranks that do what they are told, in an order of their own.
struct Ranks {
    handout: Handout,
    /// What each has been sent; the first is being run.
    has: Vec<VecDeque<u64>>,
    /// Who was asked for what it has not begun.
    asked: BTreeSet<usize>,
    ran: BTreeMap<u64, usize>,
}

impl Ranks {
    fn new(ranks: usize, pieces: u64) -> Self {
        let mut handout = Handout::new(ranks);
        handout.begin(0..pieces);
        let mut all = Self {
            handout,
            has: vec![VecDeque::new(); ranks],
            asked: BTreeSet::new(),
            ran: BTreeMap::new(),
        };
        all.obey();
        all
    }

    fn obey(&mut self) {
        while let Some(order) = self.handout.next_order() {
            match order {
                Order::Send { rank, piece } => self.has[rank].push_back(piece),
                Order::TakeBack { rank } => assert!(self.asked.insert(rank), "asked twice"),
            }
        }
    }

    fn finish(&mut self, rank: usize, took: Duration) -> bool {
        let Some(piece) = self.has[rank].pop_front() else { return false };
        assert_eq!(self.ran.insert(piece, rank), None, "{piece} was run twice");
        assert!(self.handout.finished(rank, piece, took));
        self.obey();
        true
    }

    fn give_back(&mut self, rank: usize) -> bool {
        if !self.asked.remove(&rank) {
            return false;
        }
        let behind = self.has[rank].len().saturating_sub(1);
        self.has[rank].truncate(1);
        assert!(self.handout.taken_back(rank, behind));
        self.obey();
        true
    }
}

#[test]
fn everybody_has_one_before_anybody_has_two() {
    let lengths = |ranks, pieces| {
        let all = Ranks::new(ranks, pieces);
        all.has.iter().map(VecDeque::len).collect::<Vec<_>>()
    };
    assert_eq!(lengths(3, 2), [1, 1, 0]);
    assert_eq!(lengths(3, 4), [2, 1, 1]);
    assert_eq!(lengths(3, 6), [2, 2, 2]);
    assert_eq!(lengths(3, 100), [3, 3, 3]);
    assert_eq!(lengths(1, 100), [3]);
    assert_eq!(lengths(2, 0), [0, 0]);
}

#[test]
fn short_pieces_go_out_many_at_once() {
    let mut all = Ranks::new(2, 10_000);
    assert!(all.finish(1, Duration::from_micros(20)));
    assert_eq!(all.has[1].len(), 1 + 1000);
}

#[test]
fn who_has_nothing_gets_what_waits_behind_others() {
    let mut all = Ranks::new(2, 6);
    // The first is slow at its first piece.
    for _ in 0..3 {
        assert!(all.finish(1, MOMENT));
    }
    assert!(all.has[1].is_empty());
    assert_eq!(all.asked, BTreeSet::from([0]));
    assert!(all.give_back(0));
    // Of three that are left it runs one, and the others go to each.
    assert_eq!((all.has[0].len(), all.has[1].len()), (2, 1));
}

#[test]
fn what_was_not_handed_out_cannot_come_back() {
    let mut all = Ranks::new(2, 6);
    assert!(!all.handout.finished(0, 5, MOMENT));
    assert!(!all.handout.finished(7, 0, MOMENT));
    assert!(!all.handout.taken_back(0, 1));
}

/// All orders of news in small worlds: each piece is run once, and nobody is left waiting.
#[test]
fn each_piece_is_run_once_in_any_order() {
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for world in 0..20_000 {
        let (ranks, pieces) = (1 + world % 4, random(12) as u64);
        let mut all = Ranks::new(ranks, pieces);
        for round in 0..2 {
            let mut idle = 0;
            while !all.handout.is_done() || !all.asked.is_empty() {
                let rank = random(ranks);
                let took = [Duration::from_micros(1), MOMENT][random(2)];
                let moved =
                    if random(2) == 0 { all.finish(rank, took) } else { all.give_back(rank) };
                idle = if moved { 0 } else { idle + 1 };
                assert!(idle < 1000, "nobody can go on: {:?}", all.handout);
            }
            assert_eq!(all.ran.len() as u64, pieces * (round + 1));
            if round == 0 {
                all.handout.begin(pieces..2 * pieces);
                all.obey();
            }
        }
    }
}
