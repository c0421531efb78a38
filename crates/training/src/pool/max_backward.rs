//! Gradients to the pixels that won, added in the order of the outputs. Buffers: reads gradient, indices; writes the input's gradient.

use super::windows::{check_windows, windows, Windows};
use crate::params::MaxPoolBackward;
use crate::rows::{for_each_panel, lanes_of, load, part, part_mut, store, Panel};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

impl MaxPoolBackward {
    fn windows(&self) -> Windows {
        windows!(self)
    }
}

/// One image.
struct Pass<'a, I: Isa> {
    isa: I,
    windows: Windows,
    gradient: &'a [u8],
    indices: &'a [u8],
    /// The image's first input pixel, counted over all images.
    base: usize,
    input_gradient: &'a mut [u8],
}

impl<I: Isa> Panel for Pass<'_, I> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let (isa, channels) = (self.isa, self.windows.channels);
        for pixel in rows {
            let [gradient, index] = [self.gradient, self.indices].map(|bytes| load::<I, V>(isa, part(bytes, pixel, channels, first, lanes)));
            let (windows, base, output) = (self.windows, self.base, &mut *self.input_gradient);
            windows.for_each_pixel(pixel, |to| {
                let here = isa.i32x4_splat((base + to) as i32);
                let to = part_mut(output, to, channels, first, lanes);
                let sums = load::<I, V>(isa, to);
                let share = |v: usize| isa.i32x4_and(isa.i32x4_from_f32x4(gradient[v]), isa.i32x4_eq(isa.i32x4_from_f32x4(index[v]), here));
                store::<I, V>(isa, core::array::from_fn(|v| isa.f32x4_add(sums[v], isa.f32x4_from_i32x4(share(v)))), to);
            });
        }
    }
}

impl Kernel for MaxPoolBackward {
    fn check(&self) -> Result<(), BadParam> {
        check_windows!(self);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (batch, windows) = (self.batch as usize, self.windows());
        let output = batch * windows.output_bytes();
        Spans::new()
            .with(field!(gradient_offset), self.gradient_offset, output, Access::Read)
            .with(field!(indices_offset), self.indices_offset, output, Access::Read)
            .with(field!(input_gradient_offset), self.input_gradient_offset, batch * windows.input_bytes(), Access::Write)
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
            let bytes = image * windows.output_bytes()..(image + 1) * windows.output_bytes();
            let [gradient, indices] = [0, 1].map(|read| &buffers.reads[read][bytes.clone()]);
            let input_gradient = &mut buffers.writes[0][image * windows.input_bytes()..][..windows.input_bytes()];
            input_gradient.fill(0);
            let mut pass = Pass { isa, windows, gradient, indices, base: image * windows.input_pixels(), input_gradient };
            for_each_panel::<4>(windows.output_pixels(), windows.channels, &mut pass);
        }
    }
}
