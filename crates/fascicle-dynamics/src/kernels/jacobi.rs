//! Jacobi's method for Hermitian matrices, all lanes of a block at once.
//!
//! In the basis X of the time step before, X† H X is nearly diagonal, and two or three sweeps finish
//! it where six are needed from nothing. A sweep goes round by round over pairs of states that have
//! no state in common, so that the roots and quotients of a round do not wait for each other.
//!
//! What is left after a sweep is of second order in its angles. Once all angles of a lane are below
//! 7e-9 its last sweep turns the vectors alone: neither its eigenvalues nor its angles would notice.

use super::element::Element;
use crate::sys::{Complex, Pack};
use crate::{Basis, Hermitian, Lane};

/// More sweeps than any matrix needs: convergence is quadratic, six are usual.
const MOST_SWEEPS: usize = 30;

/// An element this small against the matrix is not rotated away.
const NEGLIGIBLE: f64 = 1e-16;

/// The squared tangent of an angle of a last sweep, 2⁻⁵⁴.
const LAST: f64 = 1.0 / 18_014_398_509_481_984.0;

/// The squared tangent below which the series of a small angle is exact to rounding.
const SMALL: f64 = 1e-4;

/// What the method works on. Elements are one lane after the other, or two where they are complex.
#[derive(Clone, Debug)]
pub struct Room {
    /// H in the basis, the lower triangle by rows.
    matrix: Vec<Lane>,
    /// The vectors, one after the other.
    vectors: Vec<Lane>,
    /// H X_k.
    column: Vec<Lane>,
    /// Pairs p < q of states, round by round: each state meets each other once, as in a tournament.
    rounds: Vec<Vec<(usize, usize)>>,
    /// The rotations of a round.
    rotations: Vec<Rotation>,
    /// What is negligible in each lane, squared.
    tiny: Lane,
    /// How far each lane is: [`TURNING`], [`LAST_SWEEP`] or [`DONE`].
    state: Lane,
}

/// The lane's angles are large still.
const TURNING: f64 = 0.0;

/// They are small: only the vectors are turned.
const LAST_SWEEP: f64 = 1.0;

/// Nothing is left to do.
const DONE: f64 = 2.0;

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
        let zero = Lane::ZERO;
        let none = Rotation { p: 0, q: 0, c: zero, s_re: zero, s_im: zero };
        Self {
            matrix: vec![zero; n * (n + 1)],
            vectors: vec![zero; 2 * n * n],
            column: vec![zero; 2 * n],
            rounds: rounds(n),
            rotations: vec![none; n / 2],
            tiny: zero,
            state: zero,
        }
    }
}

/// `m` states, an odd number, meet by i + j = round modulo m, and the one that would meet itself meets
/// the last state where n is even.
fn rounds(n: usize) -> Vec<Vec<(usize, usize)>> {
    let even = n.is_multiple_of(2);
    let m = if even { n.max(1) - 1 } else { n };
    let round = |round: usize| {
        // 2 i = round modulo m.
        let own = if round.is_multiple_of(2) { round / 2 } else { round.midpoint(m) };
        let others = (1..=(m - 1) / 2).map(|distance| {
            let (i, j) = ((own + distance) % m, (own + m - distance) % m);
            (i.min(j), i.max(j))
        });
        even.then_some((own, n - 1)).into_iter().chain(others).collect()
    };
    (0..m).map(round).collect()
}

/// Eigenvalues ascending, eigenvectors with a real first component. `eigvecs` begins as an orthonormal
/// basis, in which H should be nearly diagonal. What is done to a lane depends on that lane alone: one
/// that is done is rotated by the identity.
#[inline(always)]
pub fn diagonalize<P: Pack, E: Element<P>>(
    h: &Hermitian,
    room: &mut Room,
    eigvals: &mut [Lane],
    eigvecs: &mut Basis,
) {
    let n = h.n();
    transform::<P, E>(h, eigvecs, room);
    begin::<P, E>(room, n);
    for _ in 0..MOST_SWEEPS {
        let (any, turning) = classify::<P, E>(room, n);
        if !any {
            break;
        }
        for round in 0..room.rounds.len() {
            rotate_round::<P, E>(room, n, round, turning);
        }
        finish::<P>(&mut room.state);
    }
    hand_over::<P, E>(room, eigvals, eigvecs);
    sort::<P, E>(eigvals, eigvecs);
    if !E::REAL {
        turn::<P>(eigvecs);
    }
}

/// The place of an element of the lower triangle.
#[inline(always)]
fn index<P: Pack, E: Element<P>>(row: usize, column: usize) -> usize {
    (row * (row + 1) / 2 + column) * E::PARTS
}

