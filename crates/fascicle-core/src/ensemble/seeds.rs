//! Which seeds a run has.

use std::ops::Range;

use thiserror::Error;

use super::until::Until;
use super::{Ensemble, Keep, RunOptions};
use crate::{Data, Fingerprint, Seed, SeedOutOfRange};

/// The most trajectories of one run: their seeds take 8 GiB.
const MOST_TRAJECTORIES: u64 = 1 << 30;

/// Why there are no proper seeds for a run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SeedsError {
    /// Nothing to run.
    #[error("num_trajs must be at least 1, found 0")]
    NoTrajectories,
    /// A run that stops by itself needs room for something.
    #[error("max_trajectories must be at least {least}, found {found}")]
    TooFew {
        /// The number asked for.
        found: u64,
        /// The least that is accepted: one seed group.
        least: u64,
    },
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

/// The seeds that a run may use, ascending.
#[derive(Debug)]
pub(super) enum Seeds {
    /// These.
    Listed(Vec<Seed>),
    /// Consecutive ones, which need no memory: a run that stops by itself may never use them.
    Following(Range<u64>),
}

impl Seeds {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Listed(seeds) => seeds.len(),
            Self::Following(seeds) => (seeds.end - seeds.start) as usize,
        }
    }

    /// Those at these positions.
    pub(super) fn at(&self, positions: Range<usize>) -> Vec<Seed> {
        match self {
            Self::Listed(seeds) => seeds[positions].to_vec(),
            Self::Following(seeds) => {
                positions.map(|position| Seed(seeds.start + position as u64)).collect()
            }
        }
    }

    pub(super) fn fingerprint(&self, to: &mut Fingerprint) {
        match self {
            Self::Listed(seeds) => {
                to.integer(seeds.len() as u64);
                seeds.iter().for_each(|seed| to.integer(seed.0));
            }
            // Where they end may be changed: those before are the same.
            Self::Following(seeds) => to.integer(seeds.start),
        }
    }

    fn contains(&self, seed: Seed) -> bool {
        match self {
            Self::Listed(seeds) => seeds.binary_search(&seed).is_ok(),
            Self::Following(seeds) => seeds.contains(&seed.0),
        }
    }

    /// The largest, if there are any.
    fn last(&self) -> Option<Seed> {
        match self {
            Self::Listed(seeds) => seeds.last().copied(),
            Self::Following(seeds) => seeds.end.checked_sub(1).map(Seed),
        }
    }
}

/// The seeds that a run may use, checked in every respect, and how many of them make a round: all,
/// unless the run stops by itself.
pub(super) fn choose(
    ensemble: &dyn Ensemble,
    options: &RunOptions,
) -> Result<(Seeds, usize), SeedsError> {
    if ensemble.batch_size() == 0 {
        return Err(SeedsError::NoBatch);
    }
    let (seeds, round) = supply(ensemble, options)?;
    if let Some(last) = seeds.last() {
        ensemble.describe().seeding.check(last)?;
    }
    if let (Seeds::Listed(seeds), Some(data)) = (&seeds, &options.append) {
        let there = |seed: &&Seed| data.seeds().binary_search(seed).is_ok();
        if let Some(seed) = seeds.iter().find(there) {
            return Err(SeedsError::AlreadyThere { seed: seed.0 });
        }
    }
    if let Keep::Seeds(keep) = &options.keep
        && let Some(seed) = keep.iter().find(|&&seed| !seeds.contains(seed))
    {
        return Err(SeedsError::NothingToKeep { seed: seed.0 });
    }
    Ok((seeds, round))
}

fn supply(ensemble: &dyn Ensemble, options: &RunOptions) -> Result<(Seeds, usize), SeedsError> {
    let group = ensemble.group() as u64;
    let listed = options.seeds.as_ref().map(|seeds| explicit(seeds, group)).transpose()?;
    let (round, most) = match (&listed, &options.until) {
        (Some(seeds), None) => (seeds.len() as u64, seeds.len() as u64),
        (None, None) => {
            let all = in_groups(ensemble.num_trajs(), group)?;
            (all, all)
        }
        (_, Some(until)) => (in_groups(ensemble.num_trajs(), group)?, most(until, group)?),
    };
    let seeds = if let Some(mut seeds) = listed {
        seeds.truncate(most as usize);
        Seeds::Listed(seeds)
    } else {
        Seeds::Following(following(options.append.as_ref(), most, round.min(most), group)?)
    };
    let round = seeds.len().min(round as usize);
    Ok((seeds, round))
}

/// The most trajectories of a run that stops by itself, in whole groups.
fn most(until: &Until, group: u64) -> Result<u64, SeedsError> {
    let found = until.max_trajectories;
    let most = found.min(MOST_TRAJECTORIES) / group * group;
    if most == 0 { Err(SeedsError::TooFew { found, least: group }) } else { Ok(most) }
}

fn in_groups(found: u64, group: u64) -> Result<u64, SeedsError> {
    match found {
        0 => Err(SeedsError::NoTrajectories),
        _ if !found.is_multiple_of(group) => Err(SeedsError::NoMultiple { found, group }),
        _ => Ok(found),
    }
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

/// So many seeds after the highest, of which a round takes so many at a time.
fn following(
    data: Option<&Data>,
    count: u64,
    round: u64,
    group: u64,
) -> Result<Range<u64>, SeedsError> {
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
    let mut memory = Vec::<Seed>::new();
    if round > MOST_TRAJECTORIES || memory.try_reserve_exact(round as usize).is_err() {
        return Err(SeedsError::TooMany { found: round, most: MOST_TRAJECTORIES });
    }
    Ok(first..end)
}
