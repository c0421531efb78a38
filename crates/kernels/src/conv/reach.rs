//! The order of K: what packers of weights and of tiles agree on.

use super::windows::is_windowed;
use simd::Dot;

/// How K runs over a window: kernel positions one after another.
#[derive(Clone, Copy)]
pub struct Reach {
    /// Codes that each takes.
    pub tap: usize,
    /// Steps of all.
    pub steps: usize,
}

impl Reach {
    /// Of `taps` kernel positions. Their channels are rounded up to whole steps, unless there are so few that the whole window is.
    pub fn new<D: Dot>(in_c: usize, taps: usize) -> Self {
        let tap = if is_windowed(in_c, taps) { in_c } else { in_c.next_multiple_of(D::STEP) };
        Self { tap, steps: (taps * tap).div_ceil(D::STEP) }
    }
}

/// Bytes of the panels `[out_c/channels][K/step][channels][step]`, K as [`Reach`] has it.
pub fn panel_bytes<D: Dot>(in_c: usize, out_c: usize, kernel_h: usize, kernel_w: usize) -> usize {
    out_c.next_multiple_of(D::CHANNELS) * Reach::new::<D>(in_c, kernel_h * kernel_w).steps * D::STEP
}
