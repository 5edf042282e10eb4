//! Ending a run from outside.

use std::fmt;
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
    sign: Option<Sign>,
}

/// What is looked for each time.
#[derive(Clone)]
struct Sign(Arc<dyn Fn() -> bool + Send + Sync>);

impl fmt::Debug for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sign")
    }
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

    /// The same handle, which counts as used too while this function says so. It is asked at each look,
    /// as often as each thread collects: it should be quick.
    #[must_use]
    pub fn with_sign(mut self, sign: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.sign = Some(Sign(Arc::new(sign)));
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
        set(&self.cancelled)
            || self.also.is_some_and(set)
            || self.sign.as_ref().is_some_and(|sign| (sign.0)())
    }
}

/// Handles of the same run are equal.
impl PartialEq for CancelHandle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cancelled, &other.cancelled)
    }
}

impl Eq for CancelHandle {}
