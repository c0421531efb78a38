//! Requantization (SPEC 2): one code at a time, and eight at a time in registers.

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
}

/// SPEC 2.1.
#[derive(Clone, Copy)]
pub struct Copied<I: Isa> {
    end: End<I>,
}

/// SPEC 2.2 with s in [1, 22].
#[derive(Clone, Copy)]
pub struct Q15Right<I: Isa> {
    shift: u32,
    rounding: I::I32x4,
    zero_point: I::I16x8,
    lo: I::I16x8,
    hi: I::I16x8,
}

/// SPEC 2.2 with s in [−15, 0].
#[derive(Clone, Copy)]
pub struct Q15Left<I: Isa> {
    shift: u32,
    most: I::I32x4,
    least: I::I32x4,
    zero_point: I::I16x8,
    lo: I::I16x8,
    hi: I::I16x8,
}

/// SPEC 2.3.
#[derive(Clone, Copy)]
pub struct Exact<I: Isa> {
    left: u32,
    high_shift: u32,
    rounding: I::I32x4,
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

/// SPEC 2.2 from `t` on. The sum saturates, which the clamp to a part of [−32767, 32767] hides.
#[inline(always)]
fn q15_end<I: Isa>(isa: I, t: I::I16x8, b: I::I16x8, zero_point: I::I16x8, lo: I::I16x8, hi: I::I16x8) -> I::I16x8 {
    let code = isa.i16x8_add_sat_s(isa.i16x8_q15mulr_sat_s(t, b), zero_point);
    isa.i16x8_min_s(isa.i16x8_max_s(code, lo), hi)
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

impl<I: Isa> Q15Right<I> {
    /// The form ready for vectors; `spec.shift` ≥ 1.
    pub fn new(isa: I, spec: &Requantization) -> Self {
        Self {
            shift: spec.shift as u32,
            rounding: isa.i32x4_splat(1 << (spec.shift - 1)),
            zero_point: isa.i16x8_splat(spec.zero_point as i16),
            lo: isa.i16x8_splat(spec.lo as i16),
            hi: isa.i16x8_splat(spec.hi as i16),
        }
    }
}

impl<I: Isa> Form<I> for Q15Right<I> {
    type Multipliers = I::I16x8;

    /// With the rounding: SPEC 2.4 keeps the sum inside 32 bits.
    #[inline(always)]
    fn preload(self, isa: I, bias: I::I32x4) -> I::I32x4 {
        isa.i32x4_add(bias, self.rounding)
    }

    #[inline(always)]
    fn multipliers(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8 {
        isa.i16x8_narrow_i32x4_s(low, high)
    }

    #[inline(always)]
    fn finish(self, isa: I, low: I::I32x4, high: I::I32x4, b: I::I16x8) -> I::I16x8 {
        let t = isa.i16x8_narrow_i32x4_s(isa.i32x4_shr_s(low, self.shift), isa.i32x4_shr_s(high, self.shift));
        q15_end(isa, t, b, self.zero_point, self.lo, self.hi)
    }
}

impl<I: Isa> Q15Left<I> {
    /// The form ready for vectors; `spec.shift` ≤ 0.
    pub fn new(isa: I, spec: &Requantization) -> Self {
        let shift = (-spec.shift) as u32;
        Self {
            shift,
            most: isa.i32x4_splat(32768 >> shift),
            least: isa.i32x4_splat(-32768 >> shift),
            zero_point: isa.i16x8_splat(spec.zero_point as i16),
            lo: isa.i16x8_splat(spec.lo as i16),
            hi: isa.i16x8_splat(spec.hi as i16),
        }
    }

    /// `acc << k`, right where it matters: beyond ±2^(15−k) the result saturates anyway, so the accumulator may stop there.
    #[inline(always)]
    fn shifted(self, isa: I, acc: I::I32x4) -> I::I32x4 {
        isa.i32x4_shl(isa.i32x4_min_s(isa.i32x4_max_s(acc, self.least), self.most), self.shift)
    }
}

impl<I: Isa> Form<I> for Q15Left<I> {
    type Multipliers = I::I16x8;

    #[inline(always)]
    fn preload(self, _isa: I, bias: I::I32x4) -> I::I32x4 {
        bias
    }

    #[inline(always)]
    fn multipliers(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8 {
        isa.i16x8_narrow_i32x4_s(low, high)
    }

    #[inline(always)]
    fn finish(self, isa: I, low: I::I32x4, high: I::I32x4, b: I::I16x8) -> I::I16x8 {
        let t = isa.i16x8_narrow_i32x4_s(self.shifted(isa, low), self.shifted(isa, high));
        q15_end(isa, t, b, self.zero_point, self.lo, self.hi)
    }
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

/// Any form, asked at every vector: for kernels that spend little of their time here, and beside [`Q15Right`] for the forms that few layers have, so
/// that every microkernel need not be in the module four times.
#[derive(Clone, Copy)]
pub struct AnyForm(pub Requantization);

impl<I: Isa> Form<I> for AnyForm {
    type Multipliers = [I::I32x4; 2];

    /// Nothing yet: [`Form::preload`] of the form itself is an addition, which may as well come last.
    #[inline(always)]
    fn preload(self, _isa: I, bias: I::I32x4) -> I::I32x4 {
        bias
    }

    #[inline(always)]
    fn multipliers(self, _isa: I, low: I::I32x4, high: I::I32x4) -> [I::I32x4; 2] {
        [low, high]
    }

    #[inline(always)]
    fn finish(self, isa: I, low: I::I32x4, high: I::I32x4, b: [I::I32x4; 2]) -> I::I16x8 {
        finish_eight(isa, &self.0, [low, high], b)
    }
}

/// [`Form::preload`] and [`Form::finish`] of the form that `spec` names.
#[inline(never)]
fn finish_eight<I: Isa>(isa: I, spec: &Requantization, sums: [I::I32x4; 2], b: [I::I32x4; 2]) -> I::I16x8 {
    match spec.form {
        form::COPY => finish_by(isa, Copied::new(isa, spec), sums, b),
        form::Q15 if spec.shift >= 1 => finish_by(isa, Q15Right::new(isa, spec), sums, b),
        form::Q15 => finish_by(isa, Q15Left::new(isa, spec), sums, b),
        _ => finish_by(isa, Exact::new(isa, spec), sums, b),
    }
}

#[inline(always)]
#[allow(clippy::unit_arg, reason = "one form has no multipliers")]
fn finish_by<I: Isa, F: Form<I>>(isa: I, form: F, [low, high]: [I::I32x4; 2], [b_low, b_high]: [I::I32x4; 2]) -> I::I16x8 {
    form.finish(isa, form.preload(isa, low), form.preload(isa, high), form.multipliers(isa, b_low, b_high))
}

/// Runs `$body` with `$ready` standing for the form of `$spec`, made ready for vectors: `q15` to the right, which is nearly every
/// 8-bit layer's, `q15` to the left, which is that of 4-bit codes on 4-bit codes, or any.
macro_rules! with_form {
    ($isa:expr, $spec:expr, $ready:ident => $body:expr) => {
        if $spec.form == $crate::params::form::Q15 && $spec.shift >= 1 {
            let $ready = $crate::requant::Q15Right::new($isa, &$spec);
            $body
        } else if $spec.form == $crate::params::form::Q15 {
            let $ready = $crate::requant::Q15Left::new($isa, &$spec);
            $body
        } else {
            let $ready = $crate::requant::AnyForm($spec);
            $body
        }
    };
}
pub(crate) use with_form;
