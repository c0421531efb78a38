//! gradient·(1/divisor) to every pixel of the window, added in the order of the outputs. Buffers: reads gradient; writes the input's gradient.

use super::average::reciprocal;
use super::windows::{check_windows, windows, Windows};
use crate::params::AveragePoolBackward;
use crate::rows::{for_each_panel, lanes_of, load, part, part_mut, store, Panel};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

impl AveragePoolBackward {
    fn windows(&self) -> Windows {
        windows!(self)
    }
}

/// One image.
struct Pass<'a, I: Isa> {
    isa: I,
    windows: Windows,
    count_include_pad: i32,
    gradient: &'a [u8],
    input_gradient: &'a mut [u8],
}

impl<I: Isa> Panel for Pass<'_, I> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let (isa, channels) = (self.isa, self.windows.channels);
        for pixel in rows {
            let (y, x) = self.windows.place(pixel);
            let factor = isa.f32x4_splat(reciprocal(&self.windows, y, x, self.count_include_pad));
            let share = load::<I, V>(isa, part(self.gradient, pixel, channels, first, lanes)).map(|g| isa.f32x4_mul(g, factor));
            let (windows, output) = (self.windows, &mut *self.input_gradient);
            windows.for_each_pixel(pixel, |to| {
                let to = part_mut(output, to, channels, first, lanes);
                let sums = load::<I, V>(isa, to);
                store::<I, V>(isa, core::array::from_fn(|v| isa.f32x4_add(sums[v], share[v])), to);
            });
        }
    }
}

impl Kernel for AveragePoolBackward {
    fn check(&self) -> Result<(), BadParam> {
        check_windows!(self);
        fields_in!(self, 0..=1; count_include_pad);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (batch, windows) = (self.batch as usize, self.windows());
        Spans::new().with(field!(gradient_offset), self.gradient_offset, batch * windows.output_bytes(), Access::Read).with(
            field!(input_gradient_offset),
            self.input_gradient_offset,
            batch * windows.input_bytes(),
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
            let gradient = &buffers.reads[0][image * windows.output_bytes()..][..windows.output_bytes()];
            let input_gradient = &mut buffers.writes[0][image * windows.input_bytes()..][..windows.input_bytes()];
            input_gradient.fill(0);
            let mut pass = Pass { isa, windows, count_include_pad: self.count_include_pad, gradient, input_gradient };
            for_each_panel::<4>(windows.output_pixels(), windows.channels, &mut pass);
        }
    }
}
