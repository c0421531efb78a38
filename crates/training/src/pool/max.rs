//! Max pool. Buffers: reads input; writes output, indices.

use super::windows::{check_windows, windows, Windows};
use crate::params::MaxPoolNhwc;
use crate::rows::{for_each_panel, lanes_of, load, part, part_mut, store, Panel};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

impl MaxPoolNhwc {
    fn windows(&self) -> Windows {
        windows!(self)
    }
}

/// One image.
struct Pass<'a, I: Isa> {
    isa: I,
    windows: Windows,
    input: &'a [u8],
    /// The image's first input pixel, counted over all images.
    base: usize,
    output: &'a mut [u8],
    /// Empty if nobody asks.
    indices: &'a mut [u8],
}

impl<I: Isa> Panel for Pass<'_, I> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let (isa, channels) = (self.isa, self.windows.channels);
        for pixel in rows {
            let mut best = [isa.f32x4_splat(f32::NEG_INFINITY); V];
            let mut index = [isa.i32x4_splat(-1); V];
            let mut is_first = true;
            self.windows.for_each_pixel(pixel, |from| {
                let x = load::<I, V>(isa, part(self.input, from, channels, first, lanes));
                let here = isa.i32x4_splat((self.base + from) as i32);
                if is_first {
                    (best, index, is_first) = (x, [here; V], false);
                    return;
                }
                for v in 0..V {
                    // A NaN wins over all before it.
                    let wins = isa.i32x4_or(isa.f32x4_gt(x[v], best[v]), isa.f32x4_ne(x[v], x[v]));
                    let bits = isa.i32x4_bitselect(isa.i32x4_from_f32x4(x[v]), isa.i32x4_from_f32x4(best[v]), wins);
                    best[v] = isa.f32x4_from_i32x4(bits);
                    index[v] = isa.i32x4_bitselect(here, index[v], wins);
                }
            });
            store(isa, best, part_mut(self.output, pixel, channels, first, lanes));
            if !self.indices.is_empty() {
                store(isa, index.map(|index| isa.f32x4_from_i32x4(index)), part_mut(self.indices, pixel, channels, first, lanes));
            }
        }
    }
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
        let [outputs, indices, ..] = &mut buffers.writes;
        for image in units {
            let bytes = image * windows.output_bytes()..(image + 1) * windows.output_bytes();
            let input = &buffers.reads[0][image * windows.input_bytes()..][..windows.input_bytes()];
            let base = image * windows.input_pixels();
            let indices = if indices.is_empty() { &mut [] } else { &mut indices[bytes.clone()] };
            let mut pass = Pass { isa, windows, input, base, output: &mut outputs[bytes], indices };
            for_each_panel::<4>(windows.output_pixels(), windows.channels, &mut pass);
        }
    }
}
