//! Hermitian matrices, of each trajectory of a block.

use fascicle_core::c64;

use crate::kernels::Element;
use crate::sys::{Complex, Pack};
use crate::{Basis, Lane, Vector};

/// That an element has a real part other than the zero that it began as.
const RE: u8 = 1;

/// That it has an imaginary part.
const IM: u8 = 2;

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

/// The elements of each row that were written, in the order of their columns, those of the upper
/// triangle included.
#[derive(Clone, Debug, Default)]
struct Links {
    all: Vec<Link>,
    rows: Vec<Row>,
    /// Whether all are real.
    real: bool,
    /// Whether, besides, each state is linked to its neighbours alone, the last one also to the first.
    chain: bool,
}

/// Where the links of a row begin, those from the diagonal on, those to the right of it, and where they
/// end.
#[derive(Clone, Copy, Debug)]
struct Row([usize; 4]);

#[derive(Clone, Copy, Debug)]
struct Link {
    /// The place of the element or its mirror image.
    at: usize,
    column: usize,
}

/// Whether what is not on the diagonal and not beside it is the corner, or was never written.
fn is_chain(parts: &[u8], n: usize) -> bool {
    let near = |row: usize, column: usize| column + 1 >= row || (column == 0 && row + 1 == n);
    n > 2
        && (0..n).all(|row| {
            (0..row).all(|column| near(row, column) || parts[Hermitian::at(row, column)] == 0)
        })
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
        self.mark(at, RE);
        self.re[at] += value;
    }

    /// Adds to the imaginary part of an element below the diagonal, row > column, and thereby takes
    /// from the upper one's.
    #[inline(always)]
    pub fn add_im(&mut self, row: usize, column: usize, value: Lane) {
        let at = Self::at(row, column);
        self.mark(at, IM);
        self.im[at] += value;
    }

    /// Sets an element in the lower triangle, row ≥ column, and thereby its mirror image.
    #[inline(always)]
    pub fn set_lower(&mut self, row: usize, column: usize, re: Lane, im: Lane) {
        let at = Self::at(row, column);
        self.mark(at, RE | IM);
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
        self.mark(at, if row == column { RE } else { RE | IM });
        self.re[at][lane] += value.re;
        if row != column {
            self.im[at][lane] += value.im;
        }
    }

    /// Sets an element, and its mirror image, of one trajectory.
    pub fn put(&mut self, row: usize, column: usize, lane: usize, value: c64) {
        let value = if row < column { value.conj() } else { value };
        let at = Self::at(row.max(column), row.min(column));
        self.mark(at, RE | IM);
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
        for at in 0..self.parts.len() {
            // Parts that were written to neither are zero already.
            let parts = self.parts[at] | other.parts[at];
            if parts & RE != 0 {
                self.re[at] = other.re[at];
            }
            if parts & IM != 0 {
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
        let links = &mut self.links;
        links.all.clear();
        links.rows.clear();
        links.real = self.parts.iter().all(|parts| parts & IM == 0);
        for row in 0..self.n {
            let mut bounds = [links.all.len(); 4];
            for column in 0..self.n {
                let at = Self::at(row.max(column), row.min(column));
                if self.parts[at] != 0 {
                    links.all.push(Link { at, column });
                }
                let first = if column < row { 1 } else { 2 + usize::from(column > row) };
                bounds[first..].fill(links.all.len());
            }
            links.rows.push(Row(bounds));
        }
        links.chain = links.real && is_chain(&self.parts, self.n);
        self.settled = true;
    }

    /// Whether it is real and each state is linked to its neighbours alone, the last one also to the
    /// first. The matrix must be settled.
    #[inline(always)]
    pub(crate) fn is_chain(&self) -> bool {
        debug_assert!(self.settled, "a matrix that has changed is to be settled");
        self.links.chain
    }

    /// The real part of an element in the lower triangle, row ≥ column, for the lanes of a pack.
    #[inline(always)]
    pub(crate) fn pack_re<P: Pack>(&self, row: usize, column: usize, pack: usize) -> P {
        P::load(&self.re[Self::at(row, column)], pack)
    }

    /// The elements of a row left of the diagonal, on it, and right of it. The matrix must be settled.
    #[inline(always)]
    fn links(&self, row: usize) -> [&[Link]; 3] {
        debug_assert!(self.settled, "a matrix that has changed is to be settled");
        let Row([first, diagonal, right, end]) = self.links.rows[row];
        let all = &self.links.all;
        [&all[first..diagonal], &all[diagonal..right], &all[right..end]]
    }

    /// Component i of H v, for the lanes of two packs. The matrix must be settled.
    #[inline(always)]
    pub(crate) fn row<P: Pack>(&self, i: usize, v: &Vector, pair: usize) -> [Complex<P>; 2] {
        let packs = [2 * pair, 2 * pair + 1];
        let mut sums = [Complex::zero(); 2];
        let [left, diagonal, right] = self.links(i);
        if self.links.real {
            let Row([first, .., end]) = self.links.rows[i];
            self.add_real(&self.links.all[first..end], v, packs, &mut sums);
            return sums;
        }
        for link in left {
            for k in 0..2 {
                let v = Complex::<P>::load(v, link.column, packs[k]);
                sums[k] = sums[k].plus_product(self.element::<P, Complex<P>>(link.at, packs[k]), v);
            }
        }
        self.add_real(diagonal, v, packs, &mut sums);
        for link in right {
            for k in 0..2 {
                let v = Complex::<P>::load(v, link.column, packs[k]);
                sums[k] =
                    sums[k].plus_conj_product(self.element::<P, Complex<P>>(link.at, packs[k]), v);
            }
        }
        sums
    }

    #[inline(always)]
    fn add_real<P: Pack>(
        &self,
        links: &[Link],
        v: &Vector,
        packs: [usize; 2],
        sums: &mut [Complex<P>; 2],
    ) {
        for link in links {
            for k in 0..2 {
                let v = Complex::<P>::load(v, link.column, packs[k]);
                sums[k] = sums[k].plus_scaled(v, P::load(&self.re[link.at], packs[k]));
            }
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
        let [left, diagonal, right] = self.links(i);
        for link in left {
            let element = self.element::<P, E>(link.at, pack);
            sum = sum.plus_product(element, E::of(x, link.column, k, pack));
        }
        for link in diagonal {
            let re = P::load(&self.re[link.at], pack);
            sum = sum.plus_scaled(E::of(x, link.column, k, pack), re);
        }
        for link in right {
            let element = self.element::<P, E>(link.at, pack);
            sum = sum.plus_conj_product(element, E::of(x, link.column, k, pack));
        }
        sum
    }

    #[inline(always)]
    fn element<P: Pack, E: Element<P>>(&self, at: usize, pack: usize) -> E {
        let im = if E::REAL { P::zero() } else { P::load(&self.im[at], pack) };
        E::from_complex(Complex { re: P::load(&self.re[at], pack), im })
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
