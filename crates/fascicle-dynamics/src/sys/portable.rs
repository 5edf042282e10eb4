//! Packs for machines whose vector instructions are left to the compiler.

use std::ops::{Add, Div, Mul, Neg, Sub};

use fascicle_core::elementary::Number;

use super::Pack;
use crate::Lane;

/// Lanes in a pack.
const WIDTH: usize = 2;

/// Two lanes as an array.
#[derive(Clone, Copy, Debug)]
pub struct Portable<const FUSED: bool>([f64; WIDTH]);

/// What comparisons of two lanes give.
type Mask = [bool; WIDTH];

impl<const FUSED: bool> Portable<FUSED> {
    #[inline(always)]
    fn each(self, other: Self, f: fn(f64, f64) -> f64) -> Self {
        Self([f(self.0[0], other.0[0]), f(self.0[1], other.0[1])])
    }

    #[inline(always)]
    fn compare(self, other: Self, f: fn(&f64, &f64) -> bool) -> Mask {
        [f(&self.0[0], &other.0[0]), f(&self.0[1], &other.0[1])]
    }
}

impl<const FUSED: bool> Number for Portable<FUSED> {
    type Mask = Mask;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([value; WIDTH])
    }

    #[inline(always)]
    fn above(self, other: Self) -> Mask {
        self.compare(other, f64::gt)
    }

    #[inline(always)]
    fn select(mask: Mask, yes: Self, no: Self) -> Self {
        let pick = |l: usize| if mask[l] { yes.0[l] } else { no.0[l] };
        Self([pick(0), pick(1)])
    }

    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        if FUSED {
            return Self([a.0[0].mul_add(b.0[0], self.0[0]), a.0[1].mul_add(b.0[1], self.0[1])]);
        }
        self + a * b
    }

    #[inline(always)]
    fn minus_product(self, a: Self, b: Self) -> Self {
        if FUSED { self.plus_product(-a, b) } else { self - a * b }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(self.0.map(f64::power_of_two))
    }

    #[inline(always)]
    fn look_up<const COLUMNS: usize>(self, table: &[[f64; COLUMNS]; 64]) -> [Self; COLUMNS] {
        let [a, b] = self.0.map(|x| x.look_up(table));
        std::array::from_fn(|column| Self([a[column], b[column]]))
    }

    #[inline(always)]
    fn bit<const BIT: u32>(self) -> Mask {
        self.0.map(f64::bit::<BIT>)
    }
}

impl<const FUSED: bool> Pack for Portable<FUSED> {
    const WIDTH: usize = WIDTH;

    #[inline(always)]
    fn load(from: &Lane, at: usize) -> Self {
        Self(from.0.as_chunks().0[at])
    }

    #[inline(always)]
    fn store(self, to: &mut Lane, at: usize) {
        to.0.as_chunks_mut().0[at] = self.0;
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f64::sqrt))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f64::abs))
    }

    #[inline(always)]
    fn at_least(self, other: Self) -> Mask {
        self.compare(other, f64::ge)
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Mask {
        self.compare(other, f64::eq)
    }

    #[inline(always)]
    fn any(mask: Mask) -> bool {
        mask[0] | mask[1]
    }

    #[inline(always)]
    fn any_not(mask: Mask) -> bool {
        !(mask[0] & mask[1])
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<const FUSED: bool> $trait for Portable<FUSED> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.each(other, f64::$method)
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl<const FUSED: bool> Neg for Portable<FUSED> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.map(|x| -x))
    }
}
