//! Parts that models are made of, under QC Lab's names: Hamiltonians and their gradients, initial
//! conditions, and what happens in a hop.

mod classical;
mod coupling;
mod differences;
mod hop;
mod hop_general;
mod hop_numerical;
mod line;
mod monte_carlo;
mod quantum;
mod sampling;

pub(crate) use classical::{Energy, Gradient, stiffness};
pub use classical::{dh_c_dzc_free, dh_c_dzc_harmonic, h_c_free, h_c_harmonic};
pub(crate) use coupling::{DiagonalLinear, opposite};
pub use coupling::{dh_qc_dzc_diagonal_linear, h_qc_diagonal_linear};
pub use differences::{dh_c_dzc_differences, dh_qc_dzc_differences};
pub(crate) use hop::Line as HopLine;
pub use hop::{hop_free, hop_harmonic};
pub use hop_general::hop_general;
pub use hop_numerical::{NumericalHop, hop_numerical};
pub use monte_carlo::{MonteCarlo, monte_carlo};
pub use quantum::{h_q_nearest_neighbor, h_q_two_level};
pub use sampling::{
    Sampler, boltzmann_harmonic, definite_position_momentum, from_position_momentum, normal,
    wigner_coherent_state, wigner_harmonic,
};
