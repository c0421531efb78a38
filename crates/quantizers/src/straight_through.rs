//! What flows back through codes with a learned interval (SPEC 7.3): the gradient of the input, and the sum that is the gradient of the interval.

use crate::codes::Codes;
use crate::state;
use kernels::f32::lanes::{load_some, store_some, BYTES, LANES};
use simd::{mem, Isa};

/// How a gradient lies in memory.
#[derive(Clone, Copy)]
pub enum Source<I: Isa> {
    /// f32
    Float,
    /// Sums, i32 or i16, times this.
    Integer(I::F32x4),
}

/// Bytes of four elements of a gradient.
pub const WIDE: usize = 16;
/// Bytes of four i16.
pub const NARROW: usize = 8;

impl<I: Isa> Source<I> {
    /// Four elements, of which each has `BYTES` / 4 bytes.
    #[inline(always)]
    fn load<const BYTES: usize>(self, isa: I, bytes: &[u8; BYTES]) -> I::F32x4 {
        let wide = || *mem::array::<WIDE>(bytes, 0);
        match self {
            Self::Float => isa.f32x4_load(&wide()),
            Self::Integer(factor) => {
                let sums = if BYTES == NARROW {
                    let four = isa.i8x16_load64_zero(mem::array::<NARROW>(bytes, 0));
                    isa.i32x4_extend_low_i16x8_s(isa.i16x8_from_i32x4(isa.i32x4_from_i8x16(four)))
                } else {
                    isa.i32x4_load(&wide())
                };
                isa.f32x4_mul(isa.f32x4_convert_i32x4_s(sums), factor)
            }
        }
    }
}

/// Which elements a gradient flows on from: those of a clamp that lie inside its bounds, or all.
#[derive(Clone, Copy)]
pub struct Bounds<I: Isa> {
    lo: I::F32x4,
    hi: I::F32x4,
    /// All ones where there are no bounds: infinities and NaN count too then.
    always: I::I32x4,
}

impl<I: Isa> Bounds<I> {
    /// From the bits of two floats; −∞ and ∞ are no bounds.
    #[inline(always)]
    pub fn from_bits(isa: I, bits: [i32; 2]) -> Self {
        let [lo, hi] = bits.map(|bits| f32::from_bits(bits as u32));
        let always = isa.i32x4_splat(if lo == f32::NEG_INFINITY && hi == f32::INFINITY { -1 } else { 0 });
        Self { lo: isa.f32x4_splat(lo), hi: isa.f32x4_splat(hi), always }
    }

    /// No bounds.
    #[inline(always)]
    pub fn none(isa: I) -> Self {
        Self::from_bits(isa, [f32::NEG_INFINITY, f32::INFINITY].map(|bound| bound.to_bits() as i32))
    }

    /// `gradient` where lo < x < hi, else +0.
    #[inline(always)]
    fn mask(&self, isa: I, gradient: I::F32x4, x: I::F32x4) -> I::F32x4 {
        let inside = isa.i32x4_and(isa.f32x4_gt(x, self.lo), isa.f32x4_gt(self.hi, x));
        isa.f32x4_from_i32x4(isa.i32x4_and(isa.i32x4_from_f32x4(gradient), isa.i32x4_or(inside, self.always)))
    }
}

/// The slices of some elements that lie one after another. `others` may be empty: then nothing is added.
pub struct Slices<'a> {
    /// What was quantized.
    pub x: &'a [u8],
    /// The gradient of the codes' values.
    pub gradient: &'a [u8],
    /// What other consumers of x gave.
    pub others: &'a [u8],
    /// Takes the gradient of x.
    pub output: &'a mut [u8],
}

/// One quantizer, seen backward.
#[derive(Clone, Copy)]
pub struct StraightThrough<I: Isa, const SIGNED: bool> {
    codes: Codes<I, SIGNED>,
    size: I::F32x4,
    below: I::F32x4,
    bounds: Bounds<I>,
    levels: f32,
    is_negative: bool,
}

