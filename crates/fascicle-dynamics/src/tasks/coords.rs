//! The step of the classical coordinates.

use super::task;
use crate::block::Scratch;
use crate::kernels::MapCoords;
use crate::sys::{Kernel, Pack, dispatch};
use crate::{Block, Coords, Lane, States, Step};

task! {
    /// One step of z by fourth-order Runge–Kutta in the mean field of the wave function c, which is
    /// frozen: z' = −i (∂H_c/∂z* + ⟨c|∂H_qc/∂z*|c⟩).
    UpdateZRk4, "update_z_rk4", |step, block| {
        let wf = std::mem::take(&mut block.wf_db);
        advance(step, block, &Force { wf: &wf, surface: None });
        block.wf_db = wf;
        Ok(())
    }
}

task! {
    /// The same on the active surface: the frozen wave function is the active eigenvector. The force
    /// of the gauge field comes on top, if the settings ask for it and the model has one.
    UpdateZRk4ActSurf, "update_z_rk4", |step, block| {
        let surface = gauge_field(step, block.act_surf_ind);
        let wf = std::mem::take(&mut block.act_surf_wf);
        advance(step, block, &Force { wf: &wf, surface });
        block.act_surf_wf = wf;
        Ok(())
    }
}

/// The active surface, if a gauge field acts on it.
pub(super) fn gauge_field(step: &Step<'_>, active: Lane) -> Option<Lane> {
    let acts = step.system().has_gauge_field && step.surfaces().use_gauge_field_force;
    acts.then_some(active)
}

/// What moves the coordinates: a frozen wave function, and the surface on which a gauge field acts.
pub(super) struct Force<'a> {
    pub wf: &'a States,
    pub surface: Option<Lane>,
}

fn advance(step: &Step<'_>, block: &mut Block, force: &Force<'_>) {
    if let (Some(map), None) = (&step.system().linear_map, force.surface) {
        return dispatch(MapCoords { map, wf: force.wf, z: &mut block.z });
    }
    let Block { z, z_gradient, scratch, .. } = block;
    runge_kutta(step, z, force, Lane::splat(step.dt()), z_gradient, scratch);
    block.z_gradient_step = Some(step.index());
}

/// The staged computation, for any model, with a time step for each trajectory. The gradient is
/// evaluated last at the fourth stage, `last`, which is where a hop takes its direction.
pub(super) fn runge_kutta(
    step: &Step<'_>,
    z: &mut Coords,
    force: &Force<'_>,
    dt: Lane,
    last: &mut Coords,
    scratch: &mut Scratch,
) {
    let nodes = [dt * 0.5, dt * 0.5, dt];
    last.copy_from(z);
    let constant = &mut scratch.constant;
    constant.clear();
    if !step.system().update_dh_qc_dzc {
        step.dh_qc_dzc(z, force.wf, force.wf, constant);
    }
    for stage in 0..4 {
        let slope = &mut scratch.slopes[stage];
        slope.copy_from(constant);
        step.dh_c_dzc(last, slope);
        if step.system().update_dh_qc_dzc {
            step.dh_qc_dzc(last, force.wf, force.wf, slope);
        }
        if let Some(surface) = force.surface {
            step.model().gauge_field_force(last, surface, slope);
        }
        if let Some(&node) = nodes.get(stage) {
            dispatch(Stage { z, force: &scratch.slopes[stage], node, out: last });
        }
    }
    dispatch(Combine { z, forces: &scratch.slopes, dt });
}

/// out = z + node (−i force).
struct Stage<'a> {
    z: &'a Coords,
    force: &'a Coords,
    node: Lane,
    out: &'a mut Coords,
}

impl Kernel for Stage<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
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
    dt: Lane,
}

impl Kernel for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let [f1, f2, f3, f4] = self.forces;
        let sum = |a: Lane, b: Lane, c: Lane, d: Lane| ((a + b * 2.0) + c * 2.0) + d;
        let sixth = self.dt / 6.0;
        for j in 0..self.z.len() {
            self.z.re[j] += sum(f1.im[j], f2.im[j], f3.im[j], f4.im[j]) * sixth;
            self.z.im[j] -= sum(f1.re[j], f2.re[j], f3.re[j], f4.re[j]) * sixth;
        }
    }
}
