//! Seeds and streams of random numbers.
//!
//! A [`Seed`] names one trajectory, whatever runs it and whenever. A [`Seeding`] says how a seed
//! becomes random numbers: [`Seeding::Independent`] gives an independent stream for each pair of a
//! seed and a [`Purpose`]; [`Seeding::QcLab`] gives QC Lab 1.3.0's numbers.
//!
//! ```
//! use fascicle_core::random::{Purpose, Seed, Seeding};
//!
//! const START: Purpose = Purpose::new("initial coordinates");
//! const HOPS: Purpose = Purpose::new("hops");
//!
//! let mut start = Seeding::Independent.draws(Seed(7), START);
//! let mut hops = Seeding::Independent.draws(Seed(7), HOPS);
//! assert_ne!(start.uniform(), hops.uniform());
//!
//! // NumPy: np.random.seed(7); np.random.rand()
//! let mut legacy = Seeding::QcLab.draws(Seed(7), START);
//! assert_eq!(legacy.uniform(), 0.07630828937395717);
//! ```
//!
//! [`LaneDraws`] are sixteen such streams side by side: the same numbers, much quicker where the
//! machine's vectors are used.

mod chacha;
mod draws;
mod lanes;
mod mt19937;
mod pcg64;
mod polar;
mod seeding;

pub use draws::Draws;
pub use lanes::LaneDraws;
pub use pcg64::Pcg64;
pub use seeding::{Purpose, Seed, SeedOutOfRange, Seeding};

/// Streams side by side in [`LaneDraws`].
const LANES: usize = 16;

#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod lane_tests;
#[cfg(test)]
mod tests;
