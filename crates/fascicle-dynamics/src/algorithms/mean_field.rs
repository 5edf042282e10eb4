//! Mean-field dynamics.

use std::any::Any;

use super::Algorithm;
use crate::tasks::{
    CollectClassicalEnergy, CollectDmDb, CollectQuantumEnergy, InitializeVariableObjects,
    InitializeZ, UpdateClassicalEnergy, UpdateDmDbWf, UpdateHQTot, UpdateQuantumEnergyWf,
    UpdateWfDbFirstHalf, UpdateWfDbRk4, UpdateWfDbSecondHalf, UpdateZRk4,
};
use crate::{Recipe, Tasks};

/// Mean-field (Ehrenfest) dynamics: the classical coordinates move in the average force of the wave
/// function (QC Lab's `MeanField`).
///
/// A time step is z by fourth-order Runge–Kutta with c frozen, then c by Runge–Kutta with H at the
/// old z, then H at the new z. Nothing is renormalised. [`MeanField::second_order`] has a better one.
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

impl MeanField {
    /// Beyond QC Lab: with a time step of second order in dt, half a step of c with H at the old z,
    /// a step of z with that c, half a step of c with H at the new z (Strang, SIAM J. Numer. Anal. 5,
    /// 506 (1968), doi:10.1137/0705041). QC Lab's is of first order: c does not see how H changes
    /// within a step, nor z how c does.
    #[must_use]
    pub fn second_order() -> Self {
        let mut algorithm = Self::default();
        algorithm.recipe.update = Tasks::new()
            .with(UpdateWfDbFirstHalf)
            .with(UpdateZRk4)
            .with(UpdateHQTot)
            .with(UpdateWfDbSecondHalf);
        algorithm
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
