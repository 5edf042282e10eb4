//! Eigenvalues and eigenvectors of small Hermitian matrices.

use super::element::by_kind;
use super::jacobi::{self, Room};
use super::two_level;
use crate::sys::{Kernel, Pack, Pair};
use crate::{Basis, Hermitian, Lane};

/// The eigenvalues of H, ascending, and its eigenvectors, each with a real first component (as
/// LAPACK leaves them; of real matrices they are exactly real). In closed form for N = 2, by
/// Jacobi's method for larger N.
#[derive(Debug)]
pub struct Diagonalize<'a> {
    /// H, settled.
    pub h: &'a Hermitian,
    /// A basis in which H is nearly diagonal, if one is known, and whether rounding that it has
    /// gathered is to be taken out of it first.
    pub start: Option<(&'a Basis, bool)>,
    /// Room to work in.
    pub room: &'a mut Room,
    /// The eigenvalues.
    pub eigvals: &'a mut [Lane],
    /// The eigenvectors.
    pub eigvecs: &'a mut Basis,
}

impl Kernel for Diagonalize<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { h, start, room, eigvals, eigvecs } = self;
        let real = h.is_real();
        if h.n() == 2 {
            eigvecs.set_real(real);
            return by_kind!(real, Pair<P>, two_level::diagonalize(h, eigvals, eigvecs));
        }
        match start {
            Some((basis, _)) => eigvecs.copy_from(basis),
            None => eigvecs.set_unit(),
        }
        let real = real && eigvecs.is_real();
        eigvecs.set_real(real);
        if start.is_some_and(|(_, tidy)| tidy) {
            by_kind!(real, P, jacobi::orthonormalize(eigvecs, room));
        }
        by_kind!(real, P, jacobi::diagonalize(h, room, eigvals, eigvecs));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sys::dispatch;
    use crate::{LANES, c64};

    /// A Hermitian matrix per lane from numbers in −1..1, of which some are tiny or zero.
    fn matrix(n: usize, numbers: &[f64]) -> Hermitian {
        let mut h = Hermitian::zeros(n);
        let mut numbers = numbers.iter().copied().cycle();
        for lane in 0..LANES {
            for row in 0..n {
                for column in 0..=row {
                    let mut next = || {
                        let x = numbers.next().unwrap_or_default();
                        if x.abs() < 0.1 {
                            0.0
                        } else if x > 0.9 {
                            x * 1e-170
                        } else {
                            x
                        }
                    };
                    h.add(row, column, lane, c64(next(), next()));
                }
            }
        }
        h
    }

    fn diagonalized(h: &Hermitian) -> (Vec<Lane>, Basis) {
        let n = h.n();
        let (mut eigvals, mut eigvecs) = (vec![Lane::ZERO; n], Basis::zeros(n));
        let (mut room, mut h) = (Room::new(n), h.clone());
        h.settle();
        dispatch(Diagonalize {
            h: &h,
            start: None,
            room: &mut room,
            eigvals: &mut eigvals,
            eigvecs: &mut eigvecs,
        });
        (eigvals, eigvecs)
    }

    proptest! {
        #[test]
        fn vectors_are_eigenvectors_and_orthonormal(
            n in 1_usize..8,
            numbers in prop::collection::vec(-1.0..1.0_f64, 97),
        ) {
            let h = matrix(n, &numbers);
            let (eigvals, v) = diagonalized(&h);
            for lane in 0..LANES {
                for k in 0..n {
                    prop_assert!(k == 0 || eigvals[k - 1][lane] <= eigvals[k][lane]);
                    prop_assert_eq!(v.get(0, k, lane).im, 0.0);
                    for l in 0..n {
                        let overlap: c64 = (0..n).map(|i| v.get(i, k, lane).conj() * v.get(i, l, lane)).sum();
                        let expected = if k == l { 1.0 } else { 0.0 };
                        prop_assert!((overlap - expected).norm() < 1e-14, "⟨{k}|{l}⟩ = {overlap}");
                    }
                    for i in 0..n {
                        let hv: c64 = (0..n).map(|j| h.get(i, j, lane) * v.get(j, k, lane)).sum();
                        let miss = hv - v.get(i, k, lane) * eigvals[k][lane];
                        prop_assert!(miss.norm() < 1e-14 * n as f64, "{miss}");
                    }
                }
            }
        }

        #[test]
        fn a_lane_does_not_depend_on_its_neighbours(
            n in 2_usize..6,
            numbers in prop::collection::vec(-1.0..1.0_f64, 97),
            others in prop::collection::vec(-1.0..1.0_f64, 101),
        ) {
            let (h, mut mixed) = (matrix(n, &numbers), matrix(n, &others));
            for row in 0..n {
                for column in 0..=row {
                    let (mut re, mut im) = mixed.lower(row, column);
                    let own = h.get(row, column, 5);
                    (re[5], im[5]) = (own.re, own.im);
                    mixed.set_lower(row, column, re, im);
                }
            }
            let ((a, v), (b, w)) = (diagonalized(&h), diagonalized(&mixed));
            for k in 0..n {
                prop_assert_eq!(a[k][5].to_bits(), b[k][5].to_bits());
                for i in 0..n {
                    prop_assert_eq!(v.get(i, k, 5), w.get(i, k, 5));
                }
            }
        }
    }
}
