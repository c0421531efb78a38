//! Windows of convolution and pools (SPEC 3.1, 3.4): where they lie on one spatial axis.

/// A kernel sliding along one axis of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Elements of the input.
    pub input: i64,
    /// Taps.
    pub kernel: i64,
    /// Input elements from one window to the next.
    pub stride: i64,
    /// Input elements from one tap to the next.
    pub dilation: i64,
    /// Padding in front.
    pub before: i64,
    /// Padding behind.
    pub after: i64,
}

impl Window {
    /// The two axes, h and w, from attributes as SPEC 6.3 lists them.
    pub fn pair(input: [i64; 2], kernel: [i64; 2], stride: [i64; 2], dilation: [i64; 2], pads: [i64; 4]) -> [Self; 2] {
        [0, 1].map(|axis| Self {
            input: input[axis],
            kernel: kernel[axis],
            stride: stride[axis],
            dilation: dilation[axis],
            before: pads[axis],
            after: pads[axis + 2],
        })
    }

    /// `floor((H + top + bottom − ((KH−1)·dh + 1)) / sh) + 1`; less than 1 if no window fits.
    pub fn floor_size(&self) -> i64 {
        self.free().div_euclid(self.stride) + 1
    }

    /// Elements behind the last window of [`Self::floor_size`]: where there are some, ceil mode has one window more.
    pub fn uncovered(&self) -> i64 {
        self.free().rem_euclid(self.stride)
    }

    /// Where the first window may start at most, counted from the first padding.
    fn free(&self) -> i64 {
        self.input + self.before + self.after - ((self.kernel - 1) * self.dilation + 1)
    }

    /// Input position of a tap of a window; outside [0, input) it is padding.
    pub fn position(&self, window: i64, tap: i64) -> i64 {
        window * self.stride + tap * self.dilation - self.before
    }

    /// The same, `None` in the padding.
    pub fn inside(&self, window: i64, tap: i64) -> Option<usize> {
        let position = self.position(window, tap);
        (0..self.input).contains(&position).then_some(position as usize)
    }

    /// Whether a window contains an element of the input.
    pub fn touches_input(&self, window: i64) -> bool {
        let first = self.position(window, 0);
        // The first tap that is not before the input.
        let tap = (-first).max(0).div_euclid(self.dilation) + i64::from(first < 0 && -first % self.dilation != 0);
        tap < self.kernel && self.position(window, tap) < self.input
    }

    /// How many taps of a window without dilation lie in [begin, end) of the input's axis.
    pub fn count_within(&self, window: i64, begin: i64, end: i64) -> i64 {
        let first = self.position(window, 0);
        ((first + self.kernel).min(end) - first.max(begin)).max(0)
    }
}
