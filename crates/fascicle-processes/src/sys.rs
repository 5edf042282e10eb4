//! The system calls that have no safe form: all `unsafe` of this crate.

use std::io::{self, StderrLock, StdoutLock};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use fascicle_core::WorkerLost;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction};
use nix::unistd::{ForkResult, Pid};

/// The exit code of a worker whose own code, not a piece's, has panicked.
const PANICKED: i32 = 101;

/// What the exit code is taken for when someone else has waited for the worker.
const UNKNOWN: i32 = -1;

/// The locks of this process's standard outputs. They are held across a fork: a lock that another
/// thread holds during the fork would stay locked in the worker for ever.
pub(crate) struct Outputs {
    pub(crate) stdout: StdoutLock<'static>,
    pub(crate) stderr: StderrLock<'static>,
}

/// A forked process. It is killed and waited for when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    handle: Option<OwnedFd>,
    ended: bool,
}

/// Forks. The closure runs in the new process, which ends with the code that it returns; nothing of
/// the caller is dropped or run there.
pub(crate) fn fork(child: impl FnOnce(Outputs) -> i32) -> io::Result<Process> {
    let outputs = Outputs { stdout: io::stdout().lock(), stderr: io::stderr().lock() };
    // No handler of this process may run in the worker before its dispositions are reset.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    // SAFETY: the child keeps to what works in a fork of a process with threads: it uses the heap,
    // the standard outputs, whose locks this thread holds, and what the work does, as the crate's
    // description says. It never returns from this block. The heap's locks are kept usable by the
    // fork handlers of the C library's malloc, which is Rust's default allocator; a host with another
    // global allocator needs one that has fork handlers of its own, as jemalloc has: without them a
    // lock that another thread held during the fork stays locked, and the worker hangs at it.
    match unsafe { nix::unistd::fork() } {
        Ok(ForkResult::Child) => {
            let code = catch_unwind(AssertUnwindSafe(|| child(outputs)));
            exit(code.unwrap_or_else(|panic| {
                // What a panic carries may itself panic when it is dropped.
                std::mem::forget(panic);
                PANICKED
            }))
        }
        Ok(ForkResult::Parent { child: pid }) => {
            let process = Process { pid, handle: open_handle(pid), ended: false };
            mask.thread_set_mask()?;
            Ok(process)
        }
        Err(error) => {
            mask.thread_set_mask()?;
            Err(error.into())
        }
    }
}

/// Ends this process at once: no destructors, no exit handlers, no flushing of inherited buffers.
fn exit(code: i32) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(code) }
}

/// Gives a new worker signal dispositions of its own: the defaults, but an interrupt from the
/// terminal is the driver's to answer, and a closed pipe is an error like any other. SIGSEGV and
/// SIGBUS stay with Rust's handler, which names a stack overflow.
pub(crate) fn reset_signals() -> nix::Result<()> {
    for signal in Signal::iterator() {
        let disposition = match signal {
            Signal::SIGKILL | Signal::SIGSTOP | Signal::SIGSEGV | Signal::SIGBUS => continue,
            Signal::SIGINT | Signal::SIGPIPE => SigHandler::SigIgn,
            _ => SigHandler::SigDfl,
        };
        // SAFETY: neither disposition runs code of ours.
        unsafe { nix::sys::signal::signal(signal, disposition) }?;
    }
    SigSet::empty().thread_set_mask()
}

/// Has a function called at an interrupt, and gives what was to happen before; none where interrupts are
/// ignored, which they stay. System calls go on afterwards, but for poll(2).
pub(crate) fn take_interrupts(handler: extern "C" fn(i32)) -> io::Result<Option<SigAction>> {
    let handler = SigHandler::Handler(handler);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler sets atomic flags, and that is safe at any time.
    let before = unsafe { sigaction(Signal::SIGINT, &action) }?;
    if matches!(before.handler(), SigHandler::SigIgn) {
        give_interrupts_back(&before);
        return Ok(None);
    }
    Ok(Some(before))
}

