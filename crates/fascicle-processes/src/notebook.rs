//! The end of the kernel that this process runs a notebook's cells for.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::parent_id;

use fascicle_core::CancelHandle;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Set by evcxr in the process that runs the cells; inherited by what is started there.
const RUNS_CELLS: &str = "EVCXR_IS_RUNTIME";

/// Has a run end with the kernel whose cells this process runs, if it does.
///
/// The kernel is its parent, and what it says comes by standard input. Either alone may go without the
/// other in a program that is started in a cell.
pub(crate) fn heed_kernel(handle: CancelHandle) -> CancelHandle {
    const NOBODY: u32 = 1;
    if std::env::var_os(RUNS_CELLS).is_none() {
        return handle;
    }
    let kernel = parent_id();
    handle.with_sign(move || {
        let parent = parent_id();
        (parent != kernel || parent == NOBODY) && nobody_writes_to_stdin()
    })
}

fn nobody_writes_to_stdin() -> bool {
    let stdin = io::stdin();
    let mut looked = [PollFd::new(stdin.as_fd(), PollFlags::empty())];
    let found = poll(&mut looked, PollTimeout::ZERO);
    found.is_ok() && looked[0].revents().is_some_and(|seen| seen.contains(PollFlags::POLLHUP))
}
