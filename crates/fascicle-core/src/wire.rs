//! The one codec for what travels between a driver and its own workers.
//!
//! A packet is a small header, any serde type in bincode, followed by the blocks of a [`Frame`] as
//! raw little-endian numbers:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | magic, `fasc` |
//! | 4 | version of the codec |
//! | 8 | length of the body |
//! | 4 | CRC-32 of the body |
//! | … | body: header length (8), header, number of blocks (8), then for each block kind (1), name length (8), name, number of elements (8), elements |
//!
//! bincode reads with a limit and only what a driver's own worker wrote; files have a checked format
//! of their own.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::frame::{Content, Frame};

const MAGIC: [u8; 4] = *b"fasc";
const VERSION: u32 = 1;
const PREFIX: usize = 20;

/// The longest body that is accepted, 8 GiB: a longer one is taken for a damaged length.
pub const MOST_BYTES: u64 = 8 << 30;

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
    /// The body ends too early, or goes on for too long.
    #[error("the body does not match its own lengths")]
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
    let bytes = bincode::serde::encode_to_vec(value, config())
        .map_err(|error| WireError::Value(error.to_string()))?;
    // bincode's limit holds for reading only.
    if bytes.len() > MOST_VALUE {
        let (found, limit) = (bytes.len() as u64, MOST_VALUE as u64);
        return Err(WireError::Length { found, limit });
    }
    Ok(bytes)
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

/// A packet as bytes.
///
/// # Errors
/// When the header cannot be serialized, or the packet would be over [`MOST_BYTES`].
pub fn encode<H: Serialize>(header: &H, frame: &Frame) -> Result<Vec<u8>, WireError> {
    let header = to_bytes(header)?;
    let mut bytes = vec![0; PREFIX];
    put_len(&mut bytes, header.len());
    bytes.extend_from_slice(&header);
    put_len(&mut bytes, frame.blocks().count());
    for (name, content) in frame.blocks() {
        encode_block(&mut bytes, name, content);
    }
    let length = (bytes.len() - PREFIX) as u64;
    if length > MOST_BYTES {
        return Err(WireError::Length { found: length, limit: MOST_BYTES });
    }
    let checksum = crc32fast::hash(&bytes[PREFIX..]);
    bytes[0..4].copy_from_slice(&MAGIC);
    bytes[4..8].copy_from_slice(&VERSION.to_le_bytes());
    bytes[8..16].copy_from_slice(&length.to_le_bytes());
    bytes[16..20].copy_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

fn put_len(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend_from_slice(&(length as u64).to_le_bytes());
}

fn encode_block(bytes: &mut Vec<u8>, name: &str, content: &Content) {
    let (kind, length) = match content {
        Content::F64s(values) => (0, values.len()),
        Content::I64s(values) => (1, values.len()),
        Content::Bytes(values) => (2, values.len()),
    };
    bytes.push(kind);
    put_len(bytes, name.len());
    bytes.extend_from_slice(name.as_bytes());
    put_len(bytes, length);
    match content {
        Content::F64s(values) => bytes.extend(values.iter().flat_map(|v| v.to_le_bytes())),
        Content::I64s(values) => bytes.extend(values.iter().flat_map(|v| v.to_le_bytes())),
        Content::Bytes(values) => bytes.extend_from_slice(values),
    }
}

/// Puts packets together from bytes that arrive in parts.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    used: usize,
}

impl Decoder {
    /// Takes in bytes as they arrive.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.used > 0 && self.used == self.bytes.len() {
            self.bytes.clear();
            self.used = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether no bytes of an unfinished packet are waiting.
    pub fn is_empty(&self) -> bool {
        self.used == self.bytes.len()
    }

