//! What the workers that share one piece say to each other.

use crate::Failure;

/// A fixed group of workers that run the same program in step.
///
/// The semantics are those of MPI's collective operations (MPI 4.1, section 6.7): every worker of
/// the group makes the same calls in the same order.
pub trait Comm {
    /// This worker's number in the group, `0..size`.
    fn rank(&self) -> usize;

    /// The number of workers in the group.
    fn size(&self) -> usize;

    /// Gathers one byte string of every worker on every worker, in the order of the ranks.
    /// `all` is overwritten with the concatenation.
    ///
    /// # Errors
    /// When the group is broken: a peer died or left.
    fn all_gather(&mut self, mine: &[u8], all: &mut Vec<u8>) -> Result<(), Failure>;
}

/// The group of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Solo;

impl Comm for Solo {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_gather(&mut self, mine: &[u8], all: &mut Vec<u8>) -> Result<(), Failure> {
        all.clear();
        all.extend_from_slice(mine);
        Ok(())
    }
}
