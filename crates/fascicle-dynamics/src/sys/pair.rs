//! Two packs at once.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Number, Pack};
use crate::Lane;

/// Two packs at once: where each operation waits for the one before it, the two take turns.
#[derive(Clone, Copy, Debug)]
pub struct Pair<P>(P, P);

impl<P: Pack> Number for Pair<P> {
    type Mask = (P::Mask, P::Mask);

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self(P::splat(value), P::splat(value))
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self::Mask {
        (self.0.above(other.0), self.1.above(other.1))
    }

    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(P::select(mask.0, yes.0, no.0), P::select(mask.1, yes.1, no.1))
    }

    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        Self(self.0.plus_product(a.0, b.0), self.1.plus_product(a.1, b.1))
    }

    #[inline(always)]
    fn minus_product(self, a: Self, b: Self) -> Self {
        Self(self.0.minus_product(a.0, b.0), self.1.minus_product(a.1, b.1))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(self.0.power_of_two(), self.1.power_of_two())
    }

    #[inline(always)]
    fn bit<const BIT: u32>(self) -> Self::Mask {
        (self.0.bit::<BIT>(), self.1.bit::<BIT>())
    }

    #[inline(always)]
    fn look_up<const COLUMNS: usize>(self, table: &[[f64; COLUMNS]; 64]) -> [Self; COLUMNS] {
        let (a, b) = (self.0.look_up(table), self.1.look_up(table));
        let mut out = [self; COLUMNS];
        for column in 0..COLUMNS {
            out[column] = Self(a[column], b[column]);
        }
        out
    }
}

impl<P: Pack> Pack for Pair<P> {
    const WIDTH: usize = 2 * P::WIDTH;

    #[inline(always)]
    fn load(from: &Lane, at: usize) -> Self {
        Self(P::load(from, 2 * at), P::load(from, 2 * at + 1))
    }

    #[inline(always)]
    fn store(self, to: &mut Lane, at: usize) {
        self.0.store(to, 2 * at);
        self.1.store(to, 2 * at + 1);
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt(), self.1.sqrt())
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs(), self.1.abs())
    }

    #[inline(always)]
    fn at_least(self, other: Self) -> Self::Mask {
        (self.0.at_least(other.0), self.1.at_least(other.1))
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self::Mask {
        (self.0.equals(other.0), self.1.equals(other.1))
    }

    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        P::any(mask.0) | P::any(mask.1)
    }

    #[inline(always)]
    fn any_not(mask: Self::Mask) -> bool {
        P::any_not(mask.0) | P::any_not(mask.1)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<P: Pack> $trait for Pair<P> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0), self.1.$method(other.1))
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl<P: Pack> Neg for Pair<P> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}
