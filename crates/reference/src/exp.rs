//! SPEC 4.4.

// The decimals stand as SPEC gives them.
#![allow(clippy::excessive_precision, clippy::approx_constant, clippy::inconsistent_digit_grouping)]

/// Horner coefficients, highest power first.
const POLYNOMIAL: [f32; 6] = [1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];

/// exp(x) in f32, every step rounded once; 0 below −87.33654.
pub fn exp(x: f32) -> f32 {
    let (lowest, highest) = (-87.33654f32, 88.72284f32);
    if x < lowest {
        return 0.0;
    }
    let x = x.min(highest);
    let n = (x * 1.44269504f32).round_ties_even();
    let r = (x - n * 0.693359375f32) - n * -2.12194440e-4f32;
    let mut p = POLYNOMIAL[0];
    for c in &POLYNOMIAL[1..] {
        p = p * r + c;
    }
    let y = (p * (r * r)) + r + 1.0;
    y * f32::from_bits(((n as i32 + 127) as u32) << 23)
}
