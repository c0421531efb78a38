//! HAWQ-V3's simulation of integer arithmetic: dyadic numbers with 31 bits and rounding half to even. Not SPEC's requantization,
//! which rounds half up; kept to compare with what HAWQ publishes.

/// b / 2^c with b in [2^30, 2^31].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dyadic {
    /// Numerator. HAWQ does not renormalise 2^31.
    pub b: i64,
    /// Exponent of the denominator.
    pub c: i32,
}

/// m and E of s = m·2^E with ½ ≤ m < 1, for a positive normal number.
fn frexp(s: f64) -> (f64, i32) {
    let bits = s.to_bits();
    let exponent = (bits >> 52) as i32 - 1022;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent)
}

/// The dyadic number next to a positive normal scale, ties away from zero.
pub fn dyadic(scale: f64) -> Dyadic {
    let (m, exponent) = frexp(scale);
    Dyadic { b: (m * 2_147_483_648.0).round() as i64, c: 31 - exponent }
}

/// The ratio S_x·S_w / S_z as HAWQ forms it: the product rounded to f32, the quotient in f64.
pub fn ratio(input_scale: f32, weight_scale: f32, output_scale: f32) -> f64 {
    let product = (f64::from(input_scale) * f64::from(weight_scale)) as f32;
    f64::from(product) / f64::from(output_scale)
}

/// rhe(acc · b / 2^c), in whole numbers.
pub fn multiply(acc: i64, Dyadic { b, c }: Dyadic) -> i64 {
    let product = i128::from(acc) * i128::from(b);
    if c <= 0 {
        return (product << -c) as i64;
    }
    let c = c.min(126);
    let floor = product >> c;
    let rest = product - (floor << c);
    let half = 1i128 << (c - 1);
    let up = rest > half || (rest == half && floor & 1 == 1);
    (floor + i128::from(up)) as i64
}

/// Case 0: requantization of an accumulator to a symmetric or asymmetric code.
pub fn requantize(acc: i64, ratio: Dyadic, [lo, hi]: [i64; 2]) -> i64 {
    multiply(acc, ratio).clamp(lo, hi)
}

/// Case 1: both branches rounded on their own, no clamp.
pub fn residual_add(acc: i64, main: Dyadic, identity: i64, shortcut: Dyadic) -> i64 {
    multiply(identity, shortcut) + multiply(acc, main)
}
