//! SPEC 3.2.

use crate::requantize::{requantize, Requantization};

/// x [rows, K], w [N, K], bias [N] or empty → codes [rows, N]; `forms` has N elements.
pub fn dense(x: &[i32], x_zero_point: i64, w: &[i32], bias: &[i32], forms: &[Requantization], zero_point: i64, clamp: [i64; 2]) -> Vec<i32> {
    let k = w.len() / forms.len();
    let mut codes = Vec::with_capacity(x.len() / k * forms.len());
    for row in x.chunks_exact(k) {
        for (n, (weights, &form)) in w.chunks_exact(k).zip(forms).enumerate() {
            let products = weights.iter().zip(row).map(|(&w, &a)| w as i64 * (a as i64 - x_zero_point));
            let acc = products.sum::<i64>() + bias.get(n).map_or(0, |&bias| bias as i64);
            codes.push(requantize(acc, form, zero_point, clamp) as i32);
        }
    }
    codes
}
