//! What a piece of work hands back: named blocks of numbers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::wire;

/// The numbers or bytes of one block.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Reals.
    F64s(Vec<f64>),
    /// Integers.
    I64s(Vec<i64>),
    /// Bytes, such as a small value in bincode.
    Bytes(Vec<u8>),
}

impl Content {
    fn kind(&self) -> &'static str {
        match self {
            Self::F64s(_) => "reals",
            Self::I64s(_) => "integers",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// What a piece of work hands back: named blocks, in the order in which they were put in. Names are
/// unique; putting a name again replaces its block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    blocks: Vec<(String, Content)>,
}

/// Why a block could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// There is no such block.
    #[error("the frame has no block `{name}`")]
    Missing {
        /// The name asked for.
        name: String,
    },
    /// The block is of another kind.
    #[error("block `{name}` holds {found}, expected {expected}")]
    Kind {
        /// The block's name.
        name: String,
        /// The kind asked for.
        expected: &'static str,
        /// The kind found.
        found: &'static str,
    },
    /// The block's bytes are no value of the type asked for.
    #[error("block `{name}` is damaged: {why}")]
    Damaged {
        /// The block's name.
        name: String,
        /// What the decoder said.
        why: String,
    },
}

impl Frame {
    /// Puts in reals.
    pub fn put_f64s(&mut self, name: impl Into<String>, values: Vec<f64>) {
        self.put_content(name.into(), Content::F64s(values));
    }

    /// Puts in integers.
    pub fn put_i64s(&mut self, name: impl Into<String>, values: Vec<i64>) {
        self.put_content(name.into(), Content::I64s(values));
    }

    /// Puts in bytes.
    pub fn put_bytes(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.put_content(name.into(), Content::Bytes(bytes));
    }

    /// Puts in a small value of any type, in bincode.
    ///
    /// # Errors
    /// When serde cannot serialize the value.
    pub fn put<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), FrameError> {
        let bytes = wire::to_bytes(value).map_err(|error| damaged(name, &error))?;
        self.put_bytes(name, bytes);
        Ok(())
    }

    /// The reals of a block.
    ///
    /// # Errors
    /// When there is no such block, or it is of another kind.
    pub fn f64s(&self, name: &str) -> Result<&[f64], FrameError> {
        match self.content(name)? {
            Content::F64s(values) => Ok(values),
            other => Err(kind(name, "reals", other)),
        }
    }

    /// The integers of a block.
    ///
    /// # Errors
    /// When there is no such block, or it is of another kind.
    pub fn i64s(&self, name: &str) -> Result<&[i64], FrameError> {
        match self.content(name)? {
            Content::I64s(values) => Ok(values),
            other => Err(kind(name, "integers", other)),
        }
    }

    /// The bytes of a block.
    ///
    /// # Errors
    /// When there is no such block, or it is of another kind.
    pub fn bytes(&self, name: &str) -> Result<&[u8], FrameError> {
        match self.content(name)? {
            Content::Bytes(bytes) => Ok(bytes),
            other => Err(kind(name, "bytes", other)),
        }
    }

    /// The small value of a block, as [`Frame::put`] put it in.
    ///
    /// # Errors
    /// When there is no such block, or its bytes are no such value.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, FrameError> {
        wire::from_bytes(self.bytes(name)?).map_err(|error| damaged(name, &error))
    }

    /// All blocks in order.
    pub fn blocks(&self) -> impl Iterator<Item = (&str, &Content)> {
        self.blocks.iter().map(|(name, content)| (name.as_str(), content))
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }

    pub(crate) fn put_content(&mut self, name: String, content: Content) {
        match self.blocks.iter_mut().find(|(existing, _)| *existing == name) {
            Some((_, old)) => *old = content,
            None => self.blocks.push((name, content)),
        }
    }

    /// Takes a block out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Content> {
        let at = self.blocks.iter().position(|(existing, _)| existing == name)?;
        Some(self.blocks.remove(at).1)
    }

    fn content(&self, name: &str) -> Result<&Content, FrameError> {
        self.blocks()
            .find_map(|(n, content)| (n == name).then_some(content))
            .ok_or_else(|| FrameError::Missing { name: name.to_string() })
    }
}

fn kind(name: &str, expected: &'static str, found: &Content) -> FrameError {
    FrameError::Kind { name: name.to_string(), expected, found: found.kind() }
}

fn damaged(name: &str, why: &wire::WireError) -> FrameError {
    FrameError::Damaged { name: name.to_string(), why: why.to_string() }
}
