//! Trajectories side by side: one number of each of sixteen trajectories is a [`Lane`].
//!
//! State is laid out `[component][lane]` with real and imaginary parts apart, so that one operation
//! on a `Lane` is one or two vector instructions. A block of sixteen fits the L1 cache for systems
//! of up to a few hundred coordinates.

use std::ops::{Add, AddAssign, Div, Index, IndexMut, Mul, Neg, Sub, SubAssign};

use fascicle_core::c64;

/// Trajectories in a block.
pub const LANES: usize = 16;

/// One number of each trajectory of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Lane(pub [f64; LANES]);

impl Lane {
    /// Zeros.
    pub const ZERO: Self = Self([0.0; LANES]);

    /// The same number for each trajectory.
    #[must_use]
    #[inline(always)]
    pub const fn splat(value: f64) -> Self {
        Self([value; LANES])
    }

    /// A number computed from each trajectory's place in the block.
    #[must_use]
    #[inline(always)]
    pub fn from_fn(mut f: impl FnMut(usize) -> f64) -> Self {
        let mut out = Self::ZERO;
        for l in 0..LANES {
            out.0[l] = f(l);
        }
        out
    }

    /// A function of each number.
    #[must_use]
    #[inline(always)]
    pub fn map(self, mut f: impl FnMut(f64) -> f64) -> Self {
        Self::from_fn(|l| f(self.0[l]))
    }

    /// Square roots.
    #[must_use]
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }

    /// Absolute values.
    #[must_use]
    #[inline(always)]
    pub fn abs(self) -> Self {
        self.map(f64::abs)
    }

    /// √(x² + y²), without squares that underflow or overflow.
    #[must_use]
    #[inline(always)]
    pub fn hypot(self, other: Self) -> Self {
        let (a, b) = (self.abs(), other.abs());
        let order = a - b;
        let (large, small) = (order.select_nonnegative(a, b), order.select_nonnegative(b, a));
        let ratio = large.select_equal(0.0, Self::ZERO, small / large);
        large * (Self::splat(1.0) + ratio * ratio).sqrt()
    }

    /// Sines and cosines, the same bits everywhere.
    #[must_use]
    #[inline(always)]
    pub fn sin_cos(self) -> (Self, Self) {
        let (mut sin, mut cos) = (Self::ZERO, Self::ZERO);
        for l in 0..LANES {
            (sin.0[l], cos.0[l]) = fascicle_core::elementary::sin_cos(self.0[l]);
        }
        (sin, cos)
    }

    /// `yes` where the number is positive or zero, else `no`; `no` for NaN.
    #[must_use]
    #[inline(always)]
    pub fn select_nonnegative(self, yes: Self, no: Self) -> Self {
        Self::from_fn(|l| if self.0[l] >= 0.0 { yes.0[l] } else { no.0[l] })
    }

    /// `yes` where the number equals another, else `no`.
    #[must_use]
    #[inline(always)]
    pub fn select_equal(self, other: f64, yes: Self, no: Self) -> Self {
        Self::from_fn(|l| if self.0[l] == other { yes.0[l] } else { no.0[l] })
    }
}

impl Index<usize> for Lane {
    type Output = f64;

    #[inline(always)]
    fn index(&self, lane: usize) -> &f64 {
        &self.0[lane]
    }
}

impl IndexMut<usize> for Lane {
    #[inline(always)]
    fn index_mut(&mut self, lane: usize) -> &mut f64 {
        &mut self.0[lane]
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:tt) => {
        impl $trait for Lane {
            type Output = Self;

            #[inline(always)]
            fn $method(mut self, other: Self) -> Self {
                for l in 0..LANES {
                    self.0[l] $op other.0[l];
                }
                self
            }
        }

        impl $trait<f64> for Lane {
            type Output = Self;

            #[inline(always)]
            fn $method(mut self, other: f64) -> Self {
                for l in 0..LANES {
                    self.0[l] $op other;
                }
                self
            }
        }
    };
}

operator!(Add, add, +=);
operator!(Sub, sub, -=);
operator!(Mul, mul, *=);
operator!(Div, div, /=);

impl Neg for Lane {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|x| -x)
    }
}

impl AddAssign for Lane {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Lane {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// A complex vector of each trajectory: `re[component][lane]`, `im[component][lane]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vector {
    /// Real parts.
    pub re: Vec<Lane>,
    /// Imaginary parts.
    pub im: Vec<Lane>,
}

/// The complex classical coordinates z of each trajectory, C of them.
pub type Coords = Vector;

/// A wave function of each trajectory, N components.
pub type States = Vector;

impl Vector {
    /// Zeros.
    pub fn zeros(length: usize) -> Self {
        Self { re: vec![Lane::ZERO; length], im: vec![Lane::ZERO; length] }
    }

    /// The number of components.
    pub fn len(&self) -> usize {
        self.re.len()
    }

    /// Whether there are no components.
    pub fn is_empty(&self) -> bool {
        self.re.is_empty()
    }

    /// One component of one trajectory.
    pub fn get(&self, component: usize, lane: usize) -> c64 {
        c64(self.re[component][lane], self.im[component][lane])
    }

    /// Sets one component of one trajectory.
    pub fn set(&mut self, component: usize, lane: usize, value: c64) {
        self.re[component][lane] = value.re;
        self.im[component][lane] = value.im;
    }

    /// Adds to one component of one trajectory.
    pub fn add(&mut self, component: usize, lane: usize, value: c64) {
        self.re[component][lane] += value.re;
        self.im[component][lane] += value.im;
    }

    /// The vector of one trajectory.
    pub fn trajectory(&self, lane: usize) -> Vec<c64> {
        (0..self.len()).map(|component| self.get(component, lane)).collect()
    }

    /// Sets the vector of one trajectory.
    pub fn set_trajectory(&mut self, lane: usize, values: &[c64]) {
        for (component, &value) in values.iter().enumerate() {
            self.set(component, lane, value);
        }
    }

    /// The product of the conjugate of one component and a component of another vector, as real and
    /// imaginary part.
    #[inline(always)]
    pub fn conj_times(&self, component: usize, other: &Self, at: usize) -> (Lane, Lane) {
        let (a, b) = (self.re[component], self.im[component]);
        let (x, y) = (other.re[at], other.im[at]);
        (a * x + b * y, a * y - b * x)
    }

    /// Sets all to zero.
    pub fn clear(&mut self) {
        self.re.fill(Lane::ZERO);
        self.im.fill(Lane::ZERO);
    }

    /// Takes the values of another vector of the same length.
    pub fn copy_from(&mut self, other: &Self) {
        self.re.copy_from_slice(&other.re);
        self.im.copy_from_slice(&other.im);
    }
}
