//! Jacobi's method for Hermitian matrices, all lanes at once.

use crate::{Basis, Hermitian, LANES, Lane, c64};

/// More sweeps than any matrix needs: convergence is quadratic, six are usual.
const MOST_SWEEPS: usize = 30;

/// An element this small against the matrix is no longer rotated away.
const NEGLIGIBLE: f64 = 1e-16;

/// Eigenvalues ascending, eigenvectors with a real first component. Lanes that have converged are
/// rotated by the identity, so that a lane's bits do not depend on its neighbours.
#[inline(always)]
pub fn diagonalize(h: &Hermitian, work: &mut Hermitian, eigvals: &mut [Lane], eigvecs: &mut Basis) {
    let n = h.n();
    work.copy_from(h);
    for i in 0..n {
        for k in 0..n {
            let unit = if i == k { 1.0 } else { 0.0 };
            eigvecs.set(i, k, Lane::splat(unit), Lane::ZERO);
        }
    }
    let tiny = norm(h) * NEGLIGIBLE;
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                rotated |= rotate(work, eigvecs, p, q, tiny);
            }
        }
        if !rotated {
            break;
        }
    }
    for k in 0..n {
        eigvals[k] = work.lower(k, k).0;
    }
    (0..LANES).for_each(|lane| sort(eigvals, eigvecs, lane));
}

/// The sum of the absolute values of all elements.
#[inline(always)]
fn norm(h: &Hermitian) -> Lane {
    let mut sum = Lane::ZERO;
    for i in 0..h.n() {
        for j in 0..=i {
            let (re, im) = h.lower(i, j);
            sum += re.abs() + im.abs();
        }
    }
    sum
}

/// Rotates the element (q, p), p < q, away; whether any lane needed it.
#[inline(always)]
fn rotate(h: &mut Hermitian, v: &mut Basis, p: usize, q: usize, tiny: Lane) -> bool {
    let (x, y) = h.lower(q, p);
    let size = (x * x + y * y).sqrt();
    let mut active = Lane::ZERO;
    for l in 0..LANES {
        active[l] = if size[l] > tiny[l] { 1.0 } else { 0.0 };
    }
    if active.0.iter().all(|&a| a == 0.0) {
        return false;
    }
    let one = Lane::splat(1.0);
    let safe = active.select_equal(1.0, size, one);
    // The phase of the element, and the rotation that makes a real element of its size vanish.
    let (ux, uy) = (x / safe, y / safe);
    let theta = (h.lower(q, q).0 - h.lower(p, p).0) / (safe + safe);
    let t = theta.select_nonnegative(one, -one) / (theta.abs() + (theta * theta + one).sqrt());
    let t = active.select_equal(1.0, t, Lane::ZERO);
    let c = one / (t * t + one).sqrt();
    let s = t * c;
    let (sx, sy) = (s * ux, s * uy);
    let shift = t * size;
    for k in 0..h.n() {
        if k != p && k != q {
            rotate_row(h, k, p, q, c, (sx, sy));
        }
    }
    h.add_re(p, p, -shift);
    h.add_re(q, q, shift);
    let (left, right) =
        (active.select_equal(1.0, -x, Lane::ZERO), active.select_equal(1.0, -y, Lane::ZERO));
    h.add_re(q, p, left);
    h.add_im(q, p, right);
    for i in 0..v.n() {
        let ((pr, pi), (qr, qi)) = (v.at(i, p), v.at(i, q));
        // v_p' = c v_p − s u v_q, v_q' = s u* v_p + c v_q
        v.set(i, p, c * pr - (sx * qr - sy * qi), c * pi - (sx * qi + sy * qr));
        v.set(i, q, (sx * pr + sy * pi) + c * qr, (sx * pi - sy * pr) + c * qi);
    }
    true
}

/// The elements (k, p) and (k, q) of the rotated matrix, k other than p and q.
#[inline(always)]
fn rotate_row(h: &mut Hermitian, k: usize, p: usize, q: usize, c: Lane, (sx, sy): (Lane, Lane)) {
    let element = |h: &Hermitian, j: usize| {
        let (re, im) = h.lower(k.max(j), k.min(j));
        if k < j { (re, -im) } else { (re, im) }
    };
    let ((pr, pi), (qr, qi)) = (element(h, p), element(h, q));
    let new_p = (c * pr - (sx * qr - sy * qi), c * pi - (sx * qi + sy * qr));
    let new_q = ((sx * pr + sy * pi) + c * qr, (sx * pi - sy * pr) + c * qi);
    set(h, k, p, new_p);
    set(h, k, q, new_q);
}

#[inline(always)]
fn set(h: &mut Hermitian, k: usize, j: usize, (re, im): (Lane, Lane)) {
    let im = if k < j { -im } else { im };
    h.set_lower(k.max(j), k.min(j), re, im);
}

/// Sorts one lane's eigenvalues and turns each vector such that its first component is real.
#[inline(always)]
fn sort(eigvals: &mut [Lane], eigvecs: &mut Basis, lane: usize) {
    let n = eigvals.len();
    for k in 0..n {
        let least = (k + 1..n)
            .fold(k, |least, j| if eigvals[j][lane] < eigvals[least][lane] { j } else { least });
        if least != k {
            let (low, high) = (eigvals[least][lane], eigvals[k][lane]);
            eigvals[k][lane] = low;
            eigvals[least][lane] = high;
            for i in 0..n {
                let (a, b) = (eigvecs.get(i, k, lane), eigvecs.get(i, least, lane));
                eigvecs.put(i, k, lane, b);
                eigvecs.put(i, least, lane, a);
            }
        }
    }
    for k in 0..n {
        turn(eigvecs, k, lane);
    }
}

#[inline(always)]
fn turn(eigvecs: &mut Basis, k: usize, lane: usize) {
    let first = eigvecs.get(0, k, lane);
    let size = (first.re * first.re + first.im * first.im).sqrt();
    if first.im == 0.0 || size == 0.0 {
        return;
    }
    let phase = c64(first.re / size, -first.im / size);
    for i in 0..eigvecs.n() {
        let turned = eigvecs.get(i, k, lane) * phase;
        eigvecs.put(i, k, lane, turned);
    }
    eigvecs.put(0, k, lane, c64(size, 0.0));
}
