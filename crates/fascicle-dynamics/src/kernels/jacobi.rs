//! Jacobi's method for Hermitian matrices, all lanes of a block at once.
//!
//! In the basis X of the time step before, X† H X is nearly diagonal, and two or three sweeps finish
//! it where six are needed from nothing. A sweep goes round by round over pairs of states that have
//! no state in common, so that the roots and quotients of a round do not wait for each other.

use super::element::Element;
use crate::sys::{Complex, Pack};
use crate::{Basis, Hermitian, LANES, Lane, Vector};

/// More sweeps than any matrix needs: convergence is quadratic, six are usual.
const MOST_SWEEPS: usize = 30;

/// An element this small against the matrix is no longer rotated away.
const NEGLIGIBLE: f64 = 1e-16;

/// What the method works on.
#[derive(Clone, Debug)]
pub struct Room {
    /// H in the basis, lower triangle by rows: `[row × (row + 1) / 2 + column]`.
    matrix: Vector,
    /// H X_k.
    column: Vector,
    /// The rotations of a round.
    rotations: Vec<Rotation>,
}

/// A rotation of two states, by lane: v_p ← c v_p − s v_q, v_q ← s* v_p + c v_q.
#[derive(Clone, Debug)]
struct Rotation {
    p: usize,
    q: usize,
    c: Lane,
    s_re: Lane,
    s_im: Lane,
}

impl Room {
    pub fn new(n: usize) -> Self {
        let none = Rotation { p: 0, q: 0, c: Lane::ZERO, s_re: Lane::ZERO, s_im: Lane::ZERO };
        Self {
            matrix: Vector::zeros(n * (n + 1) / 2),
            column: Vector::zeros(n),
            rotations: vec![none; n / 2],
        }
    }
}

/// Eigenvalues ascending, eigenvectors with a real first component. `eigvecs` begins as an orthonormal
/// basis, in which H should be nearly diagonal. Lanes that have converged are rotated by the identity,
/// so that a lane's bits do not depend on its neighbours.
#[inline(always)]
pub fn diagonalize<P: Pack, E: Element<P>>(
    h: &Hermitian,
    room: &mut Room,
    eigvals: &mut [Lane],
    eigvecs: &mut Basis,
) {
    let n = h.n();
    transform::<P, E>(h, eigvecs, room);
    let tiny = threshold::<P, E>(&room.matrix);
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for round in 0..rounds(n) {
            rotated |= rotate_round::<P, E>(room, eigvecs, round, &tiny);
        }
        if !rotated {
            break;
        }
    }
    for k in 0..n {
        eigvals[k] = room.matrix.re[index(k, k)];
    }
    sort::<P, E>(eigvals, eigvecs);
    if !E::REAL {
        turn::<P>(eigvecs);
    }
}

/// Of an element in the lower triangle.
#[inline(always)]
fn index(row: usize, column: usize) -> usize {
    row * (row + 1) / 2 + column
}

/// An element of the matrix.
#[inline(always)]
fn load<P: Pack, E: Element<P>>(matrix: &Vector, at: usize, pack: usize) -> E {
    if E::REAL {
        return E::from_complex(Complex { re: P::load(&matrix.re[at], pack), im: P::zero() });
    }
    E::from_complex(Complex::load(matrix, at, pack))
}

#[inline(always)]
fn store<P: Pack, E: Element<P>>(value: E, matrix: &mut Vector, at: usize, pack: usize) {
    let Complex { re, im } = value.complex();
    re.store(&mut matrix.re[at], pack);
    if !E::REAL {
        im.store(&mut matrix.im[at], pack);
    }
}

/// X† H X.
#[inline(always)]
fn transform<P: Pack, E: Element<P>>(h: &Hermitian, x: &Basis, room: &mut Room) {
    let n = h.n();
    for pack in 0..P::COUNT {
        for k in 0..n {
            for i in 0..n {
                let h_x: E = h.row_of_basis(i, x, k, pack);
                store::<P, E>(h_x, &mut room.column, i, pack);
            }
            for l in k..n {
                let mut sum = E::zero();
                for i in 0..n {
                    let h_x = load::<P, E>(&room.column, i, pack);
                    sum = sum + E::of(x, i, l, pack).conj_times(h_x);
                }
                store::<P, E>(sum, &mut room.matrix, index(l, k), pack);
            }
        }
    }
}

