//! Lane operations by WebAssembly's `simd128` instructions.

use crate::{mem::vector, Isa};
use core::arch::wasm32::*;
use core::fmt::Debug;
use core::marker::PhantomData;

/// What relaxed-simd has one instruction for: all in which the flavours with vectors differ.
pub trait Relaxable: Copy + Default + Debug + 'static {
    /// [`Isa::i32x4_relaxed_dot_i8x16_i7x16_add_s`].
    fn i7(a: v128, b: v128, c: v128) -> v128;
    /// [`Isa::i32x4_dot_i8x16_u8x16_add`].
    fn u8(a: v128, b: v128, c: v128) -> v128;
    /// [`Isa::i32x4_dot_i8x16_i8x16_add`].
    fn i8(a: v128, b: v128, c: v128) -> v128;
    /// [`Isa::i16x8_relaxed_q15mulr_s`].
    fn q15mulr(a: v128, b: v128) -> v128;
}

/// 128-bit vectors with the operations of `R`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vectors<R: Relaxable>(PhantomData<R>);

/// The instruction set `simd128`: 128-bit vectors, without the relaxed ones.
pub type Simd128 = Vectors<Widened>;

/// The same by plain instructions. Dot products of bytes from those of i16 are right everywhere, and too slow for kernels: the flavour `simd128`
/// multiplies i16.
#[derive(Clone, Copy, Debug, Default)]
pub struct Widened;

/// `c` + the sums of four products, given the sums of the low and the high eight pairs of lanes.
#[inline(always)]
fn add_pairs(low: v128, high: v128, c: v128) -> v128 {
    i32x4_add(c, i32x4_add(i32x4_shuffle::<0, 2, 4, 6>(low, high), i32x4_shuffle::<1, 3, 5, 7>(low, high)))
}

impl Relaxable for Widened {
    #[inline(always)]
    fn i7(a: v128, b: v128, c: v128) -> v128 {
        Self::i8(a, b, c)
    }

    #[inline(always)]
    fn u8(a: v128, b: v128, c: v128) -> v128 {
        let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(a), i16x8_extend_low_u8x16(b));
        let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(a), i16x8_extend_high_u8x16(b));
        add_pairs(low, high, c)
    }

    #[inline(always)]
    fn i8(a: v128, b: v128, c: v128) -> v128 {
        let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(a), i16x8_extend_low_i8x16(b));
        let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(a), i16x8_extend_high_i8x16(b));
        add_pairs(low, high, c)
    }

    #[inline(always)]
    fn q15mulr(a: v128, b: v128) -> v128 {
        i16x8_q15mulr_sat(a, b)
    }
}

/// Operations whose body is one expression.
macro_rules! operations {
    ($($name:ident($($operand:ident: $type:ty),*) -> $result:ty = $body:expr;)*) => {
        $(
            #[inline(always)]
            fn $name(self, $($operand: $type),*) -> $result {
                $body
            }
        )*
    };
}

impl<R: Relaxable> Isa for Vectors<R> {
    type I8x16 = v128;
    type I16x8 = v128;
    type I32x4 = v128;
    type I64x2 = v128;
    type F32x4 = v128;

    #[inline(always)]
    fn i8x16_load(self, bytes: &[u8; 16]) -> v128 {
        vector::load(bytes)
    }

    #[inline(always)]
    fn i8x16_store(self, value: v128, bytes: &mut [u8; 16]) {
        vector::store(value, bytes)
    }

    #[inline(always)]
    fn i16x8_load(self, bytes: &[u8; 16]) -> v128 {
        vector::load(bytes)
    }

    #[inline(always)]
    fn i16x8_store(self, value: v128, bytes: &mut [u8; 16]) {
        vector::store(value, bytes)
    }

    #[inline(always)]
    fn i32x4_load(self, bytes: &[u8; 16]) -> v128 {
        vector::load(bytes)
    }

    #[inline(always)]
    fn i32x4_store(self, value: v128, bytes: &mut [u8; 16]) {
        vector::store(value, bytes)
    }

    #[inline(always)]
    fn f32x4_load(self, bytes: &[u8; 16]) -> v128 {
        vector::load(bytes)
    }

    #[inline(always)]
    fn f32x4_store(self, value: v128, bytes: &mut [u8; 16]) {
        vector::store(value, bytes)
    }

