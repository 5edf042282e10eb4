//! The start of a trajectory.

use fascicle_core::{Purpose, c64};

use super::task;
use crate::{LANES, Lane};

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
        let mut z = vec![c64(0.0, 0.0); step.num_classical_coordinates()];
        let mut drawn = None;
        for lane in 0..LANES {
            let seed = step.draw_seed(block.seed_of(lane));
            if drawn != Some(seed) {
                z.fill(c64(0.0, 0.0));
                let mut draws = step.seeding().draws(seed, INITIAL_COORDINATES);
                (step.system().sampler)(&mut draws, &mut z);
                drawn = Some(seed);
            }
            block.z.set_trajectory(lane, &z);
        }
        Ok(())
    }
}
