//! Bytes to records, whatever has become of them.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, SeekFrom};

use crc32fast::Hasher;

use super::file::Medium;
use super::format::{HEAD, Head, Header, PREFIX, TAIL, has_magic, length_of_facts, read_header};
use crate::wire::Decoder;
use crate::{Frame, LogLine};

/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// Where a piece's packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: u64,
    pub(super) length: u64,
}

/// How a file begins.
pub(super) enum Opening {
    /// With nothing that could be lost.
    Blank,
    /// With a header, which ends here.
    Whole { header: Header, magic: bool, end: u64 },
    /// With no header, or one that has changed; the magic number may be there.
    Lost { magic: bool },
}

/// What a journal has.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The last accepted record of each piece.
    pub(super) records: BTreeMap<u64, Place>,
    /// Where the first whole record begins, accepted or not.
    pub(super) first: Option<u64>,
    /// Where the last whole record ends.
    pub(super) end: u64,
    /// How many bytes belong to no whole record.
    pub(super) damaged: u64,
    /// How many whole records were not accepted.
    pub(super) unfit: u64,
    /// The digest of another run, if there is a record of one.
    pub(super) foreign: Option<[u8; 32]>,
}

/// Reads a journal from its beginning.
pub(super) struct Reader<'m, M> {
    medium: &'m mut M,
    pub(super) length: u64,
    buffer: Vec<u8>,
}

impl<'m, M: Medium> Reader<'m, M> {
    pub(super) fn new(medium: &'m mut M) -> io::Result<Self> {
        let length = medium.seek(SeekFrom::End(0))?;
        Ok(Self { medium, length, buffer: Vec::new() })
    }

    /// Reads the header.
    pub(super) fn opening(&mut self) -> io::Result<Opening> {
        let bytes = self.bytes(0, CHUNK)?;
        let magic = has_magic(bytes);
        let Some(&prefix) = bytes.first_chunk::<PREFIX>() else {
            let blank = magic || bytes.iter().all(|&byte| byte == 0);
            return Ok(if blank { Opening::Blank } else { Opening::Lost { magic } });
        };
        // What was reserved and not written before a power failure.
        if bytes.len() < CHUNK && bytes.iter().all(|&byte| byte == 0) {
            return Ok(Opening::Blank);
        }
        let length = length_of_facts(&prefix);
        let end = length.map(|length| (PREFIX + length) as u64).filter(|&end| end <= self.length);
        let (Some(length), Some(end)) = (length, end) else {
            return Ok(Opening::Lost { magic });
        };
        let header = read_header(&prefix, self.bytes(PREFIX as u64, length)?);
        Ok(header.map_or(Opening::Lost { magic }, |header| Opening::Whole { header, magic, end }))
    }

    /// Reads the records of a run from here on. What is no record is left out.
    pub(super) fn records(
        &mut self,
        start: u64,
        run: [u8; 32],
        accepts: &mut dyn FnMut(u64, &Frame) -> bool,
    ) -> io::Result<Contents> {
        let mut contents = Contents { end: start, ..Contents::default() };
        let mut next = Some(start);
        while let Some(at) = next.filter(|&at| at < self.length) {
            let head = self.head(at)?;
            if let Some(head) = head.filter(|head| head.run != run) {
                contents.foreign = Some(head.run);
                return Ok(contents);
            }
            next = match self.record(at, head)? {
                Some((head, place, frame)) => {
                    contents.take_in(at, head, place, accepts(head.piece, &frame));
                    Some(contents.end)
                }
                None => self.next_head(at + 1)?,
            };
        }
        contents.damaged += self.length.saturating_sub(contents.end);
        Ok(contents)
    }

    /// What the file begins with, for a message.
    pub(super) fn begins_with(&mut self) -> io::Result<String> {
        Ok(format!("{:?}", String::from_utf8_lossy(self.bytes(0, 8)?)))
    }

    fn head(&mut self, at: u64) -> io::Result<Option<Head>> {
        Ok(self.bytes(at, HEAD)?.first_chunk().and_then(Head::from_bytes))
    }

    /// The record of which this is the head, if the file has all of it and none has changed.
    fn record(&mut self, at: u64, head: Option<Head>) -> io::Result<Option<(Head, Place, Frame)>> {
        let left = self.length.saturating_sub(at).saturating_sub((HEAD + TAIL) as u64);
        let Some(head) = head.filter(|head| head.length <= left) else {
            return Ok(None);
        };
        let place = Place { at: at + HEAD as u64, length: head.length };
        let packet = read_packet(self.medium, place, &mut self.buffer)?;
        Ok(packet.map(|(_, frame)| (head, place, frame)))
    }

    /// Where the next whole head begins, if there is one.
    fn next_head(&mut self, mut from: u64) -> io::Result<Option<u64>> {
        loop {
            let bytes = self.bytes(from, CHUNK)?;
            let at = bytes.windows(HEAD).position(|window| {
                window.first_chunk().is_some_and(|bytes| Head::from_bytes(bytes).is_some())
            });
            match at {
                Some(at) => return Ok(Some(from + at as u64)),
                None if bytes.len() < CHUNK => return Ok(None),
                None => from += (CHUNK - HEAD + 1) as u64,
            }
        }
    }

    /// The bytes from here on: so many, or as many as there are.
    fn bytes(&mut self, at: u64, most: usize) -> io::Result<&[u8]> {
        fill(self.medium, at, most, &mut self.buffer)?;
        Ok(&self.buffer)
    }
}

impl Contents {
    fn take_in(&mut self, at: u64, head: Head, place: Place, accepted: bool) {
        if accepted {
            self.records.insert(head.piece, place);
        } else {
            self.unfit += 1;
        }
        self.first.get_or_insert(at);
        self.damaged += at - self.end;
        self.end = place.at + place.length + TAIL as u64;
    }
}

/// Reads a piece's packet; none if it is not whole.
pub(super) fn read_packet(
    medium: &mut impl Medium,
    place: Place,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<(Vec<LogLine>, Frame)>> {
    let mut decoder = Decoder::with_most(place.length);
    let (mut sum, mut packet) = (Hasher::new(), None);
    let (mut at, end) = (place.at, place.at + place.length);
    while at < end {
        let most = (end - at).min(CHUNK as u64) as usize;
        fill(medium, at, most, buffer)?;
        if buffer.len() < most || packet.is_some() {
            return Ok(None);
        }
        sum.update(buffer);
        decoder.push(buffer);
        match decoder.next_packet() {
            Ok(found) => packet = found,
            Err(_) => return Ok(None),
        }
        at += most as u64;
    }
    fill(medium, end, TAIL, buffer)?;
    let whole = decoder.is_empty() && buffer[..] == sum.finalize().to_le_bytes();
    Ok(packet.filter(|_| whole))
}

/// Reads so many bytes, or as many as there are.
fn fill(medium: &mut impl Medium, at: u64, most: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
    medium.seek(SeekFrom::Start(at))?;
    buffer.resize(most, 0);
    let mut filled = 0;
    while filled < most {
        match medium.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(())
}
