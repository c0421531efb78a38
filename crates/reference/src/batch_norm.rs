//! SPEC 4.2.

/// The factor g and the offset h of one channel: `y = x·g + h`.
pub fn batch_norm_factors(gamma: f32, beta: f32, mean: f32, variance: f32, epsilon: f32) -> [f32; 2] {
    let g = gamma * (1.0 / (variance + epsilon).sqrt());
    [g, beta - mean * g]
}

/// `x·g + h`, rounded twice.
pub fn batch_norm(x: f32, [g, h]: [f32; 2]) -> f32 {
    x * g + h
}
