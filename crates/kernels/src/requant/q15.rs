//! Form `q15` on vectors (SPEC 2.2): a shift to the right or to the left into 16 bits, then a rounding product with the multiplier.

use super::{Form, Requantization};
use simd::Isa;

/// How a sum becomes `t` of SPEC 2.2: 16 bits, saturated.
pub trait Shift<I: Isa>: Copy {
    /// By `shift`, the s of SPEC 2.2.
    fn new(isa: I, shift: i32) -> Self;
    /// What four accumulators start from, given their biases.
    fn preload(self, isa: I, bias: I::I32x4) -> I::I32x4;
    /// `t` of eight sums.
    fn shifted(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8;
}

/// SPEC 2.2 by one of its shifts.
#[derive(Clone, Copy)]
pub struct Q15<I: Isa, S> {
    shift: S,
    end: Q15End<I>,
}

impl<I: Isa, S: Shift<I>> Q15<I, S> {
    /// The form ready for vectors; `spec.shift` is one of S.
    pub fn new(isa: I, spec: &Requantization) -> Self {
        Self::of(isa, spec.shift, Q15End::new(isa, spec))
    }

    /// The same of an end that several share.
    #[inline(always)]
    pub fn of(isa: I, shift: i32, end: Q15End<I>) -> Self {
        Self { shift: S::new(isa, shift), end }
    }
}

/// SPEC 2.2 with s in [1, 22].
pub type Q15Right<I, const SHIFT: u32 = 0> = Q15<I, Right<I, SHIFT>>;
/// SPEC 2.2 with s in [−15, 0].
pub type Q15Left<I> = Q15<I, Left<I>>;

/// To the right by 1 to 22, known at compile time as SHIFT unless that is 0: V8 takes four instructions for a shift that it does not know.
#[derive(Clone, Copy)]
pub struct Right<I: Isa, const SHIFT: u32> {
    shift: u32,
    rounding: I::I32x4,
}

/// To the left by 0 to 15 of sums that have room for it: by LEFT, known at compile time, or where that is 0 by a product.
#[derive(Clone, Copy)]
pub struct Bounded<I: Isa, const LEFT: u32> {
    factor: I::I32x4,
}

/// To the left by 0 to 15.
#[derive(Clone, Copy)]
pub struct Left<I: Isa> {
    /// 2^(k−1) for k = −s ≥ 1: the rest of the product with 2^k is a doubling.
    half: I::I16x8,
    /// All ones; none where k is 0, and nothing is doubled.
    doubled: I::I32x4,
    least: I::I16x8,
    most: I::I16x8,
}

/// SPEC 2.2 from `t` on, for codes of 16 bits and of 8. Those of 8 bits that may be above 127 are made 128 smaller and moved back by their highest bit:
/// so one narrowing, with a sign, and one clamp do for both containers.
#[derive(Clone, Copy)]
pub struct Q15End<I: Isa> {
    zero_point: I::I16x8,
    lo: I::I16x8,
    hi: I::I16x8,
    byte_zero_point: I::I16x8,
    byte_lo: I::I8x16,
    byte_hi: I::I8x16,
    highest_bit: I::I32x4,
}

impl<I: Isa> Q15End<I> {
    /// Ready for vectors.
    pub fn new(isa: I, spec: &Requantization) -> Self {
        let moved = if spec.hi > 127 { 128 } else { 0 };
        let byte = |code: i32| isa.i8x16_splat((code - moved).clamp(-128, 127) as i8);
        Self {
            zero_point: isa.i16x8_splat(spec.zero_point as i16),
            lo: isa.i16x8_splat(spec.lo as i16),
            hi: isa.i16x8_splat(spec.hi as i16),
            byte_zero_point: isa.i16x8_splat((spec.zero_point - moved) as i16),
            byte_lo: byte(spec.lo),
            byte_hi: byte(spec.hi),
            highest_bit: isa.i32x4_from_i8x16(isa.i8x16_splat(moved as u8 as i8)),
        }
    }

    /// The sum saturates, which the clamp to a part of [−32767, 32767] hides.
    #[inline(always)]
    pub(super) fn words(self, isa: I, scaled: I::I16x8) -> I::I16x8 {
        isa.i16x8_min_s(isa.i16x8_max_s(isa.i16x8_add_sat_s(scaled, self.zero_point), self.lo), self.hi)
    }

