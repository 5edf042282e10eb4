//! Hermitian matrices and bases of eigenvectors, of each trajectory of a block.

use fascicle_core::c64;

use crate::{Lane, Vector};

/// A Hermitian N × N matrix of each trajectory, of which the lower triangle is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hermitian {
    n: usize,
    re: Vec<Lane>,
    im: Vec<Lane>,
}

impl Hermitian {
    /// Zeros.
    pub fn zeros(n: usize) -> Self {
        let length = n * (n + 1) / 2;
        Self { n, re: vec![Lane::ZERO; length], im: vec![Lane::ZERO; length] }
    }

    /// N.
    pub fn n(&self) -> usize {
        self.n
    }

    #[inline(always)]
    fn at(row: usize, column: usize) -> usize {
        row * (row + 1) / 2 + column
    }

    /// The real and imaginary part of an element in the lower triangle, row ≥ column.
    #[inline(always)]
    pub fn lower(&self, row: usize, column: usize) -> (Lane, Lane) {
        let at = Self::at(row, column);
        (self.re[at], self.im[at])
    }

    /// Adds to the real part of an element in the lower triangle, row ≥ column, and thereby to the
    /// upper one's.
    #[inline(always)]
    pub fn add_re(&mut self, row: usize, column: usize, value: Lane) {
        self.re[Self::at(row, column)] += value;
    }

    /// Adds to the imaginary part of an element below the diagonal, row > column, and thereby takes
    /// from the upper one's.
    #[inline(always)]
    pub fn add_im(&mut self, row: usize, column: usize, value: Lane) {
        self.im[Self::at(row, column)] += value;
    }

    /// Sets an element in the lower triangle, row ≥ column, and thereby its mirror image.
    #[inline(always)]
    pub fn set_lower(&mut self, row: usize, column: usize, re: Lane, im: Lane) {
        let at = Self::at(row, column);
        self.re[at] = re;
        self.im[at] = im;
    }

    /// Adds a number to an element and its mirror image, for each trajectory. On the diagonal only
    /// the real part counts.
    pub fn add_constant(&mut self, row: usize, column: usize, value: c64) {
        let (row, column, value) =
            if row < column { (column, row, value.conj()) } else { (row, column, value) };
        self.add_re(row, column, Lane::splat(value.re));
        if row != column {
            self.add_im(row, column, Lane::splat(value.im));
        }
    }

    /// Adds to an element, and its mirror image, of one trajectory.
    pub fn add(&mut self, row: usize, column: usize, lane: usize, value: c64) {
        let (row, column, value) =
            if row < column { (column, row, value.conj()) } else { (row, column, value) };
        let at = Self::at(row, column);
        self.re[at][lane] += value.re;
        if row != column {
            self.im[at][lane] += value.im;
        }
    }

    /// Sets an element, and its mirror image, of one trajectory.
    pub fn put(&mut self, row: usize, column: usize, lane: usize, value: c64) {
        let value = if row < column { value.conj() } else { value };
        let at = Self::at(row.max(column), row.min(column));
        self.re[at][lane] = value.re;
        self.im[at][lane] = value.im;
    }

    /// An element of one trajectory.
    pub fn get(&self, row: usize, column: usize, lane: usize) -> c64 {
        let at = Self::at(row.max(column), row.min(column));
        let value = c64(self.re[at][lane], self.im[at][lane]);
        if row < column { value.conj() } else { value }
    }

    /// Sets all to zero.
    pub(crate) fn clear(&mut self) {
        self.re.fill(Lane::ZERO);
        self.im.fill(Lane::ZERO);
    }

    /// Takes the values of another matrix of the same size.
    pub fn copy_from(&mut self, other: &Self) {
        self.re.copy_from_slice(&other.re);
        self.im.copy_from_slice(&other.im);
    }

    /// out = H v.
    #[inline(always)]
    pub fn times(&self, v: &Vector, out: &mut Vector) {
        for i in 0..self.n {
            let (mut re, mut im) = (Lane::ZERO, Lane::ZERO);
            for j in 0..self.n {
                let (a, b) = self.lower(i.max(j), i.min(j));
                let b = if i < j { -b } else { b };
                re += a * v.re[j] - b * v.im[j];
                im += a * v.im[j] + b * v.re[j];
            }
            out.re[i] = re;
            out.im[i] = im;
        }
    }