/// Has happen at an interrupt what was to happen before.
pub(crate) fn give_interrupts_back(before: &SigAction) {
    // SAFETY: this was in force before, and is as safe as it was then. It cannot fail for SIGINT.
    let _ = unsafe { sigaction(Signal::SIGINT, before) };
}

/// Tells what runs inside this worker how many cores are its share.
pub(crate) fn set_share_of_cores(share: usize) {
    // SAFETY: a worker that has just started has one thread, so nobody else reads the environment.
    unsafe { std::env::set_var(fascicle_core::CORES, share.to_string()) };
}

/// A descriptor that polls readable when the process has ended. Old kernels and some sandboxes have
/// none; then the driver looks now and then.
#[cfg(target_os = "linux")]
fn open_handle(pid: Pid) -> Option<OwnedFd> {
    use std::os::fd::FromRawFd;
    // SAFETY: pidfd_open reads two integers and nothing else.
    let found = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    // SAFETY: a result that is not negative is a new descriptor, which nobody else owns.
    (found >= 0).then(|| unsafe { OwnedFd::from_raw_fd(found as i32) })
}

#[cfg(not(target_os = "linux"))]
fn open_handle(_: Pid) -> Option<OwnedFd> {
    None
}

/// Kills by handle, which cannot hit a stranger that was given the same number.
#[cfg(target_os = "linux")]
fn kill_by_handle(handle: BorrowedFd<'_>) {
    use std::os::fd::AsRawFd;
    let nothing = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: pidfd_send_signal reads three integers, and no memory where the third argument is null.
    unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, handle.as_raw_fd(), libc::SIGKILL, nothing, 0)
    };
}

#[cfg(not(target_os = "linux"))]
fn kill_by_handle(_: BorrowedFd<'_>) {}

impl Process {
    /// What polls readable when the process has ended.
    pub(crate) fn handle(&self) -> Option<BorrowedFd<'_>> {
        self.handle.as_ref().map(AsFd::as_fd)
    }

    /// Kills the process, if it has not been waited for.
    pub(crate) fn kill(&self) {
        if !self.ended {
            // The only failure is that there is no such process, which is what is wanted.
            match &self.handle {
                Some(handle) => kill_by_handle(handle.as_fd()),
                None => drop(nix::sys::signal::kill(self.pid, Signal::SIGKILL)),
            }
        }
    }

    /// How the process has ended, if it has. Must not be asked again then.
    pub(crate) fn ended(&mut self) -> Option<WorkerLost> {
        self.wait_with(libc::WNOHANG)
    }

    /// Waits for the end of the process.
    pub(crate) fn wait(&mut self) {
        if !self.ended {
            self.wait_with(0);
        }
    }

    /// As on a kernel that has no handles.
    #[cfg(test)]
    pub(crate) fn forget_handle(&mut self) {
        self.handle = None;
    }

    /// Makes this copy, inherited by another worker, harmless.
    pub(crate) fn disown(&mut self) {
        self.ended = true;
        self.handle = None;
    }

    fn wait_with(&mut self, flags: i32) -> Option<WorkerLost> {
        let mut status = 0;
        loop {
            // SAFETY: `status` is a valid place for the answer.
            let found = unsafe { libc::waitpid(self.pid.as_raw(), &raw mut status, flags) };
            let interrupted = || io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
            match found {
                0 => return None,
                -1 if interrupted() => {}
                _ => {
                    self.ended = true;
                    // A process that ignores SIGCHLD, or waits for just anyone, leaves no status.
                    let known = found == self.pid.as_raw();
                    return Some(if known { lost(status) } else { WorkerLost::Exited(UNKNOWN) });
                }
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        self.wait();
    }
}

fn lost(status: i32) -> WorkerLost {
    if libc::WIFSIGNALED(status) {
        WorkerLost::Killed(libc::WTERMSIG(status))
    } else {
        WorkerLost::Exited(libc::WEXITSTATUS(status))
    }
}
