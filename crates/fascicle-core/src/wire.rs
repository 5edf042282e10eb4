//! The one codec for what travels between a driver and its own workers.
//!
//! A packet is a small header, any serde type in bincode, with the blocks of a
//! [`Frame`](crate::Frame), whose elements follow as raw little-endian numbers:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | magic, `fasc` |
//! | 4 | version of the codec |
//! | 8 | length of the head |
//! | 4 | CRC-32 of the head |
//! | … | head: header length (8), header, number of blocks (8), then for each block kind (1), name length (8), name, number of elements (8) |
//! | … | the elements of all blocks |
//! | 4 | CRC-32 of the elements |
//!
//! All lengths are in the head, whose sum is checked before anything is reserved for the elements.
//! These are written and read as they come, so that neither side holds a large packet twice.
//!
//! bincode reads with a limit and only what a driver's own worker wrote; files have a checked format
//! of their own.

mod decode;
mod encode;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

pub use decode::Decoder;
pub use encode::{Encoder, Packet, encode};

const MAGIC: [u8; 4] = *b"fasc";
const VERSION: u32 = 2;
const PREFIX: usize = 20;

/// The most bytes that the elements of a packet may take, 8 GiB: more are taken for a damaged length.
pub const MOST_BYTES: u64 = 8 << 30;

/// The longest head that is accepted.
const MOST_HEAD: u64 = 128 << 20;

/// The longest value that bincode may read.
const MOST_VALUE: usize = 64 << 20;

/// Why bytes are no packet.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WireError {
    /// They do not begin like one.
    #[error("expected the magic number {MAGIC:?}, found {found:?}")]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// They were written by another version of the codec.
    #[error("expected version {VERSION} of the codec, found {found}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// The length is out of all proportion.
    #[error("a length of {found} bytes is over the limit of {limit}")]
    Length {
        /// The length found.
        found: u64,
        /// The most that is accepted.
        limit: u64,
    },
    /// The checksum does not fit.
    #[error("the checksum is {found:08x}, expected {expected:08x}")]
    Checksum {
        /// The sum stated in the packet.
        expected: u32,
        /// The sum of the bytes.
        found: u32,
    },
    /// A part ends too early, or goes on for too long.
    #[error("the packet does not match its own lengths")]
    Body,
    /// The header is no such value.
    #[error("a value could not be encoded or decoded: {0}")]
    Value(String),
}

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<MOST_VALUE>()
}

/// A small value in bincode.
///
/// # Errors
/// When serde cannot serialize it, or it is longer than may be read.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::new();
    append(&mut bytes, value)?;
    Ok(bytes)
}

/// Appends a small value; gives its length.
fn append<T: Serialize>(bytes: &mut Vec<u8>, value: &T) -> Result<usize, WireError> {
    let length = bincode::serde::encode_into_std_write(value, bytes, config())
        .map_err(|error| WireError::Value(error.to_string()))?;
    // bincode's limit holds for reading only.
    check_length(length as u64, MOST_VALUE as u64)?;
    Ok(length)
}

fn check_length(found: u64, limit: u64) -> Result<(), WireError> {
    if found > limit { Err(WireError::Length { found, limit }) } else { Ok(()) }
}

fn check_sum(expected: u32, found: u32) -> Result<(), WireError> {
    if found == expected { Ok(()) } else { Err(WireError::Checksum { expected, found }) }
}

/// A small value from bincode. All bytes must be used.
///
/// # Errors
/// When the bytes are no such value.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    let (value, used) = bincode::serde::decode_from_slice(bytes, config())
        .map_err(|error| WireError::Value(error.to_string()))?;
    if used == bytes.len() { Ok(value) } else { Err(WireError::Body) }
}

#[cfg(test)]
mod tests {
    use super::decode::read_head;
    use super::*;
    use crate::Frame;
    use proptest::prelude::*;

    fn sample() -> Frame {
        let mut frame = Frame::default();
        frame.put_f64s("reals", vec![1.5, f64::NAN, -0.0]);
        frame.put_i64s("integers", vec![i64::MIN, 7]);
        frame.put_bytes("bytes", b"abc".to_vec());
        frame
    }

