//! The system calls that have no safe form: all `unsafe` of this crate.

use std::cell::UnsafeCell;
use std::io::{self, StderrLock, StdoutLock};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use fascicle_core::WorkerLost;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction};
use nix::unistd::{ForkResult, Pid};

use crate::descendants;

/// The exit code of a worker whose own code, not a piece's, has panicked.
const PANICKED: i32 = 101;

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

/// Forks without what the C library and others have to be done at a fork, so that no lock is waited for. The
/// function runs in the new process, with all signals blocked, and keeps to system calls.
pub(crate) fn fork_bare(child: impl FnOnce() -> i32) -> io::Result<Process> {
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    // SAFETY: a fork; the child does what may be done in a handler, uses no lock and never returns.
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    let found = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } as i32;
    // SAFETY: as above. Elsewhere the system call's arguments are in other orders.
    #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let found = unsafe { libc::fork() };
    if found == 0 {
        exit(child());
    }
    let error = io::Error::last_os_error();
    mask.thread_set_mask()?;
    if found < 0 {
        return Err(error);
    }
    let pid = Pid::from_raw(found);
    Ok(Process { pid, handle: open_handle(pid), ended: false })
}

/// Closes all descriptors of a process that needs none from now on.
pub(crate) fn close_all() {
    #[cfg(target_os = "linux")]
    // SAFETY: it reads three integers. Nothing in this process uses a descriptor afterwards.
    if unsafe { libc::syscall(libc::SYS_close_range, 0, u32::MAX, 0) } == 0 {
        return;
    }
    // SAFETY: it reads an integer.
    let most = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) }.clamp(0, 1 << 16);
    for fd in 0..most as i32 {
        // SAFETY: as above; a number that is no descriptor is an error that changes nothing.
        unsafe { libc::close(fd) };
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
    // Not `SIG_IGN`, which a program that a piece starts would inherit.
    extern "C" fn nothing(_: i32) {}
    for signal in Signal::iterator() {
        let disposition = match signal {
            Signal::SIGKILL | Signal::SIGSTOP | Signal::SIGSEGV | Signal::SIGBUS => continue,
            Signal::SIGINT => SigHandler::Handler(nothing),
            Signal::SIGPIPE => SigHandler::SigIgn,
            _ => SigHandler::SigDfl,
        };
        let action = SigAction::new(disposition, SaFlags::SA_RESTART, SigSet::empty());
        // SAFETY: no disposition runs code that does anything.
        unsafe { sigaction(signal, &action) }?;
    }
    SigSet::empty().thread_set_mask()
}

/// What was to happen at an interrupt before it came to be ours.
struct Before(UnsafeCell<MaybeUninit<libc::sigaction>>);

// SAFETY: it is written while `KNOWN` is not set, under a lock, and read when it is.
unsafe impl Sync for Before {}

static BEFORE: Before = Before(UnsafeCell::new(MaybeUninit::uninit()));
static KNOWN: AtomicBool = AtomicBool::new(false);

/// Has a function called at an interrupt; whether it is: where interrupts are ignored they stay so. System
/// calls go on afterwards, but for poll(2). One caller at a time.
pub(crate) fn take_interrupts(handler: extern "C" fn(i32)) -> io::Result<bool> {
    let handler = SigHandler::Handler(handler);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler does what is safe at any time: atomic numbers, a clock, `pass_on`.
    let before = unsafe { sigaction(Signal::SIGINT, &action) }?;
    if matches!(before.handler(), SigHandler::SigIgn) {
        // SAFETY: this was in force before. It cannot fail for SIGINT.
        let _ = unsafe { sigaction(Signal::SIGINT, &before) };
        return Ok(false);
    }
    // SAFETY: nobody reads it until it is known, and there is one caller at a time.
    unsafe { (*BEFORE.0.get()).write(before.into()) };
    KNOWN.store(true, Ordering::Release);
    Ok(true)
}

/// Has happen at an interrupt what was to happen before, unless someone else has seen to that, and gives
/// whether that is a function.
pub(crate) fn give_interrupts_back(handler: extern "C" fn(i32)) -> bool {
    if !KNOWN.swap(false, Ordering::AcqRel) {
        return false;
    }
    // SAFETY: it was known, so it is written.
    let before = unsafe { (*BEFORE.0.get()).assume_init() };
    // SAFETY: all zeros are a valid value, which is only written to.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: without a new disposition this only reads.
    unsafe { libc::sigaction(libc::SIGINT, std::ptr::null(), &raw mut now) };
    if now.sa_sigaction != handler as *const () as usize {
        return false;
    }
    // SAFETY: this was in force before, and is as safe as it was then.
    unsafe { libc::sigaction(libc::SIGINT, &raw const before, std::ptr::null_mut()) };
    before.sa_sigaction != libc::SIG_DFL
}

