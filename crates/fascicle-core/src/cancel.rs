//! Ending a run from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends a run from another thread, or from a listener: what is finished is kept, and the run is `Ok`
/// with data that say they are incomplete. Clones are handles of the same run.
///
/// ```
/// use fascicle_core::CancelHandle;
///
/// let handle = CancelHandle::new();
/// let in_a_thread = handle.clone();
/// std::thread::spawn(move || in_a_thread.cancel()).join().unwrap();
/// assert!(handle.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelHandle {
    cancelled: Arc<AtomicBool>,
    /// A flag that others set, such as a handler of signals.
    also: Option<&'static AtomicBool>,
}

impl CancelHandle {
    /// A handle that nobody has used yet. It serves one run: what is cancelled stays so.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same handle, which counts as used too when this flag is set.
    #[must_use]
    pub fn with_flag(mut self, flag: &'static AtomicBool) -> Self {
        self.also = Some(flag);
        self
    }

    /// Ends the run: on worker processes within a second, on this process's own threads when the pieces
    /// that they run next look, which a trajectory does at each collection.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the run is to end.
    pub fn is_cancelled(&self) -> bool {
        let set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        set(&self.cancelled) || self.also.is_some_and(set)
    }
}

/// Handles of the same run are equal.
impl PartialEq for CancelHandle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cancelled, &other.cancelled)
    }
}

impl Eq for CancelHandle {}
