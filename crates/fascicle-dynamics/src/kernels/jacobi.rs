//! Jacobi's method for Hermitian matrices, all lanes of a block at once.
//!
//! In the basis X of the time step before, X† H X is nearly diagonal, and two or three sweeps finish
//! it where six are needed from nothing. A sweep goes round by round over pairs of states that have
//! no state in common, so that the roots and quotients of a round do not wait for each other.
//!
//! What is left after a sweep is of second order in its angles. Once all angles of a lane are below
//! 3.7e-9 its last sweep turns the vectors alone: neither its eigenvalues nor its angles would notice.

mod rotation;
mod vectors;

use super::element::Element;
use crate::sys::Pack;
use crate::{Basis, Hermitian, Lane};
use rotation::{Rotation, apply, apply_to_vectors, find, find_small, masked};
pub use vectors::orthonormalize;
use vectors::{sort, turn};

/// More sweeps than any matrix needs: convergence is quadratic, six are usual.
const MOST_SWEEPS: usize = 30;

/// An element this small against the matrix is not rotated away.
const NEGLIGIBLE: f64 = 1e-16;

/// The squared tangent of an angle of a last sweep, 2⁻⁵⁶: the series of an angle is its first term then,
/// to the last bit.
const LAST: f64 = 1.0 / 72_057_594_037_927_936.0;

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

impl Room {
    pub fn new(n: usize) -> Self {
        let zero = Lane::ZERO;
        Self {
            matrix: vec![zero; n * (n + 1)],
            vectors: vec![zero; 2 * n * n],
            column: vec![zero; 2 * n],
            rounds: rounds(n),
            rotations: vec![Rotation::none(); n / 2],
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
