//! The random numbers of surface hopping.

use fascicle_core::{Draws, Purpose, Seeding};

use super::task;
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
    draws: Vec<Draws>,
    chunk: Vec<Lane>,
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
        self.chunk[step as usize % CHUNK]
    }

    fn refill(&mut self) {
        self.chunk.resize(CHUNK, Lane::ZERO);
        let mut numbers = [0.0; CHUNK];
        for (lane, draws) in self.draws.iter_mut().enumerate() {
            draws.fill_uniform(&mut numbers);
            self.chunk.iter_mut().zip(numbers).for_each(|(to, number)| to[lane] = number);
        }
    }
}

task! {
    /// Sets up the hop numbers and draws the one of the initial surface. The branches of a seed group
    /// share their numbers.
    ///
    /// With [`Seeding::QcLab`] the hop numbers begin the stream that the coordinates were drawn from
    /// once more, and the surface's comes after the last of them, as in QC Lab 1.3.0.
    InitializeRandomValuesFssh, "initialize_random_values_fssh", |step, block| {
        let seeds: Vec<_> = (0..LANES).map(|lane| step.draw_seed(block.seed_of(lane))).collect();
        let draws = |purpose| seeds.iter().map(move |&seed| step.seeding().draws(seed, purpose));
        let surface = Lane::from_fn({
            let mut draws = draws(SURFACE);
            move |_| draws.next().map_or(0.0, |draws| surface_number(step, draws))
        });
        block.hop_numbers = HopNumbers {
            draws: draws(HOPS).collect(),
            surface: Some(surface),
            ..HopNumbers::default()
        };
        Ok(())
    }
}

fn surface_number(step: &Step<'_>, mut draws: Draws) -> f64 {
    if step.seeding() == Seeding::QcLab {
        draws.skip_uniforms(step.steps() + 1);
    }
    draws.uniform()
}

/// The hop numbers of this time step.
pub(super) fn hop_numbers(step: &Step<'_>, block: &mut Block) -> Lane {
    block.hop_numbers.at(step.index())
}
