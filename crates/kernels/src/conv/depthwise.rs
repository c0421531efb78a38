//! [`DepthwiseConv2d`]: eight channels at a time, widening products and sums.

use super::depthwise_3x3;
use super::depthwise_columns::Columns;
use super::epilogue::{Epilogue, Sums};
use super::layer::{write_output, Layer};
use crate::check::{element_bytes, field_holds};
use crate::codes::{padded, read_code, store_first, Container, I8, LANES, U8};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::packed_depthwise_bytes;
use crate::params::{container, form, Conv2d, DepthwiseConv2d};
use crate::requant::{AnyForm, Form};
use core::ops::Range;
use simd::{mem, Isa};

/// Marks a tap that lies in the padding.
const OUTSIDE: i32 = -1;

impl DepthwiseConv2d {
    /// Whether a vector of eight channels never leaves a pixel.
    fn has_whole_vectors(&self) -> bool {
        self.in_stride as usize >= padded(self.in_c as usize)
    }

    /// What `depthwise_3x3` needs where it does the layer: most depthwise layers. Not where vectors are arrays of numbers: the scalar
    /// module is small rather than fast. Nor in modules with dot products of bytes, which have a kernel for it; what that one cannot do on some engines need
    /// not be fast twice.
    fn columns(&self) -> Option<Columns> {
        let is_left_out = cfg!(all(target_arch = "wasm32", not(target_feature = "simd128")))
            || cfg!(all(target_arch = "wasm32", target_feature = "relaxed-simd", not(feature = "train")));
        if is_left_out {
            return None;
        }
        depthwise_3x3::columns(self.layer())
    }

    fn channels_read(&self) -> usize {
        if self.has_whole_vectors() {
            padded(self.in_c as usize)
        } else {
            self.in_c as usize
        }
    }

    fn channels_written(&self) -> usize {
        if self.has_whole_vectors() {
            padded(self.out_c as usize)
        } else {
            self.out_c as usize
        }
    }
}

impl Kernel for DepthwiseConv2d {
    fn check(&self) -> Result<(), BadParam> {
        self.layer().check_layer()?;
        field_holds!(self.out_c == self.in_c; out_c);
        field_holds!(self.groups == self.in_c; groups);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let layer = self.layer();
        let channels = padded(self.in_c as usize);
        let weights = packed_depthwise_bytes(self.in_c as usize, self.kernel_h as usize, self.kernel_w as usize);
        let output = layer.output_elements(self.channels_written()) * element_bytes(self.out_container);
        Spans::new()
            .with(0, self.input_offset, layer.input_bytes(self.channels_read()), Access::Read)
            .with(1, self.weights_offset, weights, Access::Read)
            .with(2, self.bias_offset, channels * 4, Access::Read)
            .with(3, self.multiplier_offset, layer.multiplier_bytes(channels), Access::Read)
            .with(4, self.output_offset, output, Access::Write)
    }

    /// Rows of the output, or blocks of them.
    fn units(&self) -> usize {
        self.columns().map_or(self.batch as usize * self.out_h as usize, |columns| columns.units())
    }

    /// One i32 per tap, where it reads; or what the 3×3 kernel wants.
    fn scratch_bytes(&self) -> usize {
        self.columns().map_or(self.layer().taps() * 4, |columns| depthwise_3x3::scratch_bytes(&columns))
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        if let Some(columns) = self.columns() {
            depthwise_3x3::run(isa, &columns, buffers, units, scratch);
            return;
        }
        let layer = self.layer();
        let taps = &mut mem::arrays_mut::<4>(scratch)[..layer.taps()];
        if !self.has_whole_vectors() {
            run_scalar(&layer, buffers, units, taps);
            return;
        }
        match self.in_container {
            container::U8 => run::<I, U8>(isa, &layer, buffers, units, taps),
            _ => run::<I, I8>(isa, &layer, buffers, units, taps),
        }
    }
}

