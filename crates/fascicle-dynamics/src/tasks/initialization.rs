//! The start of a trajectory.

use fascicle_core::Purpose;

use super::numbers::draw_seeds;
use super::task;
use crate::Lane;

/// The stream of the initial coordinates.
const INITIAL_COORDINATES: Purpose = Purpose::new("initial coordinates");

task! {
    /// Sets the wave function to `initial_state.wf_db`, the same for each trajectory.
    InitializeVariableObjects, "initialize_variable_objects", |step, block| {
        for (n, c) in step.system().wf_db.iter().enumerate() {
            block.wf_db.re[n] = Lane::splat(c.re);
            block.wf_db.im[n] = Lane::splat(c.im);
        }
        Ok(())
    }
}

task! {
    /// Draws the initial coordinates z. The branches of a seed group share them.
    InitializeZ, "initialize_z", |step, block| {
        let seeds = draw_seeds(step, block);
        let sampler = &step.system().sampler;
        sampler.draw_block(step.seeding(), &seeds, INITIAL_COORDINATES, &mut block.z);
        Ok(())
    }
}
