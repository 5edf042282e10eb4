//! Couplings.

use fascicle_core::c64;

use crate::sys::{Complex, Kernel, Pack, dispatch, dispatch_in};
use crate::{Arithmetic, Coords, Hermitian, Lane, States};

/// Adds H_qc,nn = Σ_j g_nj (z_j + z_j*) = 2 Σ_j g_nj Re z_j (QC Lab's `h_qc_diagonal_linear`).
pub fn h_qc_diagonal_linear(g: &[Vec<f64>], z: &Coords, h: &mut Hermitian) {
    dispatch(Shift { coupling: g, z, h });
}

/// Adds ⟨left|∂H_qc/∂z_j*|right⟩ = Σ_n left_n* g_nj right_n (QC Lab's `dh_qc_dzc_diagonal_linear`).
pub fn dh_qc_dzc_diagonal_linear(g: &[Vec<f64>], left: &States, right: &States, out: &mut Coords) {
    dispatch(Force { coupling: g, left, right, out });
}

/// A diagonal linear coupling, as the kernels read it.
trait Couplings {
    /// Whether these are two states with opposite couplings: one sum serves both.
    fn opposite(&self) -> bool;

    /// The number of states.
    fn states(&self) -> usize;

    /// Those of a state.
    fn of(&self, state: usize) -> Coupled<'_>;
}

/// The coordinates from the first to the last that a state couples to.
#[derive(Clone, Copy)]
struct Coupled<'a> {
    first: usize,
    g: &'a [f64],
}

impl<'a> Coupled<'a> {
    fn new(g: &'a [f64]) -> Self {
        let first = g.iter().position(|&g| g != 0.0).unwrap_or(0);
        let end = g.iter().rposition(|&g| g != 0.0).map_or(0, |last| last + 1);
        Self { first, g: &g[first..end.max(first)] }
    }
}

/// `g[state][coordinate]`, looked at in each call.
impl Couplings for [Vec<f64>] {
    fn opposite(&self) -> bool {
        opposite(self)
    }

    fn states(&self) -> usize {
        self.len()
    }

    fn of(&self, state: usize) -> Coupled<'_> {
        Coupled::new(&self[state])
    }
}

/// A diagonal linear coupling made ready: what each state couples to is found once.
#[derive(Clone, Debug)]
pub(crate) struct DiagonalLinear {
    /// The first coordinate of each state, and its couplings from there on.
    states: Vec<(usize, Vec<f64>)>,
    opposite: bool,
}

impl Couplings for DiagonalLinear {
    #[inline(always)]
    fn opposite(&self) -> bool {
        self.opposite
    }

    #[inline(always)]
    fn states(&self) -> usize {
        self.states.len()
    }

    #[inline(always)]
    fn of(&self, state: usize) -> Coupled<'_> {
        let (first, g) = &self.states[state];
        Coupled { first: *first, g }
    }
}

impl DiagonalLinear {
    /// Of `g[state][coordinate]`.
    pub fn new(g: &[Vec<f64>]) -> Self {
        let coupled = |state| {
            let Coupled { first, g } = g.of(state);
            (first, g.to_vec())
        };
        Self { states: (0..g.len()).map(coupled).collect(), opposite: opposite(g) }
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
        for (n, (first, g)) in self.states.iter().enumerate() {
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
struct Shift<'a, C: ?Sized> {
    coupling: &'a C,
    z: &'a Coords,
    h: &'a mut Hermitian,
}

impl<C: Couplings + ?Sized> Kernel for Shift<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        if self.coupling.opposite() {
            let sum = self.coupling.of(0).shift::<P>(self.z);
            self.h.add_re(0, 0, sum);
            self.h.add_re(1, 1, -sum);
            return;
        }
        for n in 0..self.coupling.states() {
            self.h.add_re(n, n, self.coupling.of(n).shift::<P>(self.z));
        }
    }
}

/// Adds Σ_n left_n* g_nj right_n to each `out_j`.
struct Force<'a, C: ?Sized> {
    coupling: &'a C,
    left: &'a States,
    right: &'a States,
    out: &'a mut Coords,
}

impl<C: Couplings + ?Sized> Kernel for Force<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        for n in 0..self.coupling.states() {
            let Coupled { first, g } = self.coupling.of(n);
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

impl Coupled<'_> {
    /// 2 Σ_j g_j Re z_j.
    #[inline(always)]
    fn shift<P: Pack>(&self, z: &Coords) -> Lane {
        let re = &z.re[self.first..self.first + self.g.len()];
        let mut out = Lane::ZERO;
        for at in 0..P::COUNT {
            let sum = weighted_sum::<P>(self.g, re, at);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(length: usize, phase: f64) -> Coords {
        let mut out = Coords::zeros(length);
        for j in 0..length {
            let wave = |l: usize, shift: f64| (phase + shift + (3 * j + l) as f64).sin();
            out.re[j] = Lane::from_fn(|l| wave(l, 0.0));
            out.im[j] = Lane::from_fn(|l| wave(l, 0.7));
        }
        out
    }

    #[test]
    fn a_coupling_made_ready_gives_the_same_bits() {
        let couplings = [
            // Opposite; a coordinate each; some states without any; one state.
            vec![vec![0.3, 0.1, -0.2, 0.4, 0.9], vec![-0.3, -0.1, 0.2, -0.4, -0.9]],
            vec![vec![0.5, 0.0, 0.0], vec![0.0, 0.6, 0.0], vec![0.0, 0.0, 0.7]],
            vec![vec![0.0; 4], vec![0.0, 0.2, 0.0, 0.3], vec![0.0; 4]],
            vec![vec![0.1, 0.2]],
        ];
        for g in couplings {
            let (n, modes) = (g.len(), g[0].len());
            let ready = DiagonalLinear::new(&g);
            let z = vector(modes, 0.1);
            let (mut own, mut expected) = (Hermitian::zeros(n), Hermitian::zeros(n));
            h_qc_diagonal_linear(&g, &z, &mut own);
            ready.h_qc(Arithmetic::Strict, &z, &mut expected);
            assert_eq!(own, expected, "{g:?}");
            let (left, right) = (vector(n, 0.4), vector(n, 0.8));
            let (mut own, mut expected) = (z.clone(), z);
            dh_qc_dzc_diagonal_linear(&g, &left, &right, &mut own);
            ready.dh_qc_dzc(Arithmetic::Strict, &left, &right, &mut expected);
            assert_eq!(own, expected, "{g:?}");
        }
    }
}
