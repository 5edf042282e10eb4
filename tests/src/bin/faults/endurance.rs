//! Very many runs, and very many batches.

use std::time::Instant;

use fascicle::core::ExecuteOptions;

use super::work::{Counted, pieces, run, state};
use super::{Found, Length};

/// The most that resident memory may grow, in pages of 4 KiB.
const GROWTH: usize = 256;

/// Runs one after another in this process.
pub fn runs(length: Length) -> Found {
    let count = length.of(500, 10_000);
    let work = pieces(4, |piece, _, out: &mut fascicle::core::Frame| {
        out.put_i64s("value", vec![piece as i64]);
    });
    let mut after_some = [0; 4];
    for at in 0..count {
        let mut counted = Counted::default();
        run(2, &work, &mut counted, &ExecuteOptions::new())?;
        if counted.0 != 4 {
            return Ok((format!("run {at} gave {} of 4 pieces", counted.0), false));
        }
        if at == count / 10 {
            after_some = state();
        }
    }
    let after_all = state();
    let flat = after_all[..3] == after_some[..3] && after_all[3] <= after_some[3] + GROWTH;
    let [fds, children, threads, pages] = after_all;
    let grown = (pages as i64 - after_some[3] as i64) * 4;
    let text = format!(
        "{count} runs: {fds} descriptors, {children} children, {threads} thread(s), memory {grown:+} kB \
         since the first tenth"
    );
    Ok((text, flat && children == 0))
}

/// Batches that do nothing.
pub fn batches(length: Length) -> Found {
    let count = length.of(200_000, 1_000_000);
    let work = pieces(count, |_, _, _: &mut fascicle::core::Frame| ());
    // What a run needs at all is there after a first one.
    let few = pieces(count / 20, |_, _, _: &mut fascicle::core::Frame| ());
    run(2, &few, &mut Counted::default(), &ExecuteOptions::new())?;
    let before = state();
    let (mut counted, started) = (Counted::default(), Instant::now());
    run(2, &work, &mut counted, &ExecuteOptions::new())?;
    let each = 1e6 * started.elapsed().as_secs_f64() / count as f64;
    let grown = 4 * (state()[3] as i64 - before[3] as i64);
    let text = format!("{count} batches: {each:.2} µs each, memory {grown:+} kB");
    Ok((text, counted.0 == count && each <= 10.0 && grown < 4 * GROWTH as i64))
}
