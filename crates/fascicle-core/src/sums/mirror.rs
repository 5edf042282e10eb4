//! Hermitian matrices from their lower triangles.

use std::cmp::Ordering;

use super::{Store, Sums};

/// What a real of a whole matrix is of those of its lower triangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mirrored {
    /// Nothing: the imaginary part of the diagonal.
    Zero,
    /// The one at this place.
    Same(usize),
    /// Minus the one at this place.
    Minus(usize),
}

impl Mirrored {
    /// From the reals of the triangle.
    pub fn of(self, triangle: &[f64]) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::Same(at) => triangle[at],
            Self::Minus(at) => -triangle[at],
        }
    }

    /// The same, so many places further on.
    fn moved(self, by: usize) -> Self {
        match self {
            Self::Zero => Self::Zero,
            Self::Same(at) => Self::Same(at + by),
            Self::Minus(at) => Self::Minus(at + by),
        }
    }
}

/// The reals of a Hermitian n × n matrix, `[row, column, (re, im)]`, from those of its lower triangle: row
/// after row, each element's real and imaginary part, and of the diagonal the real part alone.
pub(crate) fn mirror(n: usize) -> Vec<Mirrored> {
    let mut all = Vec::with_capacity(2 * n * n);
    for row in 0..n {
        for column in 0..n {
            let (low, high) = (row.min(column), row.max(column));
            let at = high * high + 2 * low;
            all.push(Mirrored::Same(at));
            all.push(match row.cmp(&column) {
                Ordering::Greater => Mirrored::Same(at + 1),
                Ordering::Equal => Mirrored::Zero,
                Ordering::Less => Mirrored::Minus(at + 1),
            });
        }
    }
    all
}

impl Sums {
    /// Those of whole Hermitian n × n matrices, from those of their lower triangles.
    pub(crate) fn mirrored(&self, n: usize) -> Self {
        let (mirror, width) = (mirror(n), n * n);
        let firsts = (0..self.len).step_by(width.max(1));
        let all: Vec<Mirrored> =
            firsts.flat_map(|first| mirror.iter().map(move |part| part.moved(first))).collect();
        let store = match &self.store {
            Store::Fixed(fixed) => Store::Fixed(fixed.picked(&all)),
            Store::Exact { x, x2 } => {
                Store::Exact { x: x.picked(&all, true), x2: x2.picked(&all, false) }
            }
        };
        Self { scale: self.scale, len: all.len(), store }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scale;
    use super::*;

    #[test]
    fn sums_of_triangles_are_those_of_matrices() {
        // Two times of a 3 x 3 matrix, in eighths, which all sums hold.
        let eighths = |k: usize| ((k * 37) % 101) as f64 / 8.0 - 6.0;
        for scale in [Scale::Exact, Scale::Fixed { log2_range: 4 }] {
            let (mut lower, mut whole) = (Sums::new(scale, 18), Sums::new(scale, 36));
            for unit in 0..5 {
                let triangles: Vec<f64> = (0..18).map(|k| eighths(k + 18 * unit)).collect();
                lower.add(&triangles).expect("it is in range");
                let times = triangles.chunks_exact(9);
                let full: Vec<f64> = times
                    .flat_map(|triangle| mirror(3).into_iter().map(|part| part.of(triangle)))
                    .collect();
                whole.add(&full).expect("it is in range");
            }
            assert_eq!(lower.mirrored(3), whole);
        }
    }

    #[test]
    fn a_mirrored_matrix_is_hermitian() {
        let triangle: Vec<f64> = (1..=16).map(f64::from).collect();
        let matrix: Vec<f64> = mirror(4).into_iter().map(|part| part.of(&triangle)).collect();
        for row in 0..4 {
            for column in 0..4 {
                let (here, there) = (2 * (4 * row + column), 2 * (4 * column + row));
                assert_eq!(matrix[here], matrix[there]);
                assert_eq!(matrix[here + 1], -matrix[there + 1]);
            }
        }
        // Row 2 begins with the fifth number.
        assert_eq!(matrix[2 * 8..2 * 11], [5.0, 6.0, 7.0, 8.0, 9.0, 0.0]);
    }
}
