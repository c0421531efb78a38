//! SPEC 7.3: codes with a learned interval, and what flows back through them (LBT, arXiv 2407.12637, as released; straight through the rounding).

/// Intervals nearer to 0 count as this.
pub const SMALLEST_INTERVAL: f32 = 1e-8;

/// |interval|, not too near 0; NaN stays NaN.
fn size(interval: f32) -> f32 {
    if interval.abs() < SMALLEST_INTERVAL {
        SMALLEST_INTERVAL
    } else {
        interval.abs()
    }
}

/// The codes of one quantizer: `lo` is −levels or 0.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// The smallest code.
    pub lo: i32,
    /// The largest code, which stands for the interval.
    pub levels: i32,
}

impl Codes {
    /// −levels..levels.
    pub fn symmetric(bits: u32) -> Self {
        let levels = super::symmetric_levels(bits);
        Self { lo: -levels, levels }
    }

    /// 0..levels.
    pub fn unsigned(bits: u32) -> Self {
        Self { lo: 0, levels: super::unsigned_levels(bits) }
    }

    /// What a code is worth.
    pub fn step(self, interval: f32) -> f32 {
        size(interval) / self.levels as f32
    }

    /// SPEC 1.3 with zero point 0.
    pub fn quantize(self, x: f32, interval: f32) -> i32 {
        crate::quantize::quantize(x, self.step(interval), 0, [i64::from(self.lo), i64::from(self.levels)]) as i32
    }

    /// Of the gradient g of the code's value: the gradient of x, and that of the interval, times levels.
    pub fn backward(self, x: f32, g: f32, interval: f32) -> [f32; 2] {
        let size = size(interval);
        let scaled = x * (1.0 / self.step(interval));
        let below = if self.lo < 0 { -size } else { 0.0 };
        let is_outside = x > size || below > x;
        let code = scaled.round_ties_even().clamp(self.lo as f32, self.levels as f32);
        let error = code - if is_outside { 0.0 } else { scaled };
        [if is_outside { 0.0 } else { g }, g * error]
    }

    /// The gradient of the interval, from the second results of [`Codes::backward`] in order. A row is `row_length` long; a block has `rows` rows.
    pub fn interval_gradient(self, terms: &[f32], row_length: usize, rows: usize, interval: f32) -> f32 {
        let mut total = 0f64;
        for block in terms.chunks(row_length * rows) {
            let mut lanes = [0f32; 4];
            for (i, term) in block.iter().enumerate() {
                lanes[i % row_length % 4] += term;
            }
            total += f64::from((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]));
        }
        let gradient = (total / f64::from(self.levels)) as f32;
        if interval < 0.0 {
            -gradient
        } else {
            gradient
        }
    }
}

/// Rows in a block of [`Codes::interval_gradient`].
pub fn block_rows(row_length: usize) -> usize {
    (4096 / row_length).max(1)
}

/// The first interval: 3·std, over √(1 − 2/π) for values ≥ 0; 1 if they are all equal, none if they are not finite.
pub fn initial_interval(x: &[f32], is_signed: bool) -> Option<f32> {
    let count = x.len() as f64;
    let mean = x.iter().fold(0f64, |sum, x| sum + f64::from(*x)) / count;
    let squares = x.iter().fold(0f64, |sum, x| sum + (f64::from(*x) - mean) * (f64::from(*x) - mean));
    let deviation = ((squares / (count - 1.0).max(1.0)) as f32).sqrt();
    let interval = if is_signed { 3.0 * deviation } else { 3.0 * deviation / 0.602_810_3 };
    if !interval.is_finite() {
        None
    } else if interval == 0.0 {
        Some(1.0)
    } else {
        Some(interval)
    }
}
