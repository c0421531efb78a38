//! The flavour `relaxed`: simd128 with dot products of bytes in one instruction.

use crate::simd128::{Relaxable, Vectors};
use core::arch::wasm32::{i16x8_relaxed_q15mulr, i32x4_relaxed_dot_i8x16_i7x16_add, v128};

/// The instruction set `simd128` with `i32x4.relaxed_dot_i8x16_i7x16_add_s`.
pub type Relaxed = Vectors<OneInstruction>;

/// All three dot products by the one instruction. It means [`Relaxable::i7`] on every engine that is right, and one of the other two where the
/// engine turns it into `vpdpbusd` or `sdot`: whoever uses those has asked the engine ([`crate::dot::relaxed_answer`]).
#[derive(Clone, Copy, Debug, Default)]
pub struct OneInstruction;

impl Relaxable for OneInstruction {
    #[inline(always)]
    fn i7(a: v128, b: v128, c: v128) -> v128 {
        i32x4_relaxed_dot_i8x16_i7x16_add(a, b, c)
    }

    #[inline(always)]
    fn u8(a: v128, b: v128, c: v128) -> v128 {
        i32x4_relaxed_dot_i8x16_i7x16_add(a, b, c)
    }

    #[inline(always)]
    fn i8(a: v128, b: v128, c: v128) -> v128 {
        i32x4_relaxed_dot_i8x16_i7x16_add(a, b, c)
    }

    #[inline(always)]
    fn q15mulr(a: v128, b: v128) -> v128 {
        i16x8_relaxed_q15mulr(a, b)
    }
}
