//! Max and average pool, NCHW (SPEC 4.1). Buffers: reads input; writes output. A unit is one plane.

use super::lanes::{larger, BYTES};
use crate::check::{field, field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::PoolF32;
use core::ops::Range;
use simd::{mem, Isa};

const MAX: i32 = 0;
const AVERAGE: i32 = 1;

/// One spatial axis.
#[derive(Clone, Copy)]
struct Axis {
    input: i32,
    kernel: i32,
    stride: i32,
    dilation: i32,
    before: i32,
    after: i32,
}

impl Axis {
    fn position(&self, window: i32, tap: i32) -> i32 {
        window * self.stride + tap * self.dilation - self.before
    }

    /// The taps of a window whose positions lie in `low..high`.
    fn taps(&self, window: i32, low: i32, high: i32) -> Range<i32> {
        let start = self.position(window, 0);
        let count = |position: i32| taps_before(position - start, self.dilation).min(self.kernel);
        count(low)..count(high)
    }

    fn inside(&self, window: i32) -> Range<i32> {
        self.taps(window, 0, self.input)
    }

    fn with_padding(&self, window: i32) -> Range<i32> {
        self.taps(window, -self.before, self.input + self.after)
    }
}

/// Taps of this dilation that lie before `distance`; none before a distance that is negative.
fn taps_before(distance: i32, dilation: i32) -> i32 {
    (distance.max(0) as u32).div_ceil(dilation as u32) as i32
}

impl PoolF32 {
    fn axes(&self) -> [Axis; 2] {
        [
            Axis {
                input: self.in_h,
                kernel: self.kernel_h,
                stride: self.stride_h,
                dilation: self.dilation_h,
                before: self.pad_top,
                after: self.pad_bottom,
            },
            Axis {
                input: self.in_w,
                kernel: self.kernel_w,
                stride: self.stride_w,
                dilation: self.dilation_w,
                before: self.pad_left,
                after: self.pad_right,
            },
        ]
    }

    /// Folds the elements of the window that lie inside, rows first.
    fn fold(&self, plane: &[u8], y: i32, x: i32, start: f32, step: impl Fn(f32, f32) -> f32) -> f32 {
        let [rows, columns] = self.axes();
        let taps = columns.inside(x);
        let mut result = start;
        for ky in rows.inside(y) {
            let row = rows.position(y, ky) * self.in_w;
            for kx in taps.clone() {
                let at = (row + columns.position(x, kx)) as usize;
                result = step(result, mem::read_f32(plane, at * BYTES));
            }
        }
        result
    }

    fn window(&self, plane: &[u8], y: i32, x: i32) -> f32 {
        if self.mode == MAX {
            return self.fold(plane, y, x, f32::NEG_INFINITY, larger);
        }
        let [rows, columns] = self.axes();
        let counted = if self.count_include_pad != 0 {
            rows.with_padding(y).len() * columns.with_padding(x).len()
        } else {
            rows.inside(y).len() * columns.inside(x).len()
        };
        self.fold(plane, y, x, 0.0, |sum, element| sum + element) * (1.0 / counted as f32)
    }
}

impl Kernel for PoolF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, MAX..=AVERAGE; mode);
        fields_in!(self, 0..=1; count_include_pad);
        fields_in!(self, 1..=MAX_DIMENSION; in_h, in_w, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w);
        fields_in!(self, 0..=MAX_DIMENSION; planes, pad_top, pad_left, pad_bottom, pad_right);
        field_holds!(is_total(&[self.planes.max(1), self.in_h, self.in_w, BYTES as i32]); in_h);
        field_holds!(is_total(&[self.planes.max(1), self.out_h, self.out_w, BYTES as i32]); out_h);
        let fits = |out, stride, kernel, dilation| {
            i64::from(out) * i64::from(stride) + i64::from(kernel) * i64::from(dilation) <= i64::from(i32::MAX - 2 * MAX_DIMENSION)
        };
        field_holds!(fits(self.out_h, self.stride_h, self.kernel_h, self.dilation_h); kernel_h);
        field_holds!(fits(self.out_w, self.stride_w, self.kernel_w, self.dilation_w); kernel_w);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let planes = self.planes as usize;
        let input = planes * (self.in_h * self.in_w) as usize * BYTES;
        let output = planes * (self.out_h * self.out_w) as usize * BYTES;
        Spans::new().with(field!(input_offset), self.input_offset, input, Access::Read).with(
            field!(output_offset),
            self.output_offset,
            output,
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        self.planes as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let input = (self.in_h * self.in_w) as usize * BYTES;
        let output = (self.out_h * self.out_w) as usize * BYTES;
        for unit in units {
            let plane = &buffers.reads[0][unit * input..][..input];
            let results = mem::arrays_mut::<BYTES>(&mut buffers.writes[0][unit * output..][..output]);
            for (result, index) in results.iter_mut().zip(0..) {
                *result = self.window(plane, index / self.out_w, index % self.out_w).to_le_bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests;
