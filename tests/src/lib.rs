//! What the tests across crates share: golden cases of peers, and small simulations.

pub mod documents;
pub mod golden;
pub mod kernel;
pub mod matrix;
pub mod peers;
pub mod simulations;
pub mod speed;
pub mod users;
pub mod variant;
