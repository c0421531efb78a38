//! Four floats at a time, whole slices of them, and what their parameters have in common.

use core::ops::Range;
use simd::{mem, Isa};

/// Floats in a vector.
pub const LANES: usize = 4;
/// Bytes of a float.
pub const BYTES: usize = 4;
/// Elements of one unit of an element-wise kernel.
const UNIT_ELEMENTS: usize = 4096;

/// Units of an element-wise kernel over `count` elements.
pub fn elementwise_units(count: i32) -> usize {
    (count as usize).div_ceil(UNIT_ELEMENTS)
}

/// The elements that `units` cover.
pub fn elementwise_range(units: Range<usize>, count: i32) -> Range<usize> {
    (units.start * UNIT_ELEMENTS).min(count as usize)..(units.end * UNIT_ELEMENTS).min(count as usize)
}

/// Bytes of the elements.
pub fn byte_range(elements: Range<usize>) -> Range<usize> {
    elements.start * BYTES..elements.end * BYTES
}

/// Bounds that a result is clamped to, as vectors. A NaN stays NaN.
#[derive(Clone, Copy)]
pub struct Bounds<I: Isa> {
    lo: I::F32x4,
    hi: I::F32x4,
}

impl<I: Isa> Bounds<I> {
    /// From the bits of two floats.
    #[inline(always)]
    pub fn from_bits(isa: I, lo: i32, hi: i32) -> Self {
        Self { lo: isa.f32x4_splat(f32::from_bits(lo as u32)), hi: isa.f32x4_splat(f32::from_bits(hi as u32)) }
    }

    /// The nearest floats within the bounds.
    #[inline(always)]
    pub fn clamp(&self, isa: I, value: I::F32x4) -> I::F32x4 {
        isa.f32x4_min(isa.f32x4_max(value, self.lo), self.hi)
    }
}

/// The larger one; NaN if either is.
pub fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() {
        b
    } else {
        a
    }
}

/// Up to four floats, the rest +0.
#[inline(always)]
pub fn load_some<I: Isa>(isa: I, bytes: &[u8]) -> I::F32x4 {
    let mut whole = [0; LANES * BYTES];
    whole[..bytes.len()].copy_from_slice(bytes);
    isa.f32x4_load(&whole)
}

/// The first floats of a vector, as many as `bytes` holds.
#[inline(always)]
pub fn store_some<I: Isa>(isa: I, value: I::F32x4, bytes: &mut [u8]) {
    let mut whole = [0; LANES * BYTES];
    isa.f32x4_store(value, &mut whole);
    bytes.copy_from_slice(&whole[..bytes.len()]);
}

/// `output[i] = function(input[i])` over two slices of equal length. The last elements go through a vector too, so that every
/// element is computed by the same operations.
#[inline(always)]
pub fn map<I: Isa>(isa: I, input: &[u8], output: &mut [u8], function: impl Fn(I::F32x4) -> I::F32x4) {
    let vectors = mem::arrays::<16>(input);
    for (from, to) in vectors.iter().zip(mem::arrays_mut::<16>(output)) {
        isa.f32x4_store(function(isa.f32x4_load(from)), to);
    }
    let done = vectors.len() * LANES * BYTES;
    if done < input.len() {
        store_some(isa, function(load_some(isa, &input[done..])), &mut output[done..]);
    }
}

/// [`map`] of two inputs.
#[inline(always)]
pub fn zip<I: Isa>(isa: I, a: &[u8], b: &[u8], output: &mut [u8], function: impl Fn(I::F32x4, I::F32x4) -> I::F32x4) {
    let vectors = mem::arrays::<16>(a);
    for ((a, b), to) in vectors.iter().zip(mem::arrays::<16>(b)).zip(mem::arrays_mut::<16>(output)) {
        isa.f32x4_store(function(isa.f32x4_load(a), isa.f32x4_load(b)), to);
    }
    let done = vectors.len() * LANES * BYTES;
    if done < a.len() {
        let value = function(load_some(isa, &a[done..]), load_some(isa, &b[done..]));
        store_some(isa, value, &mut output[done..]);
    }
}
