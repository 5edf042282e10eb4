//! Taking little-endian numbers from the front of some bytes.

/// Bytes that are still to be read. `None` is their end.
#[derive(Clone, Copy)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn skip(&mut self, length: usize) -> Option<()> {
        self.take(length).map(|_| ())
    }

    /// A number of up to eight bytes.
    pub fn number(&mut self, length: usize) -> Option<u64> {
        let mut word = [0; 8];
        word[..length].copy_from_slice(self.take(length)?);
        Some(u64::from_le_bytes(word))
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.number(1).map(|number| number as u8)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.number(2).map(|number| number as u16)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.number(8)
    }

    /// Goes on where these bytes are next.
    pub fn expect(&mut self, bytes: &[u8]) -> Option<()> {
        (self.take(bytes.len())? == bytes).then_some(())
    }

    /// Text before a NUL, which is taken too.
    pub fn text(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|&byte| byte == 0)?;
        let text = self.take(end)?;
        self.skip(1)?;
        Some(text)
    }
}
