//! The checksum of the format's own structures: Bob Jenkins's lookup3, `hashlittle` from zero.

/// The checksum of some bytes.
pub fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xDEAD_BEEF_u32.wrapping_add(bytes.len() as u32);
    let mut state = [start; 3];
    let mut left = bytes;
    while left.len() > 12 {
        add(&mut state, &left[..12]);
        mix(&mut state);
        left = &left[12..];
    }
    if !left.is_empty() {
        add(&mut state, left);
        end(&mut state);
    }
    state[2]
}

/// Adds up to twelve bytes, as little-endian words that zeros fill up.
fn add(state: &mut [u32; 3], bytes: &[u8]) {
    for (word, bytes) in state.iter_mut().zip(bytes.chunks(4)) {
        let mut four = [0; 4];
        four[..bytes.len()].copy_from_slice(bytes);
        *word = word.wrapping_add(u32::from_le_bytes(four));
    }
}

fn mix([a, b, c]: &mut [u32; 3]) {
    for (round, by) in [4, 6, 8, 16, 19, 4].into_iter().enumerate() {
        // The three words take turns.
        let (x, y, z) = match round % 3 {
            0 => (&mut *a, &mut *b, &mut *c),
            1 => (&mut *b, &mut *c, &mut *a),
            _ => (&mut *c, &mut *a, &mut *b),
        };
        *x = x.wrapping_sub(*z) ^ z.rotate_left(by);
        *z = z.wrapping_add(*y);
    }
}

fn end([a, b, c]: &mut [u32; 3]) {
    for (round, by) in [14, 11, 25, 16, 4, 14, 24].into_iter().enumerate() {
        let (x, y) = match round % 3 {
            0 => (&mut *c, &*b),
            1 => (&mut *a, &*c),
            _ => (&mut *b, &*a),
        };
        *x = (*x ^ y).wrapping_sub(y.rotate_left(by));
    }
}