    #[inline(always)]
    fn i8x16_load64_zero(self, bytes: &[u8; 8]) -> v128 {
        vector::load64_zero(bytes)
    }

    #[inline(always)]
    fn i8x16_store64_low(self, value: v128, bytes: &mut [u8; 8]) {
        vector::store64_low(value, bytes)
    }

    #[inline(always)]
    fn i8x16_store64_high(self, value: v128, bytes: &mut [u8; 8]) {
        vector::store64_high(value, bytes)
    }

    #[inline(always)]
    fn i8x16_store32_low(self, value: v128, bytes: &mut [u8; 4]) {
        vector::store32_low(value, bytes)
    }

    #[inline(always)]
    fn i16x8_load_extend_i8x8(self, bytes: &[u8; 8]) -> v128 {
        vector::load8x8_s(bytes)
    }

    #[inline(always)]
    fn i16x8_load_extend_u8x8(self, bytes: &[u8; 8]) -> v128 {
        vector::load8x8_u(bytes)
    }

    #[inline(always)]
    fn i8x16_load32_splat(self, bytes: &[u8; 4]) -> v128 {
        vector::load32_splat(bytes)
    }

    #[inline(always)]
    fn i16x8_load32_splat(self, bytes: &[u8; 4]) -> v128 {
        vector::load32_splat(bytes)
    }

    #[inline(always)]
    fn f32x4_load32_splat(self, bytes: &[u8; 4]) -> v128 {
        vector::load32_splat(bytes)
    }

    #[inline(always)]
    fn i32x4_from_i8x16(self, a: v128) -> v128 {
        a
    }

    #[inline(always)]
    fn i8x16_from_i32x4(self, a: v128) -> v128 {
        a
    }

    #[inline(always)]
    fn i32x4_from_i16x8(self, a: v128) -> v128 {
        a
    }

    #[inline(always)]
    fn i16x8_from_i32x4(self, a: v128) -> v128 {
        a
    }

    #[inline(always)]
    fn i32x4_from_f32x4(self, a: v128) -> v128 {
        a
    }

    #[inline(always)]
    fn f32x4_from_i32x4(self, a: v128) -> v128 {
        a
    }

    #[inline(always)]
    fn i8x16_splat(self, a: i8) -> v128 {
        i8x16_splat(a)
    }

    #[inline(always)]
    fn i8x16_add(self, a: v128, b: v128) -> v128 {
        i8x16_add(a, b)
    }

    #[inline(always)]
    fn i8x16_add_sat_s(self, a: v128, b: v128) -> v128 {
        i8x16_add_sat(a, b)
    }

    #[inline(always)]
    fn i8x16_sub(self, a: v128, b: v128) -> v128 {
        i8x16_sub(a, b)
    }

    #[inline(always)]
    fn i8x16_min_s(self, a: v128, b: v128) -> v128 {
        i8x16_min(a, b)
    }

    #[inline(always)]
    fn i8x16_max_s(self, a: v128, b: v128) -> v128 {
        i8x16_max(a, b)
    }

    #[inline(always)]
    fn u8x16_min(self, a: v128, b: v128) -> v128 {
        u8x16_min(a, b)
    }

    #[inline(always)]
    fn u8x16_max(self, a: v128, b: v128) -> v128 {
        u8x16_max(a, b)
    }

    #[inline(always)]
    fn i8x16_narrow_i16x8_s(self, a: v128, b: v128) -> v128 {
        i8x16_narrow_i16x8(a, b)
    }

    #[inline(always)]
    fn i8x16_narrow_i16x8_u(self, a: v128, b: v128) -> v128 {
        u8x16_narrow_i16x8(a, b)
    }

    #[inline(always)]
    fn i16x8_splat(self, a: i16) -> v128 {
        i16x8_splat(a)
    }

    #[inline(always)]
    fn i16x8_add(self, a: v128, b: v128) -> v128 {
        i16x8_add(a, b)
    }

    #[inline(always)]
    fn i16x8_sub(self, a: v128, b: v128) -> v128 {
        i16x8_sub(a, b)
    }

    #[inline(always)]
    fn i16x8_add_sat_s(self, a: v128, b: v128) -> v128 {
        i16x8_add_sat(a, b)
    }