    #[test]
    fn packets_survive_any_cutting() {
        let one = encode(&(7_u32, "hello"), &sample()).unwrap();
        let two = [one.clone(), one].concat();
        for part in 1..two.len() {
            let mut decoder = Decoder::default();
            let mut found = 0;
            for bytes in two.chunks(part) {
                decoder.push(bytes);
                while let Some((header, frame)) = decoder.next_packet::<(u32, String)>().unwrap() {
                    assert_eq!(header, (7, "hello".to_string()));
                    assert_eq!(format!("{frame:?}"), format!("{:?}", sample()));
                    found += 1;
                }
            }
            assert_eq!(found, 2);
            assert!(decoder.is_empty());
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let whole = encode(&7_u32, &sample()).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut decoder = Decoder::default();
            decoder.push(&bytes);
            assert!(!matches!(decoder.next_packet::<u32>(), Ok(Some(_))), "bit {bit}");
        }
    }

    /// Longer than the parts in which packets are written, and not made of whole ones.
    fn large() -> Frame {
        let mut frame = Frame::default();
        frame.put_bytes("odd", vec![3; 13]);
        frame.put_f64s("reals", (0..50_000).map(|k| f64::from(k) * 0.1).collect());
        frame.put_bytes("bytes", (0..400_001_u32).map(|k| (k % 251) as u8).collect());
        frame.put_i64s("none", Vec::new());
        frame.put_i64s("integers", (0..50_000).map(|k| k * -77_777).collect());
        frame
    }

    #[test]
    fn large_packets_survive_any_cutting() {
        let bytes = encode(&7_u32, &large()).unwrap();
        let two = [bytes.clone(), bytes].concat();
        for part in [1001, 4096, 65_536, 100_003, 1 << 20, 10 << 20] {
            let (mut decoder, mut found) = (Decoder::default(), 0);
            for bytes in two.chunks(part) {
                decoder.push(bytes);
                while let Some((header, frame)) = decoder.next_packet::<u32>().unwrap() {
                    assert_eq!((header, &frame), (7, &large()));
                    found += 1;
                }
            }
            assert!(found == 2 && decoder.is_empty(), "{part}");
        }
    }

    /// Counts what it is asked to write.
    #[derive(Default)]
    struct Writes(Vec<usize>);

    impl std::io::Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.push(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn small_packets_are_written_at_once_and_large_ones_in_parts() {
        let mut encoder = Encoder::default();
        for (frame, most) in [(sample(), 1), (large(), 12), (Frame::default(), 1)] {
            let mut writes = Writes::default();
            let packet = encoder.packet(&7_u32, &frame).unwrap();
            let expected = encode(&7_u32, &frame).unwrap().len();
            assert_eq!(packet.bytes(), expected as u64);
            packet.write_to(&mut writes).unwrap();
            assert_eq!(writes.0.iter().sum::<usize>(), expected);
            assert!(writes.0.len() <= most, "{:?}", writes.0);
        }
    }

    #[test]
    fn nothing_is_reserved_for_a_damaged_length() {
        let mut bytes = encode(&7_u32, &sample()).unwrap();
        // The number of elements of the last block.
        let at = bytes.len() - (3 * 8 + 2 * 8 + 3) - 4 - 8;
        bytes[at + 4] = 1;
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        assert!(matches!(decoder.next_packet::<u32>(), Err(WireError::Checksum { .. })));
    }

    #[test]
    fn a_value_that_could_not_be_read_back_is_not_written() {
        let long = vec![7_u8; MOST_VALUE + 1];
        assert!(matches!(to_bytes(&long), Err(WireError::Length { .. })));
        let most = vec![7_u8; MOST_VALUE - 16];
        assert_eq!(from_bytes::<Vec<u8>>(&to_bytes(&most).unwrap()).unwrap().len(), most.len());
    }

    proptest! {
        #[test]
        fn damaged_heads_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            at in 0_usize..150,
            byte in any::<u8>(),
        ) {
            let _ = read_head(&bytes, MOST_BYTES);
            let whole = encode(&(7_u32, "hello"), &sample()).unwrap();
            let end = whole.len() - (3 * 8 + 2 * 8 + 3) - 4;
            let mut body = whole[PREFIX..end].to_vec();
            prop_assert!(read_head(&body, MOST_BYTES).is_ok());
            let at = at % body.len();
            body[at] = byte;
            let _ = read_head(&body, MOST_BYTES);
        }
    }
}
