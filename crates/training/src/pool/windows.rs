//! Which input pixels a window of a pool holds.

use crate::conv::geometry::Axis;
use core::ops::Range;
use kernels::f32::lanes::BYTES;

/// Both axes of a pool over [batch][height][width][channels].
#[derive(Clone, Copy)]
pub struct Windows {
    pub rows: Axis,
    pub columns: Axis,
    pub channels: usize,
}

impl Windows {
    /// Bytes of an image of the input.
    pub fn input_bytes(&self) -> usize {
        (self.rows.input * self.columns.input) as usize * self.channels * BYTES
    }

    /// Bytes of an image of the output.
    pub fn output_bytes(&self) -> usize {
        (self.rows.output * self.columns.output) as usize * self.channels * BYTES
    }

    /// Pixels of an image of the input.
    pub fn input_pixels(&self) -> usize {
        (self.rows.input * self.columns.input) as usize
    }

    /// The rows and columns of the window of output (y, x) that lie inside.
    #[inline(always)]
    pub fn inside(&self, y: i32, x: i32) -> [Range<i32>; 2] {
        let inside = |axis: &Axis, o: i32| {
            let first = o * axis.stride - axis.pad;
            first.clamp(0, axis.input)..(first + axis.kernel).clamp(0, axis.input)
        };
        [inside(&self.rows, y), inside(&self.columns, x)]
    }

    /// Pixels of an image of the output.
    pub fn output_pixels(&self) -> usize {
        (self.rows.output * self.columns.output) as usize
    }

    /// Where the `pixel`-th output of an image lies: (y, x).
    #[inline(always)]
    pub fn place(&self, pixel: usize) -> (i32, i32) {
        let (pixel, width) = (pixel as u32, self.columns.output as u32);
        ((pixel / width) as i32, (pixel % width) as i32)
    }

    /// Calls with the input pixels, counted within the image, of the window of the `pixel`-th output.
    #[inline(always)]
    pub fn for_each_pixel(&self, pixel: usize, mut visit: impl FnMut(usize)) {
        let (y, x) = self.place(pixel);
        let [rows, columns] = self.inside(y, x);
        for row in rows {
            let start = (row * self.columns.input) as usize;
            for column in columns.clone() {
                visit(start + column as usize);
            }
        }
    }
}

/// [`Windows`] of a parameter struct with the usual field names.
macro_rules! windows {
    ($params:expr) => {{
        let axis =
            |input, output, kernel, stride, pad| $crate::conv::geometry::Axis { input, output, kernel, stride, pad, dilation: 1, input_dilation: 1 };
        $crate::pool::windows::Windows {
            rows: axis($params.in_h, $params.out_h, $params.kernel_h, $params.stride_h, $params.pad_top),
            columns: axis($params.in_w, $params.out_w, $params.kernel_w, $params.stride_w, $params.pad_left),
            channels: $params.channels as usize,
        }
    }};
}
pub(crate) use windows;

/// The checks that the pools share.
macro_rules! check_windows {
    ($params:expr) => {
        fields_in!($params, 1..=MAX_DIMENSION; batch, in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w);
        fields_in!($params, 0..=MAX_DIMENSION; pad_top, pad_left);
        field_holds!(is_total(&[$params.batch, $params.in_h, $params.in_w, $params.channels, BYTES as i32]); in_h);
        field_holds!(is_total(&[$params.batch, $params.out_h, $params.out_w, $params.channels, BYTES as i32]); out_h);
        field_holds!(is_total(&[$params.kernel_h, $params.kernel_w]); kernel_h);
        field_holds!($params.windows().rows.is_sound(); stride_h);
        field_holds!($params.windows().columns.is_sound(); stride_w);
    };
}
pub(crate) use check_windows;
