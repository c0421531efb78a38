//! SPEC 7.3: what the gradient policies and reports read.

/// max|g|; NaN if one is.
pub fn maximum(gradient: &[f32]) -> f32 {
    gradient.iter().fold(0.0, |most: f32, g| if g.is_nan() || most.is_nan() { f32::NAN } else { most.max(g.abs()) })
}

/// How many of |g|/maximum fall into each bin.
pub fn histogram(gradient: &[f32], maximum: f32, bins: usize) -> Vec<i32> {
    let scale = bins as f32 / maximum;
    let mut counts = vec![0; bins];
    for g in gradient {
        counts[((g.abs() * scale) as usize).min(bins - 1)] += 1;
    }
    counts
}

/// Maximum of |g|, standard deviation and fraction of |g| beyond it, of one channel.
pub fn channel(gradient: &[f32]) -> [f32; 3] {
    let sum = |term: &dyn Fn(f32) -> f32| {
        let block = |block: &[f32]| f64::from(block.iter().fold(0f32, |sum, g| sum + term(*g)));
        gradient.chunks(256).map(block).fold(0f64, |sum, block| sum + block)
    };
    let count = gradient.len() as f64;
    let mean = (sum(&|g| g) / count) as f32;
    let variance = (sum(&|g| (g - mean) * (g - mean)) / (count - 1.0).max(1.0)) as f32;
    let deviation = variance.sqrt();
    let beyond = gradient.iter().filter(|g| g.abs() > deviation).count();
    [maximum(gradient), deviation, beyond as f32 / gradient.len() as f32]
}

/// Of the pairs (g, ĝ) with |g| ≥ threshold and of all: Σ(g − ĝ)², Σg², how many.
pub fn error(pairs: &[(f32, f32)], threshold: f32) -> [f32; 6] {
    let mut sums = [0f64; 6];
    for (g, quantized) in pairs {
        let difference = f64::from(*g) - f64::from(*quantized);
        let terms = [difference * difference, f64::from(*g) * f64::from(*g), 1.0];
        for (i, term) in terms.into_iter().enumerate() {
            sums[3 + i] += term;
            if g.abs() >= threshold {
                sums[i] += term;
            }
        }
    }
    sums.map(|sum| sum as f32)
}