/// Writes where every tap of an output pixel reads: the first element of its input pixel, or [`OUTSIDE`].
fn locate(layer: &Conv2d, pixel: usize, taps: &mut [[u8; 4]]) {
    let (rows, columns) = (layer.rows(), layer.columns());
    let (y, x, image) = layer.place(pixel);
    for (line, ky) in taps.chunks_exact_mut(layer.kernel_w as usize).zip(0..) {
        let row = rows.element(y, ky);
        for (tap, kx) in line.iter_mut().zip(0..) {
            let at = match (row, columns.element(x, kx)) {
                (Some(y), Some(x)) => ((image + y * layer.in_w as usize + x) * layer.in_stride as usize) as i32,
                _ => OUTSIDE,
            };
            *tap = at.to_le_bytes();
        }
    }
}

fn run<I: Isa, C: Container>(isa: I, layer: &Conv2d, buffers: &mut Buffers<'_>, units: Range<usize>, taps: &mut [[u8; 4]]) {
    let [input, weights, bias, multipliers, ..] = buffers.reads;
    let output = &mut *buffers.writes[0];
    let channels = padded(layer.in_c as usize);
    let outside = isa.i16x8_splat(layer.in_zero_point as i16);
    let four = |bytes: &[u8], at: usize| isa.i32x4_load(mem::array(bytes, at * 4));
    let eight = |bytes: &[u8], at: usize| [four(bytes, at), four(bytes, at + 4)];
    let spec = layer.requantization();
    for y in units {
        for x in 0..layer.out_w as usize {
            locate(layer, y * layer.out_w as usize + x, taps);
            let pixel = (y * layer.out_w as usize + x) * layer.out_stride as usize;
            for channel in (0..channels).step_by(LANES) {
                let [mut low, mut high] = eight(bias, channel);
                for (tap, weights) in taps.iter().zip(weights.chunks_exact(channels * 2)) {
                    let weights = isa.i16x8_load(mem::array(weights, channel * 2));
                    let codes = match i32::from_le_bytes(*tap) {
                        OUTSIDE => outside,
                        at => C::load(isa, input, at as usize + channel),
                    };
                    low = isa.i32x4_add(low, isa.i32x4_extmul_low_i16x8_s(codes, weights));
                    high = isa.i32x4_add(high, isa.i32x4_extmul_high_i16x8_s(codes, weights));
                }
                let stored = LANES.min(layer.out_stride as usize - channel);
                if cfg!(feature = "train") && spec.form == form::RAW {
                    Sums.store(isa, layer.out_container, [low, high], (), stored, output, pixel + channel);
                    continue;
                }
                let b = if multipliers.is_empty() { [low, high] } else { eight(multipliers, channel) };
                store_first(isa, layer.out_container, AnyForm(spec).finish(isa, low, high, b), stored, output, pixel + channel);
            }
        }
    }
}

/// The same channel by channel, for few channels packed closely.
fn run_scalar(layer: &Conv2d, buffers: &mut Buffers<'_>, units: Range<usize>, taps: &mut [[u8; 4]]) {
    let [input, weights, bias, multipliers, ..] = buffers.reads;
    let output = &mut *buffers.writes[0];
    let channels = padded(layer.in_c as usize);
    let requantization = layer.requantization();
    for y in units {
        for x in 0..layer.out_w as usize {
            locate(layer, y * layer.out_w as usize + x, taps);
            let pixel = (y * layer.out_w as usize + x) * layer.out_stride as usize;
            for channel in 0..layer.in_c as usize {
                let mut sum = mem::read_i32(bias, channel * 4);
                for (tap, weights) in taps.iter().zip(weights.chunks_exact(channels * 2)) {
                    let code = match i32::from_le_bytes(*tap) {
                        OUTSIDE => layer.in_zero_point,
                        at => read_code(layer.in_container, input, at as usize + channel),
                    };
                    sum = sum.wrapping_add(code * i32::from(mem::read_i16(weights, channel * 2)));
                }
                let b = if multipliers.is_empty() { 0 } else { mem::read_i32(multipliers, channel * 4) };
                write_output(layer, requantization, sum, b, output, pixel + channel);
            }
        }
    }
}
