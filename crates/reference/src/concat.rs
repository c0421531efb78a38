//! SPEC 3.6.

use crate::requantize::{requantize, Requantization};

/// One input of a concatenation.
pub struct Part<'a> {
    /// Codes.
    pub x: &'a [i32],
    /// Its zero point.
    pub zero_point: i64,
    /// Its requantization to the output's scale.
    pub form: Requantization,
}

/// Joins `parts` along an axis in front of which `outer` rows stand.
pub fn concat(parts: &[Part<'_>], outer: usize, zero_point: i64, clamp: [i64; 2]) -> Vec<i32> {
    let mut codes = Vec::new();
    for row in 0..outer {
        for part in parts {
            let length = part.x.len() / outer;
            let source = part.x[row * length..][..length].iter();
            codes.extend(source.map(|&a| requantize(a as i64 - part.zero_point, part.form, zero_point, clamp) as i32));
        }
    }
    codes
}
