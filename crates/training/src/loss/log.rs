//! The natural logarithm (SPEC 7.2).

// The decimals stand as SPEC gives them.
#![allow(clippy::excessive_precision)]

const LN_2_HIGH: f32 = 0.693359375;
const LN_2_LOW: f32 = -2.12194440e-4;
/// 2/9, 2/7, 2/5, 2/3: the series of 2·artanh behind its first term.
const SERIES: [f32; 4] = [0.222222222, 0.285714286, 0.4, 0.666666667];

/// ln x, each step rounded once. x = 2^n·m with m in (√½, √2], s = (m − 1)/(m + 1), ln m = 2·artanh s. −∞ at 0, NaN below.
pub fn log(x: f32) -> f32 {
    if x.is_nan() || x == f32::INFINITY {
        return x;
    }
    if x <= 0.0 {
        return if x == 0.0 { f32::NEG_INFINITY } else { f32::NAN };
    }
    let (x, scale) = if x < f32::MIN_POSITIVE { (x * 8_388_608.0, -23) } else { (x, 0) };
    let exponent = (x.to_bits() >> 23) as i32 - 127;
    let mantissa = f32::from_bits(x.to_bits() & 0x7f_ffff | 127 << 23);
    let (mantissa, exponent) = if mantissa > core::f32::consts::SQRT_2 { (mantissa * 0.5, exponent + 1) } else { (mantissa, exponent) };
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let series = SERIES[1..].iter().fold(SERIES[0], |sum, c| sum * z + c);
    let n = (exponent + scale) as f32;
    (2.0 * s + (s * z * series + n * LN_2_LOW)) + n * LN_2_HIGH
}

#[cfg(test)]
mod tests {
    use super::log;

    #[test]
    fn equals_the_reference_and_ln() {
        let many = (0..400_000u32).map(|i| f32::from_bits(i * 5347));
        let near_one = (0..2000).map(|i| 0.999 + i as f32 * 1e-6);
        for x in many.chain(near_one).filter(|x| *x > 0.0 && x.is_finite()) {
            let expected = f64::from(x).ln();
            let error = (f64::from(log(x)) - expected).abs();
            assert!(error <= 2e-7 * expected.abs() + 1e-12, "{x:e}: {} not {expected}", log(x));
            assert_eq!(log(x).to_bits(), reference::training::loss::log(x).to_bits());
        }
        assert_eq!([log(0.0), log(f32::INFINITY), log(1.0)], [f32::NEG_INFINITY, f32::INFINITY, 0.0]);
        assert!(log(-1.0).is_nan() && log(f32::NAN).is_nan());
    }
}
