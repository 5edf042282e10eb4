//! What algorithms with active surfaces share.

use std::fmt;

use fascicle_core::LogLine;

use crate::Model;
use crate::simulation::has_gauge_field;

/// How the phase of eigenvectors is fixed from one time step to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum GaugeFixing {
    /// The real part of the overlap with the vector before is made positive (the default). Enough
    /// where H is real.
    #[default]
    SignOverlap,
    /// The overlap with the vector before is made real and positive.
    PhaseOverlap,
    /// The derivative couplings of neighbouring states are made real, each where it is largest; then
    /// the real part of the overlap with the vector before is made positive.
    PhaseDerCouple,
}

/// QC Lab's name.
impl fmt::Display for GaugeFixing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignOverlap => "sign_overlap",
            Self::PhaseOverlap => "phase_overlap",
            Self::PhaseDerCouple => "phase_der_couple",
        })
    }
}

/// What tasks on active surfaces read, whatever algorithm they are part of; see
/// [`Algorithm::surfaces`](super::Algorithm::surfaces). The defaults are QC Lab's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SurfaceSettings {
    /// How the phase of eigenvectors is fixed.
    pub gauge_fixing: GaugeFixing,
    /// Whether the force of the gauge field acts on the active surface.
    pub use_gauge_field_force: bool,
    /// Whether `update_z_hop` reverses momenta where a hop is frustrated.
    pub reverse_frustrated_hops: bool,
    /// Whether `update_z_hop` takes directions at z, and refreshes the adiabatic states.
    pub refresh_at_hop: bool,
}

/// What to say when a gauge field is asked for that the model does not have.
pub(super) fn check_gauge_field(wanted: bool, model: &dyn Model) -> Vec<LogLine> {
    if !wanted || has_gauge_field(model) {
        return Vec::new();
    }
    let model = model.name();
    let text = format!("use_gauge_field_force is set, but {model} has no gauge field: none acts");
    vec![LogLine::warning(text)]
}
