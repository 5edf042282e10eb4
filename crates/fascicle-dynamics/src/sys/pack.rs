//! Some of a block's lanes, as many as one vector register holds.

use std::ops::{Add, Div, Sub};

use fascicle_core::elementary::Number;

use crate::{LANES, Lane, Vector};

/// As many lanes as one vector register holds. A kernel is written once, for any pack, and compiled
/// for each kind of them: what is computed does not hang on what a compiler makes of a loop.
///
/// Comparisons with NaN are false.
pub trait Pack: Number + Div<Output = Self> {
    /// Lanes in a pack: a divisor of [`LANES`].
    const WIDTH: usize;

    /// Packs in a block.
    const COUNT: usize = LANES / Self::WIDTH;

    /// The lanes of pack `at`.
    fn load(from: &Lane, at: usize) -> Self;

    /// Puts them back.
    fn store(self, to: &mut Lane, at: usize);

    /// Square roots.
    fn sqrt(self) -> Self;

    /// Absolute values.
    fn abs(self) -> Self;

    /// self ≥ other.
    fn at_least(self, other: Self) -> Self::Mask;

    /// self = other.
    fn equals(self, other: Self) -> Self::Mask;

    /// Whether it holds in any lane.
    fn any(mask: Self::Mask) -> bool;

    /// Whether it fails in any lane.
    fn any_not(mask: Self::Mask) -> bool;

    /// 0 in each lane.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(0.0)
    }

    /// √(x² + y²), without squares that underflow or overflow; see [`Lane::hypot`].
    #[inline(always)]
    fn hypot(self, other: Self) -> Self {
        let (a, b) = (self.abs(), other.abs());
        let order = a.at_least(b);
        let (large, small) = (Self::select(order, a, b), Self::select(order, b, a));
        let ratio = Self::select(large.equals(Self::zero()), Self::zero(), small / large);
        large * Self::splat(1.0).plus_product(ratio, ratio).sqrt()
    }
}

/// A complex number of each lane of a pack.
#[derive(Clone, Copy, Debug)]
pub struct Complex<P> {
    /// The real part.
    pub re: P,
    /// The imaginary part.
    pub im: P,
}

impl<P: Pack> Complex<P> {
    /// 0.
    #[inline(always)]
    pub fn zero() -> Self {
        Self { re: P::zero(), im: P::zero() }
    }

    /// Component `i` of a vector.
    #[inline(always)]
    pub fn load(from: &Vector, i: usize, at: usize) -> Self {
        Self { re: P::load(&from.re[i], at), im: P::load(&from.im[i], at) }
    }

    /// Puts it back.
    #[inline(always)]
    pub fn store(self, to: &mut Vector, i: usize, at: usize) {
        self.re.store(&mut to.re[i], at);
        self.im.store(&mut to.im[i], at);
    }

    /// self × other.
    #[inline(always)]
    pub fn times(self, other: Self) -> Self {
        Self {
            re: (self.re * other.re).minus_product(self.im, other.im),
            im: (self.re * other.im).plus_product(self.im, other.re),
        }
    }

    /// self* × other.
    #[inline(always)]
    pub fn conj_times(self, other: Self) -> Self {
        Self {
            re: (self.re * other.re).plus_product(self.im, other.im),
            im: (self.re * other.im).minus_product(self.im, other.re),
        }
    }

    /// self + a × b.
    #[inline(always)]
    pub fn plus_product(self, a: Self, b: Self) -> Self {
        Self {
            re: self.re.plus_product(a.re, b.re).minus_product(a.im, b.im),
            im: self.im.plus_product(a.re, b.im).plus_product(a.im, b.re),
        }
    }

    /// self − a × b.
    #[inline(always)]
    pub fn minus_product(self, a: Self, b: Self) -> Self {
        Self {
            re: self.re.minus_product(a.re, b.re).plus_product(a.im, b.im),
            im: self.im.minus_product(a.re, b.im).minus_product(a.im, b.re),
        }
    }

    /// self + a* × b.
    #[inline(always)]
    pub fn plus_conj_product(self, a: Self, b: Self) -> Self {
        Self {
            re: self.re.plus_product(a.re, b.re).plus_product(a.im, b.im),
            im: self.im.plus_product(a.re, b.im).minus_product(a.im, b.re),
        }
    }

    /// self + a × a real number.
    #[inline(always)]
    pub fn plus_scaled(self, a: Self, factor: P) -> Self {
        Self { re: self.re.plus_product(a.re, factor), im: self.im.plus_product(a.im, factor) }
    }

    /// self × a real number.
    #[inline(always)]
    pub fn scale(self, factor: P) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    /// |self|², without a root.
    #[inline(always)]
    pub fn norm_sqr(self) -> P {
        (self.re * self.re).plus_product(self.im, self.im)
    }

    /// self*.
    #[inline(always)]
    pub fn conj(self) -> Self {
        Self { re: self.re, im: -self.im }
    }

    /// `yes` where it holds, else `no`.
    #[inline(always)]
    pub fn select(mask: P::Mask, yes: Self, no: Self) -> Self {
        Self { re: P::select(mask, yes.re, no.re), im: P::select(mask, yes.im, no.im) }
    }
}

impl<P: Pack> Add for Complex<P> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

impl<P: Pack> Sub for Complex<P> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }
}
