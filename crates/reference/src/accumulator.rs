//! SPEC 2.4: how large an accumulator can become, and how large it may.

use crate::error::{Error, Result};
use crate::requantize::Requantization;

/// Codes that an operation reads.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// Smallest and largest.
    pub range: [i64; 2],
    /// Their zero point.
    pub zero_point: i64,
}

/// max|Σ w·(a − zp)| with `positive` = Σ of positive w and `negative` = Σ of negative w.
pub fn largest(positive: i64, negative: i64, Codes { range: [lo, hi], zero_point }: Codes) -> i64 {
    let a_lo = (lo - zero_point).min(0);
    let a_hi = (hi - zero_point).max(0);
    (positive * a_hi + negative * a_lo).max(-(positive * a_lo + negative * a_hi))
}

/// The same for a kernel that sums the raw codes and takes zp·Σw away in the end.
pub fn largest_raw(positive: i64, negative: i64, Codes { range, zero_point }: Codes) -> i64 {
    largest(positive, negative, Codes { range, zero_point: 0 }) + (zero_point * (positive + negative)).abs()
}

/// Whether accumulators up to `a` in magnitude stay within what the form may be given.
pub fn check(a: i64, form: Requantization) -> Result<()> {
    let (sum, limit) = match form {
        Requantization::Copy => (a, 1i64 << 31),
        Requantization::Q15 { shift, .. } if shift >= 1 => (a + (1 << (shift - 1)), 1 << 31),
        Requantization::Q15 { .. } => (a, 1 << 31),
        Requantization::Exact { left, .. } => (a, 1 << (31 - left)),
    };
    if sum < limit {
        return Ok(());
    }
    Err(Error::Accumulator(format!("expected accumulators below {limit} in magnitude, got up to {sum}")))
}

/// One output channel of convolution or dense: its weights, its bias.
pub fn check_channel(weights: &[i32], bias: i64, codes: Codes, form: Requantization) -> Result<()> {
    let positive: i64 = weights.iter().filter(|&&w| w > 0).map(|&w| w as i64).sum();
    let negative: i64 = weights.iter().filter(|&&w| w < 0).map(|&w| w as i64).sum();
    check(largest(positive, negative, codes) + bias.abs(), form)?;
    check(largest_raw(positive, negative, codes) + bias.abs(), form)
}

/// A pool's window of `elements`.
pub fn check_pool(elements: i64, codes: Codes, form: Requantization) -> Result<()> {
    check(largest(elements, 0, codes), form)?;
    check(largest_raw(elements, 0, codes), form)
}

/// One code of an element-wise operation, its zero point subtracted first.
pub fn check_element(codes: Codes, form: Requantization) -> Result<()> {
    check(largest(1, 0, codes), form)
}
