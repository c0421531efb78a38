//! Form `exact` on vectors (SPEC 2.3): a product of 64 bits, of which only the high word counts.

use super::{End, Form, Requantization};
use simd::Isa;

/// SPEC 2.3.
#[derive(Clone, Copy)]
pub struct Exact<I: Isa> {
    left: u32,
    high_shift: u32,
    rounding: I::I32x4,
    end: End<I>,
}

impl<I: Isa> Exact<I> {
    /// The form ready for vectors.
    pub fn new(isa: I, spec: &Requantization) -> Self {
        Self {
            left: spec.left as u32,
            high_shift: (spec.shift - 32) as u32,
            rounding: isa.i32x4_splat(1 << (spec.shift - 33)),
            end: End::new(isa, spec),
        }
    }

    /// `(acc << l)·b + 2^(c−1) >> c`. As 2^(c−1) is a multiple of 2^32, the low words of the products cannot change the result.
    #[inline(always)]
    fn scaled(self, isa: I, acc: I::I32x4, b: I::I32x4) -> I::I32x4 {
        let acc = isa.i32x4_shl(acc, self.left);
        let high = isa.i32x4_high_words(isa.i64x2_extmul_low_i32x4_s(acc, b), isa.i64x2_extmul_high_i32x4_s(acc, b));
        isa.i32x4_shr_s(isa.i32x4_add(high, self.rounding), self.high_shift)
    }
}

impl<I: Isa> Form<I> for Exact<I> {
    type Multipliers = (I::I32x4, I::I32x4);

    #[inline(always)]
    fn preload(self, _isa: I, bias: I::I32x4) -> I::I32x4 {
        bias
    }

    #[inline(always)]
    fn multipliers(self, _isa: I, low: I::I32x4, high: I::I32x4) -> (I::I32x4, I::I32x4) {
        (low, high)
    }

    #[inline(always)]
    fn finish(self, isa: I, low: I::I32x4, high: I::I32x4, b: Self::Multipliers) -> I::I16x8 {
        self.end.eight(isa, self.scaled(isa, low, b.0), self.scaled(isa, high, b.1))
    }
}
