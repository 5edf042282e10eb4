//! The wave function of mean-field dynamics.

use crate::sys::{Complex, Kernel, Pack, Pair};
use crate::{Hermitian, Lane, States, Vector};

/// One step of i dc/dt = H c by fourth-order Runge–Kutta, H constant during the step. It is then
/// Taylor's series, c + A (c + A/2 (c + A/3 (c + A/4 c))) with A = −i dt H.
#[derive(Debug)]
pub struct WaveFunctionRk4<'a> {
    /// H, settled.
    pub h: &'a Hermitian,
    /// c.
    pub wf: &'a mut States,
    /// Room for a sum and the next.
    pub scratch: (&'a mut States, &'a mut States),
    /// The time step.
    pub dt: f64,
}

/// The divisors of A, from the inside.
const DIVISORS: [f64; 4] = [4.0, 3.0, 2.0, 1.0];

impl Kernel for WaveFunctionRk4<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { h, wf, scratch: (mut sum, mut next), dt } = self;
        if h.n() == 2 {
            for at in 0..Pair::<P>::COUNT {
                two_states::<Pair<P>>(h, wf, dt, at);
            }
            return;
        }
        for pair in 0..P::COUNT / 2 {
            for (k, divisor) in DIVISORS.into_iter().enumerate() {
                let v: &States = if k == 0 { wf } else { sum };
                around::<P>(h, wf, v, next, dt / divisor, pair);
                (sum, next) = (next, sum);
            }
            for i in 0..wf.len() {
                for at in [2 * pair, 2 * pair + 1] {
                    Complex::<P>::load(sum, i, at).store(wf, i, at);
                }
            }
        }
    }
}

/// out = c − i dt H v, for the lanes of two packs.
#[inline(always)]
fn around<P: Pack>(h: &Hermitian, c: &States, v: &States, out: &mut States, dt: f64, pair: usize) {
    let factor = P::splat(dt);
    if h.is_chain() {
        return chain::<Pair<P>>(h, c, v, out, dt, pair);
    }
    for i in 0..c.len() {
        let h_v = h.row::<P>(i, v, pair);
        for (k, h_v) in h_v.into_iter().enumerate() {
            let at = 2 * pair + k;
            let c = Complex::<P>::load(c, i, at);
            after(c, h_v, factor).store(out, i, at);
        }
    }
}

/// The same of a chain, along which components stay in registers. Each sum is added up in the order of
/// the columns, as for any matrix.
#[inline(always)]
fn chain<P: Pack>(h: &Hermitian, c: &States, v: &States, out: &mut States, dt: f64, at: usize) {
    let (last, dt) = (c.len() - 1, P::splat(dt));
    let (first, end) = (Complex::<P>::load(v, 0, at), Complex::<P>::load(v, last, at));
    let corner = h.pack_re::<P>(last, 0, at);
    let (mut before, mut bond) = (Complex::zero(), P::zero());
    let mut here = first;
    for i in 0..=last {
        let mut sum = Complex::zero();
        if i == last {
            sum = sum.plus_scaled(first, corner);
        }
        if i > 0 {
            sum = sum.plus_scaled(before, bond);
        }
        sum = sum.plus_scaled(here, h.pack_re(i, i, at));
        if i < last {
            bond = h.pack_re(i + 1, i, at);
            (before, here) = (here, Complex::load(v, i + 1, at));
            sum = sum.plus_scaled(here, bond);
        }
        if i == 0 {
            sum = sum.plus_scaled(end, corner);
        }
        after(Complex::load(c, i, at), sum, dt).store(out, i, at);
    }
}

/// The same for two states, without a detour through memory.
#[inline(always)]
fn two_states<P: Pack>(h: &Hermitian, wf: &mut States, dt: f64, at: usize) {
    let (a, b, c) = (h.pack::<P>(0, 0, at).re, h.pack::<P>(1, 1, at).re, h.pack::<P>(1, 0, at));
    let (x, y) = (Complex::<P>::load(wf, 0, at), Complex::<P>::load(wf, 1, at));
    let (mut u, mut v) = (x, y);
    for divisor in DIVISORS {
        let factor = P::splat(dt / divisor);
        let up = u.scale(a).plus_conj_product(c, v);
        let down = v.scale(b).plus_product(c, u);
        u = after(x, up, factor);
        v = after(y, down, factor);
    }
    u.store(wf, 0, at);
    v.store(wf, 1, at);
}

