//! Which pieces a journal has, and how those that are missing are counted.

use std::ops::Range;

/// The pieces that are there. The others are numbered anew, 0, 1, …, in their order, for a driver that
/// runs them alone. The numbers follow from what is there when the run begins, so that a worker knows
/// them in all rounds.
#[derive(Debug, Default)]
pub(super) struct There {
    /// Ascending.
    pieces: Vec<u64>,
    /// How many pieces below each of them are missing.
    below: Vec<u64>,
}

impl There {
    /// Of pieces in ascending order.
    pub(super) fn new(pieces: impl Iterator<Item = u64>) -> Self {
        let pieces: Vec<u64> = pieces.collect();
        let below = pieces.iter().zip(0..).map(|(piece, at)| piece - at).collect();
        Self { pieces, below }
    }

    /// The number of the k-th missing piece, counted from 0.
    pub(super) fn missing(&self, k: u64) -> u64 {
        k + self.below.partition_point(|&below| below <= k) as u64
    }

    /// How many of these pieces are missing.
    pub(super) fn count_missing(&self, range: Range<u64>) -> u64 {
        let before = |end| self.pieces.partition_point(|&piece| piece < end) as u64;
        (range.end - range.start) - (before(range.end) - before(range.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_missing_are_counted_in_order(
            there in proptest::collection::btree_set(0_u64..40, 0..40),
            start in 0_u64..40,
            length in 0_u64..20,
        ) {
            let all = There::new(there.iter().copied());
            let missing: Vec<u64> = (0..80).filter(|piece| !there.contains(piece)).collect();
            for (k, &piece) in missing.iter().enumerate() {
                prop_assert_eq!(all.missing(k as u64), piece);
            }
            let range = start..start + length;
            let counted = missing.iter().filter(|piece| range.contains(piece)).count() as u64;
            prop_assert_eq!(all.count_missing(range), counted);
        }
    }
}
