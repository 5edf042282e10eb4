//! What is collected: the density matrix and the energies.

use fascicle_core::Scale;

use super::task;
use crate::Block;
use crate::kernels::{DensityMatrix, Expectation, Projector};

task! {
    /// ρ_ij = c_i c_j*.
    UpdateDmDbWf, "update_dm_db_wf", |step, block| {
        let Block { wf_db: wf, dm_db: dm, .. } = block;
        step.run(Projector { wf, dm });
        Ok(())
    }
}

task! {
    /// The density matrix of surface hopping: b b†, its diagonal replaced by the active surface, in
    /// the diabatic basis.
    UpdateDmDbFssh, "update_dm_db_fssh", |step, block| {
        let Block { eigvecs, wf_adb, act_surf_ind, branch_weight, dm_db: dm, scratch, .. } = block;
        let (active, weight) = (&*act_surf_ind, &*branch_weight);
        let [c, factors, _] = &mut scratch.states;
        step.run(DensityMatrix { eigvecs, wf_adb, active, weight, scratch: (c, factors), dm });
        Ok(())
    }
}

task! {
    /// E_q = ⟨c|H|c⟩.
    UpdateQuantumEnergyWf, "update_quantum_energy_wf", |step, block| {
        block.h_q_tot.settle();
        block.quantum_energy = step.run(Expectation { h: &block.h_q_tot, wf: &block.wf_db });
        Ok(())
    }
}

task! {
    /// E_q = ⟨V_a|H|V_a⟩, with the H before a hop's shift.
    UpdateQuantumEnergyActSurf, "update_quantum_energy_act_surf", |step, block| {
        block.h_q_tot.settle();
        let energy = step.run(Expectation { h: &block.h_q_tot, wf: &block.act_surf_wf });
        block.quantum_energy = energy * block.branch_weight;
        Ok(())
    }
}

task! {
    /// E_c = H_c(z).
    UpdateClassicalEnergy, "update_classical_energy", |step, block| {
        block.classical_energy = step.h_c(&block.z);
        Ok(())
    }
}

task! {
    /// E_c = H_c(z), times the weight of the branch.
    UpdateClassicalEnergyFssh, "update_classical_energy_fssh", |step, block| {
        block.classical_energy = step.h_c(&block.z) * block.branch_weight;
        Ok(())
    }
}

task! {
    /// Hands out `dm_db`, complex, N × N, a Hermitian matrix; one that is not is an error
    /// ([`Outputs::hermitian`](crate::Outputs::hermitian)).
    CollectDmDb, "collect_dm_db", |step, block| {
        let n = step.num_quantum_states();
        block.outputs.hermitian("dm_db", n, step.system().dm_scale, &block.dm_db);
        Ok(())
    }
}

task! {
    /// Hands out `quantum_energy`, real.
    CollectQuantumEnergy, "collect_quantum_energy", |_, block| {
        block.outputs.real("quantum_energy", &[], Scale::Exact, &[block.quantum_energy]);
        Ok(())
    }
}

task! {
    /// Hands out `classical_energy`, real.
    CollectClassicalEnergy, "collect_classical_energy", |_, block| {
        block.outputs.real("classical_energy", &[], Scale::Exact, &[block.classical_energy]);
        Ok(())
    }
}