    /// The next packet, if it is complete.
    ///
    /// # Errors
    /// When the bytes are no packet; nothing more can be read then.
    pub fn next_packet<H: DeserializeOwned>(&mut self) -> Result<Option<(H, Frame)>, WireError> {
        let waiting = &self.bytes[self.used..];
        let Some(prefix) = waiting.first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let (length, checksum) = read_prefix(prefix)?;
        let Some(body) = waiting[PREFIX..].get(..length) else {
            return Ok(None);
        };
        let found = crc32fast::hash(body);
        if found != checksum {
            return Err(WireError::Checksum { expected: checksum, found });
        }
        let packet = decode_body(body)?;
        self.used += PREFIX + length;
        Ok(Some(packet))
    }
}

fn read_prefix(prefix: &[u8; PREFIX]) -> Result<(usize, u32), WireError> {
    let mut reader = Reader(prefix);
    let found = reader.array::<4>()?;
    if found != MAGIC {
        return Err(WireError::Magic { found });
    }
    let found = u32::from_le_bytes(reader.array()?);
    if found != VERSION {
        return Err(WireError::Version { found });
    }
    let found = u64::from_le_bytes(reader.array()?);
    if found > MOST_BYTES {
        return Err(WireError::Length { found, limit: MOST_BYTES });
    }
    Ok((found as usize, u32::from_le_bytes(reader.array()?)))
}

fn decode_body<H: DeserializeOwned>(body: &[u8]) -> Result<(H, Frame), WireError> {
    let mut reader = Reader(body);
    let length = reader.length()?;
    let header = from_bytes(reader.take(length)?)?;
    let mut frame = Frame::default();
    for _ in 0..reader.length()? {
        let kind = reader.array::<1>()?[0];
        let length = reader.length()?;
        let name = std::str::from_utf8(reader.take(length)?).map_err(|_| WireError::Body)?;
        let content = reader.content(kind)?;
        frame.put_content(name.to_string(), content);
    }
    if reader.0.is_empty() { Ok((header, frame)) } else { Err(WireError::Body) }
}

/// Reads from the front of bytes, never beyond their end: nothing is allocated that is not there.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (front, rest) = self.0.split_at_checked(length).ok_or(WireError::Body)?;
        self.0 = rest;
        Ok(front)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (front, rest) = self.0.split_first_chunk().ok_or(WireError::Body)?;
        self.0 = rest;
        Ok(*front)
    }

    fn length(&mut self) -> Result<usize, WireError> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| WireError::Body)
    }

    fn words(&mut self) -> Result<impl Iterator<Item = [u8; 8]> + use<'a>, WireError> {
        let length = self.length()?.checked_mul(8).ok_or(WireError::Body)?;
        let (words, _) = self.take(length)?.as_chunks::<8>();
        Ok(words.iter().copied())
    }

    fn content(&mut self, kind: u8) -> Result<Content, WireError> {
        match kind {
            0 => Ok(Content::F64s(self.words()?.map(f64::from_le_bytes).collect())),
            1 => Ok(Content::I64s(self.words()?.map(i64::from_le_bytes).collect())),
            2 => {
                let length = self.length()?;
                Ok(Content::Bytes(self.take(length)?.to_vec()))
            }
            _ => Err(WireError::Body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn a_value_that_could_not_be_read_back_is_not_written() {
        let long = vec![7_u8; MOST_VALUE + 1];
        assert!(matches!(to_bytes(&long), Err(WireError::Length { .. })));
        let most = vec![7_u8; MOST_VALUE - 16];
        assert_eq!(from_bytes::<Vec<u8>>(&to_bytes(&most).unwrap()).unwrap().len(), most.len());
    }

    proptest! {
        #[test]
        fn damaged_bodies_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            at in 0_usize..150,
            byte in any::<u8>(),
        ) {
            let _ = decode_body::<(u32, String)>(&bytes);
            let mut body = encode(&(7_u32, "hello"), &sample()).unwrap().split_off(PREFIX);
            let at = at % body.len();
            body[at] = byte;
            let _ = decode_body::<(u32, String)>(&body);
        }
    }
}
