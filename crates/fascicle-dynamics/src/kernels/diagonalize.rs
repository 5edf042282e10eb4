//! Eigenvalues and eigenvectors of small Hermitian matrices.

use super::jacobi;
use crate::sys::Kernel;
use crate::{Basis, Hermitian, Lane};

/// The eigenvalues of H, ascending, and its eigenvectors, each with a real first component (as
/// LAPACK leaves them; of real matrices they are exactly real). In closed form for N = 2, by
/// Jacobi's method for larger N.
#[derive(Debug)]
pub struct Diagonalize<'a> {
    /// H.
    pub h: &'a Hermitian,
    /// Room for a copy of H.
    pub scratch: &'a mut Hermitian,
    /// The eigenvalues.
    pub eigvals: &'a mut [Lane],
    /// The eigenvectors.
    pub eigvecs: &'a mut Basis,
}

impl Kernel for Diagonalize<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        match self.h.n() {
            2 => two_by_two(self.h, self.eigvals, self.eigvecs),
            _ => jacobi::diagonalize(self.h, self.scratch, self.eigvals, self.eigvecs),
        }
    }
}

/// H = m + [[d, c*], [c, −d]] has eigenvalues m ∓ r, r = √(d² + |c|²). With s = r + |d| and the
/// phase u = c/|c|, the eigenvectors for d ≥ 0 are (|c|, −s u) and (s, c), else (s, −c) and
/// (|c|, s u), all of the same length √(s² + |c|²).
#[inline(always)]
fn two_by_two(h: &Hermitian, eigvals: &mut [Lane], eigvecs: &mut Basis) {
    let (a, _) = h.lower(0, 0);
    let (b, _) = h.lower(1, 1);
    let (x, y) = h.lower(1, 0);
    let (m, d) = ((a + b) * 0.5, (a - b) * 0.5);
    let c2 = x * x + y * y;
    let c = c2.sqrt();
    let r = (d * d + c2).sqrt();
    eigvals[0] = m - r;
    eigvals[1] = m + r;
    let s = r + d.abs();
    // A multiple of the unit matrix has s = 0: any basis will do.
    let s = s.select_equal(0.0, Lane::splat(1.0), s);
    let length = (s * s + c2).sqrt();
    let (s, small) = (s / length, c / length);
    let (ux, uy) = (
        c.select_equal(0.0, Lane::splat(1.0), x / c),
        c.select_equal(0.0, y, y / c),
    );
    let pick = |yes: Lane, no: Lane| d.select_nonnegative(yes, no);
    eigvecs.set(0, 0, pick(small, s), Lane::ZERO);
    eigvecs.set(0, 1, pick(s, small), Lane::ZERO);
    let (lx, ly) = (s * ux, s * uy);
    let (cx, cy) = (x / length, y / length);
    eigvecs.set(1, 0, pick(-lx, -cx), pick(-ly, -cy));
    eigvecs.set(1, 1, pick(cx, lx), pick(cy, ly));
}
