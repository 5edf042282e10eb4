//! Multi-state MASH: its wave function, its density matrix, and its hops.

mod crossings;
mod direction;
mod mapping;
mod resolve;

pub(crate) use crossings::Crossings;
pub use crossings::{CopyBeforeStep, UpdateResolveHopsMsmash};
pub(super) use mapping::alpha;
pub use mapping::{InitializeActSurfMsmash, InitializeWfDbMsmash, UpdateDmDbMsmash};
