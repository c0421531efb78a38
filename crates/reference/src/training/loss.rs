//! SPEC 7.2.3: losses.

// The decimals stand as SPEC gives them.
#![allow(clippy::excessive_precision)]

use crate::exp::exp;

/// ln x for x > 0, finite.
pub fn log(x: f32) -> f32 {
    let (x, mut n) = if x < f32::MIN_POSITIVE { (x * 8_388_608.0, -23) } else { (x, 0) };
    n += (x.to_bits() >> 23) as i32 - 127;
    let mut m = f32::from_bits(x.to_bits() & 0x7f_ffff | 127 << 23);
    if m > core::f32::consts::SQRT_2 {
        m *= 0.5;
        n += 1;
    }
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let series = ((0.222222222f32 * z + 0.285714286) * z + 0.4) * z + 0.666666667;
    let n = n as f32;
    (2.0 * s + (s * z * series + n * -2.12194440e-4)) + n * 0.693359375
}

/// Mean loss, how many rows are right, and the gradient.
pub struct Loss {
    /// Mean over rows or elements.
    pub mean: f32,
    /// Rows whose first greatest logit is the label's.
    pub right: usize,
    /// Of the shape of the logits or the prediction.
    pub gradient: Vec<f32>,
}

/// Mean cross entropy of softmax with label smoothing.
pub fn softmax_cross_entropy(logits: &[f32], labels: &[usize], smoothing: f32) -> Loss {
    let classes = logits.len() / labels.len();
    let (mut total, mut right, mut gradient) = (0.0f64, 0, Vec::new());
    for (row, &label) in logits.chunks_exact(classes).zip(labels) {
        let greatest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let e: Vec<f32> = row.iter().map(|x| exp(x - greatest)).collect();
        let sum = e.iter().fold(0.0f32, |sum, e| sum + e);
        let offsets = row.iter().fold(0.0f32, |sum, x| sum + (x - greatest));
        let loss = (1.0 - smoothing) * (log(sum) - (row[label] - greatest)) + smoothing * (log(sum) - offsets / classes as f32);
        total += f64::from(loss);
        right += usize::from(row.iter().position(|&x| x == greatest) == Some(label));
        let even = smoothing / classes as f32;
        let target = |i: usize| if i == label { (1.0 - smoothing) + even } else { even };
        let reciprocal = 1.0 / sum;
        gradient.extend(e.iter().enumerate().map(|(i, e)| (e * reciprocal - target(i)) * (1.0 / labels.len() as f32)));
    }
    Loss { mean: (total / labels.len() as f64) as f32, right, gradient }
}

/// Mean of squared differences.
pub fn mean_squared_error(prediction: &[f32], target: &[f32]) -> Loss {
    let difference: Vec<f32> = prediction.iter().zip(target).map(|(p, t)| p - t).collect();
    let total = difference.iter().fold(0.0f64, |sum, d| sum + f64::from(d * d));
    let scale = 2.0 / prediction.len() as f32;
    Loss { mean: (total / prediction.len() as f64) as f32, right: 0, gradient: difference.iter().map(|d| d * scale).collect() }
}
