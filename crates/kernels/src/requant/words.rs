//! Requantization of accumulators that fit 16 bits: carriers, and codes of 8 bits without their zero point. No sum of 32 bits, and any shift is one product.

use super::q15::{Left, Q15End, Shift};
use super::Requantization;
use simd::Isa;

/// A requantization before its zero point and its clamp, on accumulators of 16 bits.
pub trait Scale<I: Isa>: Copy {
    /// What becomes of eight accumulators, in [−32768, 32767].
    fn scaled(self, isa: I, acc: I::I16x8) -> I::I16x8;
}

/// SPEC 2.1.
#[derive(Clone, Copy)]
pub struct CopiedWords;

/// SPEC 2.2 with s = 0.
#[derive(Clone, Copy)]
pub struct Q15Words<I: Isa> {
    multiplier: I::I16x8,
}

/// SPEC 2.2 with s ≥ 1.
#[derive(Clone, Copy)]
pub struct Q15RightWords<I: Isa> {
    /// 2^(15−s), whose rounding product is the shift; 0 where the shift leaves nothing.
    factor: I::I16x8,
    multiplier: I::I16x8,
}

/// SPEC 2.2 with s ≤ 0.
#[derive(Clone, Copy)]
pub struct Q15LeftWords<I: Isa> {
    shift: Left<I>,
    multiplier: I::I16x8,
}

impl<I: Isa> Q15Words<I> {
    /// The form ready for vectors.
    pub fn new(isa: I, multiplier: i32) -> Self {
        Self { multiplier: isa.i16x8_splat(multiplier as i16) }
    }
}

impl<I: Isa> Q15RightWords<I> {
    /// The form ready for vectors.
    pub fn new(isa: I, shift: i32, multiplier: i32) -> Self {
        Self { factor: isa.i16x8_splat((1 << 15 >> shift) as i16), multiplier: isa.i16x8_splat(multiplier as i16) }
    }
}

impl<I: Isa> Q15LeftWords<I> {
    /// The form ready for vectors.
    pub fn new(isa: I, shift: i32, multiplier: i32) -> Self {
        Self { shift: Left::new(isa, shift), multiplier: isa.i16x8_splat(multiplier as i16) }
    }
}

impl<I: Isa> Scale<I> for CopiedWords {
    #[inline(always)]
    fn scaled(self, _isa: I, acc: I::I16x8) -> I::I16x8 {
        acc
    }
}

impl<I: Isa> Scale<I> for Q15Words<I> {
    #[inline(always)]
    fn scaled(self, isa: I, acc: I::I16x8) -> I::I16x8 {
        isa.i16x8_relaxed_q15mulr_s(acc, self.multiplier)
    }
}

impl<I: Isa> Scale<I> for Q15RightWords<I> {
    #[inline(always)]
    fn scaled(self, isa: I, acc: I::I16x8) -> I::I16x8 {
        isa.i16x8_relaxed_q15mulr_s(isa.i16x8_relaxed_q15mulr_s(acc, self.factor), self.multiplier)
    }
}

impl<I: Isa> Scale<I> for Q15LeftWords<I> {
    #[inline(always)]
    fn scaled(self, isa: I, acc: I::I16x8) -> I::I16x8 {
        isa.i16x8_relaxed_q15mulr_s(self.shift.words(isa, acc), self.multiplier)
    }
}

/// The zero point and the clamp behind a [`Scale`].
#[derive(Clone, Copy)]
pub struct WordsEnd<I: Isa>(Q15End<I>);

impl<I: Isa> WordsEnd<I> {
    /// Ready for vectors.
    pub fn new(isa: I, spec: &Requantization) -> Self {
        Self(Q15End::new(isa, spec))
    }

    /// Codes of 16 bits.
    #[inline(always)]
    pub fn words(self, isa: I, scaled: I::I16x8) -> I::I16x8 {
        self.0.words(isa, scaled)
    }

    /// Codes of 8 bits.
    #[inline(always)]
    pub fn bytes(self, isa: I, scaled: [I::I16x8; 2]) -> I::I8x16 {
        self.0.bytes(isa, scaled)
    }
}

/// Runs `$body` with `$scale` standing for the [`Scale`] of `$spec` and `$multiplier`; `$otherwise` where the form is none of them.
macro_rules! with_scale {
    ($isa:expr, $spec:expr, $multiplier:expr, $scale:ident => $body:expr, else $otherwise:expr) => {
        match $spec.form {
            $crate::params::form::COPY => {
                let $scale = $crate::requant::CopiedWords;
                $body
            }
            $crate::params::form::Q15 if $spec.shift == 0 => {
                let $scale = $crate::requant::Q15Words::new($isa, $multiplier);
                $body
            }
            $crate::params::form::Q15 if $spec.shift > 0 => {
                let $scale = $crate::requant::Q15RightWords::new($isa, $spec.shift, $multiplier);
                $body
            }
            $crate::params::form::Q15 => {
                let $scale = $crate::requant::Q15LeftWords::new($isa, $spec.shift, $multiplier);
                $body
            }
            _ => $otherwise,
        }
    };
}
pub(crate) use with_scale;