    #[inline(always)]
    pub(super) fn bytes(self, isa: I, scaled: [I::I16x8; 2]) -> I::I8x16 {
        let [low, high] = scaled.map(|scaled| isa.i16x8_add_sat_s(scaled, self.byte_zero_point));
        let codes = isa.i8x16_min_s(isa.i8x16_max_s(isa.i8x16_narrow_i16x8_s(low, high), self.byte_lo), self.byte_hi);
        isa.i8x16_from_i32x4(isa.i32x4_xor(isa.i32x4_from_i8x16(codes), self.highest_bit))
    }
}

impl<I: Isa, const SHIFT: u32> Shift<I> for Right<I, SHIFT> {
    #[inline(always)]
    fn new(isa: I, shift: i32) -> Self {
        Self { shift: shift as u32, rounding: isa.i32x4_splat(1 << (shift - 1)) }
    }

    /// With the rounding: SPEC 2.4 keeps the sum inside 32 bits.
    #[inline(always)]
    fn preload(self, isa: I, bias: I::I32x4) -> I::I32x4 {
        isa.i32x4_add(bias, self.rounding)
    }

    #[inline(always)]
    fn shifted(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8 {
        let shift = if SHIFT == 0 { self.shift } else { SHIFT };
        isa.i16x8_narrow_i32x4_s(isa.i32x4_shr_s(low, shift), isa.i32x4_shr_s(high, shift))
    }
}

impl<I: Isa, const LEFT: u32> Shift<I> for Bounded<I, LEFT> {
    #[inline(always)]
    fn new(isa: I, shift: i32) -> Self {
        Self { factor: isa.i32x4_splat(1 << -shift) }
    }

    #[inline(always)]
    fn preload(self, _isa: I, bias: I::I32x4) -> I::I32x4 {
        bias
    }

    #[inline(always)]
    fn shifted(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8 {
        let shifted = |sums| if LEFT == 0 { isa.i32x4_mul(sums, self.factor) } else { isa.i32x4_shl(sums, LEFT) };
        isa.i16x8_narrow_i32x4_s(shifted(low), shifted(high))
    }
}

impl<I: Isa> Left<I> {
    /// `sat16(acc << k)`. Beyond ±2^(15−k) it saturates, so the accumulator may stop there; 2^14 doubled is the largest i16.
    #[inline(always)]
    pub(super) fn words(self, isa: I, acc: I::I16x8) -> I::I16x8 {
        let half = isa.i16x8_mul(isa.i16x8_min_s(isa.i16x8_max_s(acc, self.least), self.most), self.half);
        isa.i16x8_add_sat_s(half, isa.i16x8_from_i32x4(isa.i32x4_and(isa.i32x4_from_i16x8(half), self.doubled)))
    }
}

impl<I: Isa> Shift<I> for Left<I> {
    #[inline(always)]
    fn new(isa: I, shift: i32) -> Self {
        let left = -shift;
        Self {
            half: isa.i16x8_splat(1 << (left - 1).max(0)),
            doubled: isa.i32x4_splat(if left == 0 { 0 } else { -1 }),
            least: isa.i16x8_splat((-32768 >> left) as i16),
            most: isa.i16x8_splat((32768 >> left).min(32767) as i16),
        }
    }

    #[inline(always)]
    fn preload(self, _isa: I, bias: I::I32x4) -> I::I32x4 {
        bias
    }

    #[inline(always)]
    fn shifted(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8 {
        self.words(isa, isa.i16x8_narrow_i32x4_s(low, high))
    }
}

impl<I: Isa, S: Shift<I>> Form<I> for Q15<I, S> {
    type Multipliers = I::I16x8;

    #[inline(always)]
    fn preload(self, isa: I, bias: I::I32x4) -> I::I32x4 {
        self.shift.preload(isa, bias)
    }

    #[inline(always)]
    fn multipliers(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8 {
        isa.i16x8_narrow_i32x4_s(low, high)
    }

    #[inline(always)]
    fn finish(self, isa: I, low: I::I32x4, high: I::I32x4, b: I::I16x8) -> I::I16x8 {
        self.end.words(isa, isa.i16x8_relaxed_q15mulr_s(self.shift.shifted(isa, low, high), b))
    }

    #[inline(always)]
    fn finish_bytes(self, isa: I, sums: [[I::I32x4; 2]; 2], b: I::I16x8) -> I::I8x16 {
        self.end.bytes(isa, sums.map(|[low, high]| isa.i16x8_relaxed_q15mulr_s(self.shift.shifted(isa, low, high), b)))
    }
}
