//! Instruction sets with one wrong lane in one operation: what the suites must notice.

use simd::{Isa, Portable};

/// Does everything as [`Portable`] does it, but inverts lane `lane` of what operation `op` returns. Both are fields, not type parameters:
/// a type for every mutant would compile every kernel as many times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Broken {
    pub op: Option<Op>,
    pub lane: usize,
}

/// Inverts one lane.
trait Damage {
    fn damaged(self, lane: usize) -> Self;
}

macro_rules! damage_integers {
    ($($lane:ty),*) => {
        $(
            impl<const N: usize> Damage for [$lane; N] {
                fn damaged(mut self, lane: usize) -> Self {
                    self[lane % N] = !self[lane % N];
                    self
                }
            }
        )*
    };
}

damage_integers!(i8, i16, i32, i64);

impl Damage for [f32; 4] {
    fn damaged(mut self, lane: usize) -> Self {
        self[lane % 4] = -self[lane % 4];
        self
    }
}

impl Damage for () {
    fn damaged(self, _lane: usize) {}
}

macro_rules! operations {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        /// The number of every operation.
        #[allow(non_camel_case_types, clippy::enum_variant_names, dead_code)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Op {
            $($name),*
        }

        impl Isa for Broken {
            type I8x16 = [i8; 16];
            type I16x8 = [i16; 8];
            type I32x4 = [i32; 4];
            type I64x2 = [i64; 2];
            type F32x4 = [f32; 4];
            $(
                fn $name(self, $($argument: $type),*) -> $result {
                    let right = Portable.$name($($argument),*);
                    if self.op == Some(Op::$name) {
                        right.damaged(self.lane)
                    } else {
                        right
                    }
                }
            )*
        }
    };
}

