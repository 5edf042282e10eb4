//! Bytes to packets, as they arrive.

use crc32fast::Hasher;
use serde::de::DeserializeOwned;

use super::{
    MAGIC, MOST_BYTES, MOST_HEAD, PREFIX, VERSION, WireError, check_length, check_sum, from_bytes,
};
use crate::frame::{Content, Frame};

/// Puts packets together from bytes that arrive in parts.
#[derive(Debug)]
pub struct Decoder {
    /// The most bytes that the elements of a packet may take.
    most: u64,
    bytes: Vec<u8>,
    used: usize,
    /// The header of the packet whose elements are arriving.
    header: Vec<u8>,
    arriving: Option<Arriving>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::with_most(MOST_BYTES)
    }
}

impl Decoder {
    /// For packets of which it is known that their elements take so many bytes at the most. Nothing is
    /// reserved for more.
    pub fn with_most(most: u64) -> Self {
        let most = most.min(MOST_BYTES);
        Self { most, bytes: Vec::new(), used: 0, header: Vec::new(), arriving: None }
    }

    /// Takes in bytes as they arrive.
    pub fn push(&mut self, mut bytes: &[u8]) {
        if self.used == self.bytes.len() {
            self.bytes.clear();
            self.used = 0;
            if let Some(arriving) = &mut self.arriving {
                bytes = arriving.take(bytes);
            }
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether no bytes of an unfinished packet are waiting.
    pub fn is_empty(&self) -> bool {
        self.used == self.bytes.len() && self.arriving.is_none()
    }

    /// The next packet, if it is complete.
    ///
    /// # Errors
    /// When the bytes are no packet; nothing more can be read then.
    pub fn next_packet<H: DeserializeOwned>(&mut self) -> Result<Option<(H, Frame)>, WireError> {
        let Some(mut arriving) = self.begin()? else {
            return Ok(None);
        };
        let waiting = &self.bytes[self.used..];
        let rest = arriving.take(waiting);
        self.used += waiting.len() - rest.len();
        let Some(sum) = rest.first_chunk().filter(|_| arriving.is_whole()) else {
            self.arriving = Some(arriving);
            return Ok(None);
        };
        self.used += sum.len();
        check_sum(u32::from_le_bytes(*sum), arriving.sum.finalize())?;
        Ok(Some((from_bytes(&self.header)?, arriving.frame)))
    }

    /// The packet whose elements are arriving, or the next one, if its head is complete.
    fn begin(&mut self) -> Result<Option<Arriving>, WireError> {
        if let Some(arriving) = self.arriving.take() {
            return Ok(Some(arriving));
        }
        let waiting = &self.bytes[self.used..];
        let Some(prefix) = waiting.first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let (length, sum) = read_prefix(prefix)?;
        let Some(head) = waiting[PREFIX..].get(..length) else {
            return Ok(None);
        };
        check_sum(sum, crc32fast::hash(head))?;
        let (header, blocks) = read_head(head, self.most)?;
        self.header.clear();
        self.header.extend_from_slice(header);
        self.used += PREFIX + length;
        Arriving::new(&blocks).map(Some)
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
    let length = u64::from_le_bytes(reader.array()?);
    check_length(length, MOST_HEAD)?;
    Ok((length as usize, u32::from_le_bytes(reader.array()?)))
}

/// What a head says of a block.
pub(super) struct Block<'a> {
    kind: u8,
    name: &'a str,
    elements: usize,
}

/// The header's bytes, and the blocks that follow.
pub(super) fn read_head(head: &[u8], most: u64) -> Result<(&[u8], Vec<Block<'_>>), WireError> {
    let mut reader = Reader(head);
    let length = reader.length()?;
    let header = reader.take(length)?;
    let (mut blocks, mut all) = (Vec::new(), 0_u64);
    for _ in 0..reader.length()? {
        let kind = reader.array::<1>()?[0];
        let length = reader.length()?;
        let name = std::str::from_utf8(reader.take(length)?).map_err(|_| WireError::Body)?;
        let elements = reader.length()?;
        all = all.saturating_add((elements as u64).saturating_mul(size(kind)?));
        check_length(all, most)?;
        blocks.push(Block { kind, name, elements });
    }
    if reader.0.is_empty() { Ok((header, blocks)) } else { Err(WireError::Body) }
}

/// How many bytes an element takes.
fn size(kind: u8) -> Result<u64, WireError> {
    match kind {
        0 | 1 => Ok(8),
        2 => Ok(1),
        _ => Err(WireError::Body),
    }
}

/// Reads from the front of bytes, never beyond their end.
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
}

/// A frame whose elements are arriving.
#[derive(Debug)]
struct Arriving {
    frame: Frame,
    /// The blocks that are not whole, with the bytes that are to come of each; the next one is last.
    open: Vec<(String, Content, usize)>,
    /// The first bytes of a number that was cut.
    cut: Vec<u8>,
    sum: Hasher,
}

impl Arriving {
    fn new(blocks: &[Block<'_>]) -> Result<Self, WireError> {
        let mut open = Vec::with_capacity(blocks.len());
        for block in blocks.iter().rev() {
            let bytes = block.elements * size(block.kind)? as usize;
            open.push((block.name.to_string(), room_for(block)?, bytes));
        }
        let mut arriving =
            Self { frame: Frame::default(), open, cut: Vec::new(), sum: Hasher::new() };
        arriving.close();
        Ok(arriving)
    }

    fn is_whole(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes what is its own from the front of bytes, and gives back the rest.
    fn take<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while let Some((_, content, left)) = self.open.last_mut()
            && !bytes.is_empty()
        {
            let (now, later) = bytes.split_at(bytes.len().min(*left));
            *left -= now.len();
            self.sum.update(now);
            match content {
                Content::F64s(values) => words(values, f64::from_le_bytes, &mut self.cut, now),
                Content::I64s(values) => words(values, i64::from_le_bytes, &mut self.cut, now),
                Content::Bytes(values) => values.extend_from_slice(now),
            }
            bytes = later;
            self.close();
        }
        bytes
    }

    /// Puts the blocks that are whole into the frame.
    fn close(&mut self) {
        while let Some((name, content, _)) = self.open.pop_if(|(_, _, left)| *left == 0) {
            self.frame.put_content(name, content);
        }
    }
}

/// An empty block with room for all that is to come.
fn room_for(block: &Block<'_>) -> Result<Content, WireError> {
    Ok(match block.kind {
        0 => Content::F64s(reserve(block.elements)?),
        1 => Content::I64s(reserve(block.elements)?),
        _ => Content::Bytes(reserve(block.elements)?),
    })
}

fn reserve<T>(elements: usize) -> Result<Vec<T>, WireError> {
    let mut values = Vec::new();
    let reserved = values.try_reserve_exact(elements);
    reserved.map_err(|error| WireError::Value(error.to_string()))?;
    Ok(values)
}

/// Appends numbers; one that is cut waits for its rest.
fn words<T>(
    values: &mut Vec<T>,
    from_bytes: impl Fn([u8; 8]) -> T,
    cut: &mut Vec<u8>,
    mut bytes: &[u8],
) {
    if !cut.is_empty() {
        let (rest, later) = bytes.split_at(bytes.len().min(8 - cut.len()));
        cut.extend_from_slice(rest);
        bytes = later;
        if let Some(word) = cut.first_chunk() {
            values.push(from_bytes(*word));
            cut.clear();
        }
    }
    let (whole, rest) = bytes.as_chunks();
    values.extend(whole.iter().map(|word| from_bytes(*word)));
    cut.extend_from_slice(rest);
}
