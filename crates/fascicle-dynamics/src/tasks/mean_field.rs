//! The step of the wave function in mean-field dynamics.

use super::task;
use crate::kernels::WaveFunctionRk4;
use crate::sys::dispatch;
use crate::{Block, Step};

task! {
    /// One step of i dc/dt = H c by fourth-order Runge–Kutta, with H at the z before the step.
    UpdateWfDbRk4, "update_wf_db_rk4", |step, block| {
        let Block { h_q_tot: h, wf_db: wf, scratch, .. } = block;
        dispatch(WaveFunctionRk4 { h, wf, scratch: &mut scratch.states, dt: step.dt() });
        Ok(())
    }
}

task! {
    /// The first half of a time step of i dc/dt = H c, with H at the z before the step.
    UpdateWfDbFirstHalf, "update_wf_db_first_half", |step, block| {
        half(step, block);
        Ok(())
    }
}

task! {
    /// The second half, with H at the z after the step.
    UpdateWfDbSecondHalf, "update_wf_db_second_half", |step, block| {
        half(step, block);
        Ok(())
    }
}

fn half(step: &Step<'_>, block: &mut Block) {
    let Block { h_q_tot: h, wf_db: wf, scratch, .. } = block;
    dispatch(WaveFunctionRk4 { h, wf, scratch: &mut scratch.states, dt: 0.5 * step.dt() });
}
