//! Running one piece such that whatever goes wrong becomes a value.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Cause, Context, Failure, Frame, Work};

/// Runs one piece; a panic becomes a [`Failure`]. The frame is cleared beforehand, and after a
/// failure. For drivers.
///
/// # Errors
/// What the work says, or the panic's message.
pub fn attempt(
    work: &dyn Work,
    piece: u64,
    cx: &mut Context<'_>,
    frame: &mut Frame,
) -> Result<(), Failure> {
    frame.clear();
    // The frame is cleared and the context holds plain values, so nothing half-changed is seen.
    let outcome = catch_unwind(AssertUnwindSafe(|| work.run(piece, cx, frame)));
    let result = outcome.unwrap_or_else(|panic| {
        let message = panic_message(panic.as_ref());
        // What a panic carries may itself panic when it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
        Err(Failure::new(Cause::Panicked { message }))
    });
    if result.is_err() {
        frame.clear();
    }
    result
}

/// What a panic said.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a value that is no text").to_string()
}
