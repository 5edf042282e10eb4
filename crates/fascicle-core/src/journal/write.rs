//! A journal that is open: records to bytes, and what is told of the disk.

use std::io::{self, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;

use super::JournalError;
use super::file::Medium;
use super::format::{FORMAT, Head, Header, Identity};
use super::read::{Contents, Opening, Place, Reader, read_packet};
use crate::wire::Encoder;
use crate::{Frame, LogLine};

/// The most records, and the most bytes, that are not yet brought to the disk.
pub(super) const MOST_RECORDS: u64 = 64;
const MOST_BYTES: u64 = 16 << 20;

/// How much is gathered before it is written.
const PART: usize = 256 << 10;

/// A journal that is open, of which this is the only writer.
pub(super) struct Journal<M> {
    medium: M,
    path: PathBuf,
    /// The digest that its records carry.
    run: [u8; 32],
    /// Where the last whole record ends.
    end: u64,
    encoder: Encoder,
    buffer: Vec<u8>,
    /// Records, and bytes, that are not yet brought to the disk.
    unsynced: (u64, u64),
}

impl<M: Medium> Journal<M> {
    /// Reads what a medium has of this run, or begins a journal on it, and makes it whole.
    pub(super) fn open(
        mut medium: M,
        path: &Path,
        identity: &Identity,
        accepts: &mut dyn FnMut(u64, &Frame) -> bool,
    ) -> Result<(Self, Contents), JournalError> {
        let header = identity.header();
        let (contents, rewrite) = read(&mut medium, path, identity, accepts)?;
        let mut journal = Self {
            medium,
            path: path.to_path_buf(),
            run: identity.digest,
            end: contents.end.max(header.len() as u64),
            encoder: Encoder::default(),
            buffer: Vec::new(),
            unsynced: (0, 0),
        };
        let healed = journal.heal(rewrite.then_some(&header[..]));
        healed.map_err(|source| journal.io(if rewrite { "begin" } else { "mend" }, source))?;
        Ok((journal, contents))
    }

    /// Writes the header if it is not there, and cuts off what is half written at the end.
    fn heal(&mut self, header: Option<&[u8]>) -> io::Result<()> {
        let length = self.medium.seek(SeekFrom::End(0))?;
        if length > self.end {
            self.medium.cut(self.end)?;
        }
        if let Some(header) = header {
            self.medium.seek(SeekFrom::Start(0))?;
            self.medium.write_all(header)?;
        }
        if length > self.end || header.is_some() {
            self.medium.sync()?;
        }
        Ok(())
    }

    /// Writes down a finished piece. What cannot be written whole is cut off again.
    pub(super) fn append(
        &mut self,
        piece: u64,
        log: &[LogLine],
        frame: &Frame,
    ) -> Result<(), JournalError> {
        let packet = self.encoder.packet(&log, frame).map_err(|source| {
            JournalError::Unwritable { path: self.path.clone(), piece, source }
        })?;
        let head = Head { piece, length: packet.bytes(), run: self.run };
        self.buffer.clear();
        self.buffer.extend(head.to_bytes());
        let write = || {
            self.medium.seek(SeekFrom::Start(self.end))?;
            let mut parts = Parts {
                to: &mut self.medium,
                part: &mut self.buffer,
                sum: Hasher::new(),
                bytes: 0,
            };
            packet.write_to(&mut parts)?;
            parts.end()
        };
        match write() {
            Ok(bytes) => {
                self.end += bytes;
                self.unsynced = (self.unsynced.0 + 1, self.unsynced.1 + bytes);
                Ok(())
            }
            Err(source) => {
                // If even this fails, the next reader leaves out what is half written.
                let _ = self.medium.cut(self.end);
                Err(self.io("write to", source))
            }
        }
    }

    /// Brings what is written to the disk, if it is much or it is time.
    pub(super) fn sync_if(&mut self, due: bool) -> Result<(), JournalError> {
        let (records, bytes) = self.unsynced;
        if due || records >= MOST_RECORDS || bytes >= MOST_BYTES { self.sync() } else { Ok(()) }
    }

    /// Brings what is written to the disk.
    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        if self.unsynced.0 > 0 {
            self.medium.sync().map_err(|source| self.io("bring to the disk", source))?;
            self.unsynced = (0, 0);
            if !self.medium.is_at(&self.path) {
                return Err(JournalError::Gone { path: self.path.clone() });
            }
        }
        Ok(())
    }

    /// Reads a piece's record once more.
    pub(super) fn read(
        &mut self,
        piece: u64,
        place: Place,
    ) -> Result<(Vec<LogLine>, Frame), JournalError> {
        let packet = read_packet(&mut self.medium, place, &mut self.buffer);
        let packet = packet.map_err(|source| self.io("read", source))?;
        packet.ok_or_else(|| JournalError::Changed { path: self.path.clone(), piece })
    }

    fn io(&self, action: &'static str, source: io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), action, source }
    }
}

