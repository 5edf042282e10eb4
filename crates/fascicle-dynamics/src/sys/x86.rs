//! Packs of x86-64's vector registers, with fused multiply-add or without.
//!
//! The instructions are called from functions that are inlined, in the end, into a function that is
//! compiled for them; [`dispatch`](super::dispatch) calls that only where the machine has them.

#![expect(clippy::transmute_ptr_to_ptr, reason = "a debug build checks raw pointers at each use")]

use std::arch::x86_64::{
    __m128d, __m256d, __m512d, __mmask8, _CMP_EQ_OQ, _CMP_GE_OQ, _CMP_GT_OQ, _mm_add_epi64,
    _mm_add_pd, _mm_and_pd, _mm_andnot_pd, _mm_castpd_si128, _mm_castsi128_pd, _mm_cmpeq_pd,
    _mm_cmpge_pd, _mm_cmpgt_pd, _mm_cvtsi32_si128, _mm_div_pd, _mm_fmadd_pd, _mm_fnmadd_pd,
    _mm_movemask_pd, _mm_mul_pd, _mm_or_pd, _mm_set1_epi64x, _mm_set1_pd, _mm_shuffle_epi32,
    _mm_sll_epi64, _mm_slli_epi64, _mm_sqrt_pd, _mm_srai_epi32, _mm_sub_pd, _mm_xor_pd,
    _mm256_add_epi64, _mm256_add_pd, _mm256_andnot_pd, _mm256_blendv_pd, _mm256_castpd_si256,
    _mm256_castsi256_pd, _mm256_cmp_pd, _mm256_div_pd, _mm256_fmadd_pd, _mm256_fnmadd_pd,
    _mm256_movemask_pd, _mm256_mul_pd, _mm256_set1_epi64x, _mm256_set1_pd, _mm256_sll_epi64,
    _mm256_slli_epi64, _mm256_sqrt_pd, _mm256_sub_pd, _mm256_xor_pd, _mm512_abs_pd,
    _mm512_add_epi64, _mm512_add_pd, _mm512_castpd_si512, _mm512_castsi512_pd, _mm512_cmp_pd_mask,
    _mm512_div_pd, _mm512_fmadd_pd, _mm512_fnmadd_pd, _mm512_mask_blend_pd, _mm512_mul_pd,
    _mm512_set1_epi64, _mm512_set1_pd, _mm512_slli_epi64, _mm512_sqrt_pd, _mm512_sub_pd,
    _mm512_test_epi64_mask, _mm512_xor_epi64,
};
use std::mem::transmute;
use std::ops::{Add, Div, Mul, Neg, Sub};

use fascicle_core::elementary::Number;

use super::Pack;
use crate::{LANES, Lane};

