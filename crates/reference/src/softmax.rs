//! SPEC 4.3.

use crate::exp::exp;

/// Softmax of one line along its axis.
pub fn softmax(x: &[f32]) -> Vec<f32> {
    let m = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let e: Vec<f32> = x.iter().map(|&x| exp(x - m)).collect();
    let mut sum = 0.0f32;
    for e in &e {
        sum += e;
    }
    let reciprocal = 1.0 / sum;
    e.into_iter().map(|e| e * reciprocal).collect()
}
