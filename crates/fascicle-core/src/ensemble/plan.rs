//! How the seeds of a run fall into rounds, and those into batches.

use std::ops::Range;

use super::seeds::{self, Seeds};
use super::until::Until;
use super::{Ensemble, RunOptions, SeedsError};
use crate::{Fingerprint, Seed};

/// How the seeds of a run fall into rounds, and those into batches. Everything follows from the number
/// of a piece, so that each worker and rank knows it without being told.
///
/// A round does not depend on the batch size: its last batch is as short as it must be, and the next
/// round begins with a batch of its own.
pub(super) struct Plan<'a> {
    seeds: Seeds,
    /// Trajectories per round; the last round may have less.
    round: usize,
    /// Trajectories per batch, in whole groups.
    batch: usize,
    until: Option<&'a Until>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        ensemble: &dyn Ensemble,
        options: &'a RunOptions,
    ) -> Result<Self, SeedsError> {
        let (seeds, round) = seeds::choose(ensemble, options)?;
        let batch = ensemble.batch_size().min(round).next_multiple_of(ensemble.group());
        Ok(Self { seeds, round, batch, until: options.until.as_ref() })
    }

    /// Trajectories per batch, rounded up to whole groups.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// When the run stops by itself.
    pub(super) fn until(&self) -> Option<&'a Until> {
        self.until
    }

    /// How many trajectories there are in these many rounds.
    pub(super) fn trajectories(&self, rounds: usize) -> usize {
        self.round.saturating_mul(rounds).min(self.seeds.len())
    }

    /// The seeds of a round, numbered from 0; none after the last.
    pub(super) fn seeds_of_round(&self, round: usize) -> Vec<Seed> {
        self.seeds.at(self.positions(round))
    }

    /// How many pieces a round has.
    pub(super) fn pieces(&self, round: usize) -> u64 {
        self.positions(round).len().div_ceil(self.batch) as u64
    }

    /// The seeds of a piece.
    pub(super) fn seeds_of_piece(&self, piece: u64) -> Vec<Seed> {
        self.seeds.at(self.positions_of_piece(piece))
    }

    /// How many trajectories a piece has.
    pub(super) fn size(&self, piece: u64) -> u64 {
        self.positions_of_piece(piece).len() as u64
    }

    /// What a resume must agree on: also when the run stops, for it is not stored but decided anew. The
    /// most trajectories that it may take are left out, so that a run may be allowed more.
    pub(super) fn fingerprint(&self, to: &mut Fingerprint) {
        to.integer(self.batch as u64);
        self.seeds.fingerprint(to);
        if let Some(until) = self.until {
            to.integer(self.round as u64);
            to.text(&until.output);
            to.reals(&[until.target]);
        }
    }

    fn positions(&self, round: usize) -> Range<usize> {
        self.trajectories(round)..self.trajectories(round.saturating_add(1))
    }

    fn positions_of_piece(&self, piece: u64) -> Range<usize> {
        // All rounds but the last have as many pieces.
        let per_round = self.round.div_ceil(self.batch) as u64;
        let round = self.positions((piece / per_round) as usize);
        let first = (round.start + (piece % per_round) as usize * self.batch).min(round.end);
        first..first.saturating_add(self.batch).min(round.end)
    }
}
