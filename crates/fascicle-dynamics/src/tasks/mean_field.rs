//! The step of the wave function in mean-field dynamics.

use super::task;
use crate::kernels::WaveFunctionRk4;
use crate::{Block, Step};

task! {
    /// One step of i dc/dt = H c by fourth-order Runge–Kutta, with H at the z before the step.
    UpdateWfDbRk4, "update_wf_db_rk4", |step, block| {
        advance(step, block, step.dt());
        Ok(())
    }
}

task! {
    /// The first half of a time step of i dc/dt = H c, with H at the z before the step.
    UpdateWfDbFirstHalf, "update_wf_db_first_half", |step, block| {
        advance(step, block, 0.5 * step.dt());
        Ok(())
    }
}

task! {
    /// The second half, with H at the z after the step.
    UpdateWfDbSecondHalf, "update_wf_db_second_half", |step, block| {
        advance(step, block, 0.5 * step.dt());
        Ok(())
    }
}

fn advance(step: &Step<'_>, block: &mut Block, dt: f64) {
    let Block { h_q_tot: h, wf_db: wf, scratch, .. } = block;
    let [term, next, _] = &mut scratch.states;
    h.settle();
    step.run(WaveFunctionRk4 { h, wf, scratch: (term, next), dt });
}