impl<I: Isa, const SIGNED: bool> StraightThrough<I, SIGNED> {
    /// Of the quantizer with this state; `bounds` are those of a clamp that x came out of.
    #[inline(always)]
    pub fn new(isa: I, quantizer: &[u8], bits: i32, bounds: Bounds<I>) -> Self {
        let (size, levels) = (state::interval_size(quantizer), state::levels(bits, SIGNED));
        Self {
            codes: Codes::new(isa, size / levels, levels),
            size: isa.f32x4_splat(size),
            below: isa.f32x4_splat(if SIGNED { -size } else { 0.0 }),
            bounds,
            levels,
            is_negative: mem::read_f32(quantizer, state::quantizer::INTERVAL) < 0.0,
        }
    }

    /// The gradients of x and, times levels, of the interval.
    #[inline(always)]
    fn gradients(&self, isa: I, x: I::F32x4, gradient: I::F32x4) -> [I::F32x4; 2] {
        let is_outside = isa.i32x4_or(isa.f32x4_gt(x, self.size), isa.f32x4_gt(self.below, x));
        let inside = |value: I::F32x4| isa.f32x4_from_i32x4(isa.i32x4_andnot(isa.i32x4_from_f32x4(value), is_outside));
        let scaled = self.codes.scaled(isa, x);
        let error = isa.f32x4_sub(self.codes.whole(isa, scaled), inside(scaled));
        [inside(gradient), isa.f32x4_mul(gradient, error)]
    }

    /// Writes the gradient of x and adds the terms of the interval's to four lanes. Four elements of the gradient take `FOUR` bytes.
    #[inline(always)]
    pub fn run<const OTHERS: bool, const FOUR: usize>(&self, isa: I, source: Source<I>, slices: Slices<'_>, mut sum: I::F32x4) -> I::F32x4 {
        let Slices { x, gradient, others, output } = slices;
        let whole = x.len() / (LANES * BYTES) * (LANES * BYTES);
        let inputs = mem::arrays::<16>(x).iter().zip(mem::arrays::<FOUR>(gradient));
        if OTHERS {
            for (((x, gradient), others), to) in inputs.zip(mem::arrays::<16>(others)).zip(mem::arrays_mut::<16>(output)) {
                let x = isa.f32x4_load(x);
                let [dx, term] = self.gradients(isa, x, source.load(isa, gradient));
                isa.f32x4_store(self.bounds.mask(isa, isa.f32x4_add(dx, isa.f32x4_load(others)), x), to);
                sum = isa.f32x4_add(sum, term);
            }
        } else {
            for ((x, gradient), to) in inputs.zip(mem::arrays_mut::<16>(output)) {
                let x = isa.f32x4_load(x);
                let [dx, term] = self.gradients(isa, x, source.load(isa, gradient));
                isa.f32x4_store(self.bounds.mask(isa, dx, x), to);
                sum = isa.f32x4_add(sum, term);
            }
        }
        if whole < x.len() {
            let mut last = [0; FOUR];
            let rest = &gradient[whole * FOUR / WIDE..][..(x.len() - whole) * FOUR / WIDE];
            last[..rest.len()].copy_from_slice(rest);
            let x = load_some(isa, &x[whole..]);
            let [dx, term] = self.gradients(isa, x, source.load(isa, &last));
            let dx = if OTHERS { isa.f32x4_add(dx, load_some(isa, &others[whole..])) } else { dx };
            store_some(isa, self.bounds.mask(isa, dx, x), &mut output[whole..]);
            sum = isa.f32x4_add(sum, term);
        }
        sum
    }

    /// The gradient of the interval, from the sum of all blocks.
    pub fn interval_gradient(&self, total: f64) -> f32 {
        let gradient = (total / f64::from(self.levels)) as f32;
        if self.is_negative {
            -gradient
        } else {
            gradient
        }
    }
}

/// The sum of a block, from its lanes.
#[inline(always)]
pub fn block_sum<I: Isa>(isa: I, lanes: I::F32x4) -> f64 {
    let mut bytes = [0; LANES * BYTES];
    isa.f32x4_store(lanes, &mut bytes);
    let [a, b, c, d] = [0, 1, 2, 3].map(|lane| mem::read_f32(&bytes, lane * BYTES));
    f64::from((a + b) + (c + d))
}
