//! Components of eigenvectors, real or complex: one kernel serves both.

use std::ops::{Add, Sub};

use crate::sys::{Complex, Number, Pack};
use crate::{Basis, Lane};

/// Runs a function of packs for real or for complex components.
macro_rules! by_kind {
    ($real:expr, $pack:ty, $($function:ident)::+($($argument:expr),*)) => {
        if $real {
            $($function)::+::<$pack, $pack>($($argument),*)
        } else {
            $($function)::+::<$pack, $crate::sys::Complex<$pack>>($($argument),*)
        }
    };
}
pub(super) use by_kind;

/// A component of an eigenvector, for the lanes of a pack. With real ones the products of zeros are
/// left out, which changes no bit of the sums that they would be added to.
pub trait Element<P: Pack>: Copy + Add<Output = Self> + Sub<Output = Self> {
    /// Whether it is real.
    const REAL: bool;

    /// Its parts.
    const PARTS: usize = if Self::REAL { 1 } else { 2 };

    /// 0.
    fn zero() -> Self;

    /// From a complex number, whose imaginary part is zero where the element is real.
    fn from_complex(value: Complex<P>) -> Self;

    /// Component i of vector k.
    fn of(from: &Basis, i: usize, k: usize, at: usize) -> Self;

    /// Puts it back.
    fn put(self, to: &mut Basis, i: usize, k: usize, at: usize);

    /// From its parts, which lie one after the other from this one on.
    fn from_lanes(from: &[Lane], first: usize, at: usize) -> Self;

    /// Puts them back.
    fn to_lanes(self, to: &mut [Lane], first: usize, at: usize);

    /// Its real part.
    fn re(self) -> P;

    /// As a complex number.
    fn complex(self) -> Complex<P>;

    /// self × a real number.
    fn scale(self, factor: P) -> Self;

    /// self + a × b.
    fn plus_product(self, a: Self, b: Self) -> Self;

    /// self − a × b.
    fn minus_product(self, a: Self, b: Self) -> Self;

    /// self + a* × b.
    fn plus_conj_product(self, a: Self, b: Self) -> Self;

    /// self + a × a real number.
    fn plus_scaled(self, a: Self, factor: P) -> Self;

    /// self* × other.
    fn conj_times(self, other: Self) -> Self;

    /// self*.
    fn conj(self) -> Self;

    /// |self|², without a root.
    fn norm_sqr(self) -> P;

    /// `yes` where it holds, else `no`.
    fn select(mask: P::Mask, yes: Self, no: Self) -> Self;

    /// sum + self × a complex number.
    fn times_onto(self, other: Complex<P>, sum: Complex<P>) -> Complex<P>;

    /// sum + self* × a complex number.
    fn conj_times_onto(self, other: Complex<P>, sum: Complex<P>) -> Complex<P>;
}

impl<P: Pack> Element<P> for P {
    const REAL: bool = true;

    #[inline(always)]
    fn zero() -> Self {
        P::splat(0.0)
    }

    #[inline(always)]
    fn from_complex(value: Complex<P>) -> Self {
        value.re
    }

    #[inline(always)]
    fn of(from: &Basis, i: usize, k: usize, at: usize) -> Self {
        P::load(from.lanes(i, k).0, at)
    }

    #[inline(always)]
    fn put(self, to: &mut Basis, i: usize, k: usize, at: usize) {
        self.store(to.lanes_mut(i, k).0, at);
    }

    #[inline(always)]
    fn from_lanes(from: &[Lane], first: usize, at: usize) -> Self {
        P::load(&from[first], at)
    }

    #[inline(always)]
    fn to_lanes(self, to: &mut [Lane], first: usize, at: usize) {
        self.store(&mut to[first], at);
    }

    #[inline(always)]
    fn re(self) -> P {
        self
    }

    #[inline(always)]
    fn complex(self) -> Complex<P> {
        Complex { re: self, im: P::splat(0.0) }
    }

