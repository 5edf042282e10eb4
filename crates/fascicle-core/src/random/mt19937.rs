//! The Mersenne twister (Matsumoto and Nishimura, ACM Trans. Model. Comput. Simul. 8, 3 (1998),
//! doi:10.1145/272991.272995) as NumPy's legacy `np.random.seed` sets it up.

#![expect(clippy::inline_always, reason = "the loops over the state vectorise with it inside")]

use super::LANES;

const N: usize = 624;
const M: usize = 397;

/// MT19937, seeded by `init_genrand`.
#[derive(Clone, Debug)]
pub(super) struct Mt19937 {
    state: Box<[u32; N]>,
    used: usize,
}

impl Mt19937 {
    pub fn new(seed: u32) -> Self {
        let mut state = Box::new([0; N]);
        state[0] = seed;
        for i in 1..N {
            state[i] = seeded(state[i - 1], i as u32);
        }
        Self { state, used: N }
    }

    /// NumPy's `random_sample`: 53 bits from two words.
    pub fn double(&mut self) -> f64 {
        let (first, second) = (self.word(), self.word());
        double(first, second)
    }

    /// Goes on by so many words, without tempering them.
    pub fn skip(&mut self, mut words: u64) {
        loop {
            let left = (N - self.used) as u64;
            if words <= left {
                self.used += words as usize;
                return;
            }
            words -= left;
            self.twist();
        }
    }

    /// A word of 32 bits.
    pub fn word(&mut self) -> u32 {
        if self.used == N {
            self.twist();
        }
        self.used += 1;
        temper(self.state[self.used - 1])
    }

    fn twist(&mut self) {
        let state = &mut self.state;
        for i in 0..N - M {
            state[i] = state[i + M] ^ mix(state[i], state[i + 1]);
        }
        for i in N - M..N - 1 {
            state[i] = state[i + M - N] ^ mix(state[i], state[i + 1]);
        }
        state[N - 1] = state[M - 1] ^ mix(state[N - 1], state[0]);
        self.used = 0;
    }
}

/// A word of each of sixteen twisters.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Words([u32; LANES]);

/// Sixteen twisters side by side, twisted a word at a time.
#[derive(Clone, Debug)]
pub(super) struct Mt19937Lanes {
    state: Box<[Words; N]>,
    /// The next word to be twisted.
    at: usize,
}

impl Mt19937Lanes {
    #[inline(always)]
    pub fn new(seeds: [u32; LANES]) -> Self {
        let state = vec![Words(seeds); N].try_into();
        let mut state: Box<[Words; N]> = state.unwrap_or_else(|_| unreachable!());
        let mut row = seeds;
        for i in 1..N {
            for l in 0..LANES {
                row[l] = seeded(row[l], i as u32);
            }
            state[i].0 = row;
        }
        Self { state, at: 0 }
    }

    /// The next number in [0, 1) of each.
    #[inline(always)]
    pub fn double(&mut self) -> [f64; LANES] {
        let (first, second) = (self.twist(), self.twist());
        let mut out = [0.0; LANES];
        for l in 0..LANES {
            out[l] = double(temper(first.0[l]), temper(second.0[l]));
        }
        out
    }

    /// Goes on by so many numbers.
    #[inline(always)]
    pub fn skip(&mut self, numbers: usize) {
        for _ in 0..numbers {
            self.twist();
            self.twist();
        }
    }

    /// The next word of each, not tempered.
    #[inline(always)]
    fn twist(&mut self) -> Words {
        let i = self.at;
        let next = if i == N - 1 { 0 } else { i + 1 };
        let far = if i < N - M { i + M } else { i + M - N };
        let mut row = Words([0; LANES]);
        {
            let [here, after, other] = [i, next, far].map(|k| &self.state[k].0);
            for l in 0..LANES {
                row.0[l] = other[l] ^ mix(here[l], after[l]);
            }
        }
        self.state[i] = row;
        self.at = next;
        row
    }
}

/// Word i of the state that a seed gives, from the word before.
#[inline(always)]
fn seeded(before: u32, i: u32) -> u32 {
    1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i)
}

#[inline(always)]
fn temper(mut y: u32) -> u32 {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9D2C_5680;
    y ^= (y << 15) & 0xEFC6_0000;
    y ^ (y >> 18)
}

/// 53 bits of two words, as a number in [0, 1).
#[inline(always)]
fn double(first: u32, second: u32) -> f64 {
    // 27 and 26 bits: signed numbers become doubles with the vectors of any machine.
    let (high, low) = ((first >> 5).cast_signed(), (second >> 6).cast_signed());
    (f64::from(high) * 67_108_864.0 + f64::from(low)) * (1.0 / 9_007_199_254_740_992.0)
}

#[inline(always)]
fn mix(upper: u32, lower: u32) -> u32 {
    let y = (upper & 0x8000_0000) | (lower & 0x7FFF_FFFF);
    (y >> 1) ^ (0x9908_B0DF & (y & 1).wrapping_neg())
}
