//! Couplings.

use fascicle_core::c64;

use crate::sys::{Complex, Kernel, Pack, dispatch_in};
use crate::{Arithmetic, Coords, Hermitian, Lane, States};

/// Adds H_qc,nn = Σ_j g_nj (z_j + z_j*) = 2 Σ_j g_nj Re z_j (QC Lab's `h_qc_diagonal_linear`).
pub fn h_qc_diagonal_linear(g: &[Vec<f64>], z: &Coords, h: &mut Hermitian) {
    DiagonalLinear::new(g).h_qc(Arithmetic::Strict, z, h);
}

/// Adds ⟨left|∂H_qc/∂z_j*|right⟩ = Σ_n left_n* g_nj right_n (QC Lab's `dh_qc_dzc_diagonal_linear`).
pub fn dh_qc_dzc_diagonal_linear(g: &[Vec<f64>], left: &States, right: &States, out: &mut Coords) {
    DiagonalLinear::new(g).dh_qc_dzc(Arithmetic::Strict, left, right, out);
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

    pub fn h_qc(&self, arithmetic: Arithmetic, z: &Coords, h: &mut Hermitian) {
        dispatch_in(arithmetic, Shift { coupling: self, z, h });
    }

    pub fn dh_qc_dzc(
        &self,
        arithmetic: Arithmetic,
        left: &States,
        right: &States,
        out: &mut Coords,
    ) {
        dispatch_in(arithmetic, Force { coupling: self, left, right, out });
    }

    /// Adds Σ_n product_n g_nj to each `out_j`, for one trajectory.
    pub fn add_element(&self, product: impl Fn(usize) -> c64, out: &mut [c64]) {
        for (n, Coupled { first, g }) in self.states.iter().enumerate() {
            let product = product(n);
            out[*first..].iter_mut().zip(g).for_each(|(out, g)| *out += product * g);
        }
    }
}

/// Whether these are two states with opposite couplings, g_0 = −g_1.
pub(crate) fn opposite(g: &[Vec<f64>]) -> bool {
    g.len() == 2 && g[0].iter().zip(&g[1]).all(|(a, b)| *a == -*b)
}

/// Adds 2 Σ_j g_nj Re z_j to each diagonal element.
struct Shift<'a> {
    coupling: &'a DiagonalLinear,
    z: &'a Coords,
    h: &'a mut Hermitian,
}

impl Kernel for Shift<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let DiagonalLinear { states, opposite } = self.coupling;
        if *opposite {
            let sum = states[0].shift::<P>(self.z);
            self.h.add_re(0, 0, sum);
            self.h.add_re(1, 1, -sum);
            return;
        }
        for (n, state) in states.iter().enumerate() {
            self.h.add_re(n, n, state.shift::<P>(self.z));
        }
    }
}

/// Adds Σ_n left_n* g_nj right_n to each `out_j`.
struct Force<'a> {
    coupling: &'a DiagonalLinear,
    left: &'a States,
    right: &'a States,
    out: &'a mut Coords,
}

impl Kernel for Force<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        for (n, Coupled { first, g }) in self.coupling.states.iter().enumerate() {
            for at in 0..P::COUNT {
                let left = Complex::<P>::load(self.left, n, at);
                let product = left.conj_times(Complex::load(self.right, n, at));
                for (k, &g) in g.iter().enumerate() {
                    let sum = Complex::load(self.out, first + k, at);
                    sum.plus_scaled(product, P::splat(g)).store(self.out, first + k, at);
                }
            }
        }
    }
}

impl Coupled {
    /// 2 Σ_j g_j Re z_j.
    #[inline(always)]
    fn shift<P: Pack>(&self, z: &Coords) -> Lane {
        let re = &z.re[self.first..self.first + self.g.len()];
        let mut out = Lane::ZERO;
        for at in 0..P::COUNT {
            let sum = weighted_sum::<P>(&self.g, re, at);
            (sum + sum).store(&mut out, at);
        }
        out
    }
}

/// Σ_j g_j x_j in four partial sums, j mod 4, added pairwise: the same order on every machine, and
/// short chains of additions.
#[inline(always)]
pub(crate) fn weighted_sum<P: Pack>(g: &[f64], x: &[Lane], at: usize) -> P {
    let mut sums = [P::zero(); 4];
    let (quads, rest) = x.as_chunks::<4>();
    let (g_quads, g_rest) = g.as_chunks::<4>();
    for (x, g) in quads.iter().zip(g_quads) {
        for k in 0..4 {
            sums[k] = sums[k].plus_product(P::load(&x[k], at), P::splat(g[k]));
        }
    }
    for (k, (x, &g)) in rest.iter().zip(g_rest).enumerate() {
        sums[k] = sums[k].plus_product(P::load(x, at), P::splat(g));
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}
