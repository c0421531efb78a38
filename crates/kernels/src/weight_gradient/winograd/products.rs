//! What multiplies transformed operands: dot products of bytes over four rows of tiles, or of i16 over two where there are none.

use super::operands::Vector;
use super::LANES;
use crate::conv::gemm_4x8::PanelStep;
use crate::weight_gradient::operands::interleave;
use simd::dot::{I16Dot, I7Dot};
use simd::{Dot, Isa};

/// A dot product over rows of tiles. Sixteen channels of the four rows of a group are four vectors of bytes, which both transforms keep as they are and this trait
/// lays out in steps.
pub trait Products: Dot {
    /// Steps that the four rows of a group take at one column.
    const STEPS: usize = LANES / Self::STEP;
    /// What is added to V, to make it an operand.
    const OFFSET: i8;

    /// The four vectors of bytes.
    fn interleave<I: Isa>(isa: I, lanes: [I::I8x16; LANES]) -> [I::I32x4; 4];
    /// Which vector holds four channels, `quad`, at step `step` of a column.
    fn vector_of(quad: usize, step: usize) -> usize;
    /// Which eight channels the codes of a gradient in a vector belong to, and which step of a column.
    fn panel_of(vector: usize) -> [usize; 2];
    /// Stores V of four channels: those of quads with this parity, where a vector holds two.
    fn store_activations<I: Isa, const PARITY: usize>(isa: I, v: I::I8x16, step: &mut Vector);
    /// Stores U where vector `vector` belongs in a step.
    fn store_gradient<I: Isa>(isa: I, u: I::I8x16, vector: usize, step: &mut PanelStep);
}

/// Vectors of `[4 channels][4 rows]`. V + 32 is in 0..127.
impl Products for I7Dot {
    const OFFSET: i8 = 32;

    #[inline(always)]
    fn interleave<I: Isa>(isa: I, lanes: [I::I8x16; LANES]) -> [I::I32x4; 4] {
        interleave(isa, lanes)
    }

    fn vector_of(quad: usize, _step: usize) -> usize {
        quad
    }

    fn panel_of(vector: usize) -> [usize; 2] {
        [vector / 2, 0]
    }

    #[inline(always)]
    fn store_activations<I: Isa, const PARITY: usize>(isa: I, v: I::I8x16, step: &mut Vector) {
        isa.i8x16_store(isa.i8x16_add(v, isa.i8x16_splat(Self::OFFSET)), step);
    }

    #[inline(always)]
    fn store_gradient<I: Isa>(isa: I, u: I::I8x16, vector: usize, step: &mut PanelStep) {
        isa.i8x16_store(u, &mut step[vector % 2]);
    }
}

/// Vectors of `[8 channels][2 rows]`: rows 0 and 1 of the channels 0..8 and 8..16, then rows 2 and 3. They are widened when they are stored.
impl Products for I16Dot {
    const OFFSET: i8 = 0;

    #[inline(always)]
    fn interleave<I: Isa>(isa: I, [a, b, c, d]: [I::I8x16; LANES]) -> [I::I32x4; 4] {
        let vectors =
            [isa.i8x16_interleave_low(a, b), isa.i8x16_interleave_high(a, b), isa.i8x16_interleave_low(c, d), isa.i8x16_interleave_high(c, d)];
        vectors.map(|bytes| isa.i32x4_from_i8x16(bytes))
    }

    fn vector_of(quad: usize, step: usize) -> usize {
        2 * step + quad / 2
    }

    fn panel_of(vector: usize) -> [usize; 2] {
        [vector % 2, vector / 2]
    }

    #[inline(always)]
    fn store_activations<I: Isa, const PARITY: usize>(isa: I, v: I::I8x16, step: &mut Vector) {
        let four = if PARITY == 0 { isa.i16x8_extend_low_i8x16_s(v) } else { isa.i16x8_extend_high_i8x16_s(v) };
        isa.i16x8_store(four, step);
    }

    #[inline(always)]
    fn store_gradient<I: Isa>(isa: I, u: I::I8x16, _vector: usize, step: &mut PanelStep) {
        isa.i16x8_store(isa.i16x8_extend_low_i8x16_s(u), &mut step[0]);
        isa.i16x8_store(isa.i16x8_extend_high_i8x16_s(u), &mut step[1]);
    }
}
