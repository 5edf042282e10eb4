//! The tasks that algorithms are made of, under QC Lab's names.

mod collect;
mod coords;
mod decoherence;
mod gauge;
mod hop;
mod initialization;
mod mash;
mod mean_field;
mod numbers;
mod populations;
mod refresh;
mod surface_hopping;

pub use collect::{
    CollectClassicalEnergy, CollectDmDb, CollectQuantumEnergy, UpdateClassicalEnergy,
    UpdateClassicalEnergyFssh, UpdateDmDbFssh, UpdateDmDbWf, UpdateQuantumEnergyActSurf,
    UpdateQuantumEnergyWf,
};
pub use coords::{UpdateZRk4, UpdateZRk4ActSurf};
pub use decoherence::{Collapse, EnergyBasedDecoherence, InstantaneousDecoherence};
pub use gauge::{InitializeEigvecsGauge, UpdateEigvecsGauge};
pub use hop::{UpdateHopIndsFssh, UpdateHopProbFssh, UpdateZHop};
pub use initialization::{InitializeVariableObjects, InitializeZ};
pub(crate) use mash::Crossings;
pub use mash::{
    CopyBeforeStep, InitializeActSurfMsmash, InitializeWfDbMsmash, UpdateDmDbMsmash,
    UpdateResolveHopsMsmash,
};
pub use mean_field::{UpdateWfDbFirstHalf, UpdateWfDbRk4, UpdateWfDbSecondHalf};
pub(crate) use numbers::HopNumbers;
pub use numbers::InitializeRandomValuesFssh;
pub use populations::{CollectDetailedBalance, CollectPopAdb, Populations};
pub(crate) use refresh::Adiabatic;
pub use surface_hopping::{
    CopyEigvecs, DiagonalizeMatrix, InitializeActiveSurface, UpdateActSurfWf, UpdateHQTot,
    UpdateVectorBasis, UpdateWfDbPropagator,
};

/// A task without state: its name and what it does.
macro_rules! task {
    ($(#[$doc:meta])* $type:ident, $name:literal, $run:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $type;

        impl $crate::Task for $type {
            fn name(&self) -> &str {
                $name
            }

            fn run(
                &self,
                step: &$crate::Step<'_>,
                block: &mut $crate::Block,
            ) -> Result<(), fascicle_core::Failure> {
                let run: fn(&$crate::Step<'_>, &mut $crate::Block) -> Result<(), fascicle_core::Failure> = $run;
                run(step, block)
            }
        }
    };
}
pub(crate) use task;
