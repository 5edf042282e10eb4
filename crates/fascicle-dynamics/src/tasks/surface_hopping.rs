//! The adiabatic states, the wave function and the active surface.

use fascicle_core::{Cause, Failure};

use super::task;
use crate::block::Scratch;
use crate::kernels::{Diagonalize, Pick, Propagate, ToAdiabatic};
use crate::sys::dispatch;
use crate::{Block, Lane};

task! {
    /// H = H_q + H_qc(z).
    UpdateHQTot, "update_h_q_tot", |step, block| {
        step.h_q_tot(&block.z, &mut block.h_q_tot);
        Ok(())
    }
}

task! {
    /// The eigenvalues and eigenvectors of H.
    DiagonalizeMatrix, "diagonalize_matrix", |step, block| {
        let Block { h_q_tot: h, eigvals, eigvecs, scratch: Scratch { warm, .. }, .. } = block;
        h.settle();
        if h.n() == 2 {
            let (start, room) = (None, &mut warm.room);
            step.run(Diagonalize { h, start, room, eigvals, eigvecs });
            return Ok(());
        }
        warm.step_to(step.index());
        let (start, room) = warm.start();
        step.run(Diagonalize { h, start, room, eigvals, eigvecs });
        warm.keep(eigvecs);
        Ok(())
    }
}

task! {
    /// Keeps the eigenvectors for the next time step.
    CopyEigvecs, "copy_eigvecs", |_, block| {
        block.eigvecs_previous.copy_from(&block.eigvecs);
        Ok(())
    }
}

task! {
    /// b = V† c.
    UpdateVectorBasis, "update_vector_basis", |step, block| {
        let Block { eigvecs, wf_db, wf_adb, .. } = block;
        step.run(ToAdiabatic { eigvecs, wf_db, wf_adb });
        Ok(())
    }
}

task! {
    /// c ← V exp(−i E dt) V† c, with E and V of the z before the step.
    UpdateWfDbPropagator, "update_wf_db_propagator", |step, block| {
        let Block { eigvals, eigvecs, wf_db: wf, scratch, .. } = block;
        let scratch = &mut scratch.states[0];
        step.run(Propagate { eigvals, eigvecs, wf, scratch, dt: &Lane::splat(step.dt()) });
        Ok(())
    }
}

task! {
    /// The initial surface: the first k with Σ_{j ≤ k} |b_j|² > ξ; under deterministic hopping, the
    /// branch's own, with the weight N |b_k|².
    InitializeActiveSurface, "initialize_active_surface", |step, block| {
        let n = step.num_quantum_states();
        let population = |b: &Block, k: usize| {
            let (re, im) = (b.wf_adb.re[k], b.wf_adb.im[k]);
            re * re + im * im
        };
        if step.branches() > 1 {
            let branch = Lane::from_fn(|lane| (block.seed_of(lane).0 % n as u64) as f64);
            let pick = |sum, k| branch.select_equal(k as f64, population(block, k), sum);
            block.branch_weight = (0..n).fold(Lane::ZERO, pick) * n as f64;
            block.act_surf_ind = branch;
            return Ok(());
        }
        let Some(number) = block.hop_numbers.surface else {
            return Err(no_numbers("initialize_active_surface"));
        };
        let mut sum = Lane::ZERO;
        let mut chosen = Lane::splat(-1.0);
        for k in 0..n {
            sum += population(block, k);
            for lane in 0..crate::LANES {
                if chosen[lane] < 0.0 && sum[lane] > number[lane] {
                    chosen[lane] = k as f64;
                }
            }
        }
        // As in QC Lab, where no sum exceeds the number it is the first.
        block.act_surf_ind = chosen.map(|k| k.max(0.0));
        Ok(())
    }
}

task! {
    /// The eigenvector of the active surface.
    UpdateActSurfWf, "update_act_surf_wf", |_, block| {
        let Block { eigvecs, act_surf_ind, act_surf_wf, .. } = block;
        dispatch(Pick { eigvecs, which: act_surf_ind, out: act_surf_wf });
        Ok(())
    }
}

/// What a task says that needs random numbers before they were set up.
pub(super) fn no_numbers(task: &str) -> Failure {
    let message = "expected the task initialize_random_values_fssh before it, found none".into();
    Failure::new(Cause::Task { task: task.to_string(), message })
}
