//! Hermitian matrices, of each trajectory of a block.

use fascicle_core::c64;

use crate::kernels::Element;
use crate::sys::{Complex, Pack};
use crate::{Basis, Lane, Vector};

/// That an element has a real part other than the zero that it began as.
const RE: u8 = 1;

/// That it has an imaginary part.
const IM: u8 = 2;

/// That it may differ from trajectory to trajectory.
const VARIES: u8 = 4;

/// A Hermitian N × N matrix of each trajectory, of which the lower triangle is stored.
///
/// The matrix remembers which of its elements' parts were ever written, whatever was written. What
/// was not is left out of computations, which changes no bit of their results: a chain costs what its
/// bonds cost, and a matrix to which no imaginary part was written is known to be real.
#[derive(Clone, Debug, Default)]
pub struct Hermitian {
    n: usize,
    re: Vec<Lane>,
    im: Vec<Lane>,
    /// The parts of each element that were written.
    parts: Vec<u8>,
    /// What was written, row by row; out of date where `settled` is false.
    links: Links,
    settled: bool,
}

/// The elements of each row that were written, those of the upper triangle included.
#[derive(Clone, Debug, Default)]
struct Links {
    all: Vec<Link>,
    /// Where each row ends.
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    /// The place of the element or its mirror image.
    at: usize,
    column: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Real, and the same for all trajectories.
    Constant,
    Real,
    /// As stored.
    Lower,
    /// The conjugate of what is stored.
    Upper,
}

/// Equal elements.
impl PartialEq for Hermitian {
    fn eq(&self, other: &Self) -> bool {
        (self.n, &self.re, &self.im) == (other.n, &other.re, &other.im)
    }
}

impl Hermitian {
    /// Zeros.
    pub fn zeros(n: usize) -> Self {
        let length = n * (n + 1) / 2;
        let (re, im) = (vec![Lane::ZERO; length], vec![Lane::ZERO; length]);
        Self { n, re, im, parts: vec![0; length], links: Links::default(), settled: false }
    }

    /// N.
    pub fn n(&self) -> usize {
        self.n
    }

    #[inline(always)]
    fn at(row: usize, column: usize) -> usize {
        row * (row + 1) / 2 + column
    }

    #[inline(always)]
    fn mark(&mut self, at: usize, parts: u8) {
        if self.parts[at] & parts != parts {
            self.parts[at] |= parts;
            self.settled = false;
        }
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
        let at = Self::at(row, column);
        self.mark(at, RE | VARIES);
        self.re[at] += value;
    }

    /// Adds to the imaginary part of an element below the diagonal, row > column, and thereby takes
    /// from the upper one's.
    #[inline(always)]
    pub fn add_im(&mut self, row: usize, column: usize, value: Lane) {
        let at = Self::at(row, column);
        self.mark(at, IM | VARIES);
        self.im[at] += value;
    }

    /// Sets an element in the lower triangle, row ≥ column, and thereby its mirror image.
    #[inline(always)]
    pub fn set_lower(&mut self, row: usize, column: usize, re: Lane, im: Lane) {
        let at = Self::at(row, column);
        self.mark(at, RE | IM | VARIES);
        self.re[at] = re;
        self.im[at] = im;
    }

    /// Adds a number to an element and its mirror image, for each trajectory. On the diagonal only
    /// the real part counts. What is zero is not written.
    pub fn add_constant(&mut self, row: usize, column: usize, value: c64) {
        let (row, column, value) =
            if row < column { (column, row, value.conj()) } else { (row, column, value) };
        let at = Self::at(row, column);
        if value.re != 0.0 {
            self.mark(at, RE);
            self.re[at] += Lane::splat(value.re);
        }
        if row != column && value.im != 0.0 {
            self.mark(at, IM);
            self.im[at] += Lane::splat(value.im);
        }
    }

    /// Adds to an element, and its mirror image, of one trajectory.
    pub fn add(&mut self, row: usize, column: usize, lane: usize, value: c64) {
        let (row, column, value) =
            if row < column { (column, row, value.conj()) } else { (row, column, value) };
        let at = Self::at(row, column);
        self.mark(at, VARIES | if row == column { RE } else { RE | IM });
        self.re[at][lane] += value.re;
        if row != column {
            self.im[at][lane] += value.im;
        }
    }

    /// Sets an element, and its mirror image, of one trajectory.
    pub fn put(&mut self, row: usize, column: usize, lane: usize, value: c64) {
        let value = if row < column { value.conj() } else { value };
        let at = Self::at(row.max(column), row.min(column));
        self.mark(at, RE | IM | VARIES);
        self.re[at][lane] = value.re;
        self.im[at][lane] = value.im;
    }

    /// An element of one trajectory.
    pub fn get(&self, row: usize, column: usize, lane: usize) -> c64 {
        let at = Self::at(row.max(column), row.min(column));
        let value = c64(self.re[at][lane], self.im[at][lane]);
        if row < column { value.conj() } else { value }
    }

