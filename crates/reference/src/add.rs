//! SPEC 3.3: residual add.

use crate::codes::CARRIER;
use crate::requantize::{requantize, Requantization};

/// `clamp(r_0 + r_1)` of two codes; `zero_points` are those of the inputs.
pub fn carrier(a: [i64; 2], zero_points: [i64; 2], forms: [Requantization; 2], [lo, hi]: [i64; 2]) -> i64 {
    let branch = |i: usize| requantize(a[i] - zero_points[i], forms[i], 0, CARRIER);
    (branch(0) + branch(1)).clamp(lo, hi)
}

/// The carriers of two values of one shape.
pub fn add(a: [&[i32]; 2], zero_points: [i64; 2], forms: [Requantization; 2], clamp: [i64; 2]) -> Vec<i32> {
    let pairs = a[0].iter().zip(a[1]);
    pairs.map(|(&a0, &a1)| carrier([a0 as i64, a1 as i64], zero_points, forms, clamp) as i32).collect()
}
