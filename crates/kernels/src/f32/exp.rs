//! SPEC 4.4.

// The decimals stand as SPEC gives them.
#![allow(clippy::excessive_precision, clippy::approx_constant, clippy::inconsistent_digit_grouping)]

/// Added and subtracted, it rounds half to even what is smaller than 2^22.
const ROUND: f32 = 12_582_912.0;
const LOWEST: f32 = -87.33654;
const HIGHEST: f32 = 88.72284;
/// Highest power first.
const POLYNOMIAL: [f32; 6] = [1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];

/// exp(x), each step rounded once; 0 below −87.33654. NaN stays NaN.
pub fn exp(x: f32) -> f32 {
    if x.is_nan() {
        return x;
    }
    if x < LOWEST {
        return 0.0;
    }
    let x = if x > HIGHEST { HIGHEST } else { x };
    let n = (x * 1.44269504 + ROUND) - ROUND;
    let r = (x - n * 0.693359375) - n * -2.12194440e-4;
    let p = POLYNOMIAL[1..].iter().fold(POLYNOMIAL[0], |p, c| p * r + c);
    let y = p * (r * r) + r + 1.0;
    y * f32::from_bits(((n as i32 + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn equals_the_reference_and_exp() {
        for i in -90_000..=0 {
            let x = i as f32 * 1e-3;
            assert_eq!(exp(x).to_bits(), reference::exp::exp(x).to_bits(), "{x}");
            assert!((f64::from(exp(x)) - f64::from(x).exp()).abs() <= 2e-7 * f64::from(x).exp() + 1.2e-38, "{x}");
        }
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(f32::NAN).is_nan());
    }
}
