//! Rotations of two states.

use super::super::element::Element;
use super::{DONE, LAST_SWEEP, diagonal, index, load, store};
use crate::Lane;
use crate::sys::{Complex, Pack};

/// The squared tangent below which the series of a small angle is exact to rounding.
const SMALL: f64 = 1e-4;

/// A rotation of two states, by lane: v_p ← c v_p − s v_q, v_q ← s* v_p + c v_q.
#[derive(Clone, Debug)]
pub struct Rotation {
    pub p: usize,
    pub q: usize,
    c: Lane,
    s_re: Lane,
    s_im: Lane,
}

/// Finds the rotation that makes an element vanish. With x = H_qp, d = H_qq − H_pp and
/// r = √(d² + 4|x|²): the tangent is t = ±2x/(|d| + r), the sign that of d, c = 1/√(1 + |t|²), s = c t.
/// Lanes that turn have the new diagonal and the zero put in place.
#[inline(always)]
pub fn find<P: Pack, E: Element<P>>(
    matrix: &mut [Lane],
    rotation: &mut Rotation,
    tiny: &Lane,
    state: &Lane,
    pack: usize,
) {
    let Rotation { p, q, .. } = *rotation;
    let zero = P::zero();
    let x = load::<P, E>(matrix, q, p, pack);
    let (low, high) = (diagonal::<P, E>(matrix, p, pack), diagonal::<P, E>(matrix, q, pack));
    let (size2, state) = (x.norm_sqr(), P::load(state, pack));
    let quotient = tangent_quotient(high - low, size2);
    let active = size2.above(P::load(tiny, pack));
    let quotient = P::select(active, quotient, zero);
    let quotient = P::select(P::splat(DONE).above(state), quotient, zero);
    let t = x.scale(quotient);
    let c = inverse_root(t.norm_sqr());
    let s = t.scale(c).complex();
    c.store(&mut rotation.c, pack);
    s.re.store(&mut rotation.s_re, pack);
    if !E::REAL {
        s.im.store(&mut rotation.s_im, pack);
    }
    let turning = P::splat(LAST_SWEEP).above(state);
    let shift = P::select(turning, size2 * quotient, zero);
    (low - shift).store(&mut matrix[index::<P, E>(p, p)], pack);
    (high + shift).store(&mut matrix[index::<P, E>(q, q)], pack);
    let left = E::select(active, E::zero(), x);
    store::<P, E>(E::select(turning, left, x), matrix, q, p, pack);
}

/// The same where no lane turns: angles are so small that t is x/d and c is 1, to the last bit.
#[inline(always)]
pub fn find_small<P: Pack, E: Element<P>>(
    matrix: &[Lane],
    rotation: &mut Rotation,
    tiny: &Lane,
    state: &Lane,
    pack: usize,
) {
    let Rotation { p, q, .. } = *rotation;
    let x = load::<P, E>(matrix, q, p, pack);
    let d = diagonal::<P, E>(matrix, q, pack) - diagonal::<P, E>(matrix, p, pack);
    let zero = P::zero();
    let quotient = P::select(x.norm_sqr().above(P::load(tiny, pack)), P::splat(1.0) / d, zero);
    let open = P::splat(DONE).above(P::load(state, pack));
    let s = x.scale(P::select(open, quotient, zero)).complex();
    P::splat(1.0).store(&mut rotation.c, pack);
    s.re.store(&mut rotation.s_re, pack);
    if !E::REAL {
        s.im.store(&mut rotation.s_im, pack);
    }
}

/// ±2/(|d| + √(d² + 4 x²)), the sign that of d, from x²: by its series in (2x/d)² where that is small.
#[inline(always)]
fn tangent_quotient<P: Pack>(d: P, size2: P) -> P {
    let four = (size2 + size2) + (size2 + size2);
    let inverse = P::splat(1.0) / d;
    let u = four * (inverse * inverse);
    let series = horner(u, [7.0 / 128.0, -5.0 / 64.0, 0.125, -0.25, 1.0]) * inverse;
    let small = P::splat(SMALL).above(u);
    if !P::any_not(small) {
        return series;
    }
    let root = four.plus_product(d, d).sqrt();
    let exact = P::splat(2.0) / (d.abs() + root);
    let exact = P::select(d.at_least(P::zero()), exact, -exact);
    P::select(small, series, exact)
}

/// 1/√(1 + u): by its series where u is small.
#[inline(always)]
fn inverse_root<P: Pack>(u: P) -> P {
    let series = horner(u, [35.0 / 128.0, -5.0 / 16.0, 0.375, -0.5, 1.0]);
    let small = P::splat(SMALL).above(u);
    if !P::any_not(small) {
        return series;
    }
    let exact = P::splat(1.0) / (u + P::splat(1.0)).sqrt();
    P::select(small, series, exact)
}