/// A pack of `$width` lanes in a register, from the names of its instructions and from expressions
/// of the registers `$x` and `$y` and the mask `$m`.
macro_rules! pack {
    (
        $(#[$doc:meta])*
        $pack:ident($register:ident), $width:literal, $mask:ident, ($x:ident, $y:ident, $m:ident);
        splat: $set:ident, sqrt: $sqrt:ident,
        add: $add:ident, sub: $sub:ident, mul: $mul:ident, div: $div:ident,
        fused: $plus_product:ident, $minus_product:ident,
        abs: $abs:expr, neg: $neg:expr,
        at_least: $at_least:expr, above: $above:expr, equals: $equals:expr,
        bits: $bits:expr, select: $select:expr,
        power_of_two: $power_of_two:expr, bit($place:ident): $bit:expr,
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $pack<const FUSED: bool>($register);

        impl<const FUSED: bool> Number for $pack<FUSED> {
            type Mask = $mask;

            #[inline(always)]
            fn splat(value: f64) -> Self {
                // SAFETY: kernels run for this pack only where the machine has its instructions.
                Self(unsafe { $set(value) })
            }

            #[inline(always)]
            fn above(self, other: Self) -> $mask {
                let ($x, $y) = (self.0, other.0);
                // SAFETY: a pack is made only where the machine has its instructions.
                unsafe { $above }
            }

            #[inline(always)]
            fn select($m: $mask, yes: Self, no: Self) -> Self {
                let ($x, $y) = (yes.0, no.0);
                // SAFETY: a pack is made only where the machine has its instructions.
                Self(unsafe { $select })
            }

            #[inline(always)]
            fn plus_product(self, a: Self, b: Self) -> Self {
                if FUSED {
                    // SAFETY: kernels run for a fused pack only where the machine has FMA.
                    return Self(unsafe { $plus_product(a.0, b.0, self.0) });
                }
                self + a * b
            }

            #[inline(always)]
            fn minus_product(self, a: Self, b: Self) -> Self {
                if FUSED {
                    // SAFETY: kernels run for a fused pack only where the machine has FMA.
                    return Self(unsafe { $minus_product(a.0, b.0, self.0) });
                }
                self - a * b
            }

            #[inline(always)]
            fn power_of_two(self) -> Self {
                let $x = self.0;
                // SAFETY: a pack is made only where the machine has its instructions.
                Self(unsafe { $power_of_two })
            }

            #[inline(always)]
            fn bit<const $place: u32>(self) -> $mask {
                let $x = self.0;
                // SAFETY: a pack is made only where the machine has its instructions.
                unsafe { $bit }
            }

            #[inline(always)]
            fn look_up<const COLUMNS: usize>(
                self,
                table: &[[f64; COLUMNS]; 64],
            ) -> [Self; COLUMNS] {
                // SAFETY: a register is as many doubles.
                let places: [f64; $width] = unsafe { transmute(self.0) };
                let mut columns = [[0.0; $width]; COLUMNS];
                for lane in 0..$width {
                    let row = places[lane].look_up(table);
                    for column in 0..COLUMNS {
                        columns[column][lane] = row[column];
                    }
                }
                let mut out = [self; COLUMNS];
                for column in 0..COLUMNS {
                    // SAFETY: a register is as many doubles.
                    let register: $register = unsafe { transmute(columns[column]) };
                    out[column] = Self(register);
                }
                out
            }
        }

        impl<const FUSED: bool> Pack for $pack<FUSED> {
            const WIDTH: usize = $width;

            #[inline(always)]
            fn load(from: &Lane, at: usize) -> Self {
                // SAFETY: a lane is as many registers one after the other, and aligned as the largest.
                let packs: &[$register; LANES / $width] = unsafe { transmute(from) };
                Self(packs[at])
            }

            #[inline(always)]
            fn store(self, to: &mut Lane, at: usize) {
                // SAFETY: a lane is as many registers one after the other, and aligned as the largest.
                let packs: &mut [$register; LANES / $width] = unsafe { transmute(to) };
                packs[at] = self.0;
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: a pack is made only where the machine has its instructions.
                Self(unsafe { $sqrt(self.0) })
            }

            #[inline(always)]
            fn abs(self) -> Self {
                let $x = self.0;
                // SAFETY: a pack is made only where the machine has its instructions.
                Self(unsafe { $abs })
            }

            #[inline(always)]
            fn at_least(self, other: Self) -> $mask {
                let ($x, $y) = (self.0, other.0);
                // SAFETY: a pack is made only where the machine has its instructions.
                unsafe { $at_least }
            }

            #[inline(always)]
            fn equals(self, other: Self) -> $mask {
                let ($x, $y) = (self.0, other.0);
                // SAFETY: a pack is made only where the machine has its instructions.
                unsafe { $equals }
            }

            #[inline(always)]
            fn any($m: $mask) -> bool {
                let bits = $bits;
                bits != 0
            }

            #[inline(always)]
            fn any_not($m: $mask) -> bool {
                let bits = i32::from($bits);
                bits != (1 << $width) - 1
            }

        }

        pack!(@operator $pack, Add, add, $add);
        pack!(@operator $pack, Sub, sub, $sub);
        pack!(@operator $pack, Mul, mul, $mul);
        pack!(@operator $pack, Div, div, $div);

        impl<const FUSED: bool> Neg for $pack<FUSED> {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                let $x = self.0;
                // SAFETY: a pack is made only where the machine has its instructions.
                Self(unsafe { $neg })
            }
        }
    };
    (@operator $pack:ident, $trait:ident, $method:ident, $instruction:ident) => {
        impl<const FUSED: bool> $trait for $pack<FUSED> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: a pack is made only where the machine has its instructions.
                Self(unsafe { $instruction(self.0, other.0) })
            }
        }
    };
}

