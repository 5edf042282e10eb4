//! Algorithms under QC Lab's names.

mod fewest_switches;
mod mash;
mod mean_field;
mod surfaces;

use std::any::Any;

use fascicle_core::LogLine;
pub use fewest_switches::{FewestSwitchesSurfaceHopping, FsshSettings};
pub use mash::{MashSettings, MultiStateMappingApproachToSurfaceHopping};
pub use mean_field::{MeanField, MeanFieldSettings};
pub use surfaces::{GaugeFixing, SurfaceSettings};

use crate::{Model, Recipe, SimulationError};

/// An algorithm: a recipe of tasks, and the settings that the tasks read.
pub trait Algorithm: Send + Sync {
    /// Its name, for messages and provenance.
    fn name(&self) -> String {
        crate::model::type_name::<Self>()
    }

    /// Its recipe.
    fn recipe(&self) -> &Recipe;

    /// Its settings, which tasks read with [`Step::settings`](crate::Step::settings).
    fn settings(&self) -> &(dyn Any + Send + Sync);

    /// What tasks on active surfaces read (default: [`SurfaceSettings::default`]).
    fn surfaces(&self) -> SurfaceSettings {
        SurfaceSettings::default()
    }

    /// The settings by name, for the description by which data are compared.
    fn describe(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Checks the settings, before a run with this model; gives warnings for the log of the data.
    ///
    /// # Errors
    /// A setting that cannot be.
    fn check(&self, model: &dyn Model) -> Result<Vec<LogLine>, SimulationError> {
        let _ = model;
        Ok(Vec::new())
    }

    /// How many branches make one seed group with a model: 1 unless trajectories come in groups that
    /// share their initial condition.
    fn branches(&self, model: &dyn Model) -> usize {
        let _ = model;
        1
    }
}
