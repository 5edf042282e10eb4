//! A worker whose memory is limited.

use fascicle::core::{ExecuteOptions, Frame, WorkerLost};
use nix::sys::resource::{Resource, setrlimit};

use super::work::{Kept, pieces, run};
use super::{Found, Length};

/// Allows this process so many bytes more than it has.
fn limit_memory(more: u64) {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: u64 = statm.split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    let limit = pages * 4096 + more;
    setrlimit(Resource::RLIMIT_AS, limit, limit).expect("a limit may be lowered");
}

/// A piece that hits its limit once, and one that always does.
pub fn limit(_: Length) -> Found {
    let work = pieces(8, |piece, attempt, out: &mut Frame| {
        if piece == 3 && attempt == 0 || piece == 6 {
            limit_memory(64 << 20);
            let large = std::hint::black_box(vec![1_u8; 1 << 30]);
            out.put_i64s("length", vec![large.len() as i64]);
        }
    });
    let mut kept = Kept::default();
    let ran = run(2, &work, &mut kept, &ExecuteOptions::new())?;
    let of_memory = |lost: &&WorkerLost| matches!(lost, WorkerLost::OutOfMemory(_));
    let named = ran.lost.iter().filter(of_memory).count();
    let told = ran.report.failures.first().map_or(String::new(), |f| f.failure.to_string());
    let told = told.split(';').next().unwrap_or_default().to_string();
    let done = kept.0.len();
    let well = done == 7 && ran.lost.len() == 4 && named == 4 && told.contains("memory");
    Ok((
        format!("{done} of 8 pieces done, {named} of {} losses named; \"{told}\"", ran.lost.len()),
        well,
    ))
}
