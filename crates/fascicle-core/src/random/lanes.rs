//! Sixteen streams of random numbers side by side.

use super::chacha::ChaCha8Lanes;
use super::draws::{box_muller, key, unit};
use super::polar::Polar;
use super::{LANES, Purpose, Seed, Seeding};

/// The streams of sixteen seeds for one purpose: lane l gives, bit for bit, what
/// [`Seeding::draws`] of seed l gives for the same calls.
///
/// All of it is inlined into the caller, and so compiled for the vectors that the caller is compiled
/// for: sixteen lanes then take about as long as one or two streams alone.
///
/// ```
/// use fascicle_core::random::{LaneDraws, Purpose, Seed, Seeding};
///
/// const START: Purpose = Purpose::new("initial coordinates");
/// let seeds = std::array::from_fn(|lane| Seed(7 + lane as u64));
///
/// let mut numbers = vec![[0.0; 16]; 3];
/// LaneDraws::new(Seeding::Independent, &seeds, START).fill_normal(&mut numbers);
///
/// let mut alone = [0.0; 3];
/// Seeding::Independent.draws(Seed(9), START).fill_normal(&mut alone);
/// assert_eq!(alone, [numbers[0][2], numbers[1][2], numbers[2][2]]);
/// ```
#[derive(Clone, Debug)]
pub struct LaneDraws(Streams);

#[derive(Clone, Debug)]
enum Streams {
    Independent(Box<Independent>),
    Legacy(Box<Polar>),
}

impl LaneDraws {
    /// The streams of these seeds, which may repeat. A seed that [`Seeding::check`] refuses is cut
    /// to its lower 32 bits.
    #[inline(always)]
    pub fn new(seeding: Seeding, seeds: &[Seed; LANES], purpose: Purpose) -> Self {
        Self(match seeding {
            Seeding::Independent => {
                Streams::Independent(Box::new(Independent::new(seeds, purpose)))
            }
            Seeding::QcLab => {
                Streams::Legacy(Box::new(Polar::new(seeds.map(|seed| seed.0 as u32))))
            }
        })
    }

    /// Fills with numbers in [0, 1).
    #[inline(always)]
    pub fn fill_uniform(&mut self, out: &mut [[f64; LANES]]) {
        match &mut self.0 {
            Streams::Independent(streams) => streams.fill_uniform(out),
            Streams::Legacy(streams) => streams.fill_uniform(out),
        }
    }

    /// Fills with normal numbers.
    #[inline(always)]
    pub fn fill_normal(&mut self, out: &mut [[f64; LANES]]) {
        match &mut self.0 {
            Streams::Independent(streams) => streams.fill_normal(out),
            Streams::Legacy(streams) => streams.fill_normal(out),
        }
    }

    /// Passes over so many uniform numbers, quickly. Normals in store stay in store.
    #[inline(always)]
    pub fn skip_uniforms(&mut self, count: u64) {
        match &mut self.0 {
            Streams::Independent(streams) => streams.words.skip(count),
            Streams::Legacy(streams) => streams.skip_uniforms(count),
        }
    }
}

/// `ChaCha` words; normals by Box and Muller. All lanes use the same number of words.
#[derive(Clone, Debug)]
struct Independent {
    words: ChaCha8Lanes,
    spare: Option<[f64; LANES]>,
}

impl Independent {
    #[inline(always)]
    fn new(seeds: &[Seed; LANES], purpose: Purpose) -> Self {
        let mut keys = [[0; LANES]; 8];
        for (lane, &seed) in seeds.iter().enumerate() {
            let key = key(seed, purpose);
            keys.iter_mut().zip(key).for_each(|(to, word)| to[lane] = word);
        }
        Self { words: ChaCha8Lanes::new(&keys), spare: None }
    }

    #[inline(always)]
    fn fill_uniform(&mut self, out: &mut [[f64; LANES]]) {
        for row in out {
            let (low, high) = self.words.next();
            for l in 0..LANES {
                row[l] = unit(low[l], high[l]);
            }
        }
    }

    #[inline(always)]
    fn fill_normal(&mut self, out: &mut [[f64; LANES]]) {
        for row in out {
            *row = match self.spare.take() {
                Some(spare) => spare,
                None => self.pair(),
            };
        }
    }

    /// A normal of each lane; another is put in store.
    #[inline(always)]
    fn pair(&mut self) -> [f64; LANES] {
        let (low, high) = self.words.next();
        let first = (*low, *high);
        let (low, high) = self.words.next();
        let (mut normal, mut spare) = ([0.0; LANES], [0.0; LANES]);
        for l in 0..LANES {
            (normal[l], spare[l]) = box_muller((first.0[l], first.1[l]), (low[l], high[l]));
        }
        self.spare = Some(spare);
        normal
    }
}
