//! SPEC 7.3 and 7.4: the quantizers of INT4 training, one element at a time.

pub mod gradient;
pub mod interval;
pub mod noise;
pub mod statistics;

/// Largest code of `bits` symmetric bits: −levels..levels.
pub fn symmetric_levels(bits: u32) -> i32 {
    (1 << (bits - 1)) - 1
}

/// Largest code of `bits` unsigned bits: 0..levels.
pub fn unsigned_levels(bits: u32) -> i32 {
    (1 << bits) - 1
}