/// What is negligible against the sum of the sizes of all elements.
#[inline(always)]
fn threshold<P: Pack, E: Element<P>>(matrix: &Vector) -> Lane {
    let mut out = Lane::ZERO;
    for pack in 0..P::COUNT {
        let mut sum = P::zero();
        for at in 0..matrix.len() {
            let Complex { re, im } = load::<P, E>(matrix, at, pack).complex();
            sum = sum + (re.abs() + im.abs());
        }
        (sum * P::splat(NEGLIGIBLE)).store(&mut out, pack);
    }
    out
}

/// Rounds of a sweep: each state meets each other once, as in a tournament.
#[inline(always)]
fn rounds(n: usize) -> usize {
    if n.is_multiple_of(2) { n - 1 } else { n }
}

/// The pair with this number of a round, p < q, if there is one: `m` states meet by i + j = round
/// modulo m, and the one that would meet itself meets the last state where n is even.
#[inline(always)]
fn pair(n: usize, round: usize, number: usize) -> (usize, usize) {
    let m = rounds(n);
    // 2 i = round modulo m, m odd.
    let own = if round.is_multiple_of(2) { round / 2 } else { (round + m) / 2 };
    if n.is_multiple_of(2) && number == 0 {
        return (own, n - 1);
    }
    let distance = if n.is_multiple_of(2) { number } else { number + 1 };
    let (i, j) = ((own + distance) % m, (own + m - distance) % m);
    (i.min(j), i.max(j))
}

/// Rotates the elements of a round's pairs away; whether any lane needed it.
#[inline(always)]
fn rotate_round<P: Pack, E: Element<P>>(
    room: &mut Room,
    eigvecs: &mut Basis,
    round: usize,
    tiny: &Lane,
) -> bool {
    let Room { matrix, rotations, .. } = room;
    let n = eigvecs.n();
    let mut rotated = false;
    for (number, rotation) in rotations.iter_mut().enumerate() {
        (rotation.p, rotation.q) = pair(n, round, number);
        for pack in 0..P::COUNT {
            rotated |= find::<P, E>(matrix, rotation, tiny, pack);
        }
    }
    if rotated {
        for rotation in rotations.iter() {
            for pack in 0..P::COUNT {
                apply::<P, E>(matrix, rotation, n, pack);
                apply_to_vectors::<P, E>(eigvecs, rotation, pack);
            }
        }
    }
    rotated
}

/// Finds the rotation that makes an element vanish, and puts the new diagonal and the zero in place;
/// whether any lane needed it. With x = H_qp, d = H_qq − H_pp and r = √(d² + 4|x|²): the tangent is
/// t = ±2x/(|d| + r), the sign that of d, c = 1/√(1 + |t|²), s = c t.
#[inline(always)]
fn find<P: Pack, E: Element<P>>(
    matrix: &mut Vector,
    rotation: &mut Rotation,
    tiny: &Lane,
    pack: usize,
) -> bool {
    let Rotation { p, q, .. } = *rotation;
    let (one, zero) = (P::splat(1.0), P::zero());
    let x = load::<P, E>(matrix, index(q, p), pack);
    let size2 = x.norm_sqr();
    let tiny = P::load(tiny, pack);
    let active = size2.above(tiny * tiny);
    if !P::any(active) {
        one.store(&mut rotation.c, pack);
        zero.store(&mut rotation.s_re, pack);
        zero.store(&mut rotation.s_im, pack);
        return false;
    }
    let (low, high) =
        (P::load(&matrix.re[index(p, p)], pack), P::load(&matrix.re[index(q, q)], pack));
    let d = high - low;
    let r = (d * d + (size2 + size2) + (size2 + size2)).sqrt();
    let quotient = P::splat(2.0) / (d.abs() + r);
    let quotient = P::select(d.at_least(zero), quotient, -quotient);
    let quotient = P::select(active, quotient, zero);
    let t = x.scale(quotient);
    let c = one / (t.norm_sqr() + one).sqrt();
    let shift = size2 * quotient;
    (low - shift).store(&mut matrix.re[index(p, p)], pack);
    (high + shift).store(&mut matrix.re[index(q, q)], pack);
    store::<P, E>(E::select(active, E::zero(), x), matrix, index(q, p), pack);
    let s = t.scale(c).complex();
    c.store(&mut rotation.c, pack);
    s.re.store(&mut rotation.s_re, pack);
    s.im.store(&mut rotation.s_im, pack);
    true
}

