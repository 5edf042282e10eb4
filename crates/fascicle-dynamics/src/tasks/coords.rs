//! The step of the classical coordinates.

use super::task;
use crate::block::Scratch;
use crate::kernels::{Displacing, MapCoords};
use crate::sys::{Complex, Kernel, Pack};
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
    let Block { z, z_gradient, scratch, .. } = block;
    if let (Some(map), None) = (&step.system().linear_map, force.surface) {
        if map.takes_populations() {
            let displacing = Displacing::Populations(force.wf);
            return step.run(MapCoords { map, displacing, z });
        }
        if !step.system().update_dh_qc_dzc {
            let constant = &mut scratch.constant;
            constant.clear();
            step.dh_qc_dzc(z, force.wf, force.wf, constant);
            return step.run(MapCoords { map, displacing: Displacing::Force(constant), z });
        }
    }
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
    if force.surface.is_none() && step.model().runge_kutta(step.arithmetic(), force.wf, dt, z, last)
    {
        return;
    }
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
        if let Some(node) = nodes.get(stage) {
            step.run(Stage { z, force: &scratch.slopes[stage], node, out: last });
        }
    }
    step.run(Combine { z, forces: &scratch.slopes, dt });
}

/// out = z + node (−i force).
struct Stage<'a> {
    z: &'a Coords,
    force: &'a Coords,
    node: &'a Lane,
    out: &'a mut Coords,
}

impl Kernel for Stage<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { z, force, node, out } = self;
        for j in 0..z.len() {
            for at in 0..P::COUNT {
                let (z, force) = (Complex::<P>::load(z, j, at), Complex::<P>::load(force, j, at));
                let node = P::load(node, at);
                let re = z.re.plus_product(force.im, node);
                let moved = Complex { re, im: z.im.minus_product(force.re, node) };
                moved.store(out, j, at);
            }
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
        let Self { z, forces, dt } = self;
        let sixth = dt / 6.0;
        for j in 0..z.len() {
            for at in 0..P::COUNT {
                let sum = weighted::<P>(forces, j, at).scale(P::load(&sixth, at));
                let z_j = Complex::<P>::load(z, j, at);
                Complex { re: z_j.re + sum.im, im: z_j.im - sum.re }.store(z, j, at);
            }
        }
    }
}

/// f1 + 2 f2 + 2 f3 + f4.
#[inline(always)]
fn weighted<P: Pack>(forces: &[Coords; 4], j: usize, at: usize) -> Complex<P> {
    let two = P::splat(2.0);
    let [f1, f2, f3, f4] = forces;
    let twice = Complex::<P>::load(f2, j, at).scale(two);
    let sum = Complex::load(f1, j, at) + twice;
    (sum + Complex::load(f3, j, at).scale(two)) + Complex::load(f4, j, at)
}
