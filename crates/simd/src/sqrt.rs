//! The square root, rounded once: `core` has none.

/// √x, correctly rounded to nearest, ties to even (a root is never a tie). NaN below −0.
pub fn sqrt(x: f32) -> f32 {
    if x.is_nan() || x == 0.0 || x == f32::INFINITY {
        return x;
    }
    if x < 0.0 {
        return f32::NAN;
    }
    let bits = x.to_bits();
    let (fraction, biased) = (bits & 0x7f_ffff, (bits >> 23) as i32);
    // x = mantissa · 2^exponent
    let (mantissa, exponent) = if biased == 0 { (fraction, -149) } else { (fraction | 0x80_0000, biased - 150) };
    // An even exponent, and 50 or more bits under the root, so that the root has at least the 25 bits that rounding needs.
    let shift = mantissa.leading_zeros() as i32 + 20;
    let shift = shift + ((exponent - shift) & 1);
    let radicand = u64::from(mantissa) << shift;
    let root = radicand.isqrt();
    // The last bit stands for everything cut off.
    let sticky = root << 1 | u64::from(root * root != radicand);
    // √x = root · 2^((exponent − shift)/2); a power of two this size is a normal float, and so is the product.
    let power = (exponent - shift) / 2 - 1;
    sticky as f32 * f32::from_bits(((power + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::sqrt;

    #[test]
    fn equals_the_hardware() {
        let special = [0.0, -0.0, 1.0, 2.0, 4.0, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1), f32::from_bits(0x7f_ffff), f32::INFINITY];
        let mut state = 1u32;
        let random = (0..200_000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from_bits(state >> 1)
        });
        for x in special.into_iter().chain(random) {
            assert!(sqrt(x).to_bits() == x.sqrt().to_bits() || x.is_nan() && sqrt(x).is_nan(), "{x:e}");
        }
        assert!(sqrt(-1.0).is_nan());
    }
}
