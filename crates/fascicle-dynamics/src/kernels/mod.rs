//! The computations that take the time, on blocks of lanes.

mod adiabatic;
mod density;
mod diagonalize;
mod element;
mod few;
mod gauge;
mod hopping;
mod jacobi;
mod linear_map;
mod two_level;
mod wave_function;

pub use adiabatic::{FromAdiabatic, Pick, Propagate, ToAdiabatic};
pub use density::DensityMatrix;
pub use diagonalize::Diagonalize;
pub use element::Element;
pub use few::{FewCoordsRk4, Force};
pub use gauge::{FixGauge, Gauge};
pub use hopping::{HopDestination, HopProbability};
pub use jacobi::Room;
pub use linear_map::{Displacing, LinearMap, MapCoords};
pub use wave_function::{Expectation, Projector, WaveFunctionRk4};
