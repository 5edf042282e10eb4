//! Ranks that are lost: that have died, or of which nothing is heard any more.

use std::fmt::{self, Display};
use std::time::Duration;

use super::Desk;
use crate::message::Numbered;

/// The code with which a job ends of which a rank is lost: it may be tried again.
pub(super) const LOST: i32 = 75;

/// How long the computing thread may take to see that a rank is lost.
pub(super) const TO_SEE: Duration = Duration::from_millis(1500);

/// And the whole, in which it may save what is finished.
pub(super) const TO_SAVE: Duration = Duration::from_secs(10);

/// A rank that is lost in the middle of a run.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    pub(crate) rank: usize,
    /// In words that go on from its name.
    pub(crate) how: String,
    /// What it had to run.
    pub(crate) had: Option<Numbered>,
    /// Whether the computing thread knows of it.
    pub(super) told: bool,
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rank, how, had, .. } = self;
        write!(f, "rank {rank} {how}")?;
        had.iter().try_for_each(|had| write!(f, "; it had batch {} to run", had.number))
    }
}

impl Desk {
    /// A rank is lost. If the leader is in a run, that ends, with what is finished; otherwise the job does.
    pub(crate) fn lose(&mut self, rank: usize, how: &str) {
        if self.departed[rank] || self.lost.is_some() {
            return;
        }
        let mut lost = Lost { rank, how: how.to_string(), had: None, told: false };
        if self.rank != 0 || !self.running {
            return self.end_job(lost.to_string(), LOST);
        }
        if let Some(leading) = &mut self.leading {
            leading.is_over = true;
            lost.had = leading.handout.first_of(rank).map(|piece| leading.numbered(piece));
        }
        self.lost = Some(lost);
        self.give_up();
    }

    /// Leader: a rank that is lost in this run.
    pub(crate) fn take_lost(&mut self) -> Option<Lost> {
        let lost = self.lost.as_mut()?;
        lost.told = true;
        Some(lost.clone())
    }

    /// Ends the job if a rank is lost.
    pub(crate) fn end_for_lost(&mut self) {
        if let Some(lost) = &self.lost {
            self.end_job(lost.to_string(), LOST);
        }
    }

    /// How long the job may go on after a rank was lost.
    pub(crate) fn end_after_loss(&self) -> Option<Duration> {
        self.lost.as_ref().map(|lost| if lost.told { TO_SAVE } else { TO_SEE })
    }
}
