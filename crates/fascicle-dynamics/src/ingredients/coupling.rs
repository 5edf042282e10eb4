//! Couplings.

use crate::sys::{Kernel, dispatch};
use crate::{Coords, Hermitian, Lane, States};

/// Adds H_qc,nn = Σ_j g_nj (z_j + z_j*) = 2 Σ_j g_nj Re z_j (QC Lab's `h_qc_diagonal_linear`).
pub fn h_qc_diagonal_linear(g: &[Vec<f64>], z: &Coords, h: &mut Hermitian) {
    DiagonalLinear::new(g).h_qc(z, h);
}

/// Adds ⟨left|∂H_qc/∂z_j*|right⟩ = Σ_n left_n* g_nj right_n (QC Lab's `dh_qc_dzc_diagonal_linear`).
pub fn dh_qc_dzc_diagonal_linear(g: &[Vec<f64>], left: &States, right: &States, out: &mut Coords) {
    DiagonalLinear::new(g).dh_qc_dzc(left, right, out);
}

/// A diagonal linear coupling made ready: of each state, only the coordinates from the first to the
/// last that it couples to.
#[derive(Clone, Debug)]
pub(crate) struct DiagonalLinear {
    states: Vec<Coupled>,
    /// Whether these are two states with opposite couplings: one sum serves both.
    opposite: bool,
}

#[derive(Clone, Debug)]
struct Coupled {
    first: usize,
    g: Vec<f64>,
}

impl DiagonalLinear {
    /// Of `g[state][coordinate]`.
    pub fn new(g: &[Vec<f64>]) -> Self {
        let coupled = |g: &Vec<f64>| {
            let first = g.iter().position(|&g| g != 0.0).unwrap_or(0);
            let end = g.iter().rposition(|&g| g != 0.0).map_or(0, |last| last + 1);
            Coupled { first, g: g[first..end.max(first)].to_vec() }
        };
        Self { states: g.iter().map(coupled).collect(), opposite: opposite(g) }
    }

    pub fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        if self.opposite {
            let sum = dispatch(self.states[0].shift(z));
            h.add_re(0, 0, sum);
            h.add_re(1, 1, -sum);
            return;
        }
        for (n, state) in self.states.iter().enumerate() {
            h.add_re(n, n, dispatch(state.shift(z)));
        }
    }

    pub fn dh_qc_dzc(&self, left: &States, right: &States, out: &mut Coords) {
        for (n, Coupled { first, g }) in self.states.iter().enumerate() {
            let (re, im) = left.conj_times(n, right, n);
            for (j, &g) in (*first..).zip(g) {
                out.re[j] += re * g;
                out.im[j] += im * g;
            }
        }
    }
}

/// Whether these are two states with opposite couplings, g_0 = −g_1.
pub(crate) fn opposite(g: &[Vec<f64>]) -> bool {
    g.len() == 2 && g[0].iter().zip(&g[1]).all(|(a, b)| *a == -*b)
}

impl Coupled {
    fn shift<'a>(&'a self, z: &'a Coords) -> Shift<'a> {
        Shift { g: &self.g, re: &z.re[self.first..self.first + self.g.len()] }
    }
}

/// 2 Σ_j g_j Re z_j.
struct Shift<'a> {
    g: &'a [f64],
    re: &'a [Lane],
}

impl Kernel for Shift<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run(self) -> Lane {
        let sum = weighted_sum(self.g, self.re);
        sum + sum
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
