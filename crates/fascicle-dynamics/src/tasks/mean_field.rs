//! The step of the wave function in mean-field dynamics.

use super::task;
use crate::Block;
use crate::kernels::WaveFunctionRk4;
use crate::sys::dispatch;

task! {
    /// One step of i dc/dt = H c by fourth-order Runge–Kutta, with H at the z before the step.
    UpdateWfDbRk4, "update_wf_db_rk4", |step, block| {
        let Block { h_q_tot: h, wf_db: wf, scratch, .. } = block;
        dispatch(WaveFunctionRk4 { h, wf, scratch: &mut scratch.states, dt: step.dt() });
        Ok(())
    }
}
