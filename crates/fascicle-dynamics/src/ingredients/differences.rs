//! Gradients by finite differences, for models that give none.

use crate::{Coords, Hermitian, Lane, Model, States};

/// The step in Re z and Im z, as in QC Lab.
const DELTA: f64 = 1e-6;

/// Adds ∂H_c/∂z_j* ≈ ½ ((H(z + δ) − H(z))/δ + i (H(z + i δ) − H(z))/δ), δ = 1e-6.
pub fn dh_c_dzc_differences<M: Model + ?Sized>(model: &M, z: &Coords, out: &mut Coords) {
    let here = model.h_c(z);
    let mut moved = z.clone();
    for j in 0..z.len() {
        moved.re[j] = z.re[j] + Lane::splat(DELTA);
        out.re[j] += (model.h_c(&moved) - here) / DELTA * 0.5;
        moved.re[j] = z.re[j];
        moved.im[j] = z.im[j] + Lane::splat(DELTA);
        out.im[j] += (model.h_c(&moved) - here) / DELTA * 0.5;
        moved.im[j] = z.im[j];
    }
}

/// Adds ⟨left|∂H_qc/∂z_j*|right⟩ from the same differences of the matrix H_qc.
pub fn dh_qc_dzc_differences<M: Model + ?Sized>(
    model: &M,
    z: &Coords,
    left: &States,
    right: &States,
    out: &mut Coords,
) {
    let n = left.len();
    let mut h = Hermitian::zeros(n);
    model.h_qc(z, &mut h);
    let mut times = States::zeros(n);
    h.times(right, &mut times);
    let here = product(left, &times);
    let mut moved = z.clone();
    let mut element = |moved: &Coords| {
        h.clear();
        model.h_qc(moved, &mut h);
        h.times(right, &mut times);
        let there = product(left, &times);
        ((there.0 - here.0) / DELTA * 0.5, (there.1 - here.1) / DELTA * 0.5)
    };
    for j in 0..z.len() {
        moved.re[j] = z.re[j] + Lane::splat(DELTA);
        let (re, im) = element(&moved);
        moved.re[j] = z.re[j];
        out.re[j] += re;
        out.im[j] += im;
        // The derivative along Im z counts times i.
        moved.im[j] = z.im[j] + Lane::splat(DELTA);
        let (re, im) = element(&moved);
        moved.im[j] = z.im[j];
        out.re[j] -= im;
        out.im[j] += re;
    }
}

/// ⟨left|right⟩.
fn product(left: &States, right: &States) -> (Lane, Lane) {
    let (mut re, mut im) = (Lane::ZERO, Lane::ZERO);
    for n in 0..left.len() {
        let (x, y) = left.conj_times(n, right, n);
        re += x;
        im += y;
    }
    (re, im)
}
