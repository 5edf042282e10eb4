//! Reading a file. Nothing in it is believed: addresses and lengths are checked, and nothing is
//! allocated that is longer than the file.

use super::bytes::Bytes;
use super::object::{Message, checked, from, messages};
use super::{Kind, SIGNATURE, UNDEFINED, groups, message};

/// What is wrong with a file.
#[derive(Debug)]
pub enum Wrong {
    /// It contradicts itself.
    Damaged(String),
    /// It has what is not read.
    Foreign(String),
}

pub type Read<T> = Result<T, Wrong>;

pub fn damaged(what: &str) -> Wrong {
    Wrong::Damaged(what.to_string())
}

/// The bytes of a file.
pub struct File<'a> {
    bytes: &'a [u8],
    root: u64,
}

/// A group and its members.
pub struct Group<'a> {
    file: &'a [u8],
    messages: Vec<Message<'a>>,
    members: Vec<(String, u64)>,
}

/// A dataset with the bytes of its elements.
#[derive(Debug)]
pub struct Dataset<'a> {
    pub shape: Vec<u64>,
    pub kind: Kind,
    pub data: &'a [u8],
}

impl<'a> File<'a> {
    /// Reads the superblock.
    pub fn new(bytes: &'a [u8]) -> Read<Self> {
        let (end, root) = superblock(bytes).ok_or_else(|| damaged("its superblock is damaged"))?;
        let length = bytes.len();
        if (length as u64) < end {
            let what = format!("it is cut short: expected {end} bytes, found {length}");
            return Err(Wrong::Damaged(what));
        }
        Ok(Self { bytes, root })
    }

    /// The group that everything lies in.
    pub fn root(&self) -> Read<Group<'a>> {
        Group::new(self.bytes, messages(self.bytes, self.root)?)
    }
}

/// The end of the file and the address of the root.
fn superblock(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut left = Bytes(bytes);
    left.expect(SIGNATURE)?;
    match left.u8()? {
        version @ (0 | 1) => {
            left.skip(4)?;
            left.expect(&[8, 8])?;
            left.skip(if version == 0 { 9 } else { 13 })?;
            left.expect(&[0; 8])?;
            left.skip(8)?;
            let end = left.u64()?;
            left.skip(16)?;
            Some((end, left.u64()?))
        }
        2 | 3 => {
            left.expect(&[8, 8])?;
            left.skip(1)?;
            left.expect(&[0; 8])?;
            left.skip(8)?;
            let (end, root) = (left.u64()?, left.u64()?);
            checked(&bytes[..bytes.len() - left.0.len()], left)?;
            Some((end, root))
        }
        _ => None,
    }
}

impl<'a> Group<'a> {
    fn new(file: &'a [u8], messages: Vec<Message<'a>>) -> Read<Self> {
        let members = groups::members(file, &messages)?;
        Ok(Self { file, messages, members })
    }

    /// The names of its datasets.
    pub fn datasets(&self) -> Read<Vec<&str>> {
        let mut names = Vec::new();
        for (name, address) in &self.members {
            if has(&messages(self.file, *address)?, message::LAYOUT) {
                names.push(name.as_str());
            }
        }
        Ok(names)
    }

    /// One of its datasets.
    pub fn dataset(&self, name: &str) -> Read<Dataset<'a>> {
        let address = self.address(name);
        let address = address.ok_or_else(|| missing("dataset", name))?;
        dataset(self.file, &messages(self.file, address)?, name)
    }

    /// One of its groups, if it has it.
    pub fn group(&self, name: &str) -> Read<Option<Self>> {
        let Some(address) = self.address(name) else { return Ok(None) };
        let messages = messages(self.file, address)?;
        let group = has(&messages, message::LINK_INFO) || has(&messages, message::SYMBOL_TABLE);
        if group { Self::new(self.file, messages).map(Some) } else { Ok(None) }
    }

    fn address(&self, name: &str) -> Option<u64> {
        self.members.iter().find(|member| member.0 == name).map(|member| member.1)
    }

    /// An attribute of text, if it has one of this name.
    pub fn text(&self, name: &str) -> Option<String> {
        let mut attributes = self.messages.iter().filter(|found| found.kind == message::ATTRIBUTE);
        attributes.find_map(|found| attribute(self.file, found.body, name))
    }
}

fn missing(what: &str, name: &str) -> Wrong {
    Wrong::Damaged(format!("there is no {what} `{name}`"))
}

