//! Sums as bytes: equal sums give equal bytes.
//!
//! All numbers are little-endian. A tag (1 byte) is followed by the number of components (8). Fixed
//! point goes on with the range (4), the sums of x (16 each) and those of x² (32 each). Exact sums are two
//! accumulators: first digit (4), digits per component (4), then for each component a sign (1) and
//! the digits (4 each), of a window that is as narrow as it can be.

use thiserror::Error;

use super::big::Big;
use super::exact::{BASE, Exact, MOST_DIGITS};
use super::fixed::Fixed;
use super::{Scale, Store, Sums};

/// The bytes of 128 bits.
const WORD: usize = 16;

const FIXED: u8 = 1;
const EXACT: u8 = 2;

/// Bytes that are no sums.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the bytes are no sums: {what}")]
pub struct SumsCorrupt {
    /// What is wrong with them.
    pub what: &'static str,
}

fn corrupt<T>(what: &'static str) -> Result<T, SumsCorrupt> {
    Err(SumsCorrupt { what })
}

impl Sums {
    /// As bytes: equal sums give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match &self.store {
            Store::Fixed(fixed) => {
                bytes.push(FIXED);
                bytes.extend((self.len() as u64).to_le_bytes());
                if let Scale::Fixed { log2_range: range } = self.scale {
                    bytes.extend(range.to_le_bytes());
                }
                write_fixed(fixed, self.len(), &mut bytes);
            }
            Store::Exact { x, x2 } => {
                bytes.push(EXACT);
                bytes.extend((self.len() as u64).to_le_bytes());
                write_exact(x, self.len(), &mut bytes);
                write_exact(x2, self.len(), &mut bytes);
            }
        }
        bytes
    }

    /// From bytes.
    ///
    /// # Errors
    /// When they are no sums. Nothing is allocated for what is not there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SumsCorrupt> {
        let mut reader = Reader(bytes);
        let [tag] = reader.array()?;
        let len = u64::from_le_bytes(reader.array()?);
        // A component takes nine bytes at the least; only windows of no digits are smaller.
        let len = usize::try_from(len).ok().filter(|&len| len <= bytes.len());
        let Some(len) = len else {
            return corrupt("more components than bytes");
        };
        let (scale, store) = match tag {
            FIXED => read_fixed(&mut reader, len)?,
            EXACT => {
                let x = read_exact(&mut reader, len, Sign::Either)?;
                let x2 = read_exact(&mut reader, len, Sign::Positive)?;
                (Scale::Exact, Store::Exact { x, x2 })
            }
            _ => return corrupt("an unknown kind"),
        };
        if reader.0.is_empty() {
            Ok(Self { scale, len, store })
        } else {
            corrupt("bytes left over")
        }
    }
}

/// Σ x of each component, then both halves of Σ x².
fn write_fixed(fixed: &Fixed, len: usize, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.resize(start + len * (WORD + 2 * WORD), 0);
    let (x, x2) = bytes[start..].split_at_mut(len * WORD);
    for (k, to) in x.as_chunks_mut::<WORD>().0.iter_mut().enumerate() {
        *to = fixed.x(k).0.to_le_bytes();
    }
    for (k, to) in x2.as_chunks_mut::<WORD>().0.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let (low, high) = fixed.x2(k).0;
        *to = [low.to_le_bytes(), high.to_le_bytes()];
    }
}

fn read_fixed(reader: &mut Reader<'_>, len: usize) -> Result<(Scale, Store), SumsCorrupt> {
    let range = i32::from_le_bytes(reader.array()?);
    if !(-400..=400).contains(&range) {
        return corrupt("an impossible range");
    }
    let x: Vec<i128> = reader.words(len)?.iter().map(|word| i128::from_le_bytes(*word)).collect();
    let halves = reader.words(2 * len)?.as_chunks::<2>().0;
    let half = |word: [u8; WORD]| u128::from_le_bytes(word);
    let x2 = halves.iter().map(|&[low, high]| (half(low), half(high)));
    match Fixed::from_parts(range, x, x2) {
        Some(fixed) => Ok((Scale::Fixed { log2_range: range }, Store::Fixed(fixed))),
        None => corrupt("sums that no values have"),
    }
}

/// What sign a sum can have.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Either,
    Positive,
}

fn write_exact(sums: &Exact, len: usize, bytes: &mut Vec<u8>) {
    let numbers: Vec<(Big, usize)> = (0..len)
        .map(|component| {
            let (digits, exponent) = sums.component(component);
            (Big::from_signed_digits(digits), ((exponent - BASE) / 32) as usize)
        })
        .collect();
    let first = |(big, low): &(Big, usize)| {
        big.digits.iter().position(|&digit| digit != 0).map(|at| low + at)
    };
    let low = numbers.iter().filter_map(first).min().unwrap_or(0);
    let high = numbers.iter().filter(|n| !n.0.is_zero()).map(|(big, low)| low + big.digits.len());
    let width = high.max().unwrap_or(low) - low;
    bytes.extend((low as u32).to_le_bytes());
    bytes.extend((width as u32).to_le_bytes());
    for (big, start) in numbers {
        bytes.push(u8::from(big.negative));
        for digit in low..low + width {
            let digit = digit.checked_sub(start).and_then(|at| big.digits.get(at));
            bytes.extend(digit.copied().unwrap_or(0).to_le_bytes());
        }
    }
}

fn read_exact(reader: &mut Reader<'_>, len: usize, expected: Sign) -> Result<Exact, SumsCorrupt> {
    let low = u32::from_le_bytes(reader.array()?) as usize;
    let width = u32::from_le_bytes(reader.array()?) as usize;
    if low > MOST_DIGITS || width > MOST_DIGITS || low + width > MOST_DIGITS {
        return corrupt("digits out of range");
    }
    if reader.0.len() / (1 + 4 * width) < len {
        return corrupt("fewer bytes than digits");
    }
    let mut digits = Vec::with_capacity(len * width);
    for _ in 0..len {
        let [sign] = reader.array()?;
        if sign > 1 {
            return corrupt("a sign that is none");
        }
        if sign == 1 && expected == Sign::Positive {
            return corrupt("a negative sum of squares");
        }
        for _ in 0..width {
            let digit = i64::from(u32::from_le_bytes(reader.array()?));
            digits.push(if sign == 1 { -digit } else { digit });
        }
    }
    Ok(Exact::from_digits(len, low, width, digits))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn words(&mut self, count: usize) -> Result<&'a [[u8; WORD]], SumsCorrupt> {
        let Some((front, rest)) = self.0.split_at_checked(count.saturating_mul(WORD)) else {
            return corrupt("they end early");
        };
        self.0 = rest;
        Ok(front.as_chunks().0)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SumsCorrupt> {
        let Some((front, rest)) = self.0.split_first_chunk() else {
            return corrupt("they end early");
        };
        self.0 = rest;
        Ok(*front)
    }
}
