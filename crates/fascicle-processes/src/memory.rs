//! Whether a worker ended for want of memory.

use std::fs;

use fascicle_core::WorkerLost;
use nix::libc::{SIGABRT, SIGKILL};

use crate::words::Words;

/// How often the kernel has killed a process of this control group for want of memory, before the run
/// and as counted of it so far: several may be killed before the first of them is judged.
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
                let killed = kills() > self.kills;
                self.kills = self.kills.map(|kills| kills + u64::from(killed));
                killed.then(|| "its control group's limit was reached".to_string())
            }
            _ => None,
        };
        if let Some(what) = what {
            *lost = WorkerLost::OutOfMemory(what);
        }
    }
}

/// How often the kernel has killed here, by either version of control groups.
fn kills() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let counts = groups.lines().filter_map(|line| {
        let events = fs::read_to_string(events(line)?).ok()?;
        let count = events.lines().find_map(|line| line.strip_prefix("oom_kill "))?;
        count.trim().parse::<u64>().ok()
    });
    counts.max()
}

/// Where a line of /proc/PID/cgroup has its count.
fn events(line: &str) -> Option<String> {
    let (_, line) = line.split_once(':')?;
    let (controllers, group) = line.split_once(':')?;
    let of_memory = controllers.split(',').any(|name| name == "memory");
    match controllers {
        "" => Some(format!("/sys/fs/cgroup{group}/memory.events")),
        _ => of_memory.then(|| format!("/sys/fs/cgroup/memory{group}/memory.oom_control")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_both_versions_of_control_groups_are_found() {
        let there = |line| events(line);
        assert_eq!(there("0::/a/b").unwrap(), "/sys/fs/cgroup/a/b/memory.events");
        let of_memory = "/sys/fs/cgroup/memory/job/memory.oom_control";
        assert_eq!(there("4:memory:/job").unwrap(), of_memory);
        assert_eq!(there("3:cpu,cpuacct:/job"), None);
        assert_eq!(there("nonsense"), None);
    }

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