    #[inline(always)]
    fn i16x8_mul(self, a: v128, b: v128) -> v128 {
        i16x8_mul(a, b)
    }

    #[inline(always)]
    fn i16x8_min_s(self, a: v128, b: v128) -> v128 {
        i16x8_min(a, b)
    }

    #[inline(always)]
    fn i16x8_max_s(self, a: v128, b: v128) -> v128 {
        i16x8_max(a, b)
    }

    #[inline(always)]
    fn i16x8_shr_s(self, a: v128, shift: u32) -> v128 {
        i16x8_shr(a, shift)
    }

    #[inline(always)]
    fn i16x8_shl(self, a: v128, shift: u32) -> v128 {
        i16x8_shl(a, shift)
    }

    #[inline(always)]
    fn i16x8_extend_low_i8x16_s(self, a: v128) -> v128 {
        i16x8_extend_low_i8x16(a)
    }

    #[inline(always)]
    fn i16x8_extend_high_i8x16_s(self, a: v128) -> v128 {
        i16x8_extend_high_i8x16(a)
    }

    #[inline(always)]
    fn i16x8_extend_low_i8x16_u(self, a: v128) -> v128 {
        i16x8_extend_low_u8x16(a)
    }

    #[inline(always)]
    fn i16x8_extend_high_i8x16_u(self, a: v128) -> v128 {
        i16x8_extend_high_u8x16(a)
    }

    #[inline(always)]
    fn i16x8_narrow_i32x4_s(self, a: v128, b: v128) -> v128 {
        i16x8_narrow_i32x4(a, b)
    }

