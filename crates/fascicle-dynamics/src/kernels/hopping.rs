//! The probability and the destination of hops.

use super::adiabatic::picked;
use super::element::{Element, by_kind};
use crate::sys::{Complex, Kernel, Pack};
use crate::{Basis, Lane, States};

/// A probability beyond this counts as this: sums stay finite.
const MOST: f64 = 1e102;

/// The first k with Σ_{j ≤ k} P_j > ξ, where negative and undefined P count as 0; −1 for none.
#[derive(Debug)]
pub struct HopDestination<'a> {
    /// P.
    pub hop_prob: &'a [Lane],
    /// ξ.
    pub numbers: &'a Lane,
}

impl Kernel for HopDestination<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run<P: Pack>(self) -> Lane {
        let mut out = Lane::ZERO;
        let (zero, most) = (P::zero(), P::splat(MOST));
        for at in 0..P::COUNT {
            let numbers = P::load(self.numbers, at);
            let (mut sum, mut dest) = (P::zero(), P::splat(-1.0));
            for (k, p) in self.hop_prob.iter().enumerate() {
                let p = P::load(p, at);
                let bounded = P::select(most.above(p), p, most);
                sum = sum + P::select(p.above(zero), bounded, zero);
                let chosen = P::select(sum.above(numbers), P::splat(k as f64), dest);
                dest = P::select(zero.above(dest), chosen, dest);
            }
            dest.store(&mut out, at);
        }
        out
    }
}

/// P_k = −2 Re[⟨V_a(t)|V_k(t − dt)⟩ b_k / b_a], P_a = 0, a the active surface.
#[derive(Debug)]
pub struct HopProbability<'a> {
    /// V(t − dt).
    pub previous: &'a Basis,
    /// b.
    pub wf_adb: &'a States,
    /// a.
    pub active: &'a Lane,
    /// V(t).
    pub eigvecs: &'a Basis,
    /// Room for V_a(t).
    pub active_wf: &'a mut States,
    /// P.
    pub hop_prob: &'a mut [Lane],
}

impl Kernel for HopProbability<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        by_kind!(self.eigvecs.is_real() && self.previous.is_real(), P, probabilities(self));
    }
}

#[inline(always)]
fn probabilities<P: Pack, E: Element<P>>(of: HopProbability<'_>) {
    let HopProbability { previous, wf_adb, active, eigvecs, active_wf, hop_prob } = of;
    let n = wf_adb.len();
    for at in 0..P::COUNT {
        let active = P::load(active, at);
        let mut b_a = Complex::<P>::zero();
        for k in 0..n {
            let is_active = active.equals(P::splat(k as f64));
            b_a = Complex::select(is_active, Complex::load(wf_adb, k, at), b_a);
            picked::<P, E>(eigvecs, k, active, at).complex().store(active_wf, k, at);
        }
        let factor = inverse(b_a);
        for k in 0..n {
            let mut overlap = Complex::<P>::zero();
            for i in 0..n {
                let v = Complex::<P>::load(active_wf, i, at);
                overlap = overlap.plus_conj_product(v, E::of(previous, i, k, at).complex());
            }
            let ratio = Complex::load(wf_adb, k, at).times(factor);
            let p = (overlap.re * ratio.re).minus_product(overlap.im, ratio.im) * P::splat(-2.0);
            let is_active = active.equals(P::splat(k as f64));
            P::select(is_active, P::zero(), p).store(&mut hop_prob[k], at);
        }
    }
}

/// 1/b, by parts scaled such that no square underflows.
#[inline(always)]
fn inverse<P: Pack>(b: Complex<P>) -> Complex<P> {
    let (re, im) = (b.re.abs(), b.im.abs());
    let scale = P::splat(1.0) / P::select(re.at_least(im), re, im);
    let scaled = b.scale(scale);
    let factor = scale / scaled.norm_sqr();
    Complex { re: scaled.re * factor, im: -(scaled.im * factor) }
}
