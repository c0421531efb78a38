//! SPEC 1.3: floats to codes and back.

/// `clamp(rhe(x · (1/s)) + zeroPoint, lo, hi)`; the reciprocal and the product are f32. NaN gives `clamp(zeroPoint)`.
pub fn quantize(x: f32, scale: f32, zero_point: i64, [lo, hi]: [i64; 2]) -> i64 {
    let reciprocal = 1.0f32 / scale;
    let rounded = (x * reciprocal).round_ties_even();
    // `as` turns NaN into 0 and saturates, far outside of every type.
    (rounded as i32 as i64 + zero_point).clamp(lo, hi)
}

/// `f32(code − zeroPoint) · s`, one f32 product.
pub fn dequantize(code: i64, scale: f32, zero_point: i64) -> f32 {
    (code - zero_point) as f32 * scale
}
