//! Floats to codes by a reciprocal, a clamp and a rounding addition: SPEC 1.3 with zero point 0 in a few vector operations.

use kernels::f32::lanes::LANES;
use simd::{mem, Isa};

/// 1.5·2^23: added to |x| ≤ 2^22 it rounds x to an integer, half to even, and the integer is the low bits of the sum.
pub const ROUNDING: f32 = 12_582_912.0;
/// Codes of one step: a whole vector of bytes.
const STEP: usize = 16;

/// NaN becomes 0, which the relaxed minimum and maximum need.
#[inline(always)]
pub fn number<I: Isa>(isa: I, value: I::F32x4) -> I::F32x4 {
    isa.f32x4_from_i32x4(isa.i32x4_andnot(isa.i32x4_from_f32x4(value), isa.f32x4_ne(value, value)))
}

/// What a vector of floats is multiplied by and clamped to.
#[derive(Clone, Copy)]
pub struct Codes<I: Isa, const SIGNED: bool> {
    reciprocal: I::F32x4,
    low: I::F32x4,
    high: I::F32x4,
    rounding: I::F32x4,
}

impl<I: Isa, const SIGNED: bool> Codes<I, SIGNED> {
    /// Codes that are worth `step`, up to `levels`.
    #[inline(always)]
    pub fn new(isa: I, step: f32, levels: f32) -> Self {
        Self {
            reciprocal: isa.f32x4_splat(1.0 / step),
            low: isa.f32x4_splat(if SIGNED { -levels } else { 0.0 }),
            high: isa.f32x4_splat(levels),
            rounding: isa.f32x4_splat(ROUNDING),
        }
    }

    /// x in steps.
    #[inline(always)]
    pub fn scaled(&self, isa: I, x: I::F32x4) -> I::F32x4 {
        isa.f32x4_mul(x, self.reciprocal)
    }

    /// The code plus [`ROUNDING`], from x in steps.
    #[inline(always)]
    pub fn rounded(&self, isa: I, scaled: I::F32x4) -> I::F32x4 {
        let bounded = isa.f32x4_relaxed_min(isa.f32x4_relaxed_max(number(isa, scaled), self.low), self.high);
        isa.f32x4_add(bounded, self.rounding)
    }

    /// The codes as floats.
    #[inline(always)]
    pub fn whole(&self, isa: I, scaled: I::F32x4) -> I::F32x4 {
        isa.f32x4_sub(self.rounded(isa, scaled), self.rounding)
    }

    /// Four codes as i32.
    #[inline(always)]
    fn integers(&self, isa: I, x: &[u8; 16]) -> I::I32x4 {
        let rounded = self.rounded(isa, self.scaled(isa, isa.f32x4_load(x)));
        isa.i32x4_sub(isa.i32x4_from_f32x4(rounded), isa.i32x4_from_f32x4(self.rounding))
    }

    /// Sixteen codes.
    #[inline(always)]
    fn bytes(&self, isa: I, x: &[[u8; 16]; LANES]) -> I::I8x16 {
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| self.integers(isa, &x[i]));
        narrow::<I, SIGNED>(isa, isa.i16x8_narrow_i32x4_s(a, b), isa.i16x8_narrow_i32x4_s(c, d))
    }

    /// A code for each float.
    #[inline(always)]
    pub fn quantize(&self, isa: I, x: &[u8], codes: &mut [u8]) {
        let steps = mem::panels::<16, LANES>(x);
        for (from, to) in steps.iter().zip(mem::arrays_mut::<STEP>(codes)) {
            isa.i8x16_store(self.bytes(isa, from), to);
        }
        let done = steps.len() * STEP;
        let rest = &mut codes[done..];
        if !rest.is_empty() {
            let mut floats = [[0; 16]; LANES];
            floats.as_flattened_mut()[..rest.len() * 4].copy_from_slice(&x[done * 4..]);
            let mut whole = [0; STEP];
            isa.i8x16_store(self.bytes(isa, &floats), &mut whole);
            rest.copy_from_slice(&whole[..rest.len()]);
        }
    }
}

/// Codes that fit to bytes.
#[inline(always)]
fn narrow<I: Isa, const SIGNED: bool>(isa: I, a: I::I16x8, b: I::I16x8) -> I::I8x16 {
    if SIGNED {
        isa.i8x16_narrow_i16x8_s(a, b)
    } else {
        isa.i8x16_narrow_i16x8_u(a, b)
    }
}