impl Rotation {
    #[inline(always)]
    fn load<P: Pack, E: Element<P>>(&self, pack: usize) -> (P, E) {
        let s = Complex { re: P::load(&self.s_re, pack), im: P::load(&self.s_im, pack) };
        (P::load(&self.c, pack), E::from_complex(s))
    }
}

/// Rotates the other elements of rows and columns p and q.
#[inline(always)]
fn apply<P: Pack, E: Element<P>>(matrix: &mut Vector, rotation: &Rotation, n: usize, pack: usize) {
    let Rotation { p, q, .. } = *rotation;
    let (c, s) = rotation.load::<P, E>(pack);
    for k in 0..p {
        // Both are stored as conjugates of (k, p) and (k, q).
        mix::<P, E>(matrix, index(p, k), index(q, k), c, s.conj(), pack);
    }
    for k in p + 1..q {
        let (at_p, at_q) = (index(k, p), index(q, k));
        let a = load::<P, E>(matrix, at_p, pack);
        let b = load::<P, E>(matrix, at_q, pack).conj();
        store::<P, E>(a.scale(c) - s.times(b), matrix, at_p, pack);
        store::<P, E>((s.conj_times(a) + b.scale(c)).conj(), matrix, at_q, pack);
    }
    for k in q + 1..n {
        mix::<P, E>(matrix, index(k, p), index(k, q), c, s, pack);
    }
}

/// a ← c a − s b, b ← s* a + c b.
#[inline(always)]
fn mix<P: Pack, E: Element<P>>(
    matrix: &mut Vector,
    at_p: usize,
    at_q: usize,
    c: P,
    s: E,
    pack: usize,
) {
    let (a, b) = (load::<P, E>(matrix, at_p, pack), load::<P, E>(matrix, at_q, pack));
    store::<P, E>(a.scale(c) - s.times(b), matrix, at_p, pack);
    store::<P, E>(s.conj_times(a) + b.scale(c), matrix, at_q, pack);
}

#[inline(always)]
fn apply_to_vectors<P: Pack, E: Element<P>>(v: &mut Basis, rotation: &Rotation, pack: usize) {
    let Rotation { p, q, .. } = *rotation;
    let (c, s) = rotation.load::<P, E>(pack);
    for i in 0..v.n() {
        let (a, b) = (E::of(v, i, p, pack), E::of(v, i, q, pack));
        (a.scale(c) - s.times(b)).put(v, i, p, pack);
        (s.conj_times(a) + b.scale(c)).put(v, i, q, pack);
    }
}

/// Sorts eigenvalues, and their vectors with them. From one time step to the next they rarely change
/// places.
#[inline(always)]
fn sort<P: Pack, E: Element<P>>(eigvals: &mut [Lane], eigvecs: &mut Basis) {
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
fn turn<P: Pack>(v: &mut Basis) {
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
    for pack in 0..P::COUNT {
        for k in 0..n {
            for l in k..n {
                let mut sum = E::zero();
                for i in 0..n {
                    sum = sum + E::of(x, i, l, pack).conj_times(E::of(x, i, k, pack));
                }
                store::<P, E>(sum, &mut room.matrix, index(l, k), pack);
            }
        }
        for i in 0..n {
            for k in 0..n {
                store::<P, E>(
                    corrected::<P, E>(x, &room.matrix, i, k, pack),
                    &mut room.column,
                    k,
                    pack,
                );
            }
            for k in 0..n {
                load::<P, E>(&room.column, k, pack).put(x, i, k, pack);
            }
        }
    }
}

/// Component (i, k) of X + X (1 − X† X)/2, from the lower triangle of X† X.
#[inline(always)]
fn corrected<P: Pack, E: Element<P>>(
    x: &Basis,
    overlaps: &Vector,
    i: usize,
    k: usize,
    pack: usize,
) -> E {
    let mut sum = E::zero();
    for l in 0..x.n() {
        let overlap = load::<P, E>(overlaps, index(l.max(k), l.min(k)), pack);
        let overlap = if l < k { overlap.conj() } else { overlap };
        sum = sum + E::of(x, i, l, pack).times(overlap);
    }
    let own = E::of(x, i, k, pack);
    own + (own - sum).scale(P::splat(0.5))
}

const _: () = assert!(LANES.is_multiple_of(8), "packs of eight lanes divide a block");
