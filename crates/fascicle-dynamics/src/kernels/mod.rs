//! The computations that take the time, on blocks of lanes.

mod diagonalize;
mod hopping;
mod jacobi;
mod linear_map;
mod wave_function;

pub use diagonalize::Diagonalize;
pub use hopping::{
    DensityMatrix, FixGauge, FromAdiabatic, Gauge, HopDestination, HopProbability, Pick, Propagate,
    ToAdiabatic,
};
pub use linear_map::{LinearMap, MapCoords};
pub use wave_function::{Expectation, Projector, WaveFunctionRk4};
