//! Ranks that are lost: that have died, or of which nothing is heard any more. A job does not go on without one: rank 0
//! ends its run, saves what is finished, and ends the job at the next call that all ranks make, or at its exit.

use std::fmt::{self, Display};

use super::Desk;
use crate::message::Numbered;

/// The code with which a job ends that goes no further than to the next call after a rank was lost.
pub(super) const LOST: i32 = 75;

/// How a rank is lost of which the process is gone.
pub(crate) const DIED: &str = "has died";

/// A rank that is lost.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    pub(crate) rank: usize,
    /// In words that go on from its name.
    pub(crate) how: String,
    /// What it had to run.
    pub(crate) had: Option<Numbered>,
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rank, how, had } = self;
        write!(f, "rank {rank} {how}")?;
        had.iter().try_for_each(|had| write!(f, "; it had batch {} to run", had.number))
    }
}

impl Desk {
    /// A rank is lost. The leader ends its run, if it is in one; without the leader the job ends.
    pub(crate) fn lose(&mut self, rank: usize, how: &str) {
        if self.departed[rank] || self.lost.is_some() {
            return;
        }
        let at = self.leading.as_ref().and_then(|leading| leading.at(rank));
        self.lost = Some(Lost { rank, how: how.to_string(), had: at });
        if self.rank != 0 {
            self.end_for_lost();
        } else if self.running {
            self.give_up();
        }
    }

    /// Ends the job if a rank is lost.
    pub(crate) fn end_for_lost(&mut self) {
        if let Some(lost) = &self.lost {
            self.end_job(lost.to_string(), LOST);
        }
    }
}
