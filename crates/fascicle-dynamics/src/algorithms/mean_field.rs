//! Mean-field dynamics.

use std::any::Any;

use super::Algorithm;
use crate::tasks::{
    CollectClassicalEnergy, CollectDmDb, CollectQuantumEnergy, InitializeVariableObjects,
    InitializeZ, UpdateClassicalEnergy, UpdateDmDbWf, UpdateHQTot, UpdateQuantumEnergyWf,
    UpdateWfDbRk4, UpdateZRk4,
};
use crate::{Recipe, Tasks};

/// Mean-field (Ehrenfest) dynamics: the classical coordinates move in the average force of the wave
/// function (QC Lab's `MeanField`).
///
/// A time step is z by fourth-order Runge–Kutta with c frozen, then c by Runge–Kutta with H at the
/// old z, then H at the new z. Nothing is renormalised.
#[derive(Clone, Debug)]
pub struct MeanField {
    /// Settings: none.
    pub settings: MeanFieldSettings,
    /// The tasks, to be changed at will.
    pub recipe: Recipe,
}

/// Mean-field dynamics has no settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeanFieldSettings {}

impl Default for MeanField {
    fn default() -> Self {
        let recipe = Recipe {
            initialization: Tasks::new()
                .with(InitializeVariableObjects)
                .with(InitializeZ)
                .with(UpdateHQTot),
            update: Tasks::new().with(UpdateZRk4).with(UpdateWfDbRk4).with(UpdateHQTot),
            collect: Tasks::new()
                .with(UpdateDmDbWf)
                .with(UpdateQuantumEnergyWf)
                .with(UpdateClassicalEnergy)
                .with(CollectDmDb)
                .with(CollectClassicalEnergy)
                .with(CollectQuantumEnergy),
        };
        Self { settings: MeanFieldSettings::default(), recipe }
    }
}

impl Algorithm for MeanField {
    fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    fn settings(&self) -> &(dyn Any + Send + Sync) {
        &self.settings
    }
}
