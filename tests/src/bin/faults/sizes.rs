//! Outputs of awkward sizes.

use fascicle::core::{ExecuteOptions, Frame};

use super::work::{Kept, pieces, run};
use super::{Found, Length};

/// The byte at a place of a piece's output.
fn byte(piece: u64, at: usize) -> u8 {
    (at.wrapping_mul(2_654_435_761).wrapping_add(piece as usize) >> 7) as u8
}

/// Nothing, about what a pipe holds, and far more.
pub fn all(_: Length) -> Found {
    let pipe = 64 << 10;
    let sizes = [0, 1, pipe - 1, pipe, pipe + 1, 256 << 20];
    let work = pieces(sizes.len() as u64, |piece, _, out: &mut Frame| {
        let bytes = (0..sizes[piece as usize]).map(|at| byte(piece, at)).collect();
        out.put_bytes("data", bytes);
    });
    let mut kept = Kept::default();
    run(2, &work, &mut kept, &ExecuteOptions::new())?;
    let mut exact = 0;
    for (&piece, frame) in &kept.0 {
        let bytes = frame.bytes("data")?;
        let same = bytes.iter().enumerate().all(|(at, &found)| found == byte(piece, at));
        exact += usize::from(same && bytes.len() == sizes[piece as usize]);
    }
    Ok((format!("{exact} of {} exact to the byte", sizes.len()), exact == sizes.len()))
}
