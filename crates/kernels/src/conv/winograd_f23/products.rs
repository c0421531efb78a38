//! What multiplies transformed codes by transformed weights: dot products of bytes, or of i16 where there are none.

use super::Vector;
use simd::dot::{I16Dot, I7Dot};
use simd::{Dot, Isa};

/// A dot product of transformed codes and weights.
pub trait Products: Dot {
    /// Vectors that hold one vector of transformed codes.
    const VECTORS: usize;
    /// What is added to transformed codes, to make them an operand.
    const OFFSET: i8;

    /// Sixteen transformed codes or weights as [`Products::VECTORS`] vectors.
    fn vectors<I: Isa>(isa: I, codes: I::I8x16) -> [I::I8x16; 2];

    /// Stores sixteen transformed codes, the offset included.
    #[inline(always)]
    fn store<I: Isa>(isa: I, codes: I::I8x16, vectors: &mut [Vector]) {
        for (vector, part) in vectors.iter_mut().zip(Self::vectors(isa, codes)) {
            isa.i8x16_store(part, vector);
        }
    }
}

/// Relaxed dot: V + 32 is in 0..127.
impl Products for I7Dot {
    const VECTORS: usize = 1;
    const OFFSET: i8 = 32;

    #[inline(always)]
    fn vectors<I: Isa>(_isa: I, codes: I::I8x16) -> [I::I8x16; 2] {
        [codes; 2]
    }
}

/// Codes and weights are widened where they are transformed.
impl Products for I16Dot {
    const VECTORS: usize = 2;
    const OFFSET: i8 = 0;

    #[inline(always)]
    fn vectors<I: Isa>(isa: I, codes: I::I8x16) -> [I::I8x16; 2] {
        [isa.i16x8_extend_low_i8x16_s(codes), isa.i16x8_extend_high_i8x16_s(codes)].map(|part| isa.i8x16_from_i32x4(isa.i32x4_from_i16x8(part)))
    }
}
