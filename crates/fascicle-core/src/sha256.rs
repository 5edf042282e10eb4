//! SHA-256 (FIPS 180-4). A library for it brings nine packages to a notebook's cold build; the tests
//! compare with one.

/// The fractional parts of the cube roots of the first 64 primes.
const ROOTS: [u32; 64] = [
    0x428A_2F98,
    0x7137_4491,
    0xB5C0_FBCF,
    0xE9B5_DBA5,
    0x3956_C25B,
    0x59F1_11F1,
    0x923F_82A4,
    0xAB1C_5ED5,
    0xD807_AA98,
    0x1283_5B01,
    0x2431_85BE,
    0x550C_7DC3,
    0x72BE_5D74,
    0x80DE_B1FE,
    0x9BDC_06A7,
    0xC19B_F174,
    0xE49B_69C1,
    0xEFBE_4786,
    0x0FC1_9DC6,
    0x240C_A1CC,
    0x2DE9_2C6F,
    0x4A74_84AA,
    0x5CB0_A9DC,
    0x76F9_88DA,
    0x983E_5152,
    0xA831_C66D,
    0xB003_27C8,
    0xBF59_7FC7,
    0xC6E0_0BF3,
    0xD5A7_9147,
    0x06CA_6351,
    0x1429_2967,
    0x27B7_0A85,
    0x2E1B_2138,
    0x4D2C_6DFC,
    0x5338_0D13,
    0x650A_7354,
    0x766A_0ABB,
    0x81C2_C92E,
    0x9272_2C85,
    0xA2BF_E8A1,
    0xA81A_664B,
    0xC24B_8B70,
    0xC76C_51A3,
    0xD192_E819,
    0xD699_0624,
    0xF40E_3585,
    0x106A_A070,
    0x19A4_C116,
    0x1E37_6C08,
    0x2748_774C,
    0x34B0_BCB5,
    0x391C_0CB3,
    0x4ED8_AA4A,
    0x5B9C_CA4F,
    0x682E_6FF3,
    0x748F_82EE,
    0x78A5_636F,
    0x84C8_7814,
    0x8CC7_0208,
    0x90BE_FFFA,
    0xA450_6CEB,
    0xBEF9_A3F7,
    0xC671_78F2,
];

/// The fractional parts of the square roots of the first eight primes.
const START: [u32; 8] = [
    0x6A09_E667,
    0xBB67_AE85,
    0x3C6E_F372,
    0xA54F_F53A,
    0x510E_527F,
    0x9B05_688C,
    0x1F83_D9AB,
    0x5BE0_CD19,
];

/// A digest of bytes that come piece by piece.
#[derive(Clone, Debug)]
pub struct Sha256 {
    state: [u32; 8],
    block: [u8; 64],
    length: u64,
}

impl Default for Sha256 {
    fn default() -> Self {
        Self { state: START, block: [0; 64], length: 0 }
    }
}

impl Sha256 {
    /// Adds bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let there = (self.length % 64) as usize;
            let (now, later) = bytes.split_at(bytes.len().min(64 - there));
            self.block[there..there + now.len()].copy_from_slice(now);
            self.length += now.len() as u64;
            if there + now.len() == 64 {
                compress(&mut self.state, &self.block);
            }
            bytes = later;
        }
    }

    /// The digest of all of them.
    pub fn finish(mut self) -> [u8; 32] {
        let bits = 8 * self.length;
        self.update(&[0x80]);
        let zeros = (120 - self.length % 64) % 64;
        self.update(&[0; 64][..zeros as usize]);
        self.update(&bits.to_be_bytes());
        let mut digest = [0; 32];
        for (four, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
            *four = word.to_be_bytes();
        }
        digest
    }
}

fn compress(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut words = [0; 64];
    for (word, &four) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(four);
    }
    for t in 16..64 {
        let (x, y) = (words[t - 15], words[t - 2]);
        let near = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
        let far = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
        words[t] = near.wrapping_add(far).wrapping_add(words[t - 7]).wrapping_add(words[t - 16]);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (word, root) in words.into_iter().zip(ROOTS) {
        let turned = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let one = h.wrapping_add(turned).wrapping_add(choice).wrapping_add(root).wrapping_add(word);
        let turned = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let two = turned.wrapping_add((a & b) ^ (a & c) ^ (b & c));
        (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(one), c, b, a, one.wrapping_add(two));
    }
    for (sum, word) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *sum = sum.wrapping_add(word);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::Digest;

    use super::Sha256;

    /// In two pieces.
    fn ours(bytes: &[u8], cut: usize) -> [u8; 32] {
        let mut digest = Sha256::default();
        digest.update(&bytes[..cut]);
        digest.update(&bytes[cut..]);
        digest.finish()
    }

    #[test]
    fn it_is_that_of_the_library_at_every_length() {
        let bytes: Vec<u8> = (0..300).map(|k| (k * 7 % 251) as u8).collect();
        for length in 0..bytes.len() {
            let expected: [u8; 32] = sha2::Sha256::digest(&bytes[..length]).into();
            assert_eq!(ours(&bytes[..length], length / 3), expected);
        }
    }

    proptest! {
        #[test]
        fn it_is_that_of_the_library(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let expected: [u8; 32] = sha2::Sha256::digest(&bytes).into();
            prop_assert_eq!(ours(&bytes, bytes.len() / 2), expected);
        }
    }
}
