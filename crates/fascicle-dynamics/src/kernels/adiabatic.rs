//! Between the diabatic and the adiabatic basis.

use fascicle_core::elementary::sin_cos;

use super::element::{Element, by_kind};
use crate::sys::{Complex, Kernel, Pack, Pair};
use crate::{Basis, Lane, States};

/// ⟨V_k|v⟩ for the lanes of a pack.
#[inline(always)]
fn component<P: Pack, E: Element<P>>(v: &Basis, k: usize, of: &States, at: usize) -> Complex<P> {
    let mut sum = Complex::zero();
    for i in 0..of.len() {
        sum = E::of(v, i, k, at).conj_times_onto(Complex::load(of, i, at), sum);
    }
    sum
}

/// Component i of Σ_k V_k b_k.
#[inline(always)]
fn back<P: Pack, E: Element<P>>(v: &Basis, i: usize, b: &States, at: usize) -> Complex<P> {
    let mut sum = Complex::zero();
    for k in 0..b.len() {
        sum = E::of(v, i, k, at).times_onto(Complex::load(b, k, at), sum);
    }
    sum
}

/// The propagator of a time step with H constant: c ← V exp(−i E dt) V† c.
#[derive(Debug)]
pub struct Propagate<'a> {
    /// E.
    pub eigvals: &'a [Lane],
    /// V.
    pub eigvecs: &'a Basis,
    /// c.
    pub wf: &'a mut States,
    /// Room for V† c.
    pub scratch: &'a mut States,
    /// The time step of each trajectory.
    pub dt: &'a Lane,
}

impl Kernel for Propagate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        by_kind!(self.eigvecs.is_real(), Pair<P>, propagate(self));
    }
}

#[inline(always)]
fn propagate<P: Pack, E: Element<P>>(to: Propagate<'_>) {
    let Propagate { eigvals, eigvecs, wf, scratch, dt } = to;
    for (k, energy) in eigvals.iter().enumerate() {
        for at in 0..P::COUNT {
            let (sin, cos) = sin_cos(P::load(energy, at) * P::load(dt, at));
            let b = component::<P, E>(eigvecs, k, wf, at);
            Complex { re: cos, im: sin }.conj_times(b).store(scratch, k, at);
        }
    }
    for at in 0..P::COUNT {
        for i in 0..eigvals.len() {
            back::<P, E>(eigvecs, i, scratch, at).store(wf, i, at);
        }
    }
}

/// b = V† c.
#[derive(Debug)]
pub struct ToAdiabatic<'a> {
    /// V.
    pub eigvecs: &'a Basis,
    /// c.
    pub wf_db: &'a States,
    /// b.
    pub wf_adb: &'a mut States,
}

impl Kernel for ToAdiabatic<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        by_kind!(self.eigvecs.is_real(), P, to_adiabatic(self));
    }
}

#[inline(always)]
fn to_adiabatic<P: Pack, E: Element<P>>(to: ToAdiabatic<'_>) {
    for at in 0..P::COUNT {
        for k in 0..to.wf_db.len() {
            component::<P, E>(to.eigvecs, k, to.wf_db, at).store(to.wf_adb, k, at);
        }
    }
}

/// c = V b.
#[derive(Debug)]
pub struct FromAdiabatic<'a> {
    /// V.
    pub eigvecs: &'a Basis,
    /// b.
    pub wf_adb: &'a States,
    /// c.
    pub wf_db: &'a mut States,
}

impl Kernel for FromAdiabatic<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        by_kind!(self.eigvecs.is_real(), P, from_adiabatic(self));
    }
}

#[inline(always)]
fn from_adiabatic<P: Pack, E: Element<P>>(from: FromAdiabatic<'_>) {
    for at in 0..P::COUNT {
        for i in 0..from.wf_adb.len() {
            back::<P, E>(from.eigvecs, i, from.wf_adb, at).store(from.wf_db, i, at);
        }
    }
}

/// Of each trajectory, the eigenvector with its own number.
#[derive(Debug)]
pub struct Pick<'a> {
    /// V.
    pub eigvecs: &'a Basis,
    /// The numbers.
    pub which: &'a Lane,
    /// The vectors.
    pub out: &'a mut States,
}

impl Kernel for Pick<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        by_kind!(self.eigvecs.is_real(), P, pick(self));
    }
}

#[inline(always)]
fn pick<P: Pack, E: Element<P>>(from: Pick<'_>) {
    for at in 0..P::COUNT {
        let which = P::load(from.which, at);
        for i in 0..from.eigvecs.n() {
            picked::<P, E>(from.eigvecs, i, which, at).complex().store(from.out, i, at);
        }
    }
}

/// Component i of the vectors with these numbers.
#[inline(always)]
pub(super) fn picked<P: Pack, E: Element<P>>(v: &Basis, i: usize, which: P, at: usize) -> E {
    let mut picked = E::zero();
    for k in 0..v.n() {
        picked = E::select(which.equals(P::splat(k as f64)), E::of(v, i, k, at), picked);
    }
    picked
}
