//! The processes that a worker has started.

use std::fs;

use nix::sys::signal::{Signal, kill as send, killpg};
use nix::unistd::{Pid, getpgid};

/// Kills the children of a process, and theirs. Linux tells who they are; elsewhere they live on.
pub(crate) fn kill(pid: Pid) {
    for child in children(pid) {
        // Stopped first, so that it starts no others while its own are looked for.
        if send(child, Signal::SIGSTOP).is_ok() {
            kill(child);
            // A guardian of a run inside of a piece can end its group no more, of which some may have
            // another parent by now. Its number is its own: who would wait for it is stopped.
            if getpgid(Some(child)) == Ok(child) {
                let _ = killpg(child, Signal::SIGKILL);
            }
            let _ = send(child, Signal::SIGKILL);
        }
    }
}

fn children(pid: Pid) -> Vec<Pid> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let read = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).ok();
    let all: String = tasks.flatten().filter_map(read).collect();
    all.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect()
}