fn has(messages: &[Message<'_>], kind: u16) -> bool {
    messages.iter().any(|message| message.kind == kind)
}

fn dataset<'a>(file: &'a [u8], messages: &[Message<'a>], name: &str) -> Read<Dataset<'a>> {
    let foreign = |what: &str| Wrong::Foreign(format!("expected {what} `{name}`"));
    let cut = || Wrong::Damaged(format!("dataset `{name}` is damaged"));
    let find = |kind| messages.iter().find(|message| message.kind == kind).ok_or_else(cut);
    let (space, kind) = (find(message::DATASPACE)?, find(message::DATATYPE)?);
    if space.shared || kind.shared {
        return Err(foreign("no type of its own in"));
    }
    let shape = shape(space.body).ok_or_else(cut)?;
    let kind = Kind::decode(kind.body.0).ok_or_else(cut)?;
    if has(messages, message::FILTERS) {
        return Err(foreign("no compression or other filter in"));
    }
    let size = shape.iter().try_fold(kind.size() as u64, |size, &n| size.checked_mul(n));
    let size = size.and_then(|size| usize::try_from(size).ok()).ok_or_else(cut)?;
    let mut layout = find(message::LAYOUT)?.body;
    let (version, class) = (layout.u8().ok_or_else(cut)?, layout.u8().ok_or_else(cut)?);
    let data = match (version, class) {
        (3 | 4, 0) => compact(layout),
        (3 | 4, 1) => contiguous(file, layout, size),
        _ => return Err(foreign("contiguous numbers, not chunks, in")),
    };
    match data {
        Some(data) if data.len() >= size => Ok(Dataset { shape, kind, data: &data[..size] }),
        _ => Err(cut()),
    }
}

fn compact(mut layout: Bytes<'_>) -> Option<&[u8]> {
    let length = layout.u16()?;
    layout.take(length.into())
}

fn contiguous<'a>(file: &'a [u8], mut layout: Bytes<'a>, size: usize) -> Option<&'a [u8]> {
    match layout.u64()? {
        UNDEFINED if size == 0 => Some(&[]),
        address => from(file, address)?.take(usize::try_from(layout.u64()?).ok()?),
    }
}

fn shape(mut body: Bytes<'_>) -> Option<Vec<u64>> {
    let (version, rank, _) = (body.u8()?, body.u8()?, body.u8()?);
    match version {
        1 => body.skip(5)?,
        2 if body.u8()? == 2 => return Some(vec![0]),
        2 => {}
        _ => return None,
    }
    (0..rank).map(|_| body.u64()).collect()
}

fn attribute(file: &[u8], mut body: Bytes<'_>, name: &str) -> Option<String> {
    let version = body.u8()?;
    body.skip(1)?;
    let lengths = [body.u16()?, body.u16()?, body.u16()?].map(usize::from);
    body.skip(usize::from(version == 3))?;
    // The first version fills all three up to a multiple of eight.
    let mut part = |length: usize| {
        let part = body.take(if version == 1 { length.next_multiple_of(8) } else { length })?;
        part.get(..length)
    };
    let (found, kind, _) = (Bytes(part(lengths[0])?).text()?, part(lengths[1])?, part(lengths[2])?);
    if found != name.as_bytes() {
        return None;
    }
    let text = match Kind::decode(kind)? {
        Kind::Text => in_heap(file, body)?,
        Kind::FixedText(length) => body.take(length as usize)?,
        _ => return None,
    };
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    String::from_utf8(text[..end].to_vec()).ok()
}

/// The text in a global heap that a length, an address and an index point to.
fn in_heap<'a>(file: &'a [u8], mut place: Bytes<'_>) -> Option<&'a [u8]> {
    let length = place.number(4)? as usize;
    if length == 0 {
        return Some(&[]);
    }
    let (mut heap, index) = (from(file, place.u64()?)?, place.number(4)?);
    heap.expect(b"GCOL\x01\0\0\0")?;
    let size = usize::try_from(heap.u64()?).ok()?.checked_sub(16)?;
    let mut left = Bytes(heap.take(size)?);
    loop {
        let found = left.u16()?;
        left.skip(6)?;
        let size = usize::try_from(left.u64()?).ok()?;
        if found == 0 {
            return None;
        }
        if u64::from(found) == index {
            return left.take(size)?.get(..length);
        }
        left.skip(size.checked_next_multiple_of(8)?)?;
    }
}
