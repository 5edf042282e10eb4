//! `ChaCha` with 8 rounds (Bernstein, "`ChaCha`, a variant of Salsa20", 2008), four blocks of one
//! key, or a block of each of sixteen keys, at a time.

#![expect(clippy::inline_always, reason = "one block has to be straight-line code to vectorise")]

use super::LANES;

/// Blocks that are made at once: their words lie side by side and vectorise.
const BLOCKS: usize = 4;

/// "expand 32-byte k".
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

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
        let mut made = [[0_u32; BLOCKS]; 16];
        let numbers: [u64; BLOCKS] =
            std::array::from_fn(|lane| self.block.wrapping_add(lane as u64));
        // A loop over blocks of straight-line code: the form that the compiler turns into vectors.
        for lane in 0..BLOCKS {
            let number = numbers[lane];
            let words = block(&self.key, number as u32, (number >> 32) as u32);
            for k in 0..16 {
                made[k][lane] = words[k];
            }
        }
        for lane in 0..BLOCKS {
            for pair in 0..8 {
                let (low, high) = (made[2 * pair][lane], made[2 * pair + 1][lane]);
                self.words[8 * lane + pair] = u64::from(low) | u64::from(high) << 32;
            }
        }
        self.block = self.block.wrapping_add(BLOCKS as u64);
        self.used = 0;
    }
}

/// A block of each of sixteen streams, `[word][lane]`.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Block([[u32; LANES]; 16]);

/// The streams of sixteen keys side by side.
#[derive(Clone, Debug)]
pub(super) struct ChaCha8Lanes {
    /// `[word][lane]`
    key: [[u32; LANES]; 8],
    /// The number of the next block to be made.
    block: u64,
    /// The words of 32 bits of the last block.
    words: Block,
    /// Words of 64 bits that are used.
    used: usize,
}

/// Words of 64 bits in a block.
const PAIRS: usize = 8;

impl ChaCha8Lanes {
    #[inline(always)]
    pub fn new(key: &[[u32; LANES]; 8]) -> Self {
        Self { key: *key, block: 0, words: Block([[0; LANES]; 16]), used: PAIRS }
    }

    /// The lower and the upper halves of the next word of each stream.
    #[inline(always)]
    pub fn next(&mut self) -> (&[u32; LANES], &[u32; LANES]) {
        if self.used == PAIRS {
            self.refill();
        }
        self.used += 1;
        (&self.words.0[2 * self.used - 2], &self.words.0[2 * self.used - 1])
    }

    /// Goes on by so many words, in no time.
    #[inline(always)]
    pub fn skip(&mut self, words: u64) {
        let left = (PAIRS - self.used) as u64;
        if words <= left {
            self.used += words as usize;
            return;
        }
        let words = words - left;
        self.block = self.block.wrapping_add(words / PAIRS as u64);
        self.refill();
        self.used = (words % PAIRS as u64) as usize;
    }

    #[inline(always)]
    fn refill(&mut self) {
        let (low, high) = (self.block as u32, (self.block >> 32) as u32);
        let [c0, c1, c2, c3] = CONSTANTS.map(|word| [word; LANES]);
        let [k0, k1, k2, k3, k4, k5, k6, k7] = self.key;
        let (low, high, zero) = ([low; LANES], [high; LANES], [0; LANES]);
        let start = Block([c0, c1, c2, c3, k0, k1, k2, k3, k4, k5, k6, k7, low, high, zero, zero]);
        let mut made = start;
        for _ in 0..4 {
            for k in 0..4 {
                quarter_lanes(&mut made, [k, 4 + k, 8 + k, 12 + k]);
            }
            for k in 0..4 {
                quarter_lanes(&mut made, [k, 4 + (k + 1) % 4, 8 + (k + 2) % 4, 12 + (k + 3) % 4]);
            }
        }
        // One loop over all: of two the compiler would make vectors across words.
        let words = made.0.as_flattened_mut().iter_mut();
        words.zip(start.0.as_flattened()).for_each(|(word, add)| *word = word.wrapping_add(*add));
        self.words = made;
        self.block = self.block.wrapping_add(1);
        self.used = 0;
    }
}

/// The block of this number, given as its lower and upper half.
#[inline(always)]
fn block(key: &[u32; 8], low: u32, high: u32) -> [u32; 16] {
    let [k0, k1, k2, k3, k4, k5, k6, k7] = *key;
    let [c0, c1, c2, c3] = CONSTANTS;
    let start = [c0, c1, c2, c3, k0, k1, k2, k3, k4, k5, k6, k7, low, high, 0, 0];
    let mixed = double_round(double_round(double_round(double_round(start))));
    std::array::from_fn(|k| mixed[k].wrapping_add(start[k]))
}

/// Columns, then diagonals, written out so that every index is a constant.
#[inline(always)]
fn double_round(state: [u32; 16]) -> [u32; 16] {
    let [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3] = state;
    let [a0, b0, c0, d0] = quarter(a0, b0, c0, d0);
    let [a1, b1, c1, d1] = quarter(a1, b1, c1, d1);
    let [a2, b2, c2, d2] = quarter(a2, b2, c2, d2);
    let [a3, b3, c3, d3] = quarter(a3, b3, c3, d3);
    let [a0, b1, c2, d3] = quarter(a0, b1, c2, d3);
    let [a1, b2, c3, d0] = quarter(a1, b2, c3, d0);
    let [a2, b3, c0, d1] = quarter(a2, b3, c0, d1);
    let [a3, b0, c1, d2] = quarter(a3, b0, c1, d2);
    [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3]
}

#[inline(always)]
fn quarter(a: u32, b: u32, c: u32, d: u32) -> [u32; 4] {
    let a = a.wrapping_add(b);
    let d = (d ^ a).rotate_left(16);
    let c = c.wrapping_add(d);
    let b = (b ^ c).rotate_left(12);
    let a = a.wrapping_add(b);
    let d = (d ^ a).rotate_left(8);
    let c = c.wrapping_add(d);
    let b = (b ^ c).rotate_left(7);
    [a, b, c, d]
}

/// A quarter round of these words of each lane.
#[inline(always)]
fn quarter_lanes(Block(state): &mut Block, [a, b, c, d]: [usize; 4]) {
    for l in 0..LANES {
        let words = [a, b, c, d].map(|k| state[k][l]);
        let [at_a, at_b, at_c, at_d] = quarter(words[0], words[1], words[2], words[3]);
        state[a][l] = at_a;
        state[b][l] = at_b;
        state[c][l] = at_c;
        state[d][l] = at_d;
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
    fn the_block_counter_has_64_bits() {
        for words in [(1 << 35) - 3, 1 << 35, (1 << 60) + 5] {
            let (mut ours, mut theirs) = (ChaCha8::new([3; 8]), reference([3; 8]));
            ours.skip(words);
            theirs.set_word_pos(2 * u128::from(words));
            for _ in 0..100 {
                assert_eq!(ours.next(), theirs.next_u64(), "after {words} words");
            }
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
