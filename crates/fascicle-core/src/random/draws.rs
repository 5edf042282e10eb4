//! One stream of random numbers.

use super::chacha::ChaCha8;
use super::mt19937::Mt19937;
use super::{Purpose, Seed, Seeding};
use crate::elementary::{ln, sin_cos_turns};

/// One stream of random numbers: of one trajectory for one purpose.
#[derive(Clone, Debug)]
pub struct Draws(Stream);

#[expect(clippy::large_enum_variant, reason = "a block of words in place, without an allocation")]
#[derive(Clone, Debug)]
enum Stream {
    Independent(Independent),
    Legacy(Legacy),
}

/// `ChaCha` words; normals by Box and Muller.
#[derive(Clone, Debug)]
struct Independent {
    words: ChaCha8,
    spare: Option<f64>,
}

/// NumPy's legacy generator, with its spare normal.
#[derive(Clone, Debug)]
struct Legacy {
    words: Mt19937,
    spare: Option<f64>,
}

impl Draws {
    pub(super) fn independent(seed: Seed, purpose: Purpose) -> Self {
        let words = ChaCha8::new(key(seed, purpose));
        Self(Stream::Independent(Independent { words, spare: None }))
    }

    pub(super) fn legacy(seed: u32) -> Self {
        Self(Stream::Legacy(Legacy { words: Mt19937::new(seed), spare: None }))
    }

    /// A number in [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        match &mut self.0 {
            Stream::Independent(stream) => to_unit(stream.words.next()),
            Stream::Legacy(stream) => stream.words.double(),
        }
    }

    /// A normal number of mean 0 and variance 1.
    ///
    /// Independent streams use Box and Muller's method (Ann. Math. Stat. 29, 610 (1958),
    /// doi:10.1214/aoms/1177706645) on pairs of words, √(−2 ln u) cos 2πv and then √(−2 ln u) sin 2πv
    /// with u in (0, 1] and v in [0, 1), so that the k-th normal of a stream is at a known place; none
    /// is beyond 8.58. QC Lab's use NumPy's polar method.
    pub fn normal(&mut self) -> f64 {
        match &mut self.0 {
            Stream::Independent(stream) => stream.normal(),
            Stream::Legacy(stream) => stream.normal(),
        }
    }

    /// A whole number below `n`, which is at least 1, each as likely.
    ///
    /// Both kinds of streams reject words of as few bits as there must be: QC Lab's as NumPy's
    /// `randint(0, n)`.
    pub fn below(&mut self, n: u32) -> u32 {
        let most = n.saturating_sub(1);
        // All bits that `most` has, and no more.
        let mask = u32::MAX.checked_shr(most.leading_zeros()).unwrap_or(0);
        if mask == 0 {
            return 0;
        }
        loop {
            let word = match &mut self.0 {
                Stream::Independent(stream) => stream.words.next() as u32,
                Stream::Legacy(stream) => stream.words.word(),
            };
            if word & mask < n {
                return word & mask;
            }
        }
    }

    /// How the stream was made.
    pub fn seeding(&self) -> Seeding {
        match &self.0 {
            Stream::Independent(_) => Seeding::Independent,
            Stream::Legacy(_) => Seeding::QcLab,
        }
    }

    /// Fills with numbers in [0, 1).
    pub fn fill_uniform(&mut self, out: &mut [f64]) {
        match &mut self.0 {
            Stream::Independent(s) => out.iter_mut().for_each(|x| *x = to_unit(s.words.next())),
            Stream::Legacy(s) => out.iter_mut().for_each(|x| *x = s.words.double()),
        }
    }

    /// Fills with normal numbers.
    pub fn fill_normal(&mut self, out: &mut [f64]) {
        match &mut self.0 {
            Stream::Independent(stream) => stream.fill(out),
            Stream::Legacy(stream) => out.iter_mut().for_each(|x| *x = stream.normal()),
        }
    }

    /// Passes over so many uniform numbers, quickly. A normal in store stays in store.
    pub fn skip_uniforms(&mut self, count: u64) {
        match &mut self.0 {
            Stream::Independent(stream) => stream.words.skip(count),
            Stream::Legacy(stream) => stream.words.skip(count.saturating_mul(2)),
        }
    }
}

/// The key of a stream.
pub(super) fn key(Seed(seed): Seed, Purpose(purpose): Purpose) -> [u32; 8] {
    let mut key = [0; 8];
    key[0] = seed as u32;
    key[1] = (seed >> 32) as u32;
    key[2] = purpose as u32;
    key[3] = (purpose >> 32) as u32;
    for (word, text) in key[4..].iter_mut().zip(b"fascicle streams".as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*text);
    }
    key
}

fn to_unit(word: u64) -> f64 {
    unit(word as u32, (word >> 32) as u32)
}

/// The upper 53 bits of a word, given as its lower and upper half, as a number in [0, 1).
#[inline(always)]
pub(super) fn unit(low: u32, high: u32) -> f64 {
    whole(low, high) * (1.0 / 9_007_199_254_740_992.0)
}

/// The upper 53 bits of a word as a whole number. Halves become doubles with the vectors of any
/// machine, words of 64 bits do not.
#[inline(always)]
fn whole(low: u32, high: u32) -> f64 {
    f64::from(high) * 2_097_152.0 + f64::from((low >> 11).cast_signed())
}

/// Two normals of two words, each given as its lower and upper half. The radius needs a number in
/// (0, 1].
#[inline(always)]
pub(super) fn box_muller(first: (u32, u32), second: (u32, u32)) -> (f64, f64) {
    let above_zero = (whole(first.0, first.1) + 1.0) * (1.0 / 9_007_199_254_740_992.0);
    let radius = (-2.0 * ln(above_zero)).sqrt();
    let (sin, cos) = sin_cos_turns(unit(second.0, second.1));
    (radius * cos, radius * sin)
}

fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}

impl Independent {
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let (first, second) = (self.words.next(), self.words.next());
        let (normal, spare) = box_muller(halves(first), halves(second));
        self.spare = Some(spare);
        normal
    }

    /// As many calls of `normal`, eight pairs side by side.
    fn fill(&mut self, out: &mut [f64]) {
        if self.spare.is_some() && !out.is_empty() {
            out[0] = self.normal();
            return self.fill(&mut out[1..]);
        }
        let (lanes, rest) = out.as_chunks_mut::<16>();
        for lane in lanes {
            let words: [u64; 16] = std::array::from_fn(|_| self.words.next());
            let (pairs, words) = (lane.as_chunks_mut::<2>().0, words.as_chunks::<2>().0);
            for k in 0..8 {
                (pairs[k][0], pairs[k][1]) = box_muller(halves(words[k][0]), halves(words[k][1]));
            }
        }
        for x in rest {
            *x = self.normal();
        }
    }
}

impl Legacy {
    /// NumPy's `legacy_gauss`, with the system's logarithm.
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let x1 = 2.0 * self.words.double() - 1.0;
            let x2 = 2.0 * self.words.double() - 1.0;
            let r2 = x1 * x1 + x2 * x2;
            if r2 < 1.0 && r2 != 0.0 {
                let f = (-2.0 * r2.ln() / r2).sqrt();
                self.spare = Some(f * x1);
                return f * x2;
            }
        }
    }
}
