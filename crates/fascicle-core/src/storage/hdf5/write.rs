//! Writing a file, from the inside out: what is pointed to comes before what points to it.

use super::checksum::lookup3;
use super::{Kind, SIGNATURE, UNDEFINED, message};

/// The length of the superblock.
const SUPERBLOCK: usize = 48;

/// The least length of a heap of texts.
const HEAP: usize = 4096;

/// A file that grows.
pub struct Writer {
    bytes: Vec<u8>,
}

/// The messages of an object's header.
#[derive(Default)]
struct Header(Vec<u8>);

impl Header {
    /// Adds a message; `constant` says that it never changes.
    fn add(&mut self, kind: u16, constant: bool, body: &[u8]) {
        let length = u16::try_from(body.len()).expect("names are checked, all else is short");
        self.0.push(kind as u8);
        self.0.extend(length.to_le_bytes());
        self.0.push(constant.into());
        self.0.extend(body);
    }
}

impl Writer {
    pub fn new() -> Self {
        Self { bytes: vec![0; SUPERBLOCK] }
    }

    /// Adds a dataset with the bytes of its elements, and gives its address.
    pub fn dataset(&mut self, kind: Kind, shape: &[u64], data: &[u8]) -> u64 {
        let address = if data.is_empty() { UNDEFINED } else { self.add(data) };
        let mut header = Header::default();
        header.add(message::DATATYPE, true, &kind.encoded());
        header.add(message::DATASPACE, false, &dataspace(shape));
        // Version 3, space when it is needed, and no value that would fill it.
        header.add(message::FILL_VALUE, true, &[3, 0b1010]);
        let mut layout = vec![4, 1];
        layout.extend(address.to_le_bytes());
        layout.extend((data.len() as u64).to_le_bytes());
        header.add(message::LAYOUT, false, &layout);
        self.header(header)
    }

    /// Adds a group of members, with an attribute of text if it has one, and gives its address.
    pub fn group(&mut self, members: &[(String, u64)], text: Option<(&str, &str)>) -> u64 {
        let mut header = Header::default();
        // Neither links nor attributes are indexed.
        let mut no_index = vec![0, 0];
        no_index.extend([0xFF; 16]);
        header.add(message::LINK_INFO, false, &no_index);
        header.add(message::GROUP_INFO, false, &[0, 0]);
        for (name, address) in members {
            header.add(message::LINK, false, &link(name, *address));
        }
        if let Some((name, text)) = text {
            header.add(message::ATTRIBUTE_INFO, false, &no_index);
            let attribute = self.attribute(name, text);
            header.add(message::ATTRIBUTE, false, &attribute);
        }
        self.header(header)
    }

    /// The whole file, whose root group is at this address.
    pub fn finish(mut self, root: u64) -> Vec<u8> {
        let mut superblock = [SIGNATURE, &[3, 8, 8, 0]].concat();
        for address in [0, UNDEFINED, self.bytes.len() as u64, root] {
            superblock.extend(address.to_le_bytes());
        }
        superblock.extend(lookup3(&superblock).to_le_bytes());
        self.bytes[..SUPERBLOCK].copy_from_slice(&superblock);
        self.bytes
    }

    /// Adds bytes at a multiple of eight, and gives their address.
    fn add(&mut self, bytes: &[u8]) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let address = self.bytes.len() as u64;
        self.bytes.extend(bytes);
        address
    }

    fn header(&mut self, Header(messages): Header) -> u64 {
        // The flags say that four bytes hold the length.
        let mut bytes = b"OHDR\x02\x02".to_vec();
        bytes.extend((messages.len() as u32).to_le_bytes());
        bytes.extend(messages);
        bytes.extend(lookup3(&bytes).to_le_bytes());
        self.add(&bytes)
    }

    fn attribute(&mut self, name: &str, text: &str) -> Vec<u8> {
        let (kind, space) = (Kind::Text.encoded(), dataspace(&[]));
        let name = [name.as_bytes(), b"\0"].concat();
        let mut bytes = vec![2, 0];
        for part in [&name, &kind, &space] {
            bytes.extend((part.len() as u16).to_le_bytes());
        }
        bytes.extend([name, kind, space].concat());
        bytes.extend((text.len() as u32).to_le_bytes());
        let (address, index) = if text.is_empty() { (0, 0) } else { (self.heap(text), 1_u32) };
        bytes.extend(address.to_le_bytes());
        bytes.extend(index.to_le_bytes());
        bytes
    }

    /// Adds a heap of one text.
    fn heap(&mut self, text: &str) -> u64 {
        let used = 32 + text.len().next_multiple_of(8);
        // Room for the entry of what is free, which has the index 0.
        let size = (used + 16).max(HEAP);
        let mut heap = b"GCOL\x01\0\0\0".to_vec();
        heap.extend((size as u64).to_le_bytes());
        heap.extend([1, 0, 1, 0, 0, 0, 0, 0]);
        heap.extend((text.len() as u64).to_le_bytes());
        heap.extend(text.as_bytes());
        heap.resize(used + 8, 0);
        heap.extend(((size - used) as u64).to_le_bytes());
        heap.resize(size, 0);
        self.add(&heap)
    }
}

fn dataspace(shape: &[u64]) -> Vec<u8> {
    let mut bytes = vec![2, shape.len() as u8, 0, u8::from(!shape.is_empty())];
    shape.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
    bytes
}

fn link(name: &str, address: u64) -> Vec<u8> {
    // The flags say that the name is UTF-8, and that two bytes hold its length.
    let mut bytes = vec![1, 0b1_0001, 1];
    bytes.extend((name.len() as u16).to_le_bytes());
    bytes.extend(name.as_bytes());
    bytes.extend(address.to_le_bytes());
    bytes
}
