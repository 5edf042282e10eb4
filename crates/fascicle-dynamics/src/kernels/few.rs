//! Runge and Kutta's method for a few coordinates, which stay in registers.

use crate::sys::{Complex, Kernel, Pack, Pair};
use crate::{Coords, Lane, States};

/// The force on a few coordinates of free particles of weight 1 in a potential.
pub trait Force<const N: usize>: Sync {
    /// What is known of a wave function, the same in all four stages.
    type Products<P: Pack>;

    /// Of pack `at` of a wave function.
    fn products<P: Pack>(&self, left: &States, right: &States, at: usize) -> Self::Products<P>;

    /// ∂H/∂z* of all there is: of the particles' own z/2, and of the potential.
    fn force<P: Pack>(&self, z: [Complex<P>; N], products: &Self::Products<P>) -> [Complex<P>; N];
}

/// One step of z by Runge and Kutta's method, all four stages without a detour through memory: the same
/// operations as the staged computation of any model, and in strict arithmetic the same bits. There is no
/// gauge field in it.
pub struct FewCoordsRk4<'a, F, const N: usize> {
    pub force: &'a F,
    pub wf: &'a States,
    pub dt: &'a Lane,
    pub z: &'a mut Coords,
    /// Where the last stage was evaluated.
    pub last: &'a mut Coords,
}

impl<F: Force<N>, const N: usize> Kernel for FewCoordsRk4<'_, F, N> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(mut self) {
        for at in 0..Pair::<P>::COUNT {
            four_stages::<F, Pair<P>, N>(&mut self, at);
        }
    }
}

#[inline(always)]
fn four_stages<F: Force<N>, P: Pack, const N: usize>(step: &mut FewCoordsRk4<'_, F, N>, at: usize) {
    let FewCoordsRk4 { force, wf, dt, z, last } = step;
    let (two, dt) = (P::splat(2.0), P::load(dt, at));
    let half = dt * P::splat(0.5);
    let products = force.products(wf, wf, at);
    let mut start = [Complex::zero(); N];
    (0..N).for_each(|axis| start[axis] = Complex::load(z, axis, at));
    let first = force.force(start, &products);
    let second = force.force(moved(start, first, half), &products);
    let third = force.force(moved(start, second, half), &products);
    let there = moved(start, third, dt);
    let mut sum = force.force(there, &products);
    for axis in 0..N {
        let twice = [second[axis].scale(two), third[axis].scale(two)];
        sum[axis] = ((first[axis] + twice[0]) + twice[1]) + sum[axis];
    }
    let end = moved(start, sum, dt / P::splat(6.0));
    for axis in 0..N {
        end[axis].store(z, axis, at);
        there[axis].store(last, axis, at);
    }
}

/// z − i dt force.
#[inline(always)]
fn moved<P: Pack, const N: usize>(
    z: [Complex<P>; N],
    force: [Complex<P>; N],
    dt: P,
) -> [Complex<P>; N] {
    let mut out = z;
    for axis in 0..N {
        out[axis].re = z[axis].re.plus_product(force[axis].im, dt);
        out[axis].im = z[axis].im.minus_product(force[axis].re, dt);
    }
    out
}
