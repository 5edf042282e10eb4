//! The random numbers of surface hopping.

use fascicle_core::{LaneDraws, Purpose, Seed, Seeding};

use super::task;
use crate::sys::{Kernel, Pack, dispatch};
use crate::{Block, LANES, Lane, Step};

/// The stream of the hop numbers, one per time step.
const HOPS: Purpose = Purpose::new("hops");

/// The stream of the initial surface.
const SURFACE: Purpose = Purpose::new("initial surface");

/// Hop numbers are drawn for so many time steps at once.
const CHUNK: usize = 64;

/// The numbers ξ that decide on hops: number t of a trajectory's stream for time step t.
#[derive(Debug, Default)]
pub(crate) struct HopNumbers {
    draws: Option<LaneDraws>,
    chunk: Vec<[f64; LANES]>,
    /// The chunk in store, counted from 1; 0 for none.
    stored: u64,
    /// The numbers ξ that decide on the initial surface.
    pub surface: Option<Lane>,
}

impl HopNumbers {
    /// The numbers for a time step. Steps come in ascending order; one may be asked for again.
    pub fn at(&mut self, step: u64) -> Lane {
        let wanted = step / CHUNK as u64 + 1;
        while self.stored < wanted {
            self.refill();
            self.stored += 1;
        }
        Lane(self.chunk[step as usize % CHUNK])
    }

    fn refill(&mut self) {
        self.chunk.resize(CHUNK, [0.0; LANES]);
        if let Some(draws) = &mut self.draws {
            dispatch(Fill { draws, numbers: &mut self.chunk });
        }
    }
}

/// The next numbers of sixteen streams.
struct Fill<'a> {
    draws: &'a mut LaneDraws,
    numbers: &'a mut [[f64; LANES]],
}

impl Kernel for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        self.draws.fill_uniform(self.numbers);
    }
}

/// Sixteen streams for a purpose, from which so many numbers are skipped.
struct Start<'a> {
    seeding: Seeding,
    seeds: &'a [Seed; LANES],
    purpose: Purpose,
    skip: u64,
}

impl Kernel for Start<'_> {
    type Output = LaneDraws;

    #[inline(always)]
    fn run<P: Pack>(self) -> LaneDraws {
        let mut draws = LaneDraws::new(self.seeding, self.seeds, self.purpose);
        draws.skip_uniforms(self.skip);
        draws
    }
}

task! {
    /// Sets up the hop numbers and draws the one of the initial surface. The branches of a seed group
    /// share their numbers.
    ///
    /// With [`Seeding::QcLab`] the hop numbers begin the stream that the coordinates were drawn from
    /// once more, and the surface's comes after the last of them, as in QC Lab 1.3.0.
    InitializeRandomValuesFssh, "initialize_random_values_fssh", |step, block| {
        let (seeding, seeds) = (step.seeding(), draw_seeds(step, block));
        let start = |purpose, skip| dispatch(Start { seeding, seeds: &seeds, purpose, skip });
        let after_hops = if seeding == Seeding::QcLab { step.steps() + 1 } else { 0 };
        let mut surface = [[0.0; LANES]];
        dispatch(Fill { draws: &mut start(SURFACE, after_hops), numbers: &mut surface });
        block.hop_numbers = HopNumbers {
            draws: Some(start(HOPS, 0)),
            surface: Some(Lane(surface[0])),
            ..HopNumbers::default()
        };
        Ok(())
    }
}

/// The seeds whose random numbers the trajectories of a block use.
pub(super) fn draw_seeds(step: &Step<'_>, block: &Block) -> [Seed; LANES] {
    std::array::from_fn(|lane| step.draw_seed(block.seed_of(lane)))
}

/// The hop numbers of this time step.
pub(super) fn hop_numbers(step: &Step<'_>, block: &mut Block) -> Lane {
    block.hop_numbers.at(step.index())
}