    /// ⟨v|H|v⟩, which is real.
    #[inline(always)]
    pub fn expectation(&self, v: &Vector) -> Lane {
        let mut sum = Lane::ZERO;
        for i in 0..self.n {
            let (diagonal, _) = self.lower(i, i);
            sum += diagonal * (v.re[i] * v.re[i] + v.im[i] * v.im[i]);
            for j in 0..i {
                let (a, b) = self.lower(i, j);
                // conj(v_i) v_j = x + i y; twice the real part of (a + i b)(x + i y).
                let x = v.re[i] * v.re[j] + v.im[i] * v.im[j];
                let y = v.re[i] * v.im[j] - v.im[i] * v.re[j];
                let term = a * x - b * y;
                sum += term + term;
            }
        }
        sum
    }
}

/// N vectors of N components of each trajectory: column k is eigenvector k.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Basis {
    n: usize,
    /// `[vector k][component i]`
    re: Vec<Lane>,
    im: Vec<Lane>,
}

impl Basis {
    /// Zeros.
    pub fn zeros(n: usize) -> Self {
        Self { n, re: vec![Lane::ZERO; n * n], im: vec![Lane::ZERO; n * n] }
    }

    /// N.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Component i of vector k.
    #[inline(always)]
    pub fn at(&self, i: usize, k: usize) -> (Lane, Lane) {
        (self.re[k * self.n + i], self.im[k * self.n + i])
    }

    /// Sets component i of vector k.
    #[inline(always)]
    pub fn set(&mut self, i: usize, k: usize, re: Lane, im: Lane) {
        self.re[k * self.n + i] = re;
        self.im[k * self.n + i] = im;
    }

    /// Component i of vector k of one trajectory.
    pub fn get(&self, i: usize, k: usize, lane: usize) -> c64 {
        c64(self.re[k * self.n + i][lane], self.im[k * self.n + i][lane])
    }

    /// Sets component i of vector k of one trajectory.
    pub fn put(&mut self, i: usize, k: usize, lane: usize, value: c64) {
        self.re[k * self.n + i][lane] = value.re;
        self.im[k * self.n + i][lane] = value.im;
    }

    /// Sets all to zero.
    pub(crate) fn clear(&mut self) {
        self.re.fill(Lane::ZERO);
        self.im.fill(Lane::ZERO);
    }

    /// Takes the values of another basis of the same size.
    pub fn copy_from(&mut self, other: &Self) {
        self.re.copy_from_slice(&other.re);
        self.im.copy_from_slice(&other.im);
    }

    /// out_k = ⟨V_k|v⟩: to the adiabatic basis.
    #[inline(always)]
    pub fn adjoint_times(&self, v: &Vector, out: &mut Vector) {
        for k in 0..self.n {
            let (mut re, mut im) = (Lane::ZERO, Lane::ZERO);
            for i in 0..self.n {
                let (a, b) = self.at(i, k);
                re += a * v.re[i] + b * v.im[i];
                im += a * v.im[i] - b * v.re[i];
            }
            out.re[k] = re;
            out.im[k] = im;
        }
    }

    /// out = Σ_k V_k v_k: to the diabatic basis.
    #[inline(always)]
    pub fn times(&self, v: &Vector, out: &mut Vector) {
        for i in 0..self.n {
            let (mut re, mut im) = (Lane::ZERO, Lane::ZERO);
            for k in 0..self.n {
                let (a, b) = self.at(i, k);
                re += a * v.re[k] - b * v.im[k];
                im += a * v.im[k] + b * v.re[k];
            }
            out.re[i] = re;
            out.im[i] = im;
        }
    }

    /// out = V_k with, for each trajectory, its own k.
    #[inline(always)]
    pub fn pick(&self, which: Lane, out: &mut Vector) {
        for i in 0..self.n {
            let (mut re, mut im) = (Lane::ZERO, Lane::ZERO);
            for k in 0..self.n {
                let (a, b) = self.at(i, k);
                re = which.select_equal(k as f64, a, re);
                im = which.select_equal(k as f64, b, im);
            }
            out.re[i] = re;
            out.im[i] = im;
        }
    }
}
