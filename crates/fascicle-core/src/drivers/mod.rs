//! The drivers that need nothing but this process: serial and threads.

mod attempt;
mod progress;
mod serial;
mod threads;

pub use attempt::{attempt, panic_message};
pub use progress::Rounds;
pub(crate) use progress::into_failure;
pub use serial::Serial;
pub use threads::Threads;

use crate::{ExecuteOptions, RunError, Work};

/// Refuses what a driver inside this process cannot do.
fn check(driver: &'static str, work: &dyn Work, options: &ExecuteOptions) -> Result<(), RunError> {
    let unsupported = |option, hint| Err(RunError::Unsupported { driver, option, hint });
    if options.timeout.is_some() {
        return unsupported("time limit", "it cannot end a piece from outside; use processes");
    }
    if work.gang() != 1 {
        return unsupported("gangs", "its workers run whole pieces alone");
    }
    Ok(())
}
