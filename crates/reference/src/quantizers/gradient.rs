//! SPEC 7.3: gradients to symmetric codes by stochastic rounding.

/// Clips that are smaller, or no number, count as this: 2^−100.
pub const SMALLEST_CLIP: f32 = 7.888_609e-31;

/// What a code is worth.
pub fn step(clip: f32, levels: i32) -> f32 {
    (if clip >= SMALLEST_CLIP { clip } else { SMALLEST_CLIP }) / levels as f32
}

/// The code of g; `noise` has 16 bits. NaN gives 0.
pub fn quantize(g: f32, clip: f32, levels: i32, noise: u32) -> i32 {
    let scaled = g * (1.0 / step(clip, levels));
    let levels = levels as f32;
    let bounded = if scaled.is_nan() { 0.0 } else { scaled.clamp(-levels, levels) };
    // Sixteen bits after the point; fifteen of them where eight bits stand before it.
    let bits = if levels < 64.0 { 16 } else { 15 };
    let fixed = (f64::from(bounded) * f64::from(1 << bits)).round_ties_even() as i32;
    (fixed + (noise >> (16 - bits)) as i32) >> bits
}

/// Whether g counts as clipped.
pub fn is_clipped(g: f32, clip: f32) -> bool {
    g.abs() > if clip >= SMALLEST_CLIP { clip } else { SMALLEST_CLIP }
}