    /// Whether no imaginary part was ever written.
    pub fn is_real(&self) -> bool {
        self.parts.iter().all(|parts| parts & IM == 0)
    }

    /// Sets all to zero, and forgets what was written.
    pub(crate) fn clear(&mut self) {
        self.re.fill(Lane::ZERO);
        self.im.fill(Lane::ZERO);
        self.parts.fill(0);
        self.settled = false;
    }

    /// Takes the values of another matrix of the same size. What was written to either counts as
    /// written.
    pub fn copy_from(&mut self, other: &Self) {
        self.re.copy_from_slice(&other.re);
        for at in 0..self.parts.len() {
            // Parts that were written to neither are zero already.
            if (self.parts[at] | other.parts[at]) & IM != 0 {
                self.im[at] = other.im[at];
            }
            self.mark(at, other.parts[at]);
        }
    }

    /// Takes the matrix of one trajectory. What was written to either counts as written.
    pub(crate) fn take_lane(&mut self, from: &Self, lane: usize) {
        for at in 0..self.parts.len() {
            self.mark(at, from.parts[at]);
            self.re[at][lane] = from.re[at][lane];
            self.im[at][lane] = from.im[at][lane];
        }
    }

    /// Brings the list of elements up to date, which [`Hermitian::row`] reads.
    pub(crate) fn settle(&mut self) {
        if self.settled {
            return;
        }
        self.links.all.clear();
        self.links.ends.clear();
        for row in 0..self.n {
            for column in 0..self.n {
                let at = Self::at(row.max(column), row.min(column));
                let kind = match self.parts[at] {
                    0 | VARIES => continue,
                    RE => Kind::Constant,
                    parts if parts & IM == 0 || row == column => Kind::Real,
                    _ if row > column => Kind::Lower,
                    _ => Kind::Upper,
                };
                self.links.all.push(Link { at, column, kind });
            }
            self.links.ends.push(self.links.all.len());
        }
        self.settled = true;
    }

    /// The elements of a row that were written. The matrix must be settled.
    #[inline(always)]
    fn links(&self, row: usize) -> &[Link] {
        debug_assert!(self.settled, "a matrix that has changed is to be settled");
        let first = if row == 0 { 0 } else { self.links.ends[row - 1] };
        &self.links.all[first..self.links.ends[row]]
    }

    /// Component i of H v, for the lanes of two packs. The matrix must be settled.
    #[inline(always)]
    pub(crate) fn row<P: Pack>(&self, i: usize, v: &Vector, pair: usize) -> [Complex<P>; 2] {
        let (mut first, mut second) = (Complex::zero(), Complex::zero());
        for link in self.links(i) {
            let v_first = Complex::<P>::load(v, link.column, 2 * pair);
            let v_second = Complex::<P>::load(v, link.column, 2 * pair + 1);
            first = first + self.times_element(link, v_first, 2 * pair);
            second = second + self.times_element(link, v_second, 2 * pair + 1);
        }
        [first, second]
    }

    #[inline(always)]
    fn times_element<P: Pack>(&self, link: &Link, v: Complex<P>, pack: usize) -> Complex<P> {
        match link.kind {
            Kind::Constant => v.scale(P::splat(self.re[link.at].0[0])),
            Kind::Real => v.scale(P::load(&self.re[link.at], pack)),
            Kind::Lower => self.element::<P, Complex<P>>(link.at, pack).times(v),
            Kind::Upper => self.element::<P, Complex<P>>(link.at, pack).conj_times(v),
        }
    }

    /// Component i of H X_k. The matrix must be settled, and real if the vectors are.
    #[inline(always)]
    pub(crate) fn row_of_basis<P: Pack, E: Element<P>>(
        &self,
        i: usize,
        x: &Basis,
        k: usize,
        pack: usize,
    ) -> E {
        let mut sum = E::zero();
        for link in self.links(i) {
            let x = E::of(x, link.column, k, pack);
            sum = sum
                + match link.kind {
                    Kind::Constant => x.scale(P::splat(self.re[link.at].0[0])),
                    Kind::Real => x.scale(P::load(&self.re[link.at], pack)),
                    Kind::Lower => self.element::<P, E>(link.at, pack).times(x),
                    Kind::Upper => self.element::<P, E>(link.at, pack).conj_times(x),
                };
        }
        sum
    }

    #[inline(always)]
    fn element<P: Pack, E: Element<P>>(&self, at: usize, pack: usize) -> E {
        let (re, im) = (P::load(&self.re[at], pack), P::load(&self.im[at], pack));
        E::from_complex(Complex { re, im })
    }

    /// An element in the lower triangle, row ≥ column, for the lanes of a pack.
    #[inline(always)]
    pub(crate) fn pack<P: Pack>(&self, row: usize, column: usize, pack: usize) -> Complex<P> {
        let at = Self::at(row, column);
        Complex { re: P::load(&self.re[at], pack), im: P::load(&self.im[at], pack) }
    }

    /// out = H v.
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
}
