//! Which seeds a run has.

use thiserror::Error;

use super::{Ensemble, Keep, RunOptions};
use crate::{Data, Seed, SeedOutOfRange};

/// The most trajectories of one run: their seeds take 8 GiB.
const MOST_TRAJECTORIES: u64 = 1 << 30;

/// Why there are no proper seeds for a run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SeedsError {
    /// Nothing to run.
    #[error("num_trajs must be at least 1, found 0")]
    NoTrajectories,
    /// Batches of nothing.
    #[error("batch_size must be at least 1, found 0")]
    NoBatch,
    /// A seed list that is empty.
    #[error("expected at least one seed, found none")]
    NoSeeds,
    /// A trajectory would count twice.
    #[error("seed {seed} occurs {times} times: a trajectory counts once")]
    Repeated {
        /// The first seed that repeats.
        seed: u64,
        /// How often it occurs.
        times: usize,
    },
    /// A trajectory is there already.
    #[error("seed {seed} is already in the data to append to: a trajectory counts once")]
    AlreadyThere {
        /// The first such seed.
        seed: u64,
    },
    /// The random numbers have no such seed.
    #[error(transparent)]
    OutOfRange(#[from] SeedOutOfRange),
    /// Seeds come in groups of branches.
    #[error(
        "{found} trajectories are no multiple of the {group} branches that make a group: expected {} or {}",
        found / group * group, (found / group + 1) * group
    )]
    NoMultiple {
        /// The number of trajectories.
        found: u64,
        /// The number of branches.
        group: u64,
    },
    /// Explicit seeds that leave a branch of a group out.
    #[error(
        "seed {missing} is missing: seeds {first} to {last} are the branches of one group and go together"
    )]
    BrokenGroup {
        /// The seed that is missing.
        missing: u64,
        /// The first of its group.
        first: u64,
        /// The last of its group.
        last: u64,
    },
    /// There are no more seeds.
    #[error("{count} seeds from {first} on go beyond the largest, {}", u64::MAX)]
    Exhausted {
        /// The first seed.
        first: u64,
        /// How many were asked for.
        count: u64,
    },
    /// Too many trajectories for their seeds to be held in memory.
    #[error("num_trajs must be at most {most} in one run, found {found}")]
    TooMany {
        /// The number asked for.
        found: u64,
        /// The most that is accepted.
        most: u64,
    },
    /// A trajectory is to be kept that is not run.
    #[error("trajectory {seed} is to be kept, but the run has no such seed")]
    NothingToKeep {
        /// Its seed.
        seed: u64,
    },
}

/// The seeds of a run, ascending, checked in every respect.
pub(super) fn choose(
    ensemble: &dyn Ensemble,
    options: &RunOptions,
) -> Result<Vec<Seed>, SeedsError> {
    if ensemble.batch_size() == 0 {
        return Err(SeedsError::NoBatch);
    }
    let group = ensemble.group() as u64;
    let seeds = match &options.seeds {
        Some(seeds) => explicit(seeds, group)?,
        None => following(options.append.as_ref(), ensemble.num_trajs(), group)?,
    };
    let seeding = ensemble.describe().seeding;
    seeds.iter().try_for_each(|&seed| seeding.check(seed))?;
    if let Some(data) = &options.append {
        let there = |seed: &&Seed| data.seeds().binary_search(seed).is_ok();
        if let Some(seed) = seeds.iter().find(there) {
            return Err(SeedsError::AlreadyThere { seed: seed.0 });
        }
    }
    if let Keep::Seeds(keep) = &options.keep
        && let Some(seed) = keep.iter().find(|seed| seeds.binary_search(seed).is_err())
    {
        return Err(SeedsError::NothingToKeep { seed: seed.0 });
    }
    Ok(seeds)
}

fn explicit(seeds: &[Seed], group: u64) -> Result<Vec<Seed>, SeedsError> {
    let mut seeds = seeds.to_vec();
    seeds.sort_unstable();
    if seeds.is_empty() {
        return Err(SeedsError::NoSeeds);
    }
    if let Some(pair) = seeds.windows(2).find(|pair| pair[0] == pair[1]) {
        let times = seeds.iter().filter(|&&seed| seed == pair[0]).count();
        return Err(SeedsError::Repeated { seed: pair[0].0, times });
    }
    check_groups(&seeds, group)?;
    Ok(seeds)
}

fn check_groups(seeds: &[Seed], group: u64) -> Result<(), SeedsError> {
    if group == 1 {
        return Ok(());
    }
    for &Seed(seed) in seeds {
        let first = seed / group * group;
        let last = first.saturating_add(group - 1);
        let missing = |other: &u64| seeds.binary_search(&Seed(*other)).is_err();
        if let Some(missing) = (first..=last).find(missing) {
            return Err(SeedsError::BrokenGroup { missing, first, last });
        }
    }
    Ok(())
}

fn following(data: Option<&Data>, count: u64, group: u64) -> Result<Vec<Seed>, SeedsError> {
    if count == 0 {
        return Err(SeedsError::NoTrajectories);
    }
    if !count.is_multiple_of(group) {
        return Err(SeedsError::NoMultiple { found: count, group });
    }
    let exhausted = |first| SeedsError::Exhausted { first, count };
    let highest = data.and_then(|data| data.seeds().last());
    let first = match highest {
        // Data may end inside a group only if another program wrote them.
        Some(&Seed(last)) => last
            .checked_add(1)
            .and_then(|next| next.checked_next_multiple_of(group))
            .ok_or(exhausted(last))?,
        None => 0,
    };
    let end = first.checked_add(count).ok_or(exhausted(first))?;
    let too_many = SeedsError::TooMany { found: count, most: MOST_TRAJECTORIES };
    let mut seeds = Vec::new();
    if count > MOST_TRAJECTORIES || seeds.try_reserve_exact(count as usize).is_err() {
        return Err(too_many);
    }
    seeds.extend((first..end).map(Seed));
    Ok(seeds)
}