operations! {
    i8x16_load(bytes: &[u8; 16]) -> Self::I8x16;
    i8x16_store(value: Self::I8x16, bytes: &mut [u8; 16]) -> ();
    i16x8_load(bytes: &[u8; 16]) -> Self::I16x8;
    i16x8_store(value: Self::I16x8, bytes: &mut [u8; 16]) -> ();
    i32x4_load(bytes: &[u8; 16]) -> Self::I32x4;
    i32x4_store(value: Self::I32x4, bytes: &mut [u8; 16]) -> ();
    f32x4_load(bytes: &[u8; 16]) -> Self::F32x4;
    f32x4_store(value: Self::F32x4, bytes: &mut [u8; 16]) -> ();
    i8x16_load64_zero(bytes: &[u8; 8]) -> Self::I8x16;
    i8x16_store64_low(value: Self::I8x16, bytes: &mut [u8; 8]) -> ();
    i8x16_store64_high(value: Self::I8x16, bytes: &mut [u8; 8]) -> ();
    i8x16_store32_low(value: Self::I8x16, bytes: &mut [u8; 4]) -> ();
    i16x8_load_extend_i8x8(bytes: &[u8; 8]) -> Self::I16x8;
    i16x8_load_extend_u8x8(bytes: &[u8; 8]) -> Self::I16x8;
    i8x16_load32_splat(bytes: &[u8; 4]) -> Self::I8x16;
    i16x8_load32_splat(bytes: &[u8; 4]) -> Self::I16x8;
    f32x4_load32_splat(bytes: &[u8; 4]) -> Self::F32x4;
    i32x4_from_i8x16(a: Self::I8x16) -> Self::I32x4;
    i8x16_from_i32x4(a: Self::I32x4) -> Self::I8x16;
    i32x4_from_i16x8(a: Self::I16x8) -> Self::I32x4;
    i16x8_from_i32x4(a: Self::I32x4) -> Self::I16x8;
    i32x4_from_f32x4(a: Self::F32x4) -> Self::I32x4;
    f32x4_from_i32x4(a: Self::I32x4) -> Self::F32x4;
    i8x16_splat(a: i8) -> Self::I8x16;
    i8x16_add(a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;
    i8x16_sub(a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;
    i8x16_min_s(a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;
    i8x16_max_s(a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;
    u8x16_min(a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;
    u8x16_max(a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;
    i8x16_narrow_i16x8_s(a: Self::I16x8, b: Self::I16x8) -> Self::I8x16;
    i8x16_narrow_i16x8_u(a: Self::I16x8, b: Self::I16x8) -> Self::I8x16;
    i8x16_interleave_low(a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;
    i8x16_swizzle(a: Self::I8x16, lanes: Self::I8x16) -> Self::I8x16;
    i8x16_interleave_high(a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;
    i16x8_splat(a: i16) -> Self::I16x8;
    i16x8_add(a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;
    i16x8_sub(a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;
    i8x16_add_sat_s(a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;
    i16x8_add_sat_s(a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;
    i16x8_mul(a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;
    i16x8_min_s(a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;
    i16x8_max_s(a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;
    i16x8_shr_s(a: Self::I16x8, shift: u32) -> Self::I16x8;
    i16x8_shl(a: Self::I16x8, shift: u32) -> Self::I16x8;
    i16x8_extend_low_i8x16_s(a: Self::I8x16) -> Self::I16x8;
    i16x8_extend_high_i8x16_s(a: Self::I8x16) -> Self::I16x8;
    i16x8_extend_low_i8x16_u(a: Self::I8x16) -> Self::I16x8;
    i16x8_extend_high_i8x16_u(a: Self::I8x16) -> Self::I16x8;
    i16x8_narrow_i32x4_s(a: Self::I32x4, b: Self::I32x4) -> Self::I16x8;
    i16x8_interleave_low(a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;
    i16x8_interleave_high(a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;
    i16x8_relaxed_q15mulr_s(a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;
    i32x4_splat(a: i32) -> Self::I32x4;
    i32x4_add(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_sub(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_mul(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_min_s(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_max_s(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_shr_s(a: Self::I32x4, shift: u32) -> Self::I32x4;
    i32x4_shl(a: Self::I32x4, shift: u32) -> Self::I32x4;
    i32x4_dot_i16x8_s(a: Self::I16x8, b: Self::I16x8) -> Self::I32x4;
    i32x4_relaxed_dot_i8x16_i7x16_add_s(a: Self::I8x16, b: Self::I8x16, c: Self::I32x4) -> Self::I32x4;
    i32x4_dot_i8x16_u8x16_add(a: Self::I8x16, b: Self::I8x16, c: Self::I32x4) -> Self::I32x4;
    i32x4_dot_i8x16_i8x16_add(a: Self::I8x16, b: Self::I8x16, c: Self::I32x4) -> Self::I32x4;
    i32x4_extend_low_i16x8_s(a: Self::I16x8) -> Self::I32x4;
    i32x4_extend_high_i16x8_s(a: Self::I16x8) -> Self::I32x4;
    i32x4_extmul_low_i16x8_s(a: Self::I16x8, b: Self::I16x8) -> Self::I32x4;
    i32x4_extmul_high_i16x8_s(a: Self::I16x8, b: Self::I16x8) -> Self::I32x4;
    i32x4_interleave_low(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_interleave_high(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_concat_low(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_concat_high(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_high_words(a: Self::I64x2, b: Self::I64x2) -> Self::I32x4;
    i32x4_trunc_sat_f32x4_s(a: Self::F32x4) -> Self::I32x4;
    i64x2_extmul_low_i32x4_s(a: Self::I32x4, b: Self::I32x4) -> Self::I64x2;
    i64x2_extmul_high_i32x4_s(a: Self::I32x4, b: Self::I32x4) -> Self::I64x2;
    f32x4_splat(a: f32) -> Self::F32x4;
    f32x4_add(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    f32x4_sub(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    f32x4_mul(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    f32x4_div(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    f32x4_min(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    f32x4_max(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    f32x4_nearest(a: Self::F32x4) -> Self::F32x4;
    f32x4_convert_i32x4_s(a: Self::I32x4) -> Self::F32x4;
    i32x4_and(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_or(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_xor(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_andnot(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    i32x4_shr_u(a: Self::I32x4, shift: u32) -> Self::I32x4;
    i32x4_low_words(a: Self::I64x2, b: Self::I64x2) -> Self::I32x4;
    i64x2_extmul_low_i32x4_u(a: Self::I32x4, b: Self::I32x4) -> Self::I64x2;
    i64x2_extmul_high_i32x4_u(a: Self::I32x4, b: Self::I32x4) -> Self::I64x2;
    f32x4_pmin(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    f32x4_pmax(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    f32x4_relaxed_min(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    f32x4_relaxed_max(a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;
    i32x4_bitselect(a: Self::I32x4, b: Self::I32x4, mask: Self::I32x4) -> Self::I32x4;
    i32x4_eq(a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;
    f32x4_gt(a: Self::F32x4, b: Self::F32x4) -> Self::I32x4;
    f32x4_ne(a: Self::F32x4, b: Self::F32x4) -> Self::I32x4;
    f32x4_abs(a: Self::F32x4) -> Self::F32x4;
    f32x4_sqrt(a: Self::F32x4) -> Self::F32x4;
}
