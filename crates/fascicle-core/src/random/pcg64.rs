//! PCG64 (O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
//! Random Number Generation", HMC-CS-2014-0905) as NumPy's `default_rng(seed)` sets it up.

/// NumPy's default generator, which newer parts of QC Lab use, for seeds of 32 bits.
///
/// ```
/// use fascicle_core::random::Pcg64;
///
/// // np.random.default_rng(7).random()
/// assert_eq!(Pcg64::default_rng(7).uniform(), 0.625095466604667);
/// ```
#[derive(Clone, Debug)]
pub struct Pcg64 {
    state: u128,
    increment: u128,
}

const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;

impl Pcg64 {
    /// The generator of `np.random.default_rng(seed)`.
    pub fn default_rng(seed: u32) -> Self {
        let words = seed_sequence(seed);
        let wide = |at: usize| {
            // Words of 32 bits, the lower first; words of 64 bits, the higher first.
            let long = |at: usize| u128::from(words[at]) | u128::from(words[at + 1]) << 32;
            long(at) << 64 | long(at + 2)
        };
        let mut pcg = Self { state: 0, increment: wide(4) << 1 | 1 };
        pcg.step();
        pcg.state = pcg.state.wrapping_add(wide(0));
        pcg.step();
        pcg
    }

    /// A number in [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        let word = folded.rotate_right((self.state >> 122) as u32);
        (word >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }
}

/// Eight words of NumPy's `SeedSequence(seed)`, whose algorithm its documentation describes.
fn seed_sequence(seed: u32) -> [u32; 8] {
    let mut key = 0x43B0_D7E5_u32;
    let mut hash = |value: u32| {
        let value = value ^ key;
        key = key.wrapping_mul(0x931E_8875);
        let value = value.wrapping_mul(key);
        value ^ value >> 16
    };
    let mix = |x: u32, y: u32| {
        let value = x.wrapping_mul(0xCA01_F9DD).wrapping_sub(y.wrapping_mul(0x4973_F715));
        value ^ value >> 16
    };
    let mut pool = [seed, 0, 0, 0].map(&mut hash);
    for from in 0..4 {
        for to in 0..4 {
            if from != to {
                pool[to] = mix(pool[to], hash(pool[from]));
            }
        }
    }
    let mut key = 0x8B51_F9DD_u32;
    std::array::from_fn(|at| {
        let value = pool[at % 4] ^ key;
        key = key.wrapping_mul(0x58F3_8DED);
        let value = value.wrapping_mul(key);
        value ^ value >> 16
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numpys() {
        // np.random.default_rng(seed).random(3), NumPy 2.4.6
        #[expect(clippy::unreadable_literal, reason = "digits of doubles")]
        let known = [
            (0, [0.6369616873214543, 0.2697867137638703, 0.04097352393619469]),
            (1, [0.5118216247002567, 0.9504636963259353, 0.14415961271963373]),
            (7, [0.625095466604667, 0.8972138009695755, 0.7756856902451935]),
            (12_345, [0.22733602246716966, 0.31675833970975287, 0.7973654573327341]),
            (u32::MAX, [0.2519435680449965, 0.21906579628685663, 0.28728472043517017]),
        ];
        for (seed, expected) in known {
            let mut pcg = Pcg64::default_rng(seed);
            assert_eq!(std::array::from_fn(|_| pcg.uniform()), expected, "seed {seed}");
        }
    }
}
