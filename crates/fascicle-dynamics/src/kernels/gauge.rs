//! The free phase of eigenvectors.

use super::element::{Element, by_kind};
use crate::Basis;
use crate::sys::{Complex, Kernel, Pack};

/// How the free phase of eigenvectors is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// By the sign of Re⟨V(t − dt)|V(t)⟩. Where that vanishes, as in a crossing without coupling, the
    /// vector stays as it is; in QC Lab it becomes zero, and with it the norm.
    Sign,
    /// By the phase of ⟨V(t − dt)|V(t)⟩.
    Phase,
}

/// Turns eigenvectors to overlap with those of the time step before.
#[derive(Debug)]
pub struct FixGauge<'a> {
    /// How.
    pub gauge: Gauge,
    /// V(t − dt).
    pub previous: &'a Basis,
    /// V(t).
    pub eigvecs: &'a mut Basis,
}

impl Kernel for FixGauge<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { gauge, previous, eigvecs } = self;
        let real = previous.is_real() && eigvecs.is_real();
        for k in 0..eigvecs.n() {
            for at in 0..P::COUNT {
                // The phase of a real number is its sign.
                if real || gauge == Gauge::Sign {
                    by_kind!(real, P, fix_sign(previous, eigvecs, k, at));
                } else {
                    fix_phase::<P>(previous, eigvecs, k, at);
                }
            }
        }
    }
}

/// ⟨a_k|b_k⟩.
#[inline(always)]
fn overlap<P: Pack, E: Element<P>>(a: &Basis, b: &Basis, k: usize, at: usize) -> E {
    let mut sum = E::zero();
    for i in 0..a.n() {
        sum = sum.plus_conj_product(E::of(a, i, k, at), E::of(b, i, k, at));
    }
    sum
}

#[inline(always)]
fn fix_sign<P: Pack, E: Element<P>>(previous: &Basis, eigvecs: &mut Basis, k: usize, at: usize) {
    let keep = overlap::<P, E>(previous, eigvecs, k, at).re().at_least(P::zero());
    let sign = P::select(keep, P::splat(1.0), P::splat(-1.0));
    for i in 0..eigvecs.n() {
        E::of(eigvecs, i, k, at).scale(sign).put(eigvecs, i, k, at);
    }
}

#[inline(always)]
fn fix_phase<P: Pack>(previous: &Basis, eigvecs: &mut Basis, k: usize, at: usize) {
    let overlap = overlap::<P, Complex<P>>(previous, eigvecs, k, at);
    let size = overlap.norm_sqr().sqrt();
    let none = size.equals(P::zero());
    let one = Complex { re: P::splat(1.0), im: P::zero() };
    let phase = Complex { re: overlap.re / size, im: overlap.im / size };
    let phase = Complex::select(none, one, phase);
    for i in 0..eigvecs.n() {
        let turned = phase.conj_times(<Complex<P> as Element<P>>::of(eigvecs, i, k, at));
        turned.put(eigvecs, i, k, at);
    }
}
