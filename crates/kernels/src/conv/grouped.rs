//! [`GroupedConv2d`]: any groups, straight from the plain weights, one output at a time.

use super::layer::{write_output, Layer};
use crate::check::{element_bytes, field_holds};
use crate::codes::{with_container, Container};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{Conv2d, GroupedConv2d};
use core::ops::Range;
use simd::{mem, Isa};

impl GroupedConv2d {
    /// Bytes of the weights [out_c][in_c / groups][kernel_h][kernel_w].
    fn weight_bytes(&self) -> usize {
        self.out_c as usize * (self.in_c / self.groups) as usize * self.layer().taps()
    }
}

impl Kernel for GroupedConv2d {
    fn check(&self) -> Result<(), BadParam> {
        self.layer().check_layer()?;
        field_holds!(self.in_c % self.groups == 0 && self.out_c % self.groups == 0; groups);
        Ok(())
    }

    /// `bias_offset` 0: no bias.
    fn spans(&self) -> Spans {
        let layer = self.layer();
        let (in_c, out_c) = (self.in_c as usize, self.out_c as usize);
        let bias = if self.bias_offset == 0 { 0 } else { out_c * 4 };
        let output = layer.output_elements(out_c) * element_bytes(self.out_container);
        Spans::new()
            .with(0, self.input_offset, layer.input_bytes(in_c), Access::Read)
            .with(1, self.weights_offset, self.weight_bytes(), Access::Read)
            .with(2, self.bias_offset, bias, Access::Read)
            .with(3, self.multiplier_offset, layer.multiplier_bytes(out_c), Access::Read)
            .with(4, self.output_offset, output, Access::Write)
    }

    /// Rows of the output.
    fn units(&self) -> usize {
        self.batch as usize * self.out_h as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let layer = self.layer();
        let [input, weights, bias, multipliers, ..] = buffers.reads;
        let output = &mut *buffers.writes[0];
        let requantization = layer.requantization();
        let filter_bytes = (self.in_c / self.groups) as usize * layer.taps();
        for unit in units {
            let (y, input) = (unit % self.out_h as usize, &input[unit / self.out_h as usize * layer.in_pixels() * self.in_stride as usize..]);
            for x in 0..layer.out_w as usize {
                let pixel = (unit * layer.out_w as usize + x) * layer.out_stride as usize;
                for (channel, filter) in weights.chunks_exact(filter_bytes).enumerate() {
                    let start = if bias.is_empty() { 0 } else { mem::read_i32(bias, channel * 4) };
                    let sum = with_container!(layer.in_container, C => accumulate::<C>(&layer, input, filter, channel, y, x));
                    let b = if multipliers.is_empty() { 0 } else { mem::read_i32(multipliers, channel * 4) };
                    write_output(&layer, requantization, start.wrapping_add(sum), b, output, pixel + channel);
                }
            }
        }
    }
}

/// Σ w·(a − zp) of one output; taps in the padding are zero.
fn accumulate<C: Container>(layer: &Conv2d, input: &[u8], filter: &[u8], channel: usize, y: usize, x: usize) -> i32 {
    let (rows, columns) = (layer.rows(), layer.columns());
    let (rows_inside, columns_inside) = (rows.taps_inside(y), columns.taps_inside(x));
    let (kernel_w, groups) = (layer.kernel_w as usize, layer.groups as usize);
    let group = channel / (layer.out_c as usize / groups);
    let first = group * (layer.in_c as usize / groups);
    let mut sum = 0i32;
    for (i, filter) in filter.chunks_exact(layer.taps()).enumerate() {
        for ky in rows_inside.clone() {
            let line = (rows.start(y) + ky as i32 * rows.dilation) as usize * layer.in_w as usize;
            for kx in columns_inside.clone() {
                let pixel = line + (columns.start(x) + kx as i32 * columns.dilation) as usize;
                let code = C::read(input, pixel * layer.in_stride as usize + first + i);
                sum = sum.wrapping_add(i32::from(filter[ky * kernel_w + kx] as i8) * (code - layer.in_zero_point));
            }
        }
    }
    sum
}
