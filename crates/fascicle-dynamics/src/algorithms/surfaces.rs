//! What algorithms with active surfaces share.

use std::fmt;

use fascicle_core::{Failure, LogLine};

use super::{FsshSettings, MashSettings};
use crate::simulation::has_gauge_field;
use crate::{Model, Step};

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

/// The settings that tasks of surface hopping and of MASH share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surfaces {
    pub gauge_fixing: GaugeFixing,
    pub use_gauge_field_force: bool,
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

impl Surfaces {
    /// Those of the algorithm that is running.
    pub fn of(step: &Step<'_>) -> Result<Self, Failure> {
        if let Ok(MashSettings { gauge_fixing, use_gauge_field_force, .. }) = step.settings() {
            let (&gauge_fixing, &use_gauge_field_force) = (gauge_fixing, use_gauge_field_force);
            return Ok(Self { gauge_fixing, use_gauge_field_force });
        }
        let &FsshSettings { gauge_fixing, use_gauge_field_force, .. } = step.settings()?;
        Ok(Self { gauge_fixing, use_gauge_field_force })
    }
}
