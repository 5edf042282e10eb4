//! How many cores there are for a run.

use std::cell::Cell;

/// The environment variable with the number of cores that a process may use.
pub const CORES: &str = "FASCICLE_CORES";

/// The environment variable that worker processes have, and what they start: what they write is relayed as
/// text, whatever it is.
pub const WORKER: &str = "FASCICLE_WORKER";

thread_local! {
    /// The cores of the piece that runs on this thread.
    static SHARE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// How many cores a run that begins here may use: those that the process's affinity and its control
/// group allow, and no more than the environment variable `FASCICLE_CORES` says. Inside a piece it is
/// the share of the worker that runs it, so that runs inside of runs stay within the cores given.
pub fn available_cores() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let said: Option<usize> = std::env::var(CORES).ok().and_then(|cores| cores.parse().ok());
    // A worker that was forked by a piece has inherited that piece's share, and was told its own.
    SHARE.get().into_iter().chain(said).fold(cores, usize::min).max(1)
}

/// The share of each of so many workers.
pub fn share_of_cores(workers: usize) -> usize {
    (available_cores() / workers.max(1)).max(1)
}

/// Whether this thread is running a piece.
pub fn is_in_piece() -> bool {
    SHARE.get().is_some()
}

/// Does something on this thread, such as running pieces, with a share of the cores.
pub fn with_share<R>(share: usize, f: impl FnOnce() -> R) -> R {
    let before = SHARE.replace(Some(share));
    let result = f();
    SHARE.set(before);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_is_there_and_one_core_at_least() {
        let all = available_cores();
        assert_eq!(share_of_cores(1), all);
        assert_eq!(share_of_cores(all), 1);
        assert_eq!(share_of_cores(10 * all), 1);
        let inside = with_share(1, || (available_cores(), share_of_cores(3)));
        assert_eq!((inside, available_cores()), ((1, 1), all));
    }
}
