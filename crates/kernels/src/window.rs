//! Where a window of a convolution or a pool lies along one axis.

use crate::check::MAX_TOTAL;
use core::ops::Range;

/// One spatial axis of a convolution or a pool.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// Elements of the input.
    pub size: i32,
    /// Taps of the window.
    pub kernel: i32,
    /// Elements from one window to the next.
    pub stride: i32,
    /// Elements from one tap to the next.
    pub dilation: i32,
    /// How far the first window starts before the input.
    pub pad: i32,
}

impl Axis {
    /// Where window `out` starts; negative in the padding.
    #[inline(always)]
    pub fn start(self, out: usize) -> i32 {
        out as i32 * self.stride - self.pad
    }

    /// The taps of window `out` that lie inside the input; may be empty.
    pub fn taps_inside(self, out: usize) -> Range<usize> {
        let start = i64::from(self.start(out));
        let dilation = i64::from(self.dilation);
        let tap_at_or_after = |position: i64| match (position - start).max(0) {
            // A division takes as long as several taps of a pool.
            distance if dilation == 1 => distance,
            distance => (distance + dilation - 1) / dilation,
        };
        let end = tap_at_or_after(i64::from(self.size)).min(i64::from(self.kernel));
        tap_at_or_after(0).min(end) as usize..end as usize
    }

    /// The element under tap `tap` of window `out`, if it lies inside the input.
    #[inline(always)]
    pub fn element(self, out: usize, tap: usize) -> Option<usize> {
        let position = self.start(out) + tap as i32 * self.dilation;
        (position >= 0 && position < self.size).then_some(position as usize)
    }

    /// Whether every position of `out` windows fits an i32, so that the functions above cannot overflow.
    pub fn fits(self, out: i32) -> bool {
        let furthest = (i64::from(out) - 1) * i64::from(self.stride) + i64::from(self.kernel) * i64::from(self.dilation);
        furthest <= MAX_TOTAL
    }
}
