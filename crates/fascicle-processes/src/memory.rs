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
                let killed = self.kills.zip(kills()).is_some_and(|(before, now)| now > before);
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
        let events = places(line).into_iter().find_map(|path| fs::read_to_string(path).ok())?;
        let count = events.lines().find_map(|line| line.strip_prefix("oom_kill "))?;
        count.trim().parse::<u64>().ok()
    });
    counts.max()
}

/// Where a line of /proc/PID/cgroup may have its count: in a container what it sees begins at some
/// folder of the whole path.
fn places(line: &str) -> Vec<String> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(mut group)) = (parts.next(), parts.next()) else {
        return Vec::new();
    };
    let (root, file) = match controllers {
        "" => ("/sys/fs/cgroup", "memory.events"),
        names if names.split(',').any(|name| name == "memory") => {
            ("/sys/fs/cgroup/memory", "memory.oom_control")
        }
        _ => return Vec::new(),
    };
    let mut places = Vec::new();
    group = group.trim_end_matches('/');
    loop {
        places.push(format!("{root}{group}/{file}"));
        let Some(next) = group.get(1..).and_then(|rest| rest.find('/')) else {
            break;
        };
        group = &group[1 + next..];
    }
    if !group.is_empty() {
        places.push(format!("{root}/{file}"));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_both_versions_of_control_groups_are_found() {
        let unified = ["/a/b/memory.events", "/b/memory.events", "/memory.events"];
        assert_eq!(places("0::/a/b"), unified.map(|path| format!("/sys/fs/cgroup{path}")));
        assert_eq!(places("0::/"), ["/sys/fs/cgroup/memory.events"]);
        let older = ["/job/memory.oom_control", "/memory.oom_control"];
        let older = older.map(|path| format!("/sys/fs/cgroup/memory{path}"));
        assert_eq!(places("4:memory:/job"), older);
        assert_eq!(places("3:cpu,cpuacct:/job"), [""; 0]);
        assert_eq!(places("nonsense"), [""; 0]);
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
