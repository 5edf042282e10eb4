//! The bytes of a journal's header and of its records' heads.

use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

use crate::facts::{Facts, facts_of, first_difference};
use crate::{Fingerprint, Work};

const MAGIC: [u8; 8] = *b"fascjrnl";
/// Begins with a byte that no text has.
pub(super) const RECORD: [u8; 8] = *b"\xf5fascrec";
/// The format that is read and written.
pub(super) const FORMAT: u32 = 1;
/// The header's bytes before the facts. They are where they are in every format.
pub(super) const PREFIX: usize = 20;
/// The bytes of a record before its packet.
pub(super) const HEAD: usize = 60;
/// The bytes of a record after its packet.
pub(super) const TAIL: usize = 4;
/// The longest facts that are read.
const MOST_FACTS: u32 = 64 << 20;

/// What a run is: a journal of another is refused.
pub(super) struct Identity {
    facts: Facts,
    pub(super) digest: [u8; 32],
}

impl Identity {
    /// That of a work.
    pub(super) fn new(work: &dyn Work) -> Self {
        let facts = facts_of(work);
        let mut all = Fingerprint::new();
        for (name, value) in &facts {
            all.text(name);
            all.text(value);
        }
        Self { facts, digest: all.bytes() }
    }

    /// The first fact in which a journal differs: (what, there, here).
    pub(super) fn difference(&self, journal: &Facts) -> Option<(String, String, String)> {
        first_difference(journal, &self.facts)
    }

    /// The bytes with which a journal of this run begins.
    pub(super) fn header(&self) -> Vec<u8> {
        let json = serde_json::to_vec(&Words { facts: self.facts.clone() });
        let mut json = json.expect("texts are JSON");
        json.push(b'\n');
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend((json.len() as u32).to_le_bytes());
        let sum = sum_of_header(&bytes[8..16], &json);
        bytes.extend(sum.to_le_bytes());
        bytes.extend(json);
        bytes
    }
}

#[derive(Serialize, Deserialize)]
struct Words {
    facts: Facts,
}

fn sum_of_header(numbers: &[u8], facts: &[u8]) -> u32 {
    let mut sum = Hasher::new();
    sum.update(numbers);
    sum.update(facts);
    sum.finalize()
}

/// Whether bytes begin as a journal does, as far as they go.
pub(super) fn has_magic(bytes: &[u8]) -> bool {
    let most = bytes.len().min(MAGIC.len());
    bytes[..most] == MAGIC[..most]
}

/// The length of the facts that a prefix tells, unless it is out of all proportion.
pub(super) fn length_of_facts(prefix: &[u8; PREFIX]) -> Option<usize> {
    Some(number(prefix, 12)).filter(|&length| length <= MOST_FACTS).map(|length| length as usize)
}

/// What a header says, if none of its bytes has changed.
pub(super) enum Header {
    Facts(Facts),
    /// It is of this format, whose facts may be anything.
    Format(u32),
}

/// Reads a header.
pub(super) fn read_header(prefix: &[u8; PREFIX], facts: &[u8]) -> Option<Header> {
    if number(prefix, 16) != sum_of_header(&prefix[8..16], facts) {
        return None;
    }
    match number(prefix, 8) {
        FORMAT => {
            let words: Words = serde_json::from_slice(facts).ok()?;
            Some(Header::Facts(words.facts))
        }
        other => Some(Header::Format(other)),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// What stands before a record's packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) piece: u64,
    /// Of the packet.
    pub(super) length: u64,
    /// The digest of the run's facts.
    pub(super) run: [u8; 32],
}

impl Head {
    pub(super) fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&RECORD);
        bytes[8..16].copy_from_slice(&self.piece.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.length.to_le_bytes());
        bytes[24..56].copy_from_slice(&self.run);
        let sum = crc32fast::hash(&bytes[..56]);
        bytes[56..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; HEAD]) -> Option<Self> {
        if bytes[..8] != RECORD || number(bytes, 56) != crc32fast::hash(&bytes[..56]) {
            return None;
        }
        let long =
            |at: usize| u64::from(number(bytes, at)) | (u64::from(number(bytes, at + 4)) << 32);
        let mut run = [0; 32];
        run.copy_from_slice(&bytes[24..56]);
        Some(Self { piece: long(8), length: long(16), run })
    }
}
