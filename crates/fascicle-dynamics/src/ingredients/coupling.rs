//! Couplings.

use crate::sys::{Kernel, dispatch};
use crate::{Coords, Hermitian, Lane, States};

/// Adds H_qc,nn = Σ_j g_nj (z_j + z_j*) = 2 Σ_j g_nj Re z_j.
pub fn h_qc_diagonal_linear(g: &[Vec<f64>], z: &Coords, h: &mut Hermitian) {
    dispatch(Diagonal { g, z, h });
}

/// Adds the same for two states with opposite couplings, g of the first: to the same bits.
pub(crate) fn h_qc_opposite_linear(g: &[f64], z: &Coords, h: &mut Hermitian) {
    dispatch(Opposite { g, z, h });
}

struct Opposite<'a> {
    g: &'a [f64],
    z: &'a Coords,
    h: &'a mut Hermitian,
}

impl Kernel for Opposite<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let sum = weighted_sum(self.g, &self.z.re);
        self.h.add_re(0, 0, sum + sum);
        self.h.add_re(1, 1, -(sum + sum));
    }
}

struct Diagonal<'a> {
    g: &'a [Vec<f64>],
    z: &'a Coords,
    h: &'a mut Hermitian,
}

impl Kernel for Diagonal<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (n, g) in self.g.iter().enumerate() {
            let sum = weighted_sum(g, &self.z.re);
            self.h.add_re(n, n, sum + sum);
        }
    }
}

/// Σ_j g_j x_j in four partial sums, j mod 4, added pairwise: the same order on every machine, and
/// short chains of additions.
#[inline(always)]
pub(crate) fn weighted_sum(g: &[f64], x: &[Lane]) -> Lane {
    let mut sums = [Lane::ZERO; 4];
    let (quads, rest) = x.as_chunks::<4>();
    let (g_quads, g_rest) = g.as_chunks::<4>();
    for (x, g) in quads.iter().zip(g_quads) {
        for k in 0..4 {
            sums[k] += x[k] * g[k];
        }
    }
    for (k, (&x, &g)) in rest.iter().zip(g_rest).enumerate() {
        sums[k] += x * g;
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// Adds ⟨left|∂H_qc/∂z_j*|right⟩ = Σ_n left_n* g_nj right_n.
pub fn dh_qc_dzc_diagonal_linear(g: &[Vec<f64>], left: &States, right: &States, out: &mut Coords) {
    for (n, g) in g.iter().enumerate() {
        let re = left.re[n] * right.re[n] + left.im[n] * right.im[n];
        let im = left.re[n] * right.im[n] - left.im[n] * right.re[n];
        for (j, &g) in g.iter().enumerate() {
            out.re[j] += re * g;
            out.im[j] += im * g;
        }
    }
}
