//! Adiabatic populations, and how far they are from thermal ones. QC Lab has neither.

use fascicle_core::elementary::exp;
use fascicle_core::{Failure, Scale};

use super::decoherence::check;
use super::mash;
use super::refresh::look;
use crate::{Block, Lane, SimulationError, Step, Task};

/// What is taken for the population of an adiabatic state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Populations {
    /// 1 for the active surface, else 0 (surface hopping and MASH).
    ActiveSurface,
    /// |b_k|², b = V† c (mean field and surface hopping).
    WaveFunction,
    /// 1/N + α_N (|b_k|² − 1/N), the estimator of multi-state MASH.
    Mapping,
}

/// Collects the adiabatic populations P_k as the output `pop_adb`, N real numbers.
///
/// ```
/// use fascicle_dynamics::FewestSwitchesSurfaceHopping;
/// use fascicle_dynamics::tasks::{CollectPopAdb, Populations};
///
/// let mut algorithm = FewestSwitchesSurfaceHopping::default();
/// algorithm.recipe.collect.push(CollectPopAdb { of: Populations::ActiveSurface });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectPopAdb {
    /// Which populations.
    pub of: Populations,
}

impl Task for CollectPopAdb {
    fn name(&self) -> &'static str {
        "collect_pop_adb"
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn run(&self, step: &Step<'_>, block: &mut Block) -> Result<(), Failure> {
        let (populations, _) = populations_and_energies(self.of, step, block);
        let shape = [step.num_quantum_states()];
        block.outputs.real("pop_adb", &shape, Scale::Exact, &populations);
        Ok(())
    }
}

/// Collects how far the adiabatic populations are from thermal ones at the same coordinates,
/// P_k − e^(−E_k(z)/kT) / Σ_l e^(−E_l(z)/kT), as the output `detailed_balance`, N real numbers.
///
/// In the equilibrium of quantum and classical degrees of freedom, e^(−(H_c(z) + E_k(z))/kT), the mean
/// of each is zero. Surface hopping comes near to that; mean-field dynamics does not (Parandekar and
/// Tully, J. Chem. Phys. 122, 094102 (2005), doi:10.1063/1.1856460; J. Chem. Theory Comput. 2, 229
/// (2006), doi:10.1021/ct050213k).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CollectDetailedBalance {
    /// Which populations.
    pub of: Populations,
    /// The thermal quantum kT.
    pub kbt: f64,
}

impl Task for CollectDetailedBalance {
    fn name(&self) -> &'static str {
        "collect_detailed_balance"
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn check(&self) -> Result<(), SimulationError> {
        let kbt = self.kbt;
        check(self.name(), "kbt", kbt, "positive and finite", kbt.is_finite() && kbt > 0.0)
    }

    fn run(&self, step: &Step<'_>, block: &mut Block) -> Result<(), Failure> {
        let (mut differences, energies) = populations_and_energies(self.of, step, block);
        let boltzmann = |k: usize, l: usize| {
            // Of energies from the lowest up, so that nothing overflows.
            exp(-((energies[k][l] - energies[0][l]) / self.kbt))
        };
        for l in 0..crate::LANES {
            let sum: f64 = (0..energies.len()).map(|k| boltzmann(k, l)).sum();
            for (k, difference) in differences.iter_mut().enumerate() {
                difference[l] -= block.branch_weight[l] * boltzmann(k, l) / sum;
            }
        }
        let shape = [step.num_quantum_states()];
        block.outputs.real("detailed_balance", &shape, Scale::Exact, &differences);
        Ok(())
    }
}

/// P_k, times the weight of the branch, and E_k.
fn populations_and_energies(
    of: Populations,
    step: &Step<'_>,
    block: &mut Block,
) -> (Vec<Lane>, Vec<Lane>) {
    let n = step.num_quantum_states();
    let (mut populations, mut energies) = (vec![Lane::ZERO; n], vec![Lane::ZERO; n]);
    look(step, block, |block, there| {
        let b = &mut block.scratch.states[0];
        there.wf_adb(step, &block.wf_db, b);
        energies.copy_from_slice(&there.eigvals);
        for (k, population) in populations.iter_mut().enumerate() {
            let square = b.re[k] * b.re[k] + b.im[k] * b.im[k];
            let own = match of {
                Populations::WaveFunction => square,
                Populations::Mapping => {
                    let (alpha, share) = (mash::alpha(n), 1.0 / n as f64);
                    (square - Lane::splat(share)) * alpha + Lane::splat(share)
                }
                Populations::ActiveSurface => {
                    let one = Lane::splat(1.0);
                    block.act_surf_ind.select_equal(k as f64, one, Lane::ZERO)
                }
            };
            *population = own * block.branch_weight;
        }
    });
    (populations, energies)
}
