//! The Mersenne twister (Matsumoto and Nishimura, ACM Trans. Model. Comput. Simul. 8, 3 (1998),
//! doi:10.1145/272991.272995) as NumPy's legacy `np.random.seed` sets it up.

#![expect(clippy::inline_always, reason = "the loops over the state vectorise with it inside")]

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
            let before = state[i - 1];
            state[i] =
                1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        Self { state, used: N }
    }

    /// NumPy's `random_sample`: 53 bits from two words.
    pub fn double(&mut self) -> f64 {
        let (high, low) = (self.word() >> 5, self.word() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
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
        let mut y = self.state[self.used];
        self.used += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C_5680;
        y ^= (y << 15) & 0xEFC6_0000;
        y ^ (y >> 18)
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

#[inline(always)]
fn mix(upper: u32, lower: u32) -> u32 {
    let y = (upper & 0x8000_0000) | (lower & 0x7FFF_FFFF);
    (y >> 1) ^ (0x9908_B0DF & (y & 1).wrapping_neg())
}
