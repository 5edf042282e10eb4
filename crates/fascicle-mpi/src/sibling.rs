//! The next rank on the same host, whose death is seen at once, and told by what it had to run. A launcher
//! sees it as well, but takes its time, and knows nothing of batches.

use std::fs;
use std::os::unix::fs::MetadataExt;

use mpi::collective::CommunicatorCollectives;
use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// After so many looks that have missed it, it has died: a rank that ends the job by MPI exits as well, and has the
/// time between two to be the one that is heard.
const LOOKS: u32 = 2;

/// The process of another rank.
#[derive(Debug)]
pub(crate) struct Sibling {
    pub(crate) rank: usize,
    pid: Pid,
    missed: u32,
}

impl Sibling {
    /// That of this rank, among all on this host, which come to this together. None where it is in a container
    /// of its own, whose processes have other numbers.
    pub(crate) fn among(here: &SimpleCommunicator, rank: usize) -> Option<Self> {
        let numbers = fs::metadata("/proc/self/ns/pid").map_or(0, |there| there.ino());
        let mine = [rank as u64, u64::from(std::process::id()), numbers];
        let mut all = vec![0; mine.len() * here.size() as usize];
        here.all_gather_into(&mine, &mut all);
        let next = (here.rank() + 1) % here.size();
        let &[rank, pid, theirs] = all.chunks(mine.len()).nth(next as usize)? else { return None };
        let watched = here.size() > 1 && numbers != 0 && theirs == numbers;
        watched.then(|| Self { rank: rank as usize, pid: Pid::from_raw(pid as i32), missed: 0 })
    }

    /// Whether it is gone, when it is looked for once more.
    pub(crate) fn is_gone(&mut self) -> bool {
        self.missed = if kill(self.pid, None) == Err(Errno::ESRCH) { self.missed + 1 } else { 0 };
        self.missed >= LOOKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_gone_when_it_was_missed_twice_in_a_row() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let mut sibling = Sibling { rank: 1, pid: Pid::from_raw(child.id() as i32), missed: 0 };
        assert!((0..5).all(|_| !sibling.is_gone()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!sibling.is_gone() && sibling.is_gone());
    }
}
