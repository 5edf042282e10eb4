//! `ChaCha` with 8 rounds (Bernstein, "`ChaCha`, a variant of Salsa20", 2008), four blocks at a time.

/// Blocks that are made at once: their words lie side by side and vectorise.
const BLOCKS: usize = 4;

/// 64-bit words in store.
const WORDS: usize = 8 * BLOCKS;

/// The stream of a 256-bit key, as 64-bit words.
#[derive(Clone, Debug)]
pub(super) struct ChaCha8 {
    key: [u32; 8],
    /// The number of the next block to be made.
    block: u64,
    words: [u64; WORDS],
    used: usize,
}

impl ChaCha8 {
    pub fn new(key: [u32; 8]) -> Self {
        Self { key, block: 0, words: [0; WORDS], used: WORDS }
    }

    pub fn next(&mut self) -> u64 {
        if self.used == WORDS {
            self.refill();
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// Goes on by so many words, in no time.
    pub fn skip(&mut self, words: u64) {
        let left = (WORDS - self.used) as u64;
        if words <= left {
            self.used += words as usize;
            return;
        }
        let words = words - left;
        self.block = self.block.wrapping_add(words / WORDS as u64 * BLOCKS as u64);
        self.refill();
        self.used = (words % WORDS as u64) as usize;
    }

    fn refill(&mut self) {
        let mut start = [[0_u32; BLOCKS]; 16];
        let constants = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
        let fixed = constants.into_iter().chain(self.key);
        start.iter_mut().zip(fixed).for_each(|(word, value)| *word = [value; BLOCKS]);
        for lane in 0..BLOCKS {
            let number = self.block.wrapping_add(lane as u64);
            start[12][lane] = number as u32;
            start[13][lane] = (number >> 32) as u32;
        }
        let mut state = start;
        for _ in 0..4 {
            double_round(&mut state);
        }
        for (pair, word) in state.chunks_exact(2).zip(start.chunks_exact(2)).enumerate().flat_map(
            |(pair, (state, start))| {
                (0..BLOCKS).map(move |lane| {
                    let low = state[0][lane].wrapping_add(start[0][lane]);
                    let high = state[1][lane].wrapping_add(start[1][lane]);
                    (8 * lane + pair, u64::from(low) | u64::from(high) << 32)
                })
            },
        ) {
            self.words[pair] = word;
        }
        self.block = self.block.wrapping_add(BLOCKS as u64);
        self.used = 0;
    }
}

#[inline(always)]
fn double_round(state: &mut [[u32; BLOCKS]; 16]) {
    for k in 0..4 {
        quarter(state, k, k + 4, k + 8, k + 12);
    }
    for k in 0..4 {
        quarter(state, k, (k + 1) % 4 + 4, (k + 2) % 4 + 8, (k + 3) % 4 + 12);
    }
}

#[inline(always)]
fn quarter(state: &mut [[u32; BLOCKS]; 16], a: usize, b: usize, c: usize, d: usize) {
    for (x, y, z, turn) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        for lane in 0..BLOCKS {
            state[x][lane] = state[x][lane].wrapping_add(state[y][lane]);
            state[z][lane] = (state[z][lane] ^ state[x][lane]).rotate_left(turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    fn reference(key: [u32; 8]) -> ChaCha8Rng {
        let mut bytes = [0; 32];
        bytes
            .chunks_exact_mut(4)
            .zip(key)
            .for_each(|(to, word)| to.copy_from_slice(&word.to_le_bytes()));
        ChaCha8Rng::from_seed(bytes)
    }

    #[test]
    fn it_gives_the_words_of_rand_chacha() {
        for k in 0..20_u32 {
            let key =
                std::array::from_fn(|word| k.wrapping_mul(0x9E37_79B9).rotate_left(word as u32));
            let (mut ours, mut theirs) = (ChaCha8::new(key), reference(key));
            (0..1000).for_each(|_| assert_eq!(ours.next(), theirs.next_u64()));
        }
    }

    #[test]
    fn skipping_is_drawing() {
        for skipped in [0, 1, 31, 32, 33, 63, 64, 65, 1000, 12_345] {
            for before in [0, 1, 31, 32] {
                let (mut skip, mut draw) = (ChaCha8::new([7; 8]), ChaCha8::new([7; 8]));
                (0..before).for_each(|_| assert_eq!(skip.next(), draw.next()));
                skip.skip(skipped);
                for _ in 0..skipped {
                    draw.next();
                }
                (0..40).for_each(|_| assert_eq!(skip.next(), draw.next(), "{before}, {skipped}"));
            }
        }
    }
}
