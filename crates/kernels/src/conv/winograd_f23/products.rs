//! What multiplies transformed codes by transformed weights: dot products of bytes, or of i16 where there are none.

use super::input::Vector;
use simd::dot::{I16Dot, I7Dot};
use simd::{mem, Dot, Isa};

/// A dot product whose weights lie in panels of bytes.
pub trait Products: Dot {
    /// Vectors that hold one vector of transformed codes.
    const VECTORS: usize;
    /// What is added to transformed codes, to make them an operand.
    const OFFSET: i8;
    /// Eight output channels of [`Dot::STEP`] weights, as they are stored.
    type Weights: 'static;

    /// The steps of a panel.
    fn steps(panel: &[u8]) -> &[Self::Weights];
    /// The two operands of a step.
    fn operands<I: Isa>(isa: I, weights: &Self::Weights) -> [Self::Operand<I>; 2];
    /// Stores sixteen transformed codes, the offset included, in [`Products::VECTORS`] vectors.
    fn store<I: Isa>(isa: I, codes: I::I8x16, vectors: &mut [Vector]);
}

/// Relaxed dot: V + 32 is in 0..127.
impl Products for I7Dot {
    const VECTORS: usize = 1;
    const OFFSET: i8 = 32;
    type Weights = [[u8; 16]; 2];

    #[inline(always)]
    fn steps(panel: &[u8]) -> &[[[u8; 16]; 2]] {
        mem::panels(panel)
    }

    #[inline(always)]
    fn operands<I: Isa>(isa: I, [low, high]: &[[u8; 16]; 2]) -> [I::I8x16; 2] {
        [isa.i8x16_load(low), isa.i8x16_load(high)]
    }

    #[inline(always)]
    fn store<I: Isa>(isa: I, codes: I::I8x16, vectors: &mut [Vector]) {
        if let [vector] = vectors {
            isa.i8x16_store(codes, vector);
        }
    }
}

/// Codes are stored as i16, weights as bytes that are widened on the way in: they are read more rarely, and take the memory of a network.
impl Products for I16Dot {
    const VECTORS: usize = 2;
    const OFFSET: i8 = 0;
    type Weights = [[u8; 8]; 2];

    #[inline(always)]
    fn steps(panel: &[u8]) -> &[[[u8; 8]; 2]] {
        mem::panels(panel)
    }

    #[inline(always)]
    fn operands<I: Isa>(isa: I, [low, high]: &[[u8; 8]; 2]) -> [I::I16x8; 2] {
        [isa.i16x8_load_extend_i8x8(low), isa.i16x8_load_extend_i8x8(high)]
    }

    #[inline(always)]
    fn store<I: Isa>(isa: I, codes: I::I8x16, vectors: &mut [Vector]) {
        if let [low, high] = vectors {
            isa.i16x8_store(isa.i16x8_extend_low_i8x16_s(codes), low);
            isa.i16x8_store(isa.i16x8_extend_high_i8x16_s(codes), high);
        }
    }
}
