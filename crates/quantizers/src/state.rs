//! The words of the two states (see [`crate::params`]) and the bounds that keep what is divided by them finite.

use simd::mem;

/// Bytes of a quantizer's state.
pub const QUANTIZER_BYTES: usize = 16;
/// Bytes of a gradient's state.
pub const GRADIENT_BYTES: usize = 32;

/// Byte addresses in a quantizer's state.
pub mod quantizer {
    pub const INTERVAL: usize = 0;
    pub const STEP: usize = 4;
    pub const INITIALISED: usize = 8;
}

/// Byte addresses in a gradient's state.
pub mod gradient {
    pub const MAXIMUM: usize = 0;
    pub const CLIP: usize = 4;
    pub const STEP: usize = 8;
    pub const CLIPPED: usize = 12;
    pub const COUNT: usize = 16;
}

/// Intervals nearer to 0 count as this.
const SMALLEST_INTERVAL: f32 = 1e-8;
/// Clips that are smaller, or no number, count as this: its reciprocal times any number of levels is finite.
const SMALLEST_CLIP: f32 = 7.888_609e-31;

/// The size of the interval in a quantizer's state. NaN stays NaN.
pub fn interval_size(state: &[u8]) -> f32 {
    let size = mem::read_f32(state, quantizer::INTERVAL).abs();
    if size < SMALLEST_INTERVAL {
        SMALLEST_INTERVAL
    } else {
        size
    }
}

/// A clip that can be divided by.
pub fn clip_size(clip: f32) -> f32 {
    if clip >= SMALLEST_CLIP {
        clip
    } else {
        SMALLEST_CLIP
    }
}

/// Largest of the codes −levels..levels of so many bits.
pub fn symmetric_levels(bits: i32) -> f32 {
    ((1 << (bits - 1)) - 1) as f32
}

/// Largest code of so many bits, symmetric or from 0.
pub fn levels(bits: i32, is_signed: bool) -> f32 {
    if is_signed {
        symmetric_levels(bits)
    } else {
        ((1 << bits) - 1) as f32
    }
}

/// Widths that there are quantizers for.
pub const WIDTHS: core::ops::RangeInclusive<i32> = 2..=8;