/// c − i dt h.
#[inline(always)]
fn after<P: Pack>(c: Complex<P>, h: Complex<P>, dt: P) -> Complex<P> {
    Complex { re: c.re.plus_product(h.im, dt), im: c.im.minus_product(h.re, dt) }
}

/// The density matrix of a pure state, ρ_ij = c_i c_j*.
#[derive(Debug)]
pub struct Projector<'a> {
    /// c.
    pub wf: &'a States,
    /// ρ, `[row × N + column]`.
    pub dm: &'a mut Vector,
}

impl Kernel for Projector<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let (wf, n) = (self.wf, self.wf.len());
        for at in 0..P::COUNT {
            for i in 0..n {
                let c = Complex::<P>::load(wf, i, at);
                for j in 0..n {
                    let element = Complex::load(wf, j, at).conj_times(c);
                    element.store(self.dm, i * n + j, at);
                }
            }
        }
    }
}

/// ⟨c|H|c⟩.
#[derive(Debug)]
pub struct Expectation<'a> {
    /// H, settled.
    pub h: &'a Hermitian,
    /// c.
    pub wf: &'a States,
}

impl Kernel for Expectation<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run<P: Pack>(self) -> Lane {
        let mut out = Lane::ZERO;
        for pair in 0..P::COUNT / 2 {
            let mut sums = [P::zero(); 2];
            for i in 0..self.wf.len() {
                let h_c = self.h.row::<P>(i, self.wf, pair);
                for k in 0..2 {
                    let c = Complex::load(self.wf, i, 2 * pair + k);
                    sums[k] = sums[k] + c.conj_times(h_c[k]).re;
                }
            }
            sums[0].store(&mut out, 2 * pair);
            sums[1].store(&mut out, 2 * pair + 1);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{Path, dispatch_in, on_path};
    use crate::{Arithmetic, c64};

    /// Numbers in −1..1 that look random.
    fn number(k: usize) -> f64 {
        ((k * 7919 + 13) % 2003) as f64 / 1001.5 - 1.0
    }

    fn stepped(h: &mut Hermitian, arithmetic: Arithmetic) -> States {
        let n = h.n();
        let mut wf = States::zeros(n);
        for i in 0..n {
            wf.re[i] = Lane::from_fn(|lane| number(3 * i + lane));
            wf.im[i] = Lane::from_fn(|lane| number(5 * i + lane + 100));
        }
        h.settle();
        let (mut sum, mut next) = (States::zeros(n), States::zeros(n));
        let step = WaveFunctionRk4 { h, wf: &mut wf, scratch: (&mut sum, &mut next), dt: 0.1 };
        dispatch_in(arithmetic, step);
        wf
    }

    #[test]
    fn a_chain_gives_the_bits_of_any_matrix() {
        for path in Path::all() {
            for arithmetic in [Arithmetic::Strict, Arithmetic::Fused] {
                on_path(path, || chains_are_any_matrices(arithmetic));
            }
        }
    }

    fn chains_are_any_matrices(arithmetic: Arithmetic) {
        for n in 3..=12 {
            let mut h = Hermitian::zeros(n);
            for row in 0..n {
                h.add_re(row, row, Lane::from_fn(|lane| number(row + 31 * lane)));
                if row > 0 {
                    h.add_re(row, row - 1, Lane::from_fn(|lane| number(row + 17 * lane)));
                }
            }
            h.add_constant(n - 1, 0, c64(0.25, 0.0));
            let chain = stepped(&mut h, arithmetic);
            assert!(h.is_chain());
            // An imaginary part of zero makes it any matrix.
            h.add_im(1, 0, Lane::ZERO);
            assert_eq!(stepped(&mut h, arithmetic), chain, "{n} states");
            assert!(!h.is_chain());
        }
    }
}