/// An element of the matrix.
#[inline(always)]
fn load<P: Pack, E: Element<P>>(matrix: &[Lane], row: usize, column: usize, pack: usize) -> E {
    E::from_lanes(matrix, index::<P, E>(row, column), pack)
}

#[inline(always)]
fn store<P: Pack, E: Element<P>>(
    value: E,
    to: &mut [Lane],
    row: usize,
    column: usize,
    pack: usize,
) {
    value.to_lanes(to, index::<P, E>(row, column), pack);
}

/// An element of the diagonal, which is real.
#[inline(always)]
fn diagonal<P: Pack, E: Element<P>>(matrix: &[Lane], k: usize, pack: usize) -> P {
    P::load(&matrix[index::<P, E>(k, k)], pack)
}

/// X† H X, and X to work on.
#[inline(always)]
fn transform<P: Pack, E: Element<P>>(h: &Hermitian, x: &Basis, room: &mut Room) {
    let n = h.n();
    let Room { matrix, vectors, column, .. } = room;
    for pack in 0..P::COUNT {
        for k in 0..n {
            for i in 0..n {
                E::of(x, i, k, pack).to_lanes(vectors, (k * n + i) * E::PARTS, pack);
            }
        }
        for k in 0..n {
            for i in 0..n {
                h.row_of_basis::<P, E>(i, x, k, pack).to_lanes(column, i * E::PARTS, pack);
            }
            for l in k..n {
                let mut sum = E::zero();
                for i in 0..n {
                    let v = E::from_lanes(vectors, (l * n + i) * E::PARTS, pack);
                    sum = sum.plus_conj_product(v, E::from_lanes(column, i * E::PARTS, pack));
                }
                store::<P, E>(sum, matrix, l, k, pack);
            }
        }
    }
}

/// Eigenvalues and vectors as they are.
#[inline(always)]
fn hand_over<P: Pack, E: Element<P>>(room: &Room, eigvals: &mut [Lane], eigvecs: &mut Basis) {
    let n = eigvals.len();
    for k in 0..n {
        eigvals[k] = room.matrix[index::<P, E>(k, k)];
        for i in 0..n {
            for pack in 0..P::COUNT {
                let component = E::from_lanes(&room.vectors, (k * n + i) * E::PARTS, pack);
                component.put(eigvecs, i, k, pack);
            }
        }
    }
}

/// What is negligible against the sum of the sizes of all elements; nothing is done yet.
#[inline(always)]
fn begin<P: Pack, E: Element<P>>(room: &mut Room, n: usize) {
    room.state = Lane::splat(TURNING);
    for pack in 0..P::COUNT {
        let mut sum = P::zero();
        for part in &room.matrix[..index::<P, E>(n, 0)] {
            sum = sum + P::load(part, pack).abs();
        }
        let tiny = sum * P::splat(NEGLIGIBLE);
        (tiny * tiny).store(&mut room.tiny, pack);
    }
}

/// How far each lane is, before a sweep; whether any is not done, and whether any is far from it.
#[inline(always)]
fn classify<P: Pack, E: Element<P>>(room: &mut Room, n: usize) -> (bool, bool) {
    let Room { matrix, tiny, state, .. } = room;
    let (mut any, mut turning) = (false, false);
    for pack in 0..P::COUNT {
        let mut now = P::load(state, pack);
        let open = P::splat(DONE).above(now);
        if !P::any(open) {
            continue;
        }
        let (tiny, last) = (P::load(tiny, pack), P::splat(LAST));
        // The largest of its elements against what they may be.
        let (mut most, mut most_angle) = (P::zero(), P::zero());
        for q in 1..n {
            let high = diagonal::<P, E>(matrix, q, pack);
            for p in 0..q {
                let size2 = load::<P, E>(matrix, q, p, pack).norm_sqr();
                let d = high - diagonal::<P, E>(matrix, p, pack);
                let excess = size2.minus_product(last, d * d);
                most = P::select(size2.above(most), size2, most);
                let counts = size2.above(tiny);
                let excess = P::select(counts, excess, P::zero());
                most_angle = P::select(excess.above(most_angle), excess, most_angle);
            }
        }
        let large = most_angle.above(P::zero());
        let next = P::select(large, P::splat(TURNING), P::splat(LAST_SWEEP));
        let next = P::select(most.above(tiny), next, P::splat(DONE));
        now = P::select(open, next, now);
        now.store(state, pack);
        any |= P::any(P::splat(DONE).above(now));
        turning |= P::any(P::splat(LAST_SWEEP).above(now));
    }
    (any, turning)
}

