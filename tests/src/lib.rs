//! What the tests across crates share: golden cases of peers, and small simulations.

pub mod documents;
pub mod golden;
pub mod kernel;
pub mod matrix;
pub mod notebook;
pub mod peers;
#[cfg(unix)]
pub mod ranks;
pub mod simulations;
pub mod speed;
pub mod users;
pub mod variant;
