//! Initial coordinates that the simulation asks for, not the model.

use super::{Sampling, SimulationError};
use crate::ingredients::{Sampler, boltzmann_harmonic, wigner_harmonic};
use crate::structure::Classical;
use crate::{Model, Structure};

/// What draws initial coordinates.
///
/// # Errors
/// When a distribution of harmonic modes is asked for, and the model states no frequencies; or kT
/// cannot be.
pub(super) fn sampler<'a>(
    model: &'a dyn Model,
    structure: &Structure,
    sampling: Sampling,
) -> Result<Sampler<'a>, SimulationError> {
    let (Sampling::Boltzmann { kbt } | Sampling::Wigner { kbt }) = sampling else {
        return Ok(model.init_classical());
    };
    if !(kbt.is_finite() && kbt >= 0.0) {
        return Err(SimulationError::BadSampling { kbt });
    }
    let Classical::Harmonic { frequency } = &structure.classical else {
        return Err(SimulationError::NotHarmonic { model: model.name() });
    };
    let (mass, weight) = (model.classical_coordinate_mass(), model.classical_coordinate_weight());
    Ok(match sampling {
        Sampling::Wigner { .. } => wigner_harmonic(kbt, &mass, &weight, frequency),
        _ => boltzmann_harmonic(kbt, &mass, &weight, frequency),
    })
}