    #[inline(always)]
    fn i8x16_interleave_low(self, a: v128, b: v128) -> v128 {
        i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b)
    }

    #[inline(always)]
    fn i8x16_interleave_high(self, a: v128, b: v128) -> v128 {
        i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b)
    }

    #[inline(always)]
    fn i8x16_swizzle(self, a: v128, lanes: v128) -> v128 {
        i8x16_swizzle(a, lanes)
    }

    #[inline(always)]
    fn i16x8_interleave_low(self, a: v128, b: v128) -> v128 {
        i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b)
    }

    #[inline(always)]
    fn i16x8_interleave_high(self, a: v128, b: v128) -> v128 {
        i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b)
    }

    #[inline(always)]
    fn i16x8_relaxed_q15mulr_s(self, a: v128, b: v128) -> v128 {
        R::q15mulr(a, b)
    }

    operations! {
        i32x4_splat(a: i32) -> v128 = i32x4_splat(a);
        i32x4_add(a: v128, b: v128) -> v128 = i32x4_add(a, b);
        i32x4_sub(a: v128, b: v128) -> v128 = i32x4_sub(a, b);
        i32x4_mul(a: v128, b: v128) -> v128 = i32x4_mul(a, b);
        i32x4_min_s(a: v128, b: v128) -> v128 = i32x4_min(a, b);
        i32x4_max_s(a: v128, b: v128) -> v128 = i32x4_max(a, b);
        i32x4_shr_s(a: v128, shift: u32) -> v128 = i32x4_shr(a, shift);
        i32x4_shl(a: v128, shift: u32) -> v128 = i32x4_shl(a, shift);
        i32x4_dot_i16x8_s(a: v128, b: v128) -> v128 = i32x4_dot_i16x8(a, b);
        i32x4_relaxed_dot_i8x16_i7x16_add_s(a: v128, b: v128, c: v128) -> v128 = R::i7(a, b, c);
        i32x4_dot_i8x16_u8x16_add(a: v128, b: v128, c: v128) -> v128 = R::u8(a, b, c);
        i32x4_dot_i8x16_i8x16_add(a: v128, b: v128, c: v128) -> v128 = R::i8(a, b, c);
        i32x4_extend_low_i16x8_s(a: v128) -> v128 = i32x4_extend_low_i16x8(a);
        i32x4_extend_high_i16x8_s(a: v128) -> v128 = i32x4_extend_high_i16x8(a);
        i32x4_extmul_low_i16x8_s(a: v128, b: v128) -> v128 = i32x4_extmul_low_i16x8(a, b);
        i32x4_extmul_high_i16x8_s(a: v128, b: v128) -> v128 = i32x4_extmul_high_i16x8(a, b);
        i32x4_interleave_low(a: v128, b: v128) -> v128 = i32x4_shuffle::<0, 4, 1, 5>(a, b);
        i32x4_interleave_high(a: v128, b: v128) -> v128 = i32x4_shuffle::<2, 6, 3, 7>(a, b);
        i32x4_concat_low(a: v128, b: v128) -> v128 = i32x4_shuffle::<0, 1, 4, 5>(a, b);
        i32x4_concat_high(a: v128, b: v128) -> v128 = i32x4_shuffle::<2, 3, 6, 7>(a, b);
        i32x4_high_words(a: v128, b: v128) -> v128 = i32x4_shuffle::<1, 3, 5, 7>(a, b);
        i32x4_trunc_sat_f32x4_s(a: v128) -> v128 = i32x4_trunc_sat_f32x4(a);
        i64x2_extmul_low_i32x4_s(a: v128, b: v128) -> v128 = i64x2_extmul_low_i32x4(a, b);
        i64x2_extmul_high_i32x4_s(a: v128, b: v128) -> v128 = i64x2_extmul_high_i32x4(a, b);
    }

    operations! {
        f32x4_splat(a: f32) -> v128 = f32x4_splat(a);
        f32x4_add(a: v128, b: v128) -> v128 = f32x4_add(a, b);
        f32x4_sub(a: v128, b: v128) -> v128 = f32x4_sub(a, b);
        f32x4_mul(a: v128, b: v128) -> v128 = f32x4_mul(a, b);
        f32x4_div(a: v128, b: v128) -> v128 = f32x4_div(a, b);
        f32x4_min(a: v128, b: v128) -> v128 = f32x4_min(a, b);
        f32x4_max(a: v128, b: v128) -> v128 = f32x4_max(a, b);
        f32x4_nearest(a: v128) -> v128 = f32x4_nearest(a);
        f32x4_convert_i32x4_s(a: v128) -> v128 = f32x4_convert_i32x4(a);
        i32x4_and(a: v128, b: v128) -> v128 = v128_and(a, b);
        i32x4_or(a: v128, b: v128) -> v128 = v128_or(a, b);
        i32x4_xor(a: v128, b: v128) -> v128 = v128_xor(a, b);
        i32x4_andnot(a: v128, b: v128) -> v128 = v128_andnot(a, b);
        i32x4_shr_u(a: v128, shift: u32) -> v128 = u32x4_shr(a, shift);
        i32x4_low_words(a: v128, b: v128) -> v128 = i32x4_shuffle::<0, 2, 4, 6>(a, b);
        i64x2_extmul_low_i32x4_u(a: v128, b: v128) -> v128 = u64x2_extmul_low_u32x4(a, b);
        i64x2_extmul_high_i32x4_u(a: v128, b: v128) -> v128 = u64x2_extmul_high_u32x4(a, b);
        f32x4_relaxed_min(a: v128, b: v128) -> v128 = f32x4_pmin(a, b);
        f32x4_relaxed_max(a: v128, b: v128) -> v128 = f32x4_pmax(a, b);
        i32x4_bitselect(a: v128, b: v128, mask: v128) -> v128 = v128_bitselect(a, b, mask);
        i32x4_eq(a: v128, b: v128) -> v128 = i32x4_eq(a, b);
        f32x4_gt(a: v128, b: v128) -> v128 = f32x4_gt(a, b);
        f32x4_ne(a: v128, b: v128) -> v128 = f32x4_ne(a, b);
        f32x4_abs(a: v128) -> v128 = f32x4_abs(a);
        f32x4_sqrt(a: v128) -> v128 = f32x4_sqrt(a);
    }

    #[inline(always)]
    fn f32x4_pmin(self, a: v128, b: v128) -> v128 {
        if cfg!(target_feature = "relaxed-simd") {
            v128_bitselect(b, a, f32x4_lt(b, a))
        } else {
            f32x4_pmin(a, b)
        }
    }

    #[inline(always)]
    fn f32x4_pmax(self, a: v128, b: v128) -> v128 {
        if cfg!(target_feature = "relaxed-simd") {
            v128_bitselect(b, a, f32x4_lt(a, b))
        } else {
            f32x4_pmax(a, b)
        }
    }
}
