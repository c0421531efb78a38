//! gradient·(1/divisor) to every pixel of the window, added in the order of the outputs. Buffers: reads gradient; writes the input's gradient.

use super::average::reciprocal;
use super::windows::{check_windows, windows, Windows};
use crate::params::AveragePoolBackward;
use crate::rows::{load, part, part_mut, store};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION};
use kernels::f32::lanes::{BYTES, LANES};
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

impl AveragePoolBackward {
    fn windows(&self) -> Windows {
        windows!(self)
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
        let channels = windows.channels;
        for image in units {
            let gradient = &buffers.reads[0][image * windows.output_bytes()..][..windows.output_bytes()];
            let output = &mut buffers.writes[0][image * windows.input_bytes()..][..windows.input_bytes()];
            output.fill(0);
            for (pixel, (y, x)) in windows.outputs().enumerate() {
                let factor = isa.f32x4_splat(reciprocal(&windows, y, x, self.count_include_pad));
                for first in (0..channels).step_by(LANES) {
                    let lanes = LANES.min(channels - first);
                    let share = isa.f32x4_mul(load::<I, 1>(isa, part(gradient, pixel, channels, first, lanes))[0], factor);
                    for to in windows.pixels(y, x) {
                        let to = part_mut(output, to, channels, first, lanes);
                        let [sum] = load::<I, 1>(isa, to);
                        store(isa, [isa.f32x4_add(sum, share)], to);
                    }
                }
            }
        }
    }
}
