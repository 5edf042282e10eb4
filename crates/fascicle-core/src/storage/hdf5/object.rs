//! The messages of an object's header.

use super::bytes::Bytes;
use super::checksum::lookup3;
use super::message;
use super::read::{Read, damaged};

/// A message of an object's header.
pub struct Message<'a> {
    pub kind: u16,
    /// Whether what it says lies elsewhere.
    pub shared: bool,
    pub body: Bytes<'a>,
}

/// Which fields headers of this version have.
#[derive(Clone, Copy)]
enum Version {
    One,
    Two { ordered: bool },
}

/// The messages of the object at an address of a file.
pub fn messages(file: &[u8], address: u64) -> Read<Vec<Message<'_>>> {
    let header = from(file, address).ok_or_else(|| damaged("an object lies outside the file"))?;
    let (version, first) = first_block(header).ok_or_else(|| damaged("an object has no header"))?;
    let (mut blocks, mut found) = (vec![first], Vec::new());
    // Blocks that lie in each other, or lead in a circle, are no longer than the file together.
    let mut most = file.len();
    while let Some(block) = blocks.pop() {
        most = most.checked_sub(block.0.len() + 1).ok_or_else(|| damaged("a header has no end"))?;
        for message in in_block(block, version).ok_or_else(|| damaged("a header is cut short"))? {
            if message.kind == message::CONTINUATION {
                let next = continued(file, message.body, version);
                blocks.push(next.ok_or_else(|| damaged("a header does not go on"))?);
            } else {
                found.push(message);
            }
        }
    }
    Ok(found)
}

/// What lies at an address and after it.
pub fn from(file: &[u8], address: u64) -> Option<Bytes<'_>> {
    file.get(usize::try_from(address).ok()?..).map(Bytes)
}

fn first_block(header: Bytes<'_>) -> Option<(Version, Bytes<'_>)> {
    let mut left = header;
    if left.u8()? == 1 {
        left.skip(7)?;
        let length = left.number(4)?;
        left.skip(4)?;
        return Some((Version::One, Bytes(left.take(length as usize)?)));
    }
    let mut left = header;
    left.expect(b"OHDR\x02")?;
    let flags = left.u8()?;
    left.skip(if flags & 0x20 == 0 { 0 } else { 16 })?;
    left.skip(if flags & 0x10 == 0 { 0 } else { 4 })?;
    let length = left.number(1 << (flags & 3))?;
    let block = Bytes(left.take(usize::try_from(length).ok()?)?);
    let before = header.0.len() - left.0.len();
    checked(&header.0[..before], left)?;
    Some((Version::Two { ordered: flags & 4 != 0 }, block))
}

fn continued<'a>(file: &'a [u8], mut body: Bytes<'a>, version: Version) -> Option<Bytes<'a>> {
    let (address, length) = (body.u64()?, usize::try_from(body.u64()?).ok()?);
    let block = from(file, address)?.take(length)?;
    match version {
        Version::One => Some(Bytes(block)),
        Version::Two { .. } => {
            let (all, sum) = block.split_at_checked(length.checked_sub(4)?)?;
            checked(all, Bytes(sum))?;
            let mut left = Bytes(all);
            left.expect(b"OCHK")?;
            Some(left)
        }
    }
}

/// Goes on where the checksum that comes next is that of these bytes.
pub fn checked(bytes: &[u8], mut next: Bytes<'_>) -> Option<()> {
    (next.number(4)? == u64::from(lookup3(bytes))).then_some(())
}

fn in_block(mut left: Bytes<'_>, version: Version) -> Option<Vec<Message<'_>>> {
    let head = match version {
        Version::One => 8,
        Version::Two { ordered } => 4 + if ordered { 2 } else { 0 },
    };
    let mut found = Vec::new();
    // What is too short for a message is a gap.
    while left.0.len() >= head {
        let mut of = Bytes(left.take(head)?);
        let kind = of.number(if head == 8 { 2 } else { 1 })? as u16;
        let (length, flags) = (of.u16()?, of.u8()?);
        let body = Bytes(left.take(length.into())?);
        found.push(Message { kind, shared: flags & 2 != 0, body });
    }
    Some(found)
}
