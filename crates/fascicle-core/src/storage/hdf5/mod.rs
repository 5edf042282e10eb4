//! The part of the HDF5 format that ensembles need (HDF5 File Format Specification, version 3.0).
//!
//! Written are superblock 3, groups with their links in their headers, contiguous datasets and one
//! attribute of text. Read is also what h5py writes by default, and so QC Lab: superblock 0, headers
//! of version 1, symbol tables, compact datasets. Chunked and compressed datasets and indexed groups
//! are refused. The test `the_library_of_the_tests_agrees` compares with a library for all of the
//! format; such a library is half of a notebook's cold build.

mod bytes;
mod checksum;
mod groups;
mod kind;
mod object;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use kind::Kind;
pub use read::{Dataset, File, Group, Wrong};
pub use write::Writer;

/// What every file begins with.
pub const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The address of what is not there.
const UNDEFINED: u64 = u64::MAX;

/// The types of messages in an object's header.
mod message {
    pub const DATASPACE: u16 = 0x01;
    pub const LINK_INFO: u16 = 0x02;
    pub const DATATYPE: u16 = 0x03;
    pub const FILL_VALUE: u16 = 0x05;
    pub const LINK: u16 = 0x06;
    pub const LAYOUT: u16 = 0x08;
    pub const GROUP_INFO: u16 = 0x0A;
    pub const FILTERS: u16 = 0x0B;
    pub const ATTRIBUTE: u16 = 0x0C;
    pub const CONTINUATION: u16 = 0x10;
    pub const SYMBOL_TABLE: u16 = 0x11;
    pub const ATTRIBUTE_INFO: u16 = 0x15;
}
