//! Seeds, purposes, and how they become random numbers.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Draws;

/// The name of one trajectory, from which all its random numbers follow.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u64> for Seed {
    fn from(seed: u64) -> Self {
        Self(seed)
    }
}

/// What a stream of random numbers is used for. Streams of different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(pub(super) u64);

impl Purpose {
    /// The purpose of this name: its 64-bit FNV-1a hash.
    pub const fn new(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        let mut at = 0;
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01B3);
            at += 1;
        }
        Self(hash)
    }
}

/// How seeds become random numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Seeding {
    /// An independent stream for each pair of a seed and a purpose: `ChaCha` with 8 rounds, keyed by
    /// both. The initial condition, the initial surface and the hops of a trajectory are
    /// uncorrelated, and do not depend on `tmax`. Any 64-bit seed.
    #[default]
    Independent,
    /// QC Lab 1.3.0's numbers: NumPy's legacy generator (MT19937), seeded anew with the trajectory's
    /// seed for each purpose. Seeds up to 2³² − 1. For comparison with QC Lab.
    ///
    /// What is wrong with it: all purposes see the *same* numbers. The hop numbers are made of the
    /// very draws that made the initial coordinates (over 4000 seeds the correlation of the first
    /// normal with the second uniform is 0.45), and the number that decides on the initial surface
    /// comes after the last hop number, so that it changes with `tmax`. Averages over trajectories
    /// inherit a bias that more trajectories do not remove.
    ///
    /// Uniform numbers are NumPy's bit for bit. Normal ones go through the system's logarithm and
    /// are within 2 units of the last place of NumPy's; the same on one machine, not everywhere.
    QcLab,
}

/// A seed that a way of seeding does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("seed {seed} is too large for QC Lab's seeding: expected at most {}", u32::MAX)]
pub struct SeedOutOfRange {
    /// The seed.
    pub seed: u64,
}

impl Seeding {
    /// The stream of random numbers of a trajectory for one purpose. A seed that
    /// [`check`](Seeding::check) refuses is cut to its lower 32 bits.
    pub fn draws(self, seed: Seed, purpose: Purpose) -> Draws {
        match self {
            Self::Independent => Draws::independent(seed, purpose),
            Self::QcLab => Draws::legacy(seed.0 as u32),
        }
    }

    /// Checks that there is such a seed.
    ///
    /// # Errors
    /// For [`Seeding::QcLab`], a seed above 2³² − 1.
    pub fn check(self, seed: Seed) -> Result<(), SeedOutOfRange> {
        match self {
            Self::QcLab if seed.0 > u64::from(u32::MAX) => Err(SeedOutOfRange { seed: seed.0 }),
            Self::QcLab | Self::Independent => Ok(()),
        }
    }
}

impl fmt::Display for Seeding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Independent => "independent",
            Self::QcLab => "QC Lab",
        })
    }
}