/// After a sweep: lanes in their last one are done.
#[inline(always)]
fn finish<P: Pack>(state: &mut Lane) {
    for pack in 0..P::COUNT {
        let now = P::load(state, pack);
        let turning = P::splat(LAST_SWEEP).above(now);
        P::select(turning, now, P::splat(DONE)).store(state, pack);
    }
}

/// Rotates the elements of a round's pairs away. Unless some lane is far from done, only the vectors are
/// turned.
#[inline(always)]
fn rotate_round<P: Pack, E: Element<P>>(room: &mut Room, n: usize, round: usize, turning: bool) {
    let Room { matrix, vectors, rounds, rotations, tiny, state, .. } = room;
    for (rotation, &(p, q)) in rotations.iter_mut().zip(&rounds[round]) {
        (rotation.p, rotation.q) = (p, q);
        for pack in 0..P::COUNT {
            if turning {
                find::<P, E>(matrix, rotation, tiny, state, pack);
            } else {
                find_small::<P, E>(matrix, rotation, tiny, state, pack);
            }
        }
    }
    for rotation in rotations.iter() {
        for pair in 0..P::COUNT / 2 {
            let turns = rotation.load::<P, E>(pair);
            if turning {
                let masked = masked::<P, E>(turns, state, pair);
                apply::<P, E>(matrix, rotation, masked, n, pair);
            }
            apply_to_vectors::<P, E>(vectors, rotation, turns, n, pair);
        }
    }
}

/// Finds the rotation that makes an element vanish. With x = H_qp, d = H_qq − H_pp and
/// r = √(d² + 4|x|²): the tangent is t = ±2x/(|d| + r), the sign that of d, c = 1/√(1 + |t|²), s = c t.
/// Lanes that turn have the new diagonal and the zero put in place.
#[inline(always)]
fn find<P: Pack, E: Element<P>>(
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
fn find_small<P: Pack, E: Element<P>>(
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
    #[inline(always)]
    fn load<P: Pack, E: Element<P>>(&self, pair: usize) -> Turns<P, E> {
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
fn masked<P: Pack, E: Element<P>>(turns: Turns<P, E>, state: &Lane, pair: usize) -> Turns<P, E> {
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
fn apply<P: Pack, E: Element<P>>(
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
        mix::<P, E>(matrix, row_p + k * E::PARTS, row_q + k * E::PARTS, conjugate, pair);
    }
    for k in p + 1..q {
        mix_conjugate::<P, E>(matrix, index::<P, E>(k, p), row_q + k * E::PARTS, turns, pair);
    }
    for k in q + 1..n {
        mix::<P, E>(matrix, index::<P, E>(k, p), index::<P, E>(k, q), turns, pair);
    }
}

/// Of the elements from these places on: a ← c a − s b, b ← s* a + c b.
#[inline(always)]
fn mix<P: Pack, E: Element<P>>(
    lanes: &mut [Lane],
    a: usize,
    b: usize,
    turns: Turns<P, E>,
    pair: usize,
) {
    for k in 0..2 {
        let (pack, (c, s)) = (2 * pair + k, turns[k]);
        let (x, y) = (E::from_lanes(lanes, a, pack), E::from_lanes(lanes, b, pack));
        x.scale(c).minus_product(s, y).to_lanes(lanes, a, pack);
        y.scale(c).plus_conj_product(s, x).to_lanes(lanes, b, pack);
    }
}

/// The same where b is stored as its conjugate.
#[inline(always)]
fn mix_conjugate<P: Pack, E: Element<P>>(
    lanes: &mut [Lane],
    a: usize,
    b: usize,
    turns: Turns<P, E>,
    pair: usize,
) {
    for k in 0..2 {
        let (pack, (c, s)) = (2 * pair + k, turns[k]);
        let (x, y) = (E::from_lanes(lanes, a, pack), E::from_lanes(lanes, b, pack).conj());
        x.scale(c).minus_product(s, y).to_lanes(lanes, a, pack);
        y.scale(c).plus_conj_product(s, x).conj().to_lanes(lanes, b, pack);
    }
}

#[inline(always)]
fn apply_to_vectors<P: Pack, E: Element<P>>(
    vectors: &mut [Lane],
    rotation: &Rotation,
    turns: Turns<P, E>,
    n: usize,
    pair: usize,
) {
    let (v_p, v_q) = (rotation.p * n * E::PARTS, rotation.q * n * E::PARTS);
    for i in 0..n {
        mix::<P, E>(vectors, v_p + i * E::PARTS, v_q + i * E::PARTS, turns, pair);
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
