//! Requantization (SPEC 2): one code at a time, and eight at a time in registers.

mod any;
mod exact;
mod q15;
mod words;

pub use any::AnyForm;
pub use exact::Exact;
pub use q15::{Bounded, Left, Q15End, Q15Left, Q15Right, Right, Shift, Q15};
pub(crate) use words::with_scale;
pub use words::{CopiedWords, Q15LeftWords, Q15RightWords, Q15Words, Scale, WordsEnd};

use crate::params::form;
use simd::Isa;

/// A requantization without its multiplier, which may differ per channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requantization {
    /// `form::COPY`, `Q15` or `EXACT`.
    pub form: i32,
    /// s of SPEC 2.2 or c of SPEC 2.3.
    pub shift: i32,
    /// l of SPEC 2.3.
    pub left: i32,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Smallest code of the output.
    pub lo: i32,
    /// Largest code of the output.
    pub hi: i32,
}

impl Requantization {
    /// What is added to sums before [`Form::finish`]: 2^(s−1) of SPEC 2.2.
    pub fn rounding(self) -> i32 {
        if self.form == form::Q15 && self.shift >= 1 {
            1 << (self.shift - 1)
        } else {
            0
        }
    }

    /// The code of `acc` with multiplier `b`.
    pub fn apply(self, acc: i32, b: i32) -> i32 {
        let unclamped = match self.form {
            form::COPY => i64::from(acc),
            form::Q15 => i64::from(q15(acc, self.shift, b)),
            _ => exact(acc, self.left, self.shift, b),
        };
        (unclamped + i64::from(self.zero_point)).clamp(i64::from(self.lo), i64::from(self.hi)) as i32
    }
}

/// SPEC 2.2 before the zero point.
fn q15(acc: i32, shift: i32, b: i32) -> i32 {
    let t = if shift >= 1 { (i64::from(acc) + (1i64 << (shift - 1))) >> shift } else { i64::from(acc) << -shift };
    // b below 2^15 by its check, so that the product fits; wrapping keeps a wrong b in memory from being a trap.
    (t.clamp(-32768, 32767) as i32).wrapping_mul(b).wrapping_add(1 << 14) >> 15
}

/// SPEC 2.3 before the zero point.
fn exact(acc: i32, left: i32, shift: i32, b: i32) -> i64 {
    let product = i64::from(acc.wrapping_shl(left as u32)) * i64::from(b);
    product.wrapping_add(1i64 << (shift - 1)) >> shift
}

/// One form of requantization, made ready for vectors of eight accumulators.
pub trait Form<I: Isa>: Copy {
    /// Multipliers of eight channels.
    type Multipliers: Copy;

    /// What four accumulators start from, given their biases.
    fn preload(self, isa: I, bias: I::I32x4) -> I::I32x4;
    /// The multipliers of eight channels.
    fn multipliers(self, isa: I, low: I::I32x4, high: I::I32x4) -> Self::Multipliers;
    /// The clamped codes of eight accumulators that started from [`Form::preload`].
    fn finish(self, isa: I, low: I::I32x4, high: I::I32x4, b: Self::Multipliers) -> I::I16x8;

    /// [`Form::finish`] of eight accumulators and eight more, as bytes: for outputs of 8 bits, signed or not.
    #[inline(always)]
    fn finish_bytes(self, isa: I, sums: [[I::I32x4; 2]; 2], b: Self::Multipliers) -> I::I8x16 {
        low_bytes(isa, sums.map(|[low, high]| self.finish(isa, low, high, b)))
    }
}

/// The low byte of every code, which is the byte of either container. By one narrowing for both: LLVM would move those of two branches behind them, and
/// then no longer find the instruction.
#[inline(always)]
pub fn low_bytes<I: Isa>(isa: I, codes: [I::I16x8; 2]) -> I::I8x16 {
    let byte = |codes| isa.i16x8_from_i32x4(isa.i32x4_and(isa.i32x4_from_i16x8(codes), isa.i32x4_splat(0x00FF_00FF)));
    let [low, high] = codes.map(byte);
    isa.i8x16_narrow_i16x8_u(low, high)
}

/// SPEC 2.1.
#[derive(Clone, Copy)]
pub struct Copied<I: Isa> {
    end: End<I>,
}

/// The clamp and the zero point on 32-bit lanes, in the order that cannot overflow.
#[derive(Clone, Copy)]
struct End<I: Isa> {
    zero_point: I::I32x4,
    lo: I::I32x4,
    hi: I::I32x4,
}

impl<I: Isa> End<I> {
    fn new(isa: I, spec: &Requantization) -> Self {
        Self {
            zero_point: isa.i32x4_splat(spec.zero_point),
            lo: isa.i32x4_splat(spec.lo - spec.zero_point),
            hi: isa.i32x4_splat(spec.hi - spec.zero_point),
        }
    }

    #[inline(always)]
    fn four(self, isa: I, value: I::I32x4) -> I::I32x4 {
        isa.i32x4_add(isa.i32x4_min_s(isa.i32x4_max_s(value, self.lo), self.hi), self.zero_point)
    }

    #[inline(always)]
    fn eight(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8 {
        isa.i16x8_narrow_i32x4_s(self.four(isa, low), self.four(isa, high))
    }
}

impl<I: Isa> Copied<I> {
    /// The form ready for vectors.
    pub fn new(isa: I, spec: &Requantization) -> Self {
        Self { end: End::new(isa, spec) }
    }
}

impl<I: Isa> Form<I> for Copied<I> {
    type Multipliers = ();

    #[inline(always)]
    fn preload(self, _isa: I, bias: I::I32x4) -> I::I32x4 {
        bias
    }

    #[inline(always)]
    fn multipliers(self, _isa: I, _low: I::I32x4, _high: I::I32x4) {}

    #[inline(always)]
    fn finish(self, isa: I, low: I::I32x4, high: I::I32x4, _b: ()) -> I::I16x8 {
        self.end.eight(isa, low, high)
    }
}