pack! {
    /// Two lanes, which every x86-64 has.
    Sse2(__m128d), 2, __m128d, (x, y, m);
    splat: _mm_set1_pd, sqrt: _mm_sqrt_pd,
    add: _mm_add_pd, sub: _mm_sub_pd, mul: _mm_mul_pd, div: _mm_div_pd,
    fused: _mm_fmadd_pd, _mm_fnmadd_pd,
    abs: _mm_andnot_pd(_mm_set1_pd(-0.0), x), neg: _mm_xor_pd(_mm_set1_pd(-0.0), x),
    at_least: _mm_cmpge_pd(x, y), above: _mm_cmpgt_pd(x, y), equals: _mm_cmpeq_pd(x, y),
    // SAFETY: a mask is made only where the machine has its instructions.
    bits: unsafe { _mm_movemask_pd(m) }, select: _mm_or_pd(_mm_and_pd(m, x), _mm_andnot_pd(m, y)),
    power_of_two: {
        let biased = _mm_add_epi64(_mm_castpd_si128(x), _mm_set1_epi64x(1023));
        _mm_castsi128_pd(_mm_slli_epi64::<52>(biased))
    },
    bit(BIT): {
        // The sign of the upper half, copied to all bits.
        let moved = _mm_sll_epi64(_mm_castpd_si128(x), _mm_cvtsi32_si128(63 - BIT as i32));
        let signs = _mm_srai_epi32::<31>(moved);
        _mm_castsi128_pd(_mm_shuffle_epi32::<0b11_11_01_01>(signs))
    },
}

pack! {
    /// Four lanes.
    #[cfg_attr(not(any(test, avx2_path)), expect(dead_code, reason = "not in this build"))]
    Avx2(__m256d), 4, __m256d, (x, y, m);
    splat: _mm256_set1_pd, sqrt: _mm256_sqrt_pd,
    add: _mm256_add_pd, sub: _mm256_sub_pd, mul: _mm256_mul_pd, div: _mm256_div_pd,
    fused: _mm256_fmadd_pd, _mm256_fnmadd_pd,
    abs: _mm256_andnot_pd(_mm256_set1_pd(-0.0), x), neg: _mm256_xor_pd(_mm256_set1_pd(-0.0), x),
    at_least: _mm256_cmp_pd::<_CMP_GE_OQ>(x, y), above: _mm256_cmp_pd::<_CMP_GT_OQ>(x, y),
    equals: _mm256_cmp_pd::<_CMP_EQ_OQ>(x, y),
    // SAFETY: a mask is made only where the machine has its instructions.
    bits: unsafe { _mm256_movemask_pd(m) }, select: _mm256_blendv_pd(y, x, m),
    power_of_two: {
        let biased = _mm256_add_epi64(_mm256_castpd_si256(x), _mm256_set1_epi64x(1023));
        _mm256_castsi256_pd(_mm256_slli_epi64::<52>(biased))
    },
    bit(BIT): {
        // What is selected by hangs on the sign alone.
        let by = _mm_cvtsi32_si128(63 - BIT as i32);
        _mm256_castsi256_pd(_mm256_sll_epi64(_mm256_castpd_si256(x), by))
    },
}

pack! {
    /// Eight lanes.
    #[cfg_attr(not(any(test, avx512_path)), expect(dead_code, reason = "not in this build"))]
    Avx512(__m512d), 8, __mmask8, (x, y, m);
    splat: _mm512_set1_pd, sqrt: _mm512_sqrt_pd,
    add: _mm512_add_pd, sub: _mm512_sub_pd, mul: _mm512_mul_pd, div: _mm512_div_pd,
    fused: _mm512_fmadd_pd, _mm512_fnmadd_pd,
    abs: _mm512_abs_pd(x),
    neg: _mm512_castsi512_pd(_mm512_xor_epi64(
        _mm512_castpd_si512(_mm512_set1_pd(-0.0)),
        _mm512_castpd_si512(x)
    )),
    at_least: _mm512_cmp_pd_mask::<_CMP_GE_OQ>(x, y),
    above: _mm512_cmp_pd_mask::<_CMP_GT_OQ>(x, y),
    equals: _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(x, y),
    bits: m, select: _mm512_mask_blend_pd(m, y, x),
    power_of_two: {
        let biased = _mm512_add_epi64(_mm512_castpd_si512(x), _mm512_set1_epi64(1023));
        _mm512_castsi512_pd(_mm512_slli_epi64::<52>(biased))
    },
    bit(BIT): _mm512_test_epi64_mask(_mm512_castpd_si512(x), _mm512_set1_epi64(1 << BIT)),
}
