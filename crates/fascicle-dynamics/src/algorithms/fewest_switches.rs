//! Fewest-switches surface hopping.

use std::any::Any;

use fascicle_core::LogLine;

use super::surfaces::check_gauge_field;
use super::{Algorithm, GaugeFixing, SurfaceSettings};
use crate::tasks::{
    CollectClassicalEnergy, CollectDmDb, CollectQuantumEnergy, CopyEigvecs, DiagonalizeMatrix,
    InitializeActiveSurface, InitializeEigvecsGauge, InitializeRandomValuesFssh,
    InitializeVariableObjects, InitializeZ, UpdateActSurfWf, UpdateClassicalEnergyFssh,
    UpdateDmDbFssh, UpdateEigvecsGauge, UpdateHQTot, UpdateHopIndsFssh, UpdateHopProbFssh,
    UpdateQuantumEnergyActSurf, UpdateVectorBasis, UpdateWfDbPropagator, UpdateZHop,
    UpdateZRk4ActSurf,
};
use crate::{Model, Recipe, RecipeError, SimulationError, Task, Tasks};

/// Fewest-switches surface hopping (Tully, J. Chem. Phys. 93, 1061 (1990), doi:10.1063/1.459170;
/// QC Lab's `FewestSwitchesSurfaceHopping`): the classical coordinates move on one adiabatic surface
/// at a time, and hop such that the share of trajectories on a surface follows its population.
#[derive(Clone, Debug)]
pub struct FewestSwitchesSurfaceHopping {
    /// Settings.
    pub settings: FsshSettings,
    /// The tasks, to be changed at will.
    pub recipe: Recipe,
}

/// The settings of [`FewestSwitchesSurfaceHopping`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, by QC Lab's names")]
pub struct FsshSettings {
    /// Whether each initial condition is run once on each of the N surfaces, with weights, instead
    /// of once on a surface drawn at random (default: false). Seeds then come in groups of N.
    pub fssh_deterministic: bool,
    /// How the phase of eigenvectors is fixed from one time step to the next.
    pub gauge_fixing: GaugeFixing,
    /// Whether the force of the gauge field acts on the active surface, if the model has one
    /// ([`Model::gauge_field_force`]; default: false).
    pub use_gauge_field_force: bool,
    /// Beyond QC Lab: whether a hop that energy forbids reverses the momentum along the direction of
    /// the hop (default: false). Hammes-Schiffer and Tully, J. Chem. Phys. 101, 4657 (1994),
    /// doi:10.1063/1.467455.
    pub reverse_frustrated_hops: bool,
    /// Beyond QC Lab: whether a hop takes its direction from the gradient at the coordinates, and H
    /// and its eigenvectors are those of the shifted coordinates at once (default: false). QC Lab
    /// takes the gradient of the last stage of Runge and Kutta's method, off by the third order of the
    /// time step, and goes on with the H, E and V of before the shift until the next time step, also
    /// in the quantum energy that is collected then.
    pub refresh_at_hop: bool,
}

impl Default for FewestSwitchesSurfaceHopping {
    fn default() -> Self {
        let recipe = Recipe {
            initialization: Tasks::new()
                .with(InitializeVariableObjects)
                .with(InitializeZ)
                .with(UpdateHQTot)
                .with(DiagonalizeMatrix)
                .with(InitializeEigvecsGauge)
                .with(CopyEigvecs)
                .with(UpdateVectorBasis)
                .with(InitializeRandomValuesFssh)
                .with(InitializeActiveSurface)
                .with(UpdateActSurfWf),
            update: Tasks::new()
                .with(CopyEigvecs)
                .with(UpdateZRk4ActSurf)
                .with(UpdateWfDbPropagator)
                .with(UpdateHQTot)
                .with(DiagonalizeMatrix)
                .with(UpdateEigvecsGauge)
                .with(UpdateVectorBasis)
                .with(UpdateHopProbFssh)
                .with(UpdateHopIndsFssh)
                .with(UpdateZHop)
                .with(UpdateActSurfWf),
            collect: Tasks::new()
                .with(UpdateDmDbFssh)
                .with(UpdateQuantumEnergyActSurf)
                .with(UpdateClassicalEnergyFssh)
                .with(CollectDmDb)
                .with(CollectQuantumEnergy)
                .with(CollectClassicalEnergy),
        };
        Self { settings: FsshSettings::default(), recipe }
    }
}

impl FewestSwitchesSurfaceHopping {
    /// With a correction of the wave function's lack of decoherence, a task that runs after the hops and
    /// after those that were given before:
    /// [`EnergyBasedDecoherence`](crate::tasks::EnergyBasedDecoherence) or
    /// [`InstantaneousDecoherence`](crate::tasks::InstantaneousDecoherence), say. QC Lab has none.
    ///
    /// # Errors
    /// When the recipe has no task `update_act_surf_wf` any more, or has this one already.
    pub fn with_decoherence(mut self, task: impl Task + 'static) -> Result<Self, RecipeError> {
        self.recipe.update.insert_before("update_act_surf_wf", task)?;
        Ok(self)
    }
}

impl Algorithm for FewestSwitchesSurfaceHopping {
    fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    fn settings(&self) -> &(dyn Any + Send + Sync) {
        &self.settings
    }

    fn surfaces(&self) -> SurfaceSettings {
        let s = self.settings;
        SurfaceSettings {
            gauge_fixing: s.gauge_fixing,
            use_gauge_field_force: s.use_gauge_field_force,
            reverse_frustrated_hops: s.reverse_frustrated_hops,
            refresh_at_hop: s.refresh_at_hop,
        }
    }

    fn describe(&self) -> Vec<(String, String)> {
        vec![
            ("fssh_deterministic".into(), self.settings.fssh_deterministic.to_string()),
            ("gauge_fixing".into(), self.settings.gauge_fixing.to_string()),
            ("use_gauge_field_force".into(), self.settings.use_gauge_field_force.to_string()),
            ("reverse_frustrated_hops".into(), self.settings.reverse_frustrated_hops.to_string()),
            ("refresh_at_hop".into(), self.settings.refresh_at_hop.to_string()),
        ]
    }

    fn check(&self, model: &dyn Model) -> Result<Vec<LogLine>, SimulationError> {
        Ok(check_gauge_field(self.settings.use_gauge_field_force, model))
    }

    fn branches(&self, model: &dyn Model) -> usize {
        if self.settings.fssh_deterministic { model.num_quantum_states() } else { 1 }
    }
}
