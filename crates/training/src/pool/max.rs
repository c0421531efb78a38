//! Max pool. Buffers: reads input; writes output, indices.

use super::windows::{check_windows, windows, Windows};
use crate::params::MaxPoolNhwc;
use crate::rows::{load, part, part_mut, store};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION};
use kernels::f32::lanes::{BYTES, LANES};
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

impl MaxPoolNhwc {
    fn windows(&self) -> Windows {
        windows!(self)
    }
}

/// Greatest value and its pixel, counted from `base`, of up to four channels from `first` on. A NaN wins over all before it.
#[inline(always)]
fn greatest<I: Isa>(isa: I, input: &[u8], pixels: impl Iterator<Item = usize>, base: usize, [channels, first, lanes]: [usize; 3]) -> [I::F32x4; 2] {
    let mut best = isa.f32x4_splat(f32::NEG_INFINITY);
    let mut index = isa.i32x4_splat(-1);
    for (count, pixel) in pixels.enumerate() {
        let [x] = load::<I, 1>(isa, part(input, pixel, channels, first, lanes));
        let here = isa.i32x4_splat((base + pixel) as i32);
        if count == 0 {
            (best, index) = (x, here);
            continue;
        }
        let wins = isa.i32x4_or(isa.f32x4_gt(x, best), isa.f32x4_ne(x, x));
        best = isa.f32x4_from_i32x4(isa.i32x4_bitselect(isa.i32x4_from_f32x4(x), isa.i32x4_from_f32x4(best), wins));
        index = isa.i32x4_bitselect(here, index, wins);
    }
    [best, isa.f32x4_from_i32x4(index)]
}

impl Kernel for MaxPoolNhwc {
    fn check(&self) -> Result<(), BadParam> {
        check_windows!(self);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (batch, windows) = (self.batch as usize, self.windows());
        let output = batch * windows.output_bytes();
        Spans::new()
            .with(field!(input_offset), self.input_offset, batch * windows.input_bytes(), Access::Read)
            .with(field!(output_offset), self.output_offset, output, Access::Write)
            .with(field!(indices_offset), self.indices_offset, if self.indices_offset == 0 { 0 } else { output }, Access::Write)
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
        let [outputs, indices, ..] = &mut buffers.writes;
        for image in units {
            let input = &buffers.reads[0][image * windows.input_bytes()..][..windows.input_bytes()];
            let pixels = image * (self.out_h * self.out_w) as usize;
            for (pixel, (y, x)) in windows.outputs().enumerate() {
                for first in (0..channels).step_by(LANES) {
                    let lanes = LANES.min(channels - first);
                    let [best, index] = greatest(isa, input, windows.pixels(y, x), image * windows.input_pixels(), [channels, first, lanes]);
                    store(isa, [best], part_mut(outputs, pixels + pixel, channels, first, lanes));
                    if !indices.is_empty() {
                        store(isa, [index], part_mut(indices, pixels + pixel, channels, first, lanes));
                    }
                }
            }
        }
    }
}
