//! Packets to bytes, a part at a time.

use std::io::{self, Write};

use crc32fast::Hasher;
use serde::Serialize;

use super::{MAGIC, MOST_BYTES, MOST_HEAD, PREFIX, VERSION, WireError, append, check_length};
use crate::frame::{Content, Frame};

/// How much is written at once: few enough bytes to be in a cache when they are.
const PART: usize = 128 << 10;

/// Writes packets, with memory that it keeps from one to the next.
#[derive(Debug, Default)]
pub struct Encoder {
    head: Vec<u8>,
    /// As long as the longest packet so far, and no longer than a part.
    part: Vec<u8>,
}

/// A packet of which it is known that it can be written.
#[derive(Debug)]
pub struct Packet<'a> {
    head: &'a [u8],
    part: &'a mut [u8],
    frame: &'a Frame,
    length: u64,
}

/// A packet as bytes.
///
/// # Errors
/// When the header cannot be serialized, or the packet would be over [`MOST_BYTES`].
pub fn encode<H: Serialize>(header: &H, frame: &Frame) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::default();
    let written = encoder.packet(header, frame)?.write_to(&mut bytes);
    written.map_err(|error| WireError::Value(error.to_string()))?;
    Ok(bytes)
}

impl Encoder {
    /// Makes a packet of a header and a frame.
    ///
    /// # Errors
    /// When the header cannot be serialized, or the packet would be over [`MOST_BYTES`].
    pub fn packet<'a, H: Serialize>(
        &'a mut self,
        header: &H,
        frame: &'a Frame,
    ) -> Result<Packet<'a>, WireError> {
        let head = &mut self.head;
        head.clear();
        head.resize(PREFIX + 8, 0);
        let length = append(head, header)? as u64;
        head[PREFIX..PREFIX + 8].copy_from_slice(&length.to_le_bytes());
        let elements = describe(frame, head);
        let length = (head.len() - PREFIX) as u64;
        check_length(length, MOST_HEAD)?;
        check_length(elements, MOST_BYTES)?;
        let checksum = crc32fast::hash(&head[PREFIX..]);
        head[0..4].copy_from_slice(&MAGIC);
        head[4..8].copy_from_slice(&VERSION.to_le_bytes());
        head[8..16].copy_from_slice(&length.to_le_bytes());
        head[16..20].copy_from_slice(&checksum.to_le_bytes());
        let length = head.len() as u64 + elements + 4;
        let part = length.min(PART as u64) as usize;
        if self.part.len() < part {
            self.part.resize(part, 0);
        }
        Ok(Packet { head, part: &mut self.part, frame, length })
    }
}

/// Writes down which blocks there are; gives the bytes that their elements take.
fn describe(frame: &Frame, head: &mut Vec<u8>) -> u64 {
    put_length(head, frame.blocks().count());
    let mut bytes = 0;
    for (name, content) in frame.blocks() {
        let (kind, elements, size) = match content {
            Content::F64s(values) => (0, values.len(), 8),
            Content::I64s(values) => (1, values.len(), 8),
            Content::Bytes(values) => (2, values.len(), 1),
        };
        head.push(kind);
        put_length(head, name.len());
        head.extend_from_slice(name.as_bytes());
        put_length(head, elements);
        bytes += elements as u64 * size;
    }
    bytes
}

fn put_length(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend_from_slice(&(length as u64).to_le_bytes());
}

impl Packet<'_> {
    /// How many bytes it takes.
    pub fn bytes(&self) -> u64 {
        self.length
    }

    /// Writes it: a small one at once, a large one in parts.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_to(self, to: &mut dyn Write) -> io::Result<()> {
        let mut parts = Parts { part: self.part, filled: 0, to };
        parts.put(self.head)?;
        let mut sum = Hasher::new();
        for (_, content) in self.frame.blocks() {
            match content {
                Content::F64s(values) => parts.words(values, f64::to_le_bytes, &mut sum)?,
                Content::I64s(values) => parts.words(values, i64::to_le_bytes, &mut sum)?,
                Content::Bytes(values) => {
                    sum.update(values);
                    parts.put(values)?;
                }
            }
        }
        parts.put(&sum.finalize().to_le_bytes())?;
        parts.flush()
    }
}

/// Gathers bytes and writes them when there are enough.
struct Parts<'a> {
    part: &'a mut [u8],
    filled: usize,
    to: &'a mut dyn Write,
}

impl Parts<'_> {
    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let Some((now, later)) = bytes.split_at_checked(self.part.len() - self.filled) {
            // What fills a part by itself need not be gathered.
            if self.filled == 0 {
                self.to.write_all(now)?;
            } else {
                self.part[self.filled..].copy_from_slice(now);
                self.filled = self.part.len();
                self.flush()?;
            }
            bytes = later;
        }
        self.part[self.filled..][..bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
        Ok(())
    }

    fn words<T: Copy>(
        &mut self,
        mut values: &[T],
        to_bytes: impl Fn(T) -> [u8; 8],
        sum: &mut Hasher,
    ) -> io::Result<()> {
        while !values.is_empty() {
            if self.part.len() - self.filled < 8 {
                self.flush()?;
            }
            let (room, _) = self.part[self.filled..].as_chunks_mut::<8>();
            let (now, later) = values.split_at(values.len().min(room.len()));
            for (word, &value) in room.iter_mut().zip(now) {
                *word = to_bytes(value);
            }
            let end = self.filled + 8 * now.len();
            sum.update(&self.part[self.filled..end]);
            self.filled = end;
            values = later;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(&self.part[..self.filled])?;
        self.filled = 0;
        Ok(())
    }
}
