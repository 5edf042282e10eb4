//! Multi-state MASH.

use std::any::Any;

use fascicle_core::LogLine;

use super::surfaces::check_gauge_field;
use super::{Algorithm, GaugeFixing, SurfaceSettings};
use crate::tasks::{
    CollectDmDb, CopyBeforeStep, CopyEigvecs, DiagonalizeMatrix, InitializeActSurfMsmash,
    InitializeEigvecsGauge, InitializeVariableObjects, InitializeWfDbMsmash, InitializeZ,
    UpdateActSurfWf, UpdateDmDbMsmash, UpdateEigvecsGauge, UpdateHQTot, UpdateResolveHopsMsmash,
    UpdateWfDbPropagator, UpdateZRk4ActSurf,
};
use crate::{Model, Recipe, SimulationError, Tasks};

/// The multi-state mapping approach to surface hopping (Runeson and Manolopoulos, J. Chem. Phys. 159,
/// 094115 (2023), doi:10.1063/5.0158147; QC Lab's `MultiStateMappingApproachToSurfaceHopping`): the
/// active surface is always the one of the largest adiabatic population, so that hops are
/// deterministic; what is random is the phases of the initial wave function.
///
/// The initial wave function is focused on the state n of the largest component of `wf_db`:
/// |c_n|² = 1/N + (N − 1)/(α N), the others (α − 1)/(α N), each with a random phase;
/// α = (N − 1)/(H_N − 1) with the harmonic number H_N = 1 + 1/2 + … + 1/N. The density matrix is
/// ρ = α c c† + (1 − α)/N. A time step in which the largest population changes is gone through again:
/// the time of the crossing is found by bisection, the hop rescales coordinates along
/// Σ_k Re(d_kn c_k* c_n) − Σ_k Re(d_km c_k* c_m), with n the surface that is left and m the one that is
/// reached, and the rest of the step follows on the new surface.
///
/// The parts of such a time step are integrated as the built-in `update_z_rk4` and
/// `update_wf_db_propagator` do: an integrator that replaces those acts on the time steps without a
/// crossing alone.
///
/// Outputs: `dm_db`. Energies can be collected with the tasks
/// [`UpdateQuantumEnergyActSurf`](crate::tasks::UpdateQuantumEnergyActSurf) and the like.
#[derive(Clone, Debug)]
pub struct MultiStateMappingApproachToSurfaceHopping {
    /// Settings.
    pub settings: MashSettings,
    /// The tasks, to be changed at will.
    pub recipe: Recipe,
}

/// The settings of [`MultiStateMappingApproachToSurfaceHopping`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MashSettings {
    /// How the phase of eigenvectors is fixed from one time step to the next.
    pub gauge_fixing: GaugeFixing,
    /// Whether the force of the gauge field acts on the active surface, if the model has one
    /// ([`Model::gauge_field_force`]; default: false).
    pub use_gauge_field_force: bool,
    /// Whether a hop that energy forbids reverses the momentum along the direction of the hop
    /// (default: true). The reversal depends on the representation of the classical coordinates.
    pub reverse_frustrated_hops: bool,
    /// The most hops of a trajectory in a time step, at least 1 (default: 10).
    pub msmash_max_hops: u32,
    /// Bisections to find the time of a crossing, at least 1 (default: 10): it is then known to
    /// 2^−10 of the time step.
    pub msmash_num_bisections: u32,
    /// Beyond QC Lab: whether the direction of a hop is the real part of the derivative couplings in
    /// positions and momenta, whatever H depends on (default: false). QC Lab takes the real part in z,
    /// which is the same where H depends on positions alone; elsewhere, as in
    /// [`HolsteinLatticeReciprocalSpace`](crate::HolsteinLatticeReciprocalSpace), its hops do not
    /// conserve energy.
    pub covariant_direction: bool,
}

impl Default for MashSettings {
    fn default() -> Self {
        Self {
            gauge_fixing: GaugeFixing::SignOverlap,
            use_gauge_field_force: false,
            reverse_frustrated_hops: true,
            msmash_max_hops: 10,
            msmash_num_bisections: 10,
            covariant_direction: false,
        }
    }
}

impl Default for MultiStateMappingApproachToSurfaceHopping {
    fn default() -> Self {
        let recipe = Recipe {
            initialization: Tasks::new()
                .with(InitializeVariableObjects)
                .with(InitializeZ)
                .with(InitializeWfDbMsmash)
                .with(UpdateHQTot)
                .with(DiagonalizeMatrix)
                .with(InitializeEigvecsGauge)
                .with(CopyEigvecs)
                .with(InitializeActSurfMsmash)
                .with(UpdateActSurfWf),
            update: Tasks::new()
                .with(CopyBeforeStep)
                .with(UpdateZRk4ActSurf)
                .with(UpdateWfDbPropagator)
                .with(CopyEigvecs)
                .with(UpdateHQTot)
                .with(DiagonalizeMatrix)
                .with(UpdateEigvecsGauge)
                .with(UpdateActSurfWf)
                .with(UpdateResolveHopsMsmash),
            collect: Tasks::new().with(UpdateDmDbMsmash).with(CollectDmDb),
        };
        Self { settings: MashSettings::default(), recipe }
    }
}

impl Algorithm for MultiStateMappingApproachToSurfaceHopping {
    fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    fn settings(&self) -> &(dyn Any + Send + Sync) {
        &self.settings
    }

    fn surfaces(&self) -> SurfaceSettings {
        SurfaceSettings {
            gauge_fixing: self.settings.gauge_fixing,
            use_gauge_field_force: self.settings.use_gauge_field_force,
            ..SurfaceSettings::default()
        }
    }

    fn describe(&self) -> Vec<(String, String)> {
        let s = &self.settings;
        vec![
            ("gauge_fixing".into(), s.gauge_fixing.to_string()),
            ("use_gauge_field_force".into(), s.use_gauge_field_force.to_string()),
            ("reverse_frustrated_hops".into(), s.reverse_frustrated_hops.to_string()),
            ("msmash_max_hops".into(), s.msmash_max_hops.to_string()),
            ("msmash_num_bisections".into(), s.msmash_num_bisections.to_string()),
            ("covariant_direction".into(), s.covariant_direction.to_string()),
        ]
    }

    fn check(&self, model: &dyn Model) -> Result<Vec<LogLine>, SimulationError> {
        let s = &self.settings;
        let states = model.num_quantum_states();
        let at_least = |setting, least: usize, found: usize| {
            let (algorithm, expected) = (self.name(), format!("at least {least}"));
            let error = || SimulationError::BadSetting {
                algorithm,
                setting,
                expected,
                found: found.to_string(),
            };
            if found >= least { Ok(()) } else { Err(error()) }
        };
        at_least("number of quantum states", 2, states)?;
        at_least("msmash_max_hops", 1, s.msmash_max_hops as usize)?;
        at_least("msmash_num_bisections", 1, s.msmash_num_bisections as usize)?;
        Ok(check_gauge_field(s.use_gauge_field_force, model))
    }
}
