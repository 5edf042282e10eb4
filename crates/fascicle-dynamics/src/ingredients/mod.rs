//! Parts that models are made of, under QC Lab's names: Hamiltonians and their gradients, initial
//! conditions, and what happens in a hop.

mod classical;
mod coupling;
mod differences;
mod hop;
mod sampling;

pub use classical::{dh_c_dzc_free, dh_c_dzc_harmonic, h_c_free, h_c_harmonic};
pub(crate) use coupling::h_qc_opposite_linear;
pub use coupling::{dh_qc_dzc_diagonal_linear, h_qc_diagonal_linear};
pub use differences::{dh_c_dzc_differences, dh_qc_dzc_differences};
pub use hop::{hop, hop_free, hop_harmonic, hop_numerical};
pub use sampling::{Sampler, boltzmann_harmonic, from_position_momentum};