#[cfg(test)]
impl<M> Journal<M> {
    pub(super) fn into_medium(self) -> M {
        self.medium
    }
}

/// Reads what a medium has, and says whether the header is to be written.
fn read(
    medium: &mut impl Medium,
    path: &Path,
    identity: &Identity,
    accepts: &mut dyn FnMut(u64, &Frame) -> bool,
) -> Result<(Contents, bool), JournalError> {
    let path = || path.to_path_buf();
    let io = |source| JournalError::Io { path: path(), action: "read", source };
    let mismatch =
        |(what, journal, here)| JournalError::Mismatch { path: path(), what, journal, here };
    let mut reader = Reader::new(medium).map_err(io)?;
    let (start, magic, lost) = match reader.opening().map_err(io)? {
        Opening::Blank => return Ok((Contents::default(), true)),
        Opening::Whole { header: Header::Format(found), .. } => {
            return Err(JournalError::Format { path: path(), expected: FORMAT, found });
        }
        Opening::Whole { header: Header::Facts(facts), magic, end } => {
            if let Some(difference) = identity.difference(&facts) {
                return Err(mismatch(difference));
            }
            (end, magic, false)
        }
        Opening::Lost { magic } => (0, magic, true),
    };
    let mut contents = reader.records(start, identity.digest, accepts).map_err(io)?;
    if let Some(digest) = contents.foreign {
        let hex = |digest: [u8; 32]| digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let what = "the digest of what is run".to_string();
        return Err(mismatch((what, hex(digest), hex(identity.digest))));
    }
    if lost && !magic && contents.first.is_none() {
        let found = reader.begins_with().map_err(io)?;
        return Err(JournalError::NotAJournal { path: path(), found });
    }
    if lost && contents.first.is_none() {
        contents.end = 0;
    }
    // Never over a record: the header of this run is as long as it ever was.
    let room = contents.first.is_none_or(|first| first >= identity.header().len() as u64);
    Ok((contents, (lost || !magic) && room))
}

/// Gathers a record's bytes, and sums up its packet.
struct Parts<'a, M> {
    to: &'a mut M,
    /// The record's head, and what of the packet is not yet written.
    part: &'a mut Vec<u8>,
    sum: Hasher,
    /// How much is written.
    bytes: u64,
}

impl<M: Write> Write for Parts<'_, M> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sum.update(bytes);
        if self.part.len() + bytes.len() > PART {
            self.flush()?;
        }
        self.part.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(self.part)?;
        self.bytes += self.part.len() as u64;
        self.part.clear();
        Ok(())
    }
}

impl<M: Write> Parts<'_, M> {
    /// Writes the packet's sum and whatever is not yet written; gives the record's length.
    fn end(mut self) -> io::Result<u64> {
        let sum = self.sum.clone().finalize();
        self.part.extend(sum.to_le_bytes());
        self.flush()?;
        Ok(self.bytes)
    }
}
