//! Corrections for the wave function of surface hopping, which keeps the coherence that a branching
//! wave packet loses. QC Lab has none.

use fascicle_core::Failure;
use fascicle_core::elementary::exp;

use super::refresh::{Mask, take_vectors};
use crate::kernels::FromAdiabatic;
use crate::{Block, LANES, Lane, SimulationError, Step, Task};

/// The energy-based decoherence correction, EDC: in each time step, the components b_k of all surfaces
/// but the active one, a, decay with the time τ_k = (1 + C/E_kin) / |E_k − E_a|, ħ = 1, and b_a takes up
/// what they lose (Granucci and Persico, J. Chem. Phys. 126, 134114 (2007), doi:10.1063/1.2715585).
///
/// ```
/// use fascicle_dynamics::FewestSwitchesSurfaceHopping;
/// use fascicle_dynamics::tasks::EnergyBasedDecoherence;
///
/// let algorithm = FewestSwitchesSurfaceHopping::default()
///     .with_decoherence(EnergyBasedDecoherence::default())?;
/// # let _ = algorithm;
/// # Ok::<(), fascicle_dynamics::RecipeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyBasedDecoherence {
    /// The constant C, an energy in the model's units (default: 0.1, the authors' in Hartree: change it
    /// with the units).
    pub constant: f64,
}

impl Default for EnergyBasedDecoherence {
    fn default() -> Self {
        Self { constant: 0.1 }
    }
}

impl Task for EnergyBasedDecoherence {
    fn name(&self) -> &'static str {
        "update_wf_db_edc"
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<(), SimulationError> {
        let c = self.constant;
        check(self.name(), "constant", c, "positive and finite", c.is_finite() && c > 0.0)
    }

    fn run(&self, step: &Step<'_>, block: &mut Block) -> Result<(), Failure> {
        let kinetic = kinetic_energy(step, block);
        for lane in 0..LANES {
            let active = block.act_surf_ind[lane] as usize;
            let before = block.wf_adb.get(active, lane).norm_sqr();
            if before == 0.0 {
                continue;
            }
            let mut lost = 0.0;
            for k in (0..step.num_quantum_states()).filter(|&k| k != active) {
                let gap = (block.eigvals[k][lane] - block.eigvals[active][lane]).abs();
                let rate = gap * kinetic[lane] / (kinetic[lane] + self.constant);
                let b = block.wf_adb.get(k, lane);
                let decayed = b * exp(-step.dt() * rate);
                lost += b.norm_sqr() - decayed.norm_sqr();
                block.wf_adb.set(k, lane, decayed);
            }
            let b = block.wf_adb.get(active, lane);
            block.wf_adb.set(active, lane, b * ((before + lost) / before).sqrt());
        }
        to_diabatic(step, block, [true; LANES]);
        Ok(())
    }
}

/// When [`InstantaneousDecoherence`] collapses the wave function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collapse {
    /// After hops that happen (ID-S).
    #[default]
    SuccessfulHops,
    /// After all attempts to hop, frustrated ones too (ID-A).
    AttemptedHops,
}

/// Instantaneous decoherence: after a hop the wave function collapses to the active surface (Nelson,
/// Fernandez-Alberti, Roitberg and Tretiak, J. Chem. Phys. 138, 224111 (2013), doi:10.1063/1.4809568).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstantaneousDecoherence {
    /// When.
    pub after: Collapse,
}

impl Task for InstantaneousDecoherence {
    fn name(&self) -> &'static str {
        "update_wf_db_instantaneous_decoherence"
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn run(&self, step: &Step<'_>, block: &mut Block) -> Result<(), Failure> {
        let n = step.num_quantum_states();
        let mut collapsed = [false; LANES];
        for lane in 0..LANES {
            let (active, dest) = (block.act_surf_ind[lane], block.hop_dest[lane]);
            let collapses = match self.after {
                Collapse::SuccessfulHops => dest == active,
                Collapse::AttemptedHops => dest >= 0.0,
            };
            if !collapses {
                continue;
            }
            collapsed[lane] = true;
            let norm = (0..n).map(|k| block.wf_adb.get(k, lane).norm_sqr()).sum::<f64>().sqrt();
            let b = block.wf_adb.get(active as usize, lane);
            let size = b.norm_sqr().sqrt();
            let phase = if size == 0.0 { 1.0.into() } else { b / size };
            (0..n).for_each(|k| block.wf_adb.set(k, lane, 0.0.into()));
            block.wf_adb.set(active as usize, lane, phase * norm);
        }
        to_diabatic(step, block, collapsed);
        Ok(())
    }
}

/// Σ_j p_j²/(2 m_j) = Σ_j h_j (Im z_j)².
fn kinetic_energy(step: &Step<'_>, block: &Block) -> Lane {
    let term = |(p, &h): (&Lane, &f64)| *p * *p * h;
    block.z.im.iter().zip(step.weight()).map(term).fold(Lane::ZERO, |sum, term| sum + term)
}

/// c = V b, of these lanes; others keep every bit, whoever is beside them.
fn to_diabatic(step: &Step<'_>, block: &mut Block, lanes: Mask) {
    if !lanes.contains(&true) {
        return;
    }
    let Block { eigvecs, wf_adb, wf_db, scratch, .. } = block;
    let c = &mut scratch.states[0];
    step.run(FromAdiabatic { eigvecs, wf_adb, wf_db: c });
    take_vectors(wf_db, c, lanes);
}

/// Checks a parameter of a task.
pub(super) fn check(
    task: &str,
    setting: &'static str,
    found: f64,
    expected: &str,
    holds: bool,
) -> Result<(), SimulationError> {
    if holds {
        return Ok(());
    }
    let (algorithm, expected) = (task.to_string(), expected.to_string());
    Err(SimulationError::BadSetting { algorithm, setting, expected, found: found.to_string() })
}
