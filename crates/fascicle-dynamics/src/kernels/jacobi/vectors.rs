//! Vectors in order, with their phases, and orthonormal.

use super::super::element::Element;
use super::{Room, load, store};
use crate::sys::{Complex, Pack};
use crate::{Basis, Lane};

/// Sorts eigenvalues, and their vectors with them. From one time step to the next they rarely change
/// places.
#[inline(always)]
pub fn sort<P: Pack, E: Element<P>>(eigvals: &mut [Lane], eigvecs: &mut Basis) {
    for pack in 0..P::COUNT {
        for end in (1..eigvals.len()).rev() {
            let mut swapped = false;
            for k in 0..end {
                let (a, b) = (P::load(&eigvals[k], pack), P::load(&eigvals[k + 1], pack));
                let wrong = a.above(b);
                if P::any(wrong) {
                    swapped = true;
                    P::select(wrong, b, a).store(&mut eigvals[k], pack);
                    P::select(wrong, a, b).store(&mut eigvals[k + 1], pack);
                    swap::<P, E>(eigvecs, k, wrong, pack);
                }
            }
            if !swapped {
                break;
            }
        }
    }
}

/// Swaps vectors k and k + 1 in some lanes.
#[inline(always)]
fn swap<P: Pack, E: Element<P>>(v: &mut Basis, k: usize, lanes: P::Mask, pack: usize) {
    for i in 0..v.n() {
        let (a, b) = (E::of(v, i, k, pack), E::of(v, i, k + 1, pack));
        E::select(lanes, b, a).put(v, i, k, pack);
        E::select(lanes, a, b).put(v, i, k + 1, pack);
    }
}

/// Turns each vector such that its first component is real and not negative, if it is not real already.
#[inline(always)]
pub fn turn<P: Pack>(v: &mut Basis) {
    let zero = P::zero();
    let one = Complex { re: P::splat(1.0), im: zero };
    for pack in 0..P::COUNT {
        for k in 0..v.n() {
            let first = <Complex<P> as Element<P>>::of(v, 0, k, pack);
            let size = first.norm_sqr().sqrt();
            let stays = first.im.equals(zero);
            let phase = Complex { re: first.re / size, im: first.im / size };
            let phase = Complex::select(stays, one, phase);
            for i in 0..v.n() {
                let turned = phase.conj_times(<Complex<P> as Element<P>>::of(v, i, k, pack));
                turned.put(v, i, k, pack);
            }
            let first = Complex { re: P::select(stays, first.re, size), im: zero };
            first.put(v, 0, k, pack);
        }
    }
}

/// One step of Newton and Schulz's iteration towards an orthonormal basis, X ← X (3 − X† X)/2, which
/// takes out what rounding has added up.
#[inline(always)]
pub fn orthonormalize<P: Pack, E: Element<P>>(x: &mut Basis, room: &mut Room) {
    let n = x.n();
    let Room { matrix, column, .. } = room;
    for pack in 0..P::COUNT {
        for k in 0..n {
            for l in k..n {
                let mut sum = E::zero();
                for i in 0..n {
                    sum = sum.plus_conj_product(E::of(x, i, l, pack), E::of(x, i, k, pack));
                }
                store::<P, E>(sum, matrix, l, k, pack);
            }
        }
        for i in 0..n {
            for k in 0..n {
                corrected::<P, E>(x, matrix, i, k, pack).to_lanes(column, k * E::PARTS, pack);
            }
            for k in 0..n {
                E::from_lanes(column, k * E::PARTS, pack).put(x, i, k, pack);
            }
        }
    }
}

/// Component (i, k) of X + X (1 − X† X)/2, from the lower triangle of X† X.
#[inline(always)]
fn corrected<P: Pack, E: Element<P>>(
    x: &Basis,
    overlaps: &[Lane],
    i: usize,
    k: usize,
    pack: usize,
) -> E {
    let mut sum = E::zero();
    for l in 0..x.n() {
        let overlap = load::<P, E>(overlaps, l.max(k), l.min(k), pack);
        let overlap = if l < k { overlap.conj() } else { overlap };
        sum = sum.plus_product(E::of(x, i, l, pack), overlap);
    }
    let own = E::of(x, i, k, pack);
    own.plus_scaled(own - sum, P::splat(0.5))
}