    #[inline(always)]
    fn scale(self, factor: P) -> Self {
        self * factor
    }

    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        Number::plus_product(self, a, b)
    }

    #[inline(always)]
    fn minus_product(self, a: Self, b: Self) -> Self {
        Number::minus_product(self, a, b)
    }

    #[inline(always)]
    fn plus_conj_product(self, a: Self, b: Self) -> Self {
        Number::plus_product(self, a, b)
    }

    #[inline(always)]
    fn plus_scaled(self, a: Self, factor: P) -> Self {
        Number::plus_product(self, a, factor)
    }

    #[inline(always)]
    fn conj_times(self, other: Self) -> Self {
        self * other
    }

    #[inline(always)]
    fn conj(self) -> Self {
        self
    }

    #[inline(always)]
    fn norm_sqr(self) -> P {
        self * self
    }

    #[inline(always)]
    fn select(mask: P::Mask, yes: Self, no: Self) -> Self {
        <P as Number>::select(mask, yes, no)
    }

    #[inline(always)]
    fn times_onto(self, other: Complex<P>, sum: Complex<P>) -> Complex<P> {
        sum.plus_scaled(other, self)
    }

    #[inline(always)]
    fn conj_times_onto(self, other: Complex<P>, sum: Complex<P>) -> Complex<P> {
        sum.plus_scaled(other, self)
    }
}

impl<P: Pack> Element<P> for Complex<P> {
    const REAL: bool = false;

    #[inline(always)]
    fn zero() -> Self {
        Complex::zero()
    }

    #[inline(always)]
    fn from_complex(value: Complex<P>) -> Self {
        value
    }

    #[inline(always)]
    fn of(from: &Basis, i: usize, k: usize, at: usize) -> Self {
        let (re, im) = from.lanes(i, k);
        Self { re: P::load(re, at), im: P::load(im, at) }
    }

    #[inline(always)]
    fn put(self, to: &mut Basis, i: usize, k: usize, at: usize) {
        let (re, im) = to.lanes_mut(i, k);
        self.re.store(re, at);
        self.im.store(im, at);
    }

    #[inline(always)]
    fn from_lanes(from: &[Lane], first: usize, at: usize) -> Self {
        Self { re: P::load(&from[first], at), im: P::load(&from[first + 1], at) }
    }

    #[inline(always)]
    fn to_lanes(self, to: &mut [Lane], first: usize, at: usize) {
        self.re.store(&mut to[first], at);
        self.im.store(&mut to[first + 1], at);
    }

    #[inline(always)]
    fn re(self) -> P {
        self.re
    }

    #[inline(always)]
    fn complex(self) -> Complex<P> {
        self
    }

    #[inline(always)]
    fn scale(self, factor: P) -> Self {
        Complex::scale(self, factor)
    }

    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        Complex::plus_product(self, a, b)
    }

    #[inline(always)]
    fn minus_product(self, a: Self, b: Self) -> Self {
        Complex::minus_product(self, a, b)
    }

    #[inline(always)]
    fn plus_conj_product(self, a: Self, b: Self) -> Self {
        Complex::plus_conj_product(self, a, b)
    }

    #[inline(always)]
    fn plus_scaled(self, a: Self, factor: P) -> Self {
        Complex::plus_scaled(self, a, factor)
    }

    #[inline(always)]
    fn conj_times(self, other: Self) -> Self {
        Complex::conj_times(self, other)
    }

    #[inline(always)]
    fn conj(self) -> Self {
        Complex::conj(self)
    }

    #[inline(always)]
    fn norm_sqr(self) -> P {
        Complex::norm_sqr(self)
    }

    #[inline(always)]
    fn select(mask: P::Mask, yes: Self, no: Self) -> Self {
        Complex::select(mask, yes, no)
    }

    #[inline(always)]
    fn times_onto(self, other: Complex<P>, sum: Complex<P>) -> Complex<P> {
        sum.plus_product(self, other)
    }

    #[inline(always)]
    fn conj_times_onto(self, other: Complex<P>, sum: Complex<P>) -> Complex<P> {
        sum.plus_conj_product(self, other)
    }
}
