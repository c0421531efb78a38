//! Average pool: sum·(1/divisor). Buffers: reads input; writes output.

use super::windows::{check_windows, windows, Windows};
use crate::params::AveragePoolNhwc;
use crate::rows::{for_each_panel, lanes_of, load, part, part_mut, store, Panel};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

impl AveragePoolNhwc {
    fn windows(&self) -> Windows {
        windows!(self)
    }
}

/// 1/divisor of the window of output (y, x); a window without pixels has divisor 1.
pub fn reciprocal(windows: &Windows, y: i32, x: i32, count_include_pad: i32) -> f32 {
    let [rows, columns] = windows.inside(y, x);
    let pixels = if count_include_pad == 1 { windows.rows.kernel * windows.columns.kernel } else { rows.len() as i32 * columns.len() as i32 };
    1.0 / pixels.max(1) as f32
}

/// One image.
struct Pass<'a, I: Isa> {
    isa: I,
    windows: Windows,
    count_include_pad: i32,
    input: &'a [u8],
    output: &'a mut [u8],
}

impl<I: Isa> Panel for Pass<'_, I> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let (isa, channels) = (self.isa, self.windows.channels);
        for pixel in rows {
            let (y, x) = self.windows.place(pixel);
            let factor = isa.f32x4_splat(reciprocal(&self.windows, y, x, self.count_include_pad));
            let mut sums = [isa.f32x4_splat(0.0); V];
            self.windows.for_each_pixel(pixel, |from| {
                let x = load::<I, V>(isa, part(self.input, from, channels, first, lanes));
                sums = core::array::from_fn(|v| isa.f32x4_add(sums[v], x[v]));
            });
            store(isa, sums.map(|sum| isa.f32x4_mul(sum, factor)), part_mut(self.output, pixel, channels, first, lanes));
        }
    }
}

impl Kernel for AveragePoolNhwc {
    fn check(&self) -> Result<(), BadParam> {
        check_windows!(self);
        fields_in!(self, 0..=1; count_include_pad);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (batch, windows) = (self.batch as usize, self.windows());
        Spans::new().with(field!(input_offset), self.input_offset, batch * windows.input_bytes(), Access::Read).with(
            field!(output_offset),
            self.output_offset,
            batch * windows.output_bytes(),
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        self.batch as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let windows = self.windows();
        for image in units {
            let input = &buffers.reads[0][image * windows.input_bytes()..][..windows.input_bytes()];
            let output = &mut buffers.writes[0][image * windows.output_bytes()..][..windows.output_bytes()];
            let mut pass = Pass { isa, windows, count_include_pad: self.count_include_pad, input, output };
            for_each_panel::<4>(windows.output_pixels(), windows.channels, &mut pass);
        }
    }
}