/// The polynomial with these coefficients, the highest power's first.
#[inline(always)]
fn horner<P: Pack>(x: P, coefficients: [f64; 5]) -> P {
    let [e, d, c, b, a] = coefficients;
    let sum = P::splat(d).plus_product(P::splat(e), x);
    let sum = P::splat(c).plus_product(sum, x);
    let sum = P::splat(b).plus_product(sum, x);
    P::splat(a).plus_product(sum, x)
}

/// c and s of two packs.
type Turns<P, E> = [(P, E); 2];

impl Rotation {
    pub fn none() -> Self {
        Self { p: 0, q: 0, c: Lane::splat(1.0), s_re: Lane::ZERO, s_im: Lane::ZERO }
    }

    #[inline(always)]
    pub fn load<P: Pack, E: Element<P>>(&self, pair: usize) -> Turns<P, E> {
        [self.load_pack(2 * pair), self.load_pack(2 * pair + 1)]
    }

    #[inline(always)]
    fn load_pack<P: Pack, E: Element<P>>(&self, pack: usize) -> (P, E) {
        let im = if E::REAL { P::zero() } else { P::load(&self.s_im, pack) };
        let s = Complex { re: P::load(&self.s_re, pack), im };
        (P::load(&self.c, pack), E::from_complex(s))
    }
}

/// The identity in lanes that do not turn.
#[inline(always)]
pub fn masked<P: Pack, E: Element<P>>(
    turns: Turns<P, E>,
    state: &Lane,
    pair: usize,
) -> Turns<P, E> {
    let mut out = turns;
    for k in 0..2 {
        let turning = P::splat(LAST_SWEEP).above(P::load(state, 2 * pair + k));
        let (c, s) = turns[k];
        out[k] = (P::select(turning, c, P::splat(1.0)), E::select(turning, s, E::zero()));
    }
    out
}

/// Rotates the other elements of rows and columns p and q.
#[inline(always)]
pub fn apply<P: Pack, E: Element<P>>(
    matrix: &mut [Lane],
    rotation: &Rotation,
    turns: Turns<P, E>,
    n: usize,
    pair: usize,
) {
    let Rotation { p, q, .. } = *rotation;
    // Left of p both are stored as conjugates of (k, p) and (k, q).
    let conjugate = [(turns[0].0, turns[0].1.conj()), (turns[1].0, turns[1].1.conj())];
    let (row_p, row_q) = (index::<P, E>(p, 0), index::<P, E>(q, 0));
    for k in 0..p {
        mix::<P, E, false>(matrix, row_p + k * E::PARTS, row_q + k * E::PARTS, conjugate, pair);
    }
    for k in p + 1..q {
        mix::<P, E, true>(matrix, index::<P, E>(k, p), row_q + k * E::PARTS, turns, pair);
    }
    for k in q + 1..n {
        mix::<P, E, false>(matrix, index::<P, E>(k, p), index::<P, E>(k, q), turns, pair);
    }
}

/// Of the elements from these places on: a ← c a − s b, b ← s* a + c b; or the same where b is stored as
/// its conjugate.
#[inline(always)]
fn mix<P: Pack, E: Element<P>, const CONJUGATE: bool>(
    lanes: &mut [Lane],
    a: usize,
    b: usize,
    turns: Turns<P, E>,
    pair: usize,
) {
    for k in 0..2 {
        let (pack, (c, s)) = (2 * pair + k, turns[k]);
        let (x, stored) = (E::from_lanes(lanes, a, pack), E::from_lanes(lanes, b, pack));
        let y = if CONJUGATE { stored.conj() } else { stored };
        x.scale(c).minus_product(s, y).to_lanes(lanes, a, pack);
        let turned = y.scale(c).plus_conj_product(s, x);
        let turned = if CONJUGATE { turned.conj() } else { turned };
        turned.to_lanes(lanes, b, pack);
    }
}

#[inline(always)]
pub fn apply_to_vectors<P: Pack, E: Element<P>>(
    vectors: &mut [Lane],
    rotation: &Rotation,
    turns: Turns<P, E>,
    n: usize,
    pair: usize,
) {
    let (v_p, v_q) = (rotation.p * n * E::PARTS, rotation.q * n * E::PARTS);
    for i in 0..n {
        mix::<P, E, false>(vectors, v_p + i * E::PARTS, v_q + i * E::PARTS, turns, pair);
    }
}
