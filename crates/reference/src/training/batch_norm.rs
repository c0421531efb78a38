//! SPEC 7.2.2: batch norm over [rows][channels]. A sum over rows adds the sums of blocks of 64 rows in order, each from +0.

use super::Real;

/// Per channel.
#[derive(Clone, Debug)]
pub struct Statistics<T> {
    /// Mean.
    pub mean: Vec<T>,
    /// 1/√(variance + ε).
    pub inverse_std: Vec<T>,
    /// The biased variance.
    pub variance: Vec<T>,
}

/// The sum over rows of each channel.
pub fn sum_rows<T: Real>(rows: usize, channels: usize, element: impl Fn(usize, usize) -> T) -> Vec<T> {
    let sum = |channel: usize| {
        let mut total = T::from(0.0);
        for start in (0..rows).step_by(64) {
            let block = start..rows.min(start + 64);
            total = total + block.fold(T::from(0.0), |sum, row| sum + element(row, channel));
        }
        total
    };
    (0..channels).map(sum).collect()
}

/// Shifted by the mean of the first 16 rows.
pub fn statistics<T: Real>(x: &[T], channels: usize, epsilon: T) -> Statistics<T> {
    let rows = x.len() / channels;
    let at = |row: usize, channel: usize| x[row * channels + channel];
    let first = rows.min(16);
    let shift: Vec<T> = (0..channels).map(|c| (0..first).fold(T::from(0.0), |sum, row| sum + at(row, c)) / T::whole(first)).collect();
    let d = |row: usize, channel: usize| at(row, channel) - shift[channel];
    let offset: Vec<T> = sum_rows(rows, channels, d).into_iter().map(|sum| sum / T::whole(rows)).collect();
    let squares = sum_rows(rows, channels, |row, channel| d(row, channel) * d(row, channel));
    let variance: Vec<T> = squares.into_iter().zip(&offset).map(|(sum, &offset)| sum / T::whole(rows) - offset * offset).collect();
    let variance: Vec<T> = variance.into_iter().map(|v| if v < T::from(0.0) { T::from(0.0) } else { v }).collect();
    Statistics {
        mean: shift.iter().zip(&offset).map(|(&shift, &offset)| shift + offset).collect(),
        inverse_std: variance.iter().map(|&v| T::from(1.0) / (v + epsilon).root()).collect(),
        variance,
    }
}

/// Running mean and variance after a step: (1 − momentum)·old + momentum·new; the variance is unbiased, var·(N/(N − 1)).
pub fn running(old: [&[f32]; 2], new: &Statistics<f32>, rows: usize, momentum: f32) -> [Vec<f32>; 2] {
    let unbiased = rows as f32 / rows.saturating_sub(1).max(1) as f32;
    let step = |old: f32, new: f32| (1.0 - momentum) * old + momentum * new;
    [
        old[0].iter().zip(&new.mean).map(|(&old, &mean)| step(old, mean)).collect(),
        old[1].iter().zip(&new.variance).map(|(&old, &variance)| step(old, variance * unbiased)).collect(),
    ]
}

/// clamp((x − mean)·(inverse_std·γ) + β + residual).
pub fn apply<T: Real>(x: &[T], s: &Statistics<T>, [gamma, beta]: [&[T]; 2], residual: Option<&[T]>, [lo, hi]: [T; 2]) -> Vec<T> {
    let value = |(i, &x): (usize, &T)| {
        let c = i % gamma.len();
        let y = (x - s.mean[c]) * (s.inverse_std[c] * gamma[c]) + beta[c];
        let y = residual.map_or(y, |residual| y + residual[i]);
        let y = if y < lo { lo } else { y };
        if hi < y {
            hi
        } else {
            y
        }
    };
    x.iter().enumerate().map(value).collect()
}

/// The gradient where lo < y < hi, else 0; bounds of ±∞ leave everything.
pub fn masked<T: Real>(gradient: &[T], y: &[T], [lo, hi]: [T; 2]) -> Vec<T> {
    let inside = |y: T| y > lo && y < hi;
    gradient.iter().zip(y).map(|(&g, &y)| if inside(y) { g } else { T::from(0.0) }).collect()
}

/// dγ = Σ g·(x − mean) · inverse_std and dβ = Σ g, of a masked gradient.
pub fn backward_reduce<T: Real>(g: &[T], x: &[T], s: &Statistics<T>) -> [Vec<T>; 2] {
    let channels = s.mean.len();
    let rows = x.len() / channels;
    let along = sum_rows(rows, channels, |row, c| g[row * channels + c] * (x[row * channels + c] - s.mean[c]));
    let dgamma = along.into_iter().zip(&s.inverse_std).map(|(sum, &inverse_std)| sum * inverse_std).collect();
    [dgamma, sum_rows(rows, channels, |row, c| g[row * channels + c])]
}

/// dx = ((g − dβ/N) − (x − mean)·(dγ/N·inverse_std))·(γ·inverse_std), of a masked gradient.
pub fn backward_apply<T: Real>(g: &[T], x: &[T], s: &Statistics<T>, gamma: &[T], [dgamma, dbeta]: [&[T]; 2]) -> Vec<T> {
    let channels = gamma.len();
    let count = T::whole(x.len() / channels);
    let value = |i: usize| {
        let c = i % channels;
        let along = (x[i] - s.mean[c]) * (dgamma[c] / count * s.inverse_std[c]);
        (g[i] - dbeta[c] / count - along) * (gamma[c] * s.inverse_std[c])
    };
    (0..x.len()).map(value).collect()
}
