//! Whether a worker ended for want of memory.

use std::fs;

use fascicle_core::WorkerLost;
use nix::libc::{SIGABRT, SIGKILL};

use crate::words::Words;

/// How often the kernel has killed a process of this control group for want of memory.
#[derive(Debug)]
pub(crate) struct Memory {
    kills: Option<u64>,
}

impl Memory {
    /// As it is now.
    pub(crate) fn look() -> Self {
        Self { kills: kills() }
    }

    /// Says so of a worker that has ended, if it was for want of memory.
    pub(crate) fn judge(&mut self, lost: &mut WorkerLost, words: &Words) {
        let what = match lost {
            WorkerLost::Killed(SIGABRT) => words.no_memory().map(str::to_string),
            WorkerLost::Killed(SIGKILL) => {
                let (before, now) = (self.kills, kills());
                self.kills = now;
                (now > before).then(|| "its control group's limit was reached".to_string())
            }
            _ => None,
        };
        if let Some(what) = what {
            *lost = WorkerLost::OutOfMemory(what);
        }
    }
}

fn kills() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let events = fs::read_to_string(format!("/sys/fs/cgroup{group}/memory.events")).ok()?;
    events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abort_is_of_memory_if_the_worker_said_so() {
        let judged = |words: &[&str]| {
            let mut lost = WorkerLost::Killed(SIGABRT);
            let mut heard = Words::default();
            words.iter().for_each(|word| heard.hear(word.to_string()));
            Memory { kills: None }.judge(&mut lost, &heard);
            lost
        };
        let said = "memory allocation of 4096 bytes failed";
        let expected = WorkerLost::OutOfMemory(said.to_string());
        assert_eq!(judged(&["x", said, "a", "long", "back", "trace", "of", "it"]), expected);
        assert_eq!(judged(&["x"]), WorkerLost::Killed(SIGABRT));
    }
}
