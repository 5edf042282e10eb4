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

    /// The real part of a matrix, written as one.
    fn real_part(h: &Hermitian) -> Hermitian {
        let mut real = Hermitian::zeros(h.n());
        for row in 0..h.n() {
            (0..=row).for_each(|column| real.add_re(row, column, h.lower(row, column).0));
        }
        real
    }

    fn diagonalized(h: &Hermitian) -> (Vec<Lane>, Basis) {
        diagonalized_from(h, None, &mut Room::new(h.n()))
    }

    fn diagonalized_from(
        h: &Hermitian,
        start: Option<(&Basis, bool)>,
        room: &mut Room,
    ) -> (Vec<Lane>, Basis) {
        let (mut eigvals, mut eigvecs) = (vec![Lane::ZERO; h.n()], Basis::zeros(h.n()));
        let mut h = h.clone();
        h.settle();
        let (eigvals_of, eigvecs_of) = (&mut eigvals, &mut eigvecs);
        dispatch(Diagonalize { h: &h, start, room, eigvals: eigvals_of, eigvecs: eigvecs_of });
        (eigvals, eigvecs)
    }

    /// How far vectors are from orthonormal, and from being eigenvectors.
    fn misses(h: &Hermitian, eigvals: &[Lane], v: &Basis, lane: usize) -> (f64, f64) {
        let n = h.n();
        let (mut overlaps, mut equations) = (0.0_f64, 0.0_f64);
        for k in 0..n {
            for l in 0..n {
                let overlap: c64 =
                    (0..n).map(|i| v.get(i, k, lane).conj() * v.get(i, l, lane)).sum();
                let expected = if k == l { 1.0 } else { 0.0 };
                overlaps = overlaps.max((overlap - expected).norm());
            }
            for i in 0..n {
                let hv: c64 = (0..n).map(|j| h.get(i, j, lane) * v.get(j, k, lane)).sum();
                let miss = hv - v.get(i, k, lane) * eigvals[k][lane];
                equations = equations.max(miss.norm());
            }
        }
        (overlaps, equations)
    }

    /// From the vectors of a matrix to those of one nearby, a thousand times: nothing adds up.
    #[test]
    fn vectors_stay_orthonormal_from_step_to_step() {
        let numbers: Vec<f64> = (1..98).map(|k| (1.7 * f64::from(k)).sin()).collect();
        let others: Vec<f64> = (1..102).map(|k| (2.3 * f64::from(k)).cos()).collect();
        for complex in [false, true] {
            let part = |h: Hermitian| if complex { h } else { real_part(&h) };
            let (one, other) = (part(matrix(7, &numbers)), part(matrix(7, &others)));
            let (mut room, mut basis) = (Room::new(7), None);
            for step in 0..1000 {
                let angle = 1e-2 * f64::from(step);
                let mut h = Hermitian::zeros(7);
                for row in 0..7 {
                    for column in 0..=row {
                        let ((a, b), (c, d)) = (one.lower(row, column), other.lower(row, column));
                        h.add_re(row, column, a * angle.cos() + c * angle.sin());
                        if complex && row != column {
                            h.add_im(row, column, b * angle.cos() + d * angle.sin());
                        }
                    }
                }
                let start = basis.as_ref().map(|basis| (basis, step % 8 == 0));
                let (eigvals, v) = diagonalized_from(&h, start, &mut room);
                assert_eq!(v.is_real(), !complex);
                for lane in 0..LANES {
                    let (overlaps, equations) = misses(&h, &eigvals, &v, lane);
                    assert!(overlaps < 1e-14 && equations < 3e-14, "{overlaps:e} {equations:e}");
                    assert!(eigvals.windows(2).all(|pair| pair[0][lane] <= pair[1][lane]));
                }
                basis = Some(v);
            }
        }
    }

    proptest! {
        #[test]
        fn vectors_are_eigenvectors_and_orthonormal(
            n in 1_usize..8,
            real in any::<bool>(),
            numbers in prop::collection::vec(-1.0..1.0_f64, 97),
        ) {
            let h = matrix(n, &numbers);
            let h = if real { real_part(&h) } else { h };
            let (eigvals, v) = diagonalized(&h);
            for lane in 0..LANES {
                for k in 0..n {
                    prop_assert!(k == 0 || eigvals[k - 1][lane] <= eigvals[k][lane]);
                    prop_assert_eq!(v.get(0, k, lane).im, 0.0);
                }
                let (overlaps, equations) = misses(&h, &eigvals, &v, lane);
                prop_assert!(overlaps < 1e-14, "{}", overlaps);
                prop_assert!(equations < 1e-14 * n as f64, "{}", equations);
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
