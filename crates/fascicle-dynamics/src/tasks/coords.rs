//! The step of the classical coordinates.

use super::task;
use crate::kernels::MapCoords;
use crate::sys::{Kernel, dispatch};
use crate::{Block, Coords, Lane, States, Step};

task! {
    /// One step of z by fourth-order Runge–Kutta in the mean field of the wave function c, which is
    /// frozen: z' = −i (∂H_c/∂z* + ⟨c|∂H_qc/∂z*|c⟩).
    UpdateZRk4, "update_z_rk4", |step, block| {
        let wf = std::mem::take(&mut block.wf_db);
        advance(step, block, &wf);
        block.wf_db = wf;
        Ok(())
    }
}

task! {
    /// The same on the active surface: the frozen wave function is the active eigenvector.
    UpdateZRk4ActSurf, "update_z_rk4", |step, block| {
        let wf = std::mem::take(&mut block.act_surf_wf);
        advance(step, block, &wf);
        block.act_surf_wf = wf;
        Ok(())
    }
}

fn advance(step: &Step<'_>, block: &mut Block, wf: &States) {
    match &step.system().linear_map {
        Some(map) => dispatch(MapCoords { map, wf, z: &mut block.z }),
        None => runge_kutta(step, block, wf),
    }
}

/// The staged computation, for any model. The gradient is evaluated last at the fourth stage, which
/// is where a hop takes its direction.
fn runge_kutta(step: &Step<'_>, block: &mut Block, wf: &States) {
    let dt = step.dt();
    let Block { z, z_gradient, scratch, .. } = block;
    let nodes = [0.5 * dt, 0.5 * dt, dt];
    z_gradient.copy_from(z);
    for stage in 0..4 {
        let force = &mut scratch.slopes[stage];
        force.clear();
        step.dh_c_dzc(z_gradient, force);
        step.dh_qc_dzc(z_gradient, wf, wf, force);
        if let Some(&node) = nodes.get(stage) {
            dispatch(Stage { z, force: &scratch.slopes[stage], node, out: z_gradient });
        }
    }
    dispatch(Combine { z, forces: &scratch.slopes, dt });
    block.z_gradient_step = Some(step.index());
}

/// out = z + node (−i force).
struct Stage<'a> {
    z: &'a Coords,
    force: &'a Coords,
    node: f64,
    out: &'a mut Coords,
}

impl Kernel for Stage<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for j in 0..self.z.len() {
            self.out.re[j] = self.z.re[j] + self.force.im[j] * self.node;
            self.out.im[j] = self.z.im[j] - self.force.re[j] * self.node;
        }
    }
}

/// z ← z + dt/6 (k1 + 2 k2 + 2 k3 + k4), k = −i force.
struct Combine<'a> {
    z: &'a mut Coords,
    forces: &'a [Coords; 4],
    dt: f64,
}

impl Kernel for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let [f1, f2, f3, f4] = self.forces;
        let sum = |a: Lane, b: Lane, c: Lane, d: Lane| ((a + b * 2.0) + c * 2.0) + d;
        let sixth = self.dt / 6.0;
        for j in 0..self.z.len() {
            self.z.re[j] += sum(f1.im[j], f2.im[j], f3.im[j], f4.im[j]) * sixth;
            self.z.im[j] -= sum(f1.re[j], f2.re[j], f3.re[j], f4.re[j]) * sixth;
        }
    }
}
