//! A worker whose memory is limited.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use fascicle::core::{ExecuteOptions, Fold, FoldError, Frame, WorkerLost};
use nix::sys::resource::{Resource, setrlimit};

use super::work::{Kept, pieces, run};
use super::{Found, Length};

/// Allows this process so many bytes more than it has.
fn limit_memory(more: u64) {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: u64 = statm.split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    let limit = pages * 4096 + more;
    setrlimit(Resource::RLIMIT_AS, limit, limit).expect("a limit may be lowered");
}

/// A control group of this process alone, with a limit, which is removed in the end.
struct Group {
    folder: PathBuf,
    before: PathBuf,
}

/// The most that the control group may have.
const MOST: u64 = 192 << 20;

impl Group {
    /// Either version of control groups, if this process may make one.
    fn new() -> Option<Self> {
        let version = |root: &str, limit: &str| {
            let root = PathBuf::from(root);
            let folder = root.join(format!("fascicle-faults-{}", std::process::id()));
            fs::create_dir(&folder).ok()?;
            let group = Self { folder, before: root.join("cgroup.procs") };
            fs::write(group.folder.join(limit), MOST.to_string()).ok()?;
            fs::write(group.folder.join("cgroup.procs"), "0").ok()?;
            Some(group)
        };
        version("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            .or_else(|| version("/sys/fs/cgroup", "memory.max"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::write(&self.before, "0");
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Keeps all frames, and with the first of them more than a worker may come to have: where the kernel
/// ends the largest, it would be the driver.
#[derive(Default)]
struct Large {
    kept: Kept,
    ballast: Vec<u8>,
}

impl Fold for Large {
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
        if self.ballast.is_empty() {
            self.ballast = vec![1; 2 * MOST as usize / 3];
        }
        self.kept.add(piece, frame)
    }
}

/// Pieces of which one hits a limit once, and one always does: a figure, and whether it is as wanted.
fn hit(limit: fn()) -> Result<(String, bool), Box<dyn Error>> {
    let work = pieces(8, |piece, attempt, out: &mut Frame| {
        if piece == 3 && attempt == 0 || piece == 6 {
            limit();
            let large = std::hint::black_box(vec![1_u8; 1 << 30]);
            out.put_i64s("length", vec![large.len() as i64]);
        }
    });
    let mut kept = Large::default();
    let ran = run(2, &work, &mut kept, &ExecuteOptions::new())?;
    let of_memory = |lost: &&WorkerLost| matches!(lost, WorkerLost::OutOfMemory(_));
    let named = ran.lost.iter().filter(of_memory).count();
    let told = ran.report.failures.first().map_or(String::new(), |f| f.failure.to_string());
    let told = told.split(';').next().unwrap_or_default().to_string();
    let done = kept.kept.0.len();
    let well = done == 7 && named >= 4 && named == ran.lost.len() && told.contains("memory");
    let text =
        format!("{done} of 8 pieces done, {named} of {} losses named, \"{told}\"", ran.lost.len());
    Ok((text, well))
}

/// By a limit of the worker's own, and by one of the control group where that may be tried.
pub fn limit(_: Length) -> Found {
    let (own, own_well) = hit(|| limit_memory(64 << 20))?;
    let (group, group_well) = match Group::new() {
        Some(_group) => hit(|| ())?,
        None => ("not tried, as this user may make none".to_string(), true),
    };
    Ok((format!("RLIMIT_AS: {own}; control group: {group}"), own_well && group_well))
}
