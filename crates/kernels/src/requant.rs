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

/// SPEC 2.2 with s in [1, 22], known at compile time as SHIFT unless that is 0: V8 takes four instructions for a shift that it does not know.
#[derive(Clone, Copy)]
pub struct Q15Right<I: Isa, const SHIFT: u32 = 0> {
    shift: u32,
    rounding: I::I32x4,
    end: Q15End<I>,
}

/// SPEC 2.2 with s in [−15, 0].
#[derive(Clone, Copy)]
pub struct Q15Left<I: Isa> {
    /// 2^(k−1) for k = −s ≥ 1: the rest of the product with 2^k is a doubling.
    half: I::I16x8,
    /// All ones; none where k is 0, and nothing is doubled.
    doubled: I::I32x4,
    least: I::I16x8,
    most: I::I16x8,
    end: Q15End<I>,
}

/// SPEC 2.2 from `t` on, for codes of 16 bits and of 8. Those of 8 bits that may be above 127 are made 128 smaller and moved back by their highest bit:
/// so one narrowing, with a sign, and one clamp do for both containers.
#[derive(Clone, Copy)]
struct Q15End<I: Isa> {
    zero_point: I::I16x8,
    lo: I::I16x8,
    hi: I::I16x8,
    byte_zero_point: I::I16x8,
    byte_lo: I::I8x16,
    byte_hi: I::I8x16,
    highest_bit: I::I32x4,
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

impl<I: Isa> Q15End<I> {
    fn new(isa: I, spec: &Requantization) -> Self {
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
    fn eight(self, isa: I, t: I::I16x8, b: I::I16x8) -> I::I16x8 {
        let code = isa.i16x8_add_sat_s(isa.i16x8_relaxed_q15mulr_s(t, b), self.zero_point);
        isa.i16x8_min_s(isa.i16x8_max_s(code, self.lo), self.hi)
    }

    #[inline(always)]
    fn bytes(self, isa: I, t: [I::I16x8; 2], b: I::I16x8) -> I::I8x16 {
        let [low, high] = t.map(|t| isa.i16x8_add_sat_s(isa.i16x8_relaxed_q15mulr_s(t, b), self.byte_zero_point));
        let codes = isa.i8x16_min_s(isa.i8x16_max_s(isa.i8x16_narrow_i16x8_s(low, high), self.byte_lo), self.byte_hi);
        isa.i8x16_from_i32x4(isa.i32x4_xor(isa.i32x4_from_i8x16(codes), self.highest_bit))
    }
}

impl<I: Isa, const SHIFT: u32> Q15Right<I, SHIFT> {
    /// The form ready for vectors; `spec.shift` ≥ 1.
    pub fn new(isa: I, spec: &Requantization) -> Self {
        Self { shift: spec.shift as u32, rounding: isa.i32x4_splat(1 << (spec.shift - 1)), end: Q15End::new(isa, spec) }
    }

    #[inline(always)]
    fn shifted(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8 {
        let shift = if SHIFT == 0 { self.shift } else { SHIFT };
        isa.i16x8_narrow_i32x4_s(isa.i32x4_shr_s(low, shift), isa.i32x4_shr_s(high, shift))
    }
}

impl<I: Isa, const SHIFT: u32> Form<I> for Q15Right<I, SHIFT> {
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
        self.end.eight(isa, self.shifted(isa, low, high), b)
    }

    #[inline(always)]
    fn finish_bytes(self, isa: I, sums: [[I::I32x4; 2]; 2], b: I::I16x8) -> I::I8x16 {
        self.end.bytes(isa, sums.map(|[low, high]| self.shifted(isa, low, high)), b)
    }
}

impl<I: Isa> Q15Left<I> {
    /// The form ready for vectors; `spec.shift` ≤ 0.
    pub fn new(isa: I, spec: &Requantization) -> Self {
        let left = -spec.shift;
        Self {
            half: isa.i16x8_splat(1 << (left - 1).max(0)),
            doubled: isa.i32x4_splat(if left == 0 { 0 } else { -1 }),
            least: isa.i16x8_splat((-32768 >> left) as i16),
            most: isa.i16x8_splat((32768 >> left).min(32767) as i16),
            end: Q15End::new(isa, spec),
        }
    }

    /// `sat16(acc << k)`. Beyond ±2^(15−k) it saturates, so the accumulator may stop there; 2^14 doubled is the largest i16.
    #[inline(always)]
    fn shifted(self, isa: I, low: I::I32x4, high: I::I32x4) -> I::I16x8 {
        let acc = isa.i16x8_narrow_i32x4_s(low, high);
        let half = isa.i16x8_mul(isa.i16x8_min_s(isa.i16x8_max_s(acc, self.least), self.most), self.half);
        isa.i16x8_add_sat_s(half, isa.i16x8_from_i32x4(isa.i32x4_and(isa.i32x4_from_i16x8(half), self.doubled)))
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
        self.end.eight(isa, self.shifted(isa, low, high), b)
    }

    #[inline(always)]
    fn finish_bytes(self, isa: I, sums: [[I::I32x4; 2]; 2], b: I::I16x8) -> I::I8x16 {
        self.end.bytes(isa, sums.map(|[low, high]| self.shifted(isa, low, high)), b)
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
        form::Q15 if spec.shift >= 1 => finish_by(isa, Q15Right::<I, 0>::new(isa, spec), sums, b),
        form::Q15 => finish_by(isa, Q15Left::new(isa, spec), sums, b),
        _ => finish_by(isa, Exact::new(isa, spec), sums, b),
    }
}

#[inline(always)]
#[allow(clippy::unit_arg, reason = "one form has no multipliers")]
fn finish_by<I: Isa, F: Form<I>>(isa: I, form: F, [low, high]: [I::I32x4; 2], [b_low, b_high]: [I::I32x4; 2]) -> I::I16x8 {
    form.finish(isa, form.preload(isa, low), form.preload(isa, high), form.multipliers(isa, b_low, b_high))
}

/// Runs `$body` with `$ready` standing for the form of `$spec`, made ready for vectors: `q15` to the right, as nearly every
/// layer of 8 bits has it, or to the left, as nearly every layer of 4, or any.
macro_rules! with_form {
    ($isa:expr, $spec:expr, $ready:ident => $body:expr) => {
        if $spec.form == $crate::params::form::Q15 && $spec.shift >= 1 {
            let $ready = $crate::requant::Q15Right::<_, 0>::new($isa, &$spec);
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
