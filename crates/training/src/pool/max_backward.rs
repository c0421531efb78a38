//! Gradients to the pixels that won, added in the order of the outputs. Buffers: reads gradient, indices; writes the input's gradient.

use super::windows::{check_windows, windows, Windows};
use crate::params::MaxPoolBackward;
use crate::rows::{load, part, part_mut, store};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION};
use kernels::f32::lanes::{BYTES, LANES};
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

impl MaxPoolBackward {
    fn windows(&self) -> Windows {
        windows!(self)
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
        let channels = windows.channels;
        let [gradient, indices, ..] = buffers.reads;
        for image in units {
            let output = &mut buffers.writes[0][image * windows.input_bytes()..][..windows.input_bytes()];
            output.fill(0);
            let (base, first_pixel) = (image * windows.input_pixels(), image * (self.out_h * self.out_w) as usize);
            for (pixel, (y, x)) in windows.outputs().enumerate() {
                for first in (0..channels).step_by(LANES) {
                    let lanes = LANES.min(channels - first);
                    let [gradient, index] =
                        [gradient, indices].map(|bytes| load::<I, 1>(isa, part(bytes, first_pixel + pixel, channels, first, lanes))[0]);
                    for to in windows.pixels(y, x) {
                        let won = isa.i32x4_eq(isa.i32x4_from_f32x4(index), isa.i32x4_splat((base + to) as i32));
                        let share = isa.f32x4_from_i32x4(isa.i32x4_and(isa.i32x4_from_f32x4(gradient), won));
                        let to = part_mut(output, to, channels, first, lanes);
                        let [sum] = load::<I, 1>(isa, to);
                        store(isa, [isa.f32x4_add(sum, share)], to);
                    }
                }
            }
        }
    }
}
