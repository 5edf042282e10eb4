//! NumPy's legacy streams side by side, with their normal numbers by the polar method.

use super::LANES;
use super::mt19937::Mt19937Lanes;

/// Pairs of normals that are made at once.
const PAIRS: usize = 32;

/// Sixteen of NumPy's legacy generators.
///
/// The twisters go on together. A lane that rejects more pairs than another is ahead of it, so what
/// they made is stored until the last lane has used it.
#[derive(Clone, Debug)]
pub(super) struct Polar {
    twisters: Mt19937Lanes,
    /// Numbers in [0, 1) that were made and not used by all lanes.
    store: Vec<[f64; LANES]>,
    /// The place in `store` of each lane's next number, or beyond it.
    at: [usize; LANES],
    spare: Option<[f64; LANES]>,
}

/// Numbers x₁ and x₂ that were accepted, and r², for each lane.
type Accepted = [[f64; LANES]; 3];

impl Polar {
    #[inline(always)]
    pub fn new(seeds: [u32; LANES]) -> Self {
        let twisters = Mt19937Lanes::new(seeds);
        Self { twisters, store: Vec::new(), at: [0; LANES], spare: None }
    }

    #[inline(always)]
    pub fn fill_uniform(&mut self, out: &mut [[f64; LANES]]) {
        if !self.store.is_empty() || self.at != [0; LANES] {
            return self.fill_from_store(out);
        }
        for row in out {
            *row = self.twisters.double();
        }
    }

    /// Goes on by so many numbers.
    #[inline(always)]
    pub fn skip_uniforms(&mut self, count: u64) {
        self.at = self.at.map(|at| at.saturating_add(count as usize));
        self.forget();
    }

    #[inline(always)]
    pub fn fill_normal(&mut self, mut out: &mut [[f64; LANES]]) {
        if let Some(spare) = self.spare.take_if(|_| !out.is_empty()) {
            out[0] = spare;
            out = &mut out[1..];
        }
        for out in out.chunks_mut(2 * PAIRS) {
            self.fill_pairs(out);
        }
    }

    #[inline(always)]
    fn fill_from_store(&mut self, out: &mut [[f64; LANES]]) {
        self.make(self.ahead() + out.len());
        for l in 0..LANES {
            let stored = &self.store[self.at[l]..];
            out.iter_mut().zip(stored).for_each(|(to, from)| to[l] = from[l]);
        }
        self.skip_uniforms(out.len() as u64);
    }

    /// Fills with the numbers of up to `PAIRS` pairs. The last spare one is put in store.
    #[inline(always)]
    fn fill_pairs(&mut self, out: &mut [[f64; LANES]]) {
        let wanted = out.len().div_ceil(2);
        let mut accepted: [Accepted; PAIRS] = [[[0.0; LANES]; 3]; PAIRS];
        self.accept(&mut accepted[..wanted]);
        for (k, [x1, x2, r2]) in accepted[..wanted].iter().enumerate() {
            // The system's logarithm, as NumPy has it.
            let logarithms = r2.map(f64::ln);
            let (mut normal, mut spare) = ([0.0; LANES], [0.0; LANES]);
            for l in 0..LANES {
                let f = (-2.0 * logarithms[l] / r2[l]).sqrt();
                (normal[l], spare[l]) = (f * x2[l], f * x1[l]);
            }
            out[2 * k] = normal;
            match out.get_mut(2 * k + 1) {
                Some(out) => *out = spare,
                None => self.spare = Some(spare),
            }
        }
    }

    /// Fills with pairs for each lane.
    #[inline(always)]
    fn accept(&mut self, pairs: &mut [Accepted]) {
        let mut count = [0; LANES];
        // About what most lanes need.
        let mut needed = self.ahead() + 3 * pairs.len();
        while count.iter().any(|&count| count < pairs.len()) {
            self.make(needed);
            needed = self.store.len() + 8;
            for l in 0..LANES {
                self.accept_stored(l, &mut count[l], pairs);
            }
        }
        self.forget();
    }

    /// Goes through a lane's numbers in store until it has all pairs.
    #[inline(always)]
    fn accept_stored(&mut self, l: usize, count: &mut usize, pairs: &mut [Accepted]) {
        while *count < pairs.len()
            && let Some([first, second]) = self.store.get(self.at[l]..).and_then(<[_]>::first_chunk)
        {
            let (x1, x2) = (2.0 * first[l] - 1.0, 2.0 * second[l] - 1.0);
            let r2 = x1 * x1 + x2 * x2;
            // What is not accepted is overwritten.
            let [to_x1, to_x2, to_r2] = &mut pairs[*count];
            (to_x1[l], to_x2[l], to_r2[l]) = (x1, x2, r2);
            *count += usize::from(r2 < 1.0) & usize::from(r2 != 0.0);
            self.at[l] += 2;
        }
    }

    /// The place of the lane that is furthest ahead.
    #[inline(always)]
    fn ahead(&self) -> usize {
        self.at.iter().copied().max().unwrap_or(0)
    }

    /// Makes numbers until so many are in store.
    #[inline(always)]
    fn make(&mut self, numbers: usize) {
        while self.store.len() < numbers {
            self.store.push(self.twisters.double());
        }
    }

    /// Drops what all lanes have used, or pass over, when it is most of the store.
    #[inline(always)]
    fn forget(&mut self) {
        let used = self.at.iter().copied().min().unwrap_or(0);
        let stored = self.store.len();
        if used >= stored {
            self.store.clear();
            self.twisters.skip(used - stored);
        } else if used > stored / 2 {
            self.store.drain(..used);
        } else {
            return;
        }
        self.at = self.at.map(|at| at - used);
    }
}
