//! The lane operations that kernels are written in.

/// A set of lane operations, named after the WebAssembly mnemonics and with exactly their meaning.
///
/// The implementing type is a token without contents: a kernel takes it by value and calls `isa.i16x8_add(a, b)`. Lanes are typed, so
/// that the compiler tells an i16 vector from an i32 one; unsigned bytes share [`Isa::I8x16`], as they do in WebAssembly. Every
/// integer operation wraps unless its name says `sat` or `narrow`.
pub trait Isa: Copy + Default + core::fmt::Debug + 'static {
    /// 16 bytes.
    type I8x16: Copy;
    /// 8 lanes of 16 bits.
    type I16x8: Copy;
    /// 4 lanes of 32 bits.
    type I32x4: Copy;
    /// 2 lanes of 64 bits.
    type I64x2: Copy;
    /// 4 floats.
    type F32x4: Copy;

    // Loads and stores.

    /// `v128.load`: the lanes at 16 bytes.
    fn i8x16_load(self, bytes: &[u8; 16]) -> Self::I8x16;

    /// `v128.store`: the lanes to 16 bytes.
    fn i8x16_store(self, value: Self::I8x16, bytes: &mut [u8; 16]);

    /// `v128.load`: the lanes at 16 bytes.
    fn i16x8_load(self, bytes: &[u8; 16]) -> Self::I16x8;

    /// `v128.store`: the lanes to 16 bytes.
    fn i16x8_store(self, value: Self::I16x8, bytes: &mut [u8; 16]);

    /// `v128.load`: the lanes at 16 bytes.
    fn i32x4_load(self, bytes: &[u8; 16]) -> Self::I32x4;

    /// `v128.store`: the lanes to 16 bytes.
    fn i32x4_store(self, value: Self::I32x4, bytes: &mut [u8; 16]);

    /// `v128.load`: the lanes at 16 bytes.
    fn f32x4_load(self, bytes: &[u8; 16]) -> Self::F32x4;

    /// `v128.store`: the lanes to 16 bytes.
    fn f32x4_store(self, value: Self::F32x4, bytes: &mut [u8; 16]);

    /// `v128.load64_zero`: 8 bytes in the low lanes, 0 above.
    fn i8x16_load64_zero(self, bytes: &[u8; 8]) -> Self::I8x16;

    /// `v128.store64_lane 0`: the low 8 lanes.
    fn i8x16_store64_low(self, value: Self::I8x16, bytes: &mut [u8; 8]);

    /// `v128.store64_lane 1`: the high 8 lanes.
    fn i8x16_store64_high(self, value: Self::I8x16, bytes: &mut [u8; 8]);

    /// `v128.store32_lane 0`: the low 4 lanes.
    fn i8x16_store32_low(self, value: Self::I8x16, bytes: &mut [u8; 4]);

    /// `v128.load8x8_s`: 8 signed bytes, widened.
    fn i16x8_load_extend_i8x8(self, bytes: &[u8; 8]) -> Self::I16x8;

    /// `v128.load8x8_u`: 8 unsigned bytes, widened.
    fn i16x8_load_extend_u8x8(self, bytes: &[u8; 8]) -> Self::I16x8;

    /// `v128.load32_splat`: four bytes in every group of four lanes.
    fn i8x16_load32_splat(self, bytes: &[u8; 4]) -> Self::I8x16;

    /// `v128.load32_splat`: a pair of i16 in every pair of lanes.
    fn i16x8_load32_splat(self, bytes: &[u8; 4]) -> Self::I16x8;

    /// `v128.load32_splat`: one float in every lane.
    fn f32x4_load32_splat(self, bytes: &[u8; 4]) -> Self::F32x4;

    // The same bits, seen as other lanes.

    /// Groups of four bytes as i32, the first in the lowest bits. No instruction.
    fn i32x4_from_i8x16(self, a: Self::I8x16) -> Self::I32x4;

    /// i32 as groups of four bytes, the lowest bits first. No instruction.
    fn i8x16_from_i32x4(self, a: Self::I32x4) -> Self::I8x16;

    /// Pairs of i16 as i32, the even lane in the low half. No instruction.
    fn i32x4_from_i16x8(self, a: Self::I16x8) -> Self::I32x4;

    /// i32 as pairs of i16, the low half in the even lane. No instruction.
    fn i16x8_from_i32x4(self, a: Self::I32x4) -> Self::I16x8;

    /// The bits of floats. No instruction.
    fn i32x4_from_f32x4(self, a: Self::F32x4) -> Self::I32x4;

    /// Floats from their bits. No instruction.
    fn f32x4_from_i32x4(self, a: Self::I32x4) -> Self::F32x4;

    // i8x16.

    /// One value in every lane.
    fn i8x16_splat(self, a: i8) -> Self::I8x16;

    /// Wrapping sum.
    fn i8x16_add(self, a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;

    /// Saturating sum.
    fn i8x16_add_sat_s(self, a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;

    /// Wrapping difference.
    fn i8x16_sub(self, a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;

    /// Signed minimum.
    fn i8x16_min_s(self, a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;

    /// Signed maximum.
    fn i8x16_max_s(self, a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;

    /// `i8x16.min_u`: unsigned minimum.
    fn u8x16_min(self, a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;

    /// `i8x16.max_u`: unsigned maximum.
    fn u8x16_max(self, a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;

    /// Both narrowed to i8 with saturation, `a` in the low lanes.
    fn i8x16_narrow_i16x8_s(self, a: Self::I16x8, b: Self::I16x8) -> Self::I8x16;

    /// Both narrowed to u8 with saturation, `a` in the low lanes.
    fn i8x16_narrow_i16x8_u(self, a: Self::I16x8, b: Self::I16x8) -> Self::I8x16;

    /// `i8x16.shuffle`: a0 b0 a1 b1 … a7 b7.
    fn i8x16_interleave_low(self, a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;

    /// `i8x16.shuffle`: a8 b8 a9 b9 … a15 b15.
    fn i8x16_interleave_high(self, a: Self::I8x16, b: Self::I8x16) -> Self::I8x16;

    /// The lanes of `a` that `lanes` numbers; 0 for numbers beyond 15.
    fn i8x16_swizzle(self, a: Self::I8x16, lanes: Self::I8x16) -> Self::I8x16;

    // i16x8.

    /// One value in every lane.
    fn i16x8_splat(self, a: i16) -> Self::I16x8;

    /// Wrapping sum.
    fn i16x8_add(self, a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;

    /// Wrapping difference.
    fn i16x8_sub(self, a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;

    /// Saturating sum.
    fn i16x8_add_sat_s(self, a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;

    /// Wrapping product.
    fn i16x8_mul(self, a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;

    /// Signed minimum.
    fn i16x8_min_s(self, a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;

    /// Signed maximum.
    fn i16x8_max_s(self, a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;

    /// Arithmetic shift to the right.
    fn i16x8_shr_s(self, a: Self::I16x8, shift: u32) -> Self::I16x8;

    /// Shift to the left.
    fn i16x8_shl(self, a: Self::I16x8, shift: u32) -> Self::I16x8;

    /// The low 8 lanes, sign-extended.
    fn i16x8_extend_low_i8x16_s(self, a: Self::I8x16) -> Self::I16x8;

    /// The high 8 lanes, sign-extended.
    fn i16x8_extend_high_i8x16_s(self, a: Self::I8x16) -> Self::I16x8;

    /// The low 8 lanes, zero-extended.
    fn i16x8_extend_low_i8x16_u(self, a: Self::I8x16) -> Self::I16x8;

    /// The high 8 lanes, zero-extended.
    fn i16x8_extend_high_i8x16_u(self, a: Self::I8x16) -> Self::I16x8;

    /// Both narrowed to i16 with saturation, `a` in the low lanes.
    fn i16x8_narrow_i32x4_s(self, a: Self::I32x4, b: Self::I32x4) -> Self::I16x8;

    /// `i8x16.shuffle`: a0 b0 a1 b1 … a3 b3.
    fn i16x8_interleave_low(self, a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;

    /// `i8x16.shuffle`: a4 b4 a5 b5 … a7 b7.
    fn i16x8_interleave_high(self, a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;

    /// `(a·b + 2^14) >> 15`. In one instruction in `relaxed`, where `i16x8.q15mulr_sat_s` would be five on x86. Defined unless both lanes are
    /// −32768; a test on [`Portable`](crate::Portable) panics there.
    fn i16x8_relaxed_q15mulr_s(self, a: Self::I16x8, b: Self::I16x8) -> Self::I16x8;

    // i32x4.

    /// One value in every lane.
    fn i32x4_splat(self, a: i32) -> Self::I32x4;

    /// Wrapping sum.
    fn i32x4_add(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// Wrapping difference.
    fn i32x4_sub(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// Wrapping product.
    fn i32x4_mul(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// Signed minimum.
    fn i32x4_min_s(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// Signed maximum.
    fn i32x4_max_s(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// Arithmetic shift to the right.
    fn i32x4_shr_s(self, a: Self::I32x4, shift: u32) -> Self::I32x4;

    /// Shift to the left.
    fn i32x4_shl(self, a: Self::I32x4, shift: u32) -> Self::I32x4;

    /// Products of i16, added in pairs of lanes.
    fn i32x4_dot_i16x8_s(self, a: Self::I16x8, b: Self::I16x8) -> Self::I32x4;

    /// `i32x4.relaxed_dot_i8x16_i7x16_add_s`: `c` + products of bytes, added in groups of four lanes. Defined for lanes of `b` in 0..127
    /// only; what others give depends on the machine, and a test on [`Portable`](crate::Portable) panics there.
    fn i32x4_relaxed_dot_i8x16_i7x16_add_s(self, a: Self::I8x16, b: Self::I8x16, c: Self::I32x4) -> Self::I32x4;

    /// The same with `b` in 0..255: what the relaxed instruction does where it is `vpdpbusd`. On `Relaxed` right there only.
    fn i32x4_dot_i8x16_u8x16_add(self, a: Self::I8x16, b: Self::I8x16, c: Self::I32x4) -> Self::I32x4;

    /// The same with `b` in −128..127: what the relaxed instruction does where it is `sdot`. On `Relaxed` right there only.
    fn i32x4_dot_i8x16_i8x16_add(self, a: Self::I8x16, b: Self::I8x16, c: Self::I32x4) -> Self::I32x4;

    /// The low 4 lanes, sign-extended.
    fn i32x4_extend_low_i16x8_s(self, a: Self::I16x8) -> Self::I32x4;

    /// The high 4 lanes, sign-extended.
    fn i32x4_extend_high_i16x8_s(self, a: Self::I16x8) -> Self::I32x4;

    /// Products of the low 4 lanes.
    fn i32x4_extmul_low_i16x8_s(self, a: Self::I16x8, b: Self::I16x8) -> Self::I32x4;

    /// Products of the high 4 lanes.
    fn i32x4_extmul_high_i16x8_s(self, a: Self::I16x8, b: Self::I16x8) -> Self::I32x4;

    /// `i8x16.shuffle`: a0 b0 a1 b1.
    fn i32x4_interleave_low(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// `i8x16.shuffle`: a2 b2 a3 b3.
    fn i32x4_interleave_high(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// `i8x16.shuffle`: a0 a1 b0 b1.
    fn i32x4_concat_low(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// `i8x16.shuffle`: a2 a3 b2 b3.
    fn i32x4_concat_high(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// `i8x16.shuffle`: the high 32 bits of a0 a1 b0 b1.
    fn i32x4_high_words(self, a: Self::I64x2, b: Self::I64x2) -> Self::I32x4;

    /// Towards zero with saturation; NaN gives 0.
    fn i32x4_trunc_sat_f32x4_s(self, a: Self::F32x4) -> Self::I32x4;

    // i64x2.

    /// Products of the low 2 lanes.
    fn i64x2_extmul_low_i32x4_s(self, a: Self::I32x4, b: Self::I32x4) -> Self::I64x2;

    /// Products of the high 2 lanes.
    fn i64x2_extmul_high_i32x4_s(self, a: Self::I32x4, b: Self::I32x4) -> Self::I64x2;

    // f32x4.

    /// One value in every lane.
    fn f32x4_splat(self, a: f32) -> Self::F32x4;

    /// Sum.
    fn f32x4_add(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// Difference.
    fn f32x4_sub(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// Product.
    fn f32x4_mul(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// Quotient.
    fn f32x4_div(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// Minimum; NaN if either is NaN, and −0 below +0.
    fn f32x4_min(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// Maximum; NaN if either is NaN, and −0 below +0.
    fn f32x4_max(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// Round half to even.
    fn f32x4_nearest(self, a: Self::F32x4) -> Self::F32x4;

    /// Signed integers as floats.
    fn f32x4_convert_i32x4_s(self, a: Self::I32x4) -> Self::F32x4;

    /// `v128.and`: bits set in both.
    fn i32x4_and(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// `v128.or`: bits set in either.
    fn i32x4_or(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// `v128.xor`: bits set in one of them.
    fn i32x4_xor(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// `v128.andnot`: bits set in `a` and not in `b`.
    fn i32x4_andnot(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// Shift to the right of lanes taken as unsigned.
    fn i32x4_shr_u(self, a: Self::I32x4, shift: u32) -> Self::I32x4;

    /// `i8x16.shuffle`: the low 32 bits of a0 a1 b0 b1.
    fn i32x4_low_words(self, a: Self::I64x2, b: Self::I64x2) -> Self::I32x4;

    /// Products of the low 2 lanes, taken as unsigned.
    fn i64x2_extmul_low_i32x4_u(self, a: Self::I32x4, b: Self::I32x4) -> Self::I64x2;

    /// Products of the high 2 lanes, taken as unsigned.
    fn i64x2_extmul_high_i32x4_u(self, a: Self::I32x4, b: Self::I32x4) -> Self::I64x2;

    /// `b < a ? b : a`, so `a` for NaN and equal zeros. One instruction on x86 in the flavour `simd128` only: in `relaxed` LLVM would make
    /// `relaxed_min` of it, which has another answer for NaN on every machine, and a comparison with a selection stands for it.
    fn f32x4_pmin(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// `a < b ? b : a`, as [`Isa::f32x4_pmin`].
    fn f32x4_pmax(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// The smaller one, in one instruction: `f32x4.relaxed_min`, or `pmin` where that is missing. Defined for numbers only, and of zeros of two signs
    /// either may come: a test on [`Portable`](crate::Portable) panics for NaN.
    fn f32x4_relaxed_min(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// The larger one, as [`Isa::f32x4_relaxed_min`].
    fn f32x4_relaxed_max(self, a: Self::F32x4, b: Self::F32x4) -> Self::F32x4;

    /// `v128.bitselect`: the bits of `a` where `mask` has ones, of `b` elsewhere.
    fn i32x4_bitselect(self, a: Self::I32x4, b: Self::I32x4, mask: Self::I32x4) -> Self::I32x4;

    /// All ones where a = b, 0 elsewhere.
    fn i32x4_eq(self, a: Self::I32x4, b: Self::I32x4) -> Self::I32x4;

    /// All ones where a > b, 0 elsewhere; a NaN is greater than nothing.
    fn f32x4_gt(self, a: Self::F32x4, b: Self::F32x4) -> Self::I32x4;

    /// All ones where a ≠ b or either is NaN, 0 elsewhere.
    fn f32x4_ne(self, a: Self::F32x4, b: Self::F32x4) -> Self::I32x4;

    /// The sign cleared.
    fn f32x4_abs(self, a: Self::F32x4) -> Self::F32x4;

    /// Square root, rounded once; NaN below −0.
    fn f32x4_sqrt(self, a: Self::F32x4) -> Self::F32x4;
}
