//! All `unsafe`: buffers that MPI uses while this process goes on, and what is called at the process's end.

use std::mem;

use mpi::point_to_point::Message;
use mpi::request::{Request, StaticScope};
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Destination};

/// The one kind of message that is sent.
pub(crate) const TAG: i32 = 1;

/// Bytes that are on their way to or from another rank, and belong to MPI meanwhile.
pub(crate) struct Moving {
    request: Option<Request<'static, [u8], StaticScope>>,
    bytes: *mut [u8],
}

impl Moving {
    /// Sends bytes to a rank.
    pub(crate) fn send(comm: &SimpleCommunicator, to: usize, bytes: Vec<u8>) -> Self {
        let bytes = Box::into_raw(bytes.into_boxed_slice());
        // SAFETY: the box is freed by `taken`, when MPI is done with it, or never.
        let lent: &'static [u8] = unsafe { &*bytes };
        let to = comm.process_at_rank(to as i32);
        let request = to.immediate_send_with_tag(StaticScope, lent, TAG);
        Self { request: Some(request), bytes }
    }

    /// Receives a message of so many bytes.
    pub(crate) fn receive(message: Message, length: usize) -> Self {
        let bytes = Box::into_raw(vec![0_u8; length].into_boxed_slice());
        // SAFETY: nobody else has the box, which is freed by `taken`, when MPI is done with it, or never.
        let lent: &'static mut [u8] = unsafe { &mut *bytes };
        let request = message.immediate_matched_receive_into(StaticScope, lent);
        Self { request: Some(request), bytes }
    }

    /// The bytes, once MPI is done with them.
    pub(crate) fn taken(&mut self) -> Option<Box<[u8]>> {
        match self.request.take()?.test() {
            Ok(_) => {
                // SAFETY: it came from `Box::into_raw`, and MPI has ended its use. The request is gone, so
                // this is done once.
                Some(unsafe { Box::from_raw(self.bytes) })
            }
            Err(request) => {
                self.request = Some(request);
                None
            }
        }
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        // MPI may still use the bytes, which are never freed then.
        mem::forget(self.request.take());
    }
}

/// Has a function called when the process exits, with the code that it exits with where the C library
/// tells it (0 elsewhere): after `main`, or by `std::process::exit`.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn at_exit(last: extern "C" fn(i32, *mut std::ffi::c_void)) {
    unsafe extern "C" {
        fn on_exit(
            function: extern "C" fn(i32, *mut std::ffi::c_void),
            argument: *mut std::ffi::c_void,
        ) -> i32;
    }
    // SAFETY: `last` is a function of this program, which is there until its end, and ignores its argument.
    // Where it cannot be registered, the launcher notices that this rank has not taken leave of MPI.
    let _ = unsafe { on_exit(last, std::ptr::null_mut()) };
}

/// Has a function called when the process exits.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn at_exit(last: extern "C" fn(i32, *mut std::ffi::c_void)) {
    use std::sync::OnceLock;

    static LAST: OnceLock<extern "C" fn(i32, *mut std::ffi::c_void)> = OnceLock::new();
    extern "C" fn call() {
        if let Some(last) = LAST.get() {
            last(0, std::ptr::null_mut());
        }
    }
    unsafe extern "C" {
        fn atexit(function: extern "C" fn()) -> i32;
    }
    let _ = LAST.set(last);
    // SAFETY: `call` is a function of this program, which is there until its end.
    let _ = unsafe { atexit(call) };
}
