//! Bases of eigenvectors, of each trajectory of a block.

use fascicle_core::c64;

use crate::Lane;

/// N vectors of N components of each trajectory: column k is eigenvector k.
#[derive(Clone, Debug, Default)]
pub struct Basis {
    n: usize,
    /// `[vector k][component i]`
    re: Vec<Lane>,
    im: Vec<Lane>,
    /// Whether no imaginary part was written: all are zero.
    real: bool,
}

/// Equal components.
impl PartialEq for Basis {
    fn eq(&self, other: &Self) -> bool {
        (self.n, &self.re, &self.im) == (other.n, &other.re, &other.im)
    }
}

impl Basis {
    /// Zeros.
    pub fn zeros(n: usize) -> Self {
        let zeros = vec![Lane::ZERO; n * n];
        Self { n, re: zeros.clone(), im: zeros, real: true }
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
        self.real = false;
        self.re[k * self.n + i] = re;
        self.im[k * self.n + i] = im;
    }

    /// Component i of vector k of one trajectory.
    pub fn get(&self, i: usize, k: usize, lane: usize) -> c64 {
        c64(self.re[k * self.n + i][lane], self.im[k * self.n + i][lane])
    }

    /// Sets component i of vector k of one trajectory.
    pub fn put(&mut self, i: usize, k: usize, lane: usize, value: c64) {
        self.real = false;
        self.re[k * self.n + i][lane] = value.re;
        self.im[k * self.n + i][lane] = value.im;
    }

    /// Whether no imaginary part was written since the vectors were last known to be real.
    pub fn is_real(&self) -> bool {
        self.real
    }

    /// Makes it known whether the vectors are about to be real ones.
    pub(crate) fn set_real(&mut self, real: bool) {
        if real && !self.real {
            self.im.fill(Lane::ZERO);
        }
        self.real = real;
    }

    /// Makes it the unit matrix.
    pub(crate) fn set_unit(&mut self) {
        self.clear();
        for k in 0..self.n {
            self.re[k * self.n + k] = Lane::splat(1.0);
        }
    }

    /// Component i of vector k, to be read by packs.
    #[inline(always)]
    pub(crate) fn lanes(&self, i: usize, k: usize) -> (&Lane, &Lane) {
        (&self.re[k * self.n + i], &self.im[k * self.n + i])
    }

    /// Component i of vector k, to be written by packs: its imaginary part only if it is not real.
    #[inline(always)]
    pub(crate) fn lanes_mut(&mut self, i: usize, k: usize) -> (&mut Lane, &mut Lane) {
        (&mut self.re[k * self.n + i], &mut self.im[k * self.n + i])
    }

    /// Takes the vectors of one trajectory.
    pub(crate) fn take_lane(&mut self, from: &Self, lane: usize) {
        self.real &= from.real;
        for at in 0..self.re.len() {
            self.re[at][lane] = from.re[at][lane];
            self.im[at][lane] = from.im[at][lane];
        }
    }

    /// Sets all to zero.
    pub(crate) fn clear(&mut self) {
        self.re.fill(Lane::ZERO);
        self.set_real(true);
    }

    /// Takes the values of another basis of the same size.
    pub fn copy_from(&mut self, other: &Self) {
        self.re.copy_from_slice(&other.re);
        self.set_real(other.real);
        if !other.real {
            self.im.copy_from_slice(&other.im);
        }
    }
}
