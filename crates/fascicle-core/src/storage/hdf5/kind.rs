//! The types of elements.

use super::bytes::Bytes;

/// The type of a dataset's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Little-endian, of so many bytes.
    Integer { signed: bool, size: u8 },
    /// A float.
    F32,
    /// A double.
    F64,
    /// h5py's complex numbers: two doubles named `r` and `i`.
    Complex,
    /// Text of any length in UTF-8, which lies in a heap.
    Text,
    /// Text in a field of so many bytes.
    FixedText(u32),
    /// What ensembles do not have.
    Other,
}

const FLOAT: [u8; 20] = [0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
const DOUBLE: [u8; 20] = [0x11, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xFF, 3, 0, 0];
/// UTF-8 that ends nowhere in itself, of bytes in a heap.
const TEXT: [u8; 20] = [0x19, 1, 1, 0, 16, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0];

impl Kind {
    /// The bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::Integer { size, .. } => size.into(),
            Self::F32 => 4,
            Self::F64 => 8,
            Self::Complex | Self::Text => 16,
            Self::FixedText(size) => size as usize,
            Self::Other => 0,
        }
    }

    /// As it stands in a file. Of a kind that is never written, nothing.
    pub(super) fn encoded(self) -> Vec<u8> {
        match self {
            Self::Integer { signed, size } => {
                let sign = if signed { 8 } else { 0 };
                vec![0x10, sign, 0, 0, size, 0, 0, 0, 0, 0, 8 * size, 0]
            }
            Self::F32 => FLOAT.to_vec(),
            Self::F64 => DOUBLE.to_vec(),
            Self::Complex => {
                let mut bytes = vec![0x36, 2, 0, 0, 16, 0, 0, 0];
                for (name, offset) in [(b'r', 0), (b'i', 8)] {
                    bytes.extend([name, 0, offset]);
                    bytes.extend(DOUBLE);
                }
                bytes
            }
            Self::Text => TEXT.to_vec(),
            Self::FixedText(_) | Self::Other => Vec::new(),
        }
    }

    /// Reads it; `None` where it is cut short.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut left = Bytes(bytes);
        let (class, bits) = (left.u8()?, left.take(3)?);
        let size = left.number(4)?;
        let byte = |size: u64| u8::try_from(size).ok().filter(|size| [1, 2, 4, 8].contains(size));
        Some(match class & 0xF {
            0 => {
                let whole = left.u16()? == 0 && u64::from(left.u16()?) == 8 * size;
                match byte(size) {
                    Some(size) if whole && bits[0] & 1 == 0 => {
                        Self::Integer { signed: bits[0] & 8 != 0, size }
                    }
                    _ => Self::Other,
                }
            }
            1 => Self::real(bytes.get(1..20)?),
            3 => Self::FixedText(size as u32),
            6 => Self::complex(class >> 4, bits, size, left)?,
            9 if bits[0] & 0xF == 1 => Self::Text,
            _ => Self::Other,
        })
    }

    /// From what follows the first byte.
    fn real(bytes: &[u8]) -> Self {
        match bytes {
            _ if bytes == &DOUBLE[1..] => Self::F64,
            _ if bytes == &FLOAT[1..] => Self::F32,
            _ => Self::Other,
        }
    }

    /// From the fields of a compound type, which three versions of the format have in three ways.
    fn complex(version: u8, bits: &[u8], size: u64, mut left: Bytes<'_>) -> Option<Self> {
        if (bits[0], bits[1], size) != (2, 0, 16) {
            return Some(Self::Other);
        }
        let mut fits = true;
        for (expected, place) in [(b"r", 0), (b"i", 8)] {
            let name = left.text()?;
            fits &= name == expected;
            if version < 3 {
                // Names are filled up to a multiple of eight.
                left.skip(7 - name.len() % 8)?;
            }
            fits &= left.number(if version < 3 { 4 } else { 1 })? == place;
            if version == 1 {
                left.skip(28)?;
            }
            let kind = left.take(20)?;
            fits &= kind[0] & 0xF == 1 && Self::real(&kind[1..]) == Self::F64;
        }
        Some(if fits { Self::Complex } else { Self::Other })
    }
}
