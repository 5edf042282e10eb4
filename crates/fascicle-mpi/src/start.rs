//! While MPI starts. It does when all ranks have come to their first run, and waits for them for ever.

use std::fs;
use std::os::unix::process::parent_id;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use fascicle_core::Launch;

use crate::held::{self, Held};

/// After this time it is said that it takes long.
pub(crate) const LONG: Duration = Duration::from_secs(15);

/// How often it is looked for ranks that have ended.
const LOOK: Duration = Duration::from_millis(100);

/// And for how many of these looks they must have been missed.
const LOOKS: u32 = 5;

/// How many seconds the exit of a process may take.
const END: u32 = 2;

/// Watches over the start until it is dropped, on the thread that starts MPI.
pub(crate) struct Watch {
    _held: Option<Held>,
    /// By its end the other thread learns of the start's.
    _waiting: Sender<()>,
}

impl Watch {
    pub(crate) fn begin() -> Self {
        let (waiting, wait) = mpsc::channel();
        let held = Held::begin();
        // Without a thread nothing is said, and nothing may be held back.
        let thread = thread::Builder::new().name("fascicle-start".to_string());
        let started = thread.spawn(move || wait_for(&wait));
        Self { _held: held.filter(|_| started.is_ok()), _waiting: waiting }
    }
}

fn wait_for(wait: &Receiver<()>) {
    let (started, mut said, mut gone) = (Instant::now(), false, 0);
    while wait.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        held::heed();
        gone = if is_anybody_gone() { gone + 1 } else { 0 };
        // The launcher may not yet have started all when it is looked for the first time.
        if gone >= LOOKS {
            eprintln!(
                "fascicle: {} ends, since another rank has ended before its first run",
                here()
            );
            nix::unistd::alarm::set(END);
            std::process::exit(70);
        }
        if !said && started.elapsed() > LONG {
            said = true;
            eprintln!(
                "fascicle: {} has waited {} s for the other ranks to come to their first run; all of them \
                 must make the same calls",
                here(),
                LONG.as_secs()
            );
        }
    }
}

fn here() -> String {
    let rank = Launch::here().and_then(|launch| launch.rank);
    rank.map_or("a rank".to_string(), |rank| format!("rank {rank}"))
}

/// Whether the launcher has less processes on this host than it has started there. MPICH's does not end the
/// others when one exits that has not come to MPI; Open MPI's does.
fn is_anybody_gone() -> bool {
    let Some(started) = std::env::var("MPI_LOCALNRANKS").ok().and_then(|ranks| ranks.parse().ok())
    else {
        return false;
    };
    let parent = parent_id();
    let name = fs::read_to_string(format!("/proc/{parent}/comm")).unwrap_or_default();
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let there: Option<usize> = children.ok().map(|list| list.split_whitespace().count());
    name.trim() == "hydra_pmi_proxy" && there.is_some_and(|there| there < started)
}
