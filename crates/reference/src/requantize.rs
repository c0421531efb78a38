//! SPEC 2: from an accumulator to a code.

use crate::codes::sat16;

/// One requantization with the multiplier `b` of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requantization {
    /// SPEC 2.1.
    Copy,
    /// SPEC 2.2: `shift` in [−15, 22], `b` in [1, 32767].
    Q15 {
        /// s: right if positive, left if negative.
        shift: i64,
        /// Multiplier over 2^15.
        b: i64,
    },
    /// SPEC 2.3: `left` in [0, 24], `shift` in [33, 62], `b` in [0, 2^31 − 1].
    Exact {
        /// l
        left: i64,
        /// c
        shift: i64,
        /// Multiplier over 2^c.
        b: i64,
    },
}

/// acc without its zero point → code. `acc` obeys SPEC 2.4.
pub fn requantize(acc: i64, form: Requantization, zero_point: i64, [lo, hi]: [i64; 2]) -> i64 {
    let scaled = match form {
        Requantization::Copy => acc,
        Requantization::Q15 { shift, b } => {
            let t = if shift > 0 { sat16((acc + (1 << (shift - 1))) >> shift) } else { sat16(acc << -shift) };
            (t * b + (1 << 14)) >> 15
        }
        Requantization::Exact { left, shift, b } => ((acc << left) * b + (1 << (shift - 1))) >> shift,
    };
    (zero_point + scaled).clamp(lo, hi)
}
