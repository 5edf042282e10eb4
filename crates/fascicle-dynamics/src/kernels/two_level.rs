//! Eigenvalues and eigenvectors of 2 × 2 matrices in closed form.

use super::element::Element;
use crate::sys::{Complex, Pack};
use crate::{Basis, Hermitian, Lane};

/// H = m + [[d, c*], [c, −d]] has eigenvalues m ∓ r, r = √(d² + |c|²). With t = |c| / (r + |d|) and
/// the phase u = c/|c|, the eigenvectors for d ≥ 0 are (t, −u) and (1, t u), else (1, −t u) and
/// (t, u), all of the same length √(1 + t²).
#[inline(always)]
pub fn diagonalize<P: Pack, E: Element<P>>(
    h: &Hermitian,
    eigvals: &mut [Lane],
    eigvecs: &mut Basis,
) {
    let (one, zero, half) = (P::splat(1.0), P::zero(), P::splat(0.5));
    for at in 0..P::COUNT {
        let (a, b) = (h.pack::<P>(0, 0, at).re, h.pack::<P>(1, 1, at).re);
        let (m, d) = ((a + b) * half, (a - b) * half);
        let (c, phase) = size_and_phase::<P, E>(h.pack::<P>(1, 0, at));
        let r = d.hypot(c);
        (m - r).store(&mut eigvals[0], at);
        (m + r).store(&mut eigvals[1], at);
        // A multiple of the unit matrix has r = 0: any basis will do.
        let t = P::select(r.equals(zero), zero, c / (r + d.abs()));
        let large = one / one.plus_product(t, t).sqrt();
        let small = large * t;
        let upper = d.at_least(zero);
        let (low, high) = (P::select(upper, large, small), P::select(upper, small, large));
        E::from_complex(Complex { re: high, im: zero }).put(eigvecs, 0, 0, at);
        E::from_complex(Complex { re: low, im: zero }).put(eigvecs, 0, 1, at);
        phase.scale(-low).put(eigvecs, 1, 0, at);
        phase.scale(high).put(eigvecs, 1, 1, at);
    }
}

/// |c| and c/|c|, which is 1 for c = 0.
#[inline(always)]
fn size_and_phase<P: Pack, E: Element<P>>(c: Complex<P>) -> (P, E) {
    let (one, zero) = (P::splat(1.0), P::zero());
    if E::REAL {
        let sign = P::select(c.re.at_least(zero), one, -one);
        return (c.re.abs(), E::from_complex(Complex { re: sign, im: zero }));
    }
    let size = c.re.hypot(c.im);
    let none = size.equals(zero);
    let phase = Complex { re: c.re / size, im: c.im / size };
    (size, E::from_complex(Complex::select(none, Complex { re: one, im: zero }, phase)))
}
