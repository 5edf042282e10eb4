//! What ends a run from outside: interrupts, and the end of a job.

use std::path::Path;

use fascicle_core::RunOptions;
#[cfg(unix)]
use fascicle_processes::{Interruptible, Terminable};

/// While it lives, an interrupt from the terminal ends the run instead of the process; and so does
/// SIGTERM, which then ends the process, if there is a checkpoint to be brought to the disk before.
#[derive(Default)]
pub(crate) struct Watch {
    #[cfg(unix)]
    interruptible: Option<Interruptible>,
    #[cfg(unix)]
    terminable: Option<Terminable>,
}

impl Watch {
    #[cfg(unix)]
    pub(crate) fn begin(options: RunOptions) -> (RunOptions, Self) {
        // What cannot be watched ends the process, as ever.
        let (mut handle, mut watch) =
            (options.cancel().cloned().unwrap_or_default(), Self::default());
        if let Ok((guard, watched)) = Interruptible::new(handle.clone()) {
            (handle, watch.interruptible) = (watched, Some(guard));
        }
        if options.checkpoint().is_some()
            && let Ok((guard, watched)) = Terminable::new(handle.clone())
        {
            (handle, watch.terminable) = (watched, Some(guard));
        }
        (options.with_cancel(handle), watch)
    }

    #[cfg(not(unix))]
    pub(crate) fn begin(options: RunOptions) -> (RunOptions, Self) {
        (options, Self::default())
    }

    /// Leaves signals to whom they belonged before, and one that came too late to end the run as well.
    pub(crate) fn end(self, heeded: bool, checkpoint: Option<&Path>) {
        #[cfg(unix)]
        if let Some(watch) = self.interruptible {
            watch.end(heeded);
        }
        #[cfg(unix)]
        if let Some(path) = checkpoint
            && self.terminable.as_ref().is_some_and(Terminable::is_due)
        {
            eprintln!(
                "fascicle: SIGTERM ends this program; the same command goes on from {}",
                path.display()
            );
        }
        let _ = (heeded, checkpoint);
    }
}