/// In the handler: what was to happen before happens when it returns, and from now on.
pub(crate) fn pass_on() {
    if KNOWN.load(Ordering::Acquire) {
        // SAFETY: it is known, so it is written, and sigaction and raise may be called in handlers.
        unsafe {
            let before = (*BEFORE.0.get()).as_ptr();
            libc::sigaction(libc::SIGINT, before, std::ptr::null_mut());
            libc::raise(libc::SIGINT);
        }
    }
}

/// Has a function called when this process is to terminate; whether it is: where someone else has seen to
/// that, or it is ignored, it stays so.
pub(crate) fn take_termination(handler: extern "C" fn(i32)) -> io::Result<bool> {
    let action = SigAction::new(SigHandler::Handler(handler), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler stores an atomic number.
    let before = unsafe { sigaction(Signal::SIGTERM, &action) }?;
    let ours = matches!(before.handler(), SigHandler::SigDfl);
    if !ours {
        // SAFETY: this was in force before.
        unsafe { sigaction(Signal::SIGTERM, &before) }?;
    }
    Ok(ours)
}

/// Has that end the process again, unless someone else has seen to it meanwhile.
pub(crate) fn give_termination_back(handler: extern "C" fn(i32)) {
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default runs no code of ours.
    let before = unsafe { sigaction(Signal::SIGTERM, &action) };
    let Ok(before) = before else { return };
    let ours = matches!(before.handler(), SigHandler::Handler(there) if std::ptr::fn_addr_eq(there, handler));
    if !ours {
        // SAFETY: this was in force before.
        let _ = unsafe { sigaction(Signal::SIGTERM, &before) };
    }
}

/// The time since the system began, in milliseconds; for handlers too.
pub(crate) fn milliseconds() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is valid.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000
}

/// Uses the C library's clock, whose lock another thread may have held during the fork.
pub(crate) fn use_local_time() {
    // SAFETY: all zeros are a valid `tm`, which is only written to.
    let mut parts = unsafe { std::mem::zeroed() };
    // SAFETY: both places are valid.
    unsafe { libc::localtime_r(&0, &raw mut parts) };
}

/// Tells what runs inside this worker that it is one, and how many cores are its share.
pub(crate) fn set_share_of_cores(share: usize) {
    // SAFETY: a worker that has just started has one thread, so nobody else reads the environment.
    unsafe {
        std::env::set_var(fascicle_core::WORKER, "1");
        std::env::set_var(fascicle_core::CORES, share.to_string());
    }
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

/// Kills by handle, which cannot hit a stranger that was given the same number; whether it was possible.
#[cfg(target_os = "linux")]
fn kill_by_handle(handle: BorrowedFd<'_>) -> bool {
    use std::os::fd::AsRawFd;
    let nothing = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: pidfd_send_signal reads three integers, and no memory where the third argument is null.
    let sent = unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, handle.as_raw_fd(), libc::SIGKILL, nothing, 0)
    };
    sent == 0
}

#[cfg(not(target_os = "linux"))]
fn kill_by_handle(_: BorrowedFd<'_>) -> bool {
    false
}

impl Process {
    /// Its number.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// What polls readable when the process has ended.
    pub(crate) fn handle(&self) -> Option<BorrowedFd<'_>> {
        self.handle.as_ref().map(AsFd::as_fd)
    }

    /// Kills the process, if it has not been waited for.
    pub(crate) fn kill(&self) {
        if !self.ended && !self.handle.as_ref().is_some_and(|handle| kill_by_handle(handle.as_fd()))
        {
            // It was not waited for, so the number is its own still. The only failure is that it has
            // ended, which is what is wanted.
            let _ = nix::sys::signal::kill(self.pid, Signal::SIGKILL);
        }
    }

    /// Kills the processes that this one has started and that have not ended. It does not go on
    /// afterwards, so that none of their numbers is given to a stranger meanwhile.
    pub(crate) fn kill_descendants(&self) {
        if !self.ended && nix::sys::signal::kill(self.pid, Signal::SIGSTOP).is_ok() {
            descendants::kill(self.pid);
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
                    return Some(if known { lost(status) } else { WorkerLost::Unknown });
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
