//! Convolution (SPEC 3.1 on floats, in the order of 4.1).
//!
//! Buffers: reads input, weights, bias; writes output. A unit is one image, one group and a run of tiles of 8 output pixels: it packs
//! their inputs once as panels [k][8] and passes every output channel of the group over them. Depthwise convolutions are in `depthwise`.

use super::lanes::{Bounds, BYTES};
use super::tile::{self, COLUMNS, PANEL_STEP, ROWS};
use crate::check::{field, field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::ConvF32;
use core::ops::Range;
use simd::{mem, Isa};

/// Where an output pixel's window starts in the input; may lie in the padding.
#[derive(Clone, Copy, Default)]
struct Corner {
    y: i32,
    x: i32,
}

/// Element offsets of eight inputs inside one channel.
enum Tap {
    /// Eight neighbours, from this one on.
    Run(usize),
    /// Anything else; `None` is padding or beyond the last pixel.
    Scattered([Option<usize>; COLUMNS]),
}

impl ConvF32 {
    fn pixels(&self) -> usize {
        (self.out_h * self.out_w) as usize
    }

    fn group_channels(&self) -> usize {
        (self.in_c / self.groups) as usize
    }

    fn plane(&self) -> usize {
        (self.in_h * self.in_w) as usize
    }

    /// Products in one sum.
    fn depth(&self) -> usize {
        self.group_channels() * (self.kernel_h * self.kernel_w) as usize
    }

    fn units_per_group(&self) -> usize {
        self.pixels().div_ceil(COLUMNS).div_ceil(tile::panels_per_unit(self.depth()))
    }

    fn corners(&self, first: usize) -> [Corner; COLUMNS] {
        core::array::from_fn(|column| {
            // Beyond the last pixel: the last once more, its results are not stored.
            let pixel = (first + column).min(self.pixels() - 1) as i32;
            Corner { y: pixel / self.out_w * self.stride_h - self.pad_top, x: pixel % self.out_w * self.stride_w - self.pad_left }
        })
    }

    fn tap(&self, corners: &[Corner; COLUMNS], ky: i32, kx: i32) -> Tap {
        let at = corners.map(|corner| {
            let (y, x) = (corner.y + ky * self.dilation_h, corner.x + kx * self.dilation_w);
            let inside = (0..self.in_h).contains(&y) && (0..self.in_w).contains(&x);
            inside.then_some((y * self.in_w + x) as usize)
        });
        match at[0] {
            Some(first) if at.iter().zip(first..).all(|(&one, neighbour)| one == Some(neighbour)) => Tap::Run(first),
            _ => Tap::Scattered(at),
        }
    }

    /// Writes the inputs of the eight pixels from `first` on as [k][8]. `input` is the group's channels.
    fn pack_panel(&self, input: &[u8], first: usize, panel: &mut [u8]) {
        let corners = self.corners(first);
        let window = (self.kernel_h * self.kernel_w) as usize;
        let rows = mem::arrays_mut::<PANEL_STEP>(panel);
        for ky in 0..self.kernel_h {
            for kx in 0..self.kernel_w {
                let rows = rows[(ky * self.kernel_w + kx) as usize..].iter_mut().step_by(window);
                let channels = input.chunks_exact(self.plane() * BYTES);
                match self.tap(&corners, ky, kx) {
                    Tap::Run(at) => rows.zip(channels).for_each(|(row, channel)| *row = *mem::array(channel, at * BYTES)),
                    Tap::Scattered(at) => rows.zip(channels).for_each(|(row, channel)| gather(channel, &at, row)),
                }
            }
        }
    }

    /// `M` output channels from `channel` on, over the panels of pixels from `first` on. `output` is the image's channels.
    fn run_channels<I: Isa, const M: usize>(&self, isa: I, packed: (&[u8], &[u8]), bias: &[u8], channel: usize, first: usize, output: &mut [u8]) {
        let (rows, panels) = packed;
        let bounds = Bounds::from_bits(isa, self.lo_bits, self.hi_bits);
        let pixels = self.pixels();
        for (index, panel) in panels.chunks_exact(self.depth() * PANEL_STEP).enumerate() {
            let from = first + index * COLUMNS;
            let to = (from + COLUMNS).min(pixels);
            let sums = tile::sums::<I, M>(isa, rows, panel);
            for (m, mut row) in sums.into_iter().enumerate() {
                if !bias.is_empty() {
                    let bias = isa.f32x4_load32_splat(mem::array(bias, (channel + m) * BYTES));
                    row = row.map(|half| isa.f32x4_add(half, bias));
                }
                let start = (channel + m) * pixels;
                tile::store_row(isa, row, &bounds, &mut output[(start + from) * BYTES..(start + to) * BYTES]);
            }
        }
    }

    fn run_unit<I: Isa>(&self, isa: I, reads: [&[u8]; 3], output: &mut [u8], unit: usize, scratch: &mut [u8]) {
        let [input, weights, bias] = reads;
        let depth = self.depth();
        let per_group = self.units_per_group();
        let (image, group) = (unit / per_group / self.groups as usize, unit / per_group % self.groups as usize);
        let panels = tile::panels_per_unit(depth);
        let first = unit % per_group * panels * COLUMNS;
        let panels = panels.min((self.pixels() - first).div_ceil(COLUMNS));

        let input = slice_of(input, image * self.groups as usize + group, self.group_channels() * self.plane());
        let output = &mut output[image * self.out_c as usize * self.pixels() * BYTES..];
        let (rows, rest) = scratch.split_at_mut(depth * ROWS * BYTES);
        let packed = &mut rest[..panels * depth * PANEL_STEP];
        for (index, panel) in packed.chunks_exact_mut(depth * PANEL_STEP).enumerate() {
            self.pack_panel(input, first + index * COLUMNS, panel);
        }
        let channels = (self.out_c / self.groups) as usize;
        let mut channel = group * channels;
        let end = channel + channels;
        while channel < end {
            let source = &weights[channel * depth * BYTES..];
            if end - channel >= ROWS {
                tile::pack_rows::<ROWS>(source, depth * BYTES, BYTES, rows);
                self.run_channels::<I, ROWS>(isa, (rows, packed), bias, channel, first, output);
                channel += ROWS;
            } else {
                let rows = &source[..depth * BYTES];
                self.run_channels::<I, 1>(isa, (rows, packed), bias, channel, first, output);
                channel += 1;
            }
        }
    }
}

/// The `index`-th run of `length` floats.
fn slice_of(bytes: &[u8], index: usize, length: usize) -> &[u8] {
    &bytes[index * length * BYTES..(index + 1) * length * BYTES]
}

/// Eight inputs of one channel; padding is +0 (SPEC 4.1).
fn gather(channel: &[u8], at: &[Option<usize>; COLUMNS], row: &mut [u8; PANEL_STEP]) {
    for (element, at) in mem::arrays_mut::<BYTES>(row).iter_mut().zip(at) {
        *element = at.map_or([0; BYTES], |at| *mem::array(channel, at * BYTES));
    }
}

impl Kernel for ConvF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=MAX_DIMENSION; batch, in_c, in_h, in_w, out_c, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, groups);
        fields_in!(self, 0..=MAX_DIMENSION; pad_top, pad_left);
        field_holds!(self.in_c % self.groups == 0 && self.out_c % self.groups == 0; groups);
        field_holds!(is_total(&[self.batch, self.in_c, self.in_h, self.in_w, BYTES as i32]); in_c);
        field_holds!(is_total(&[self.batch, self.out_c, self.out_h, self.out_w, BYTES as i32]); out_c);
        field_holds!(is_total(&[self.out_c, self.in_c / self.groups, self.kernel_h, self.kernel_w, BYTES as i32]); kernel_h);
        field_holds!(is_total(&[self.in_c / self.groups, self.kernel_h, self.kernel_w, (ROWS * BYTES + PANEL_STEP) as i32]); kernel_w);
        // Window positions are computed in i32.
        field_holds!(is_total(&[self.out_h, self.stride_h]) && is_total(&[self.out_w, self.stride_w]); stride_h);
        field_holds!(spans_i32(self.out_h, self.stride_h, self.kernel_h, self.dilation_h); dilation_h);
        field_holds!(spans_i32(self.out_w, self.stride_w, self.kernel_w, self.dilation_w); dilation_w);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let input = (self.batch * self.in_c) as usize * self.plane();
        let output = (self.batch * self.out_c) as usize * self.pixels();
        let bias = if self.bias_offset == 0 { 0 } else { self.out_c as usize };
        Spans::new()
            .with(field!(input_offset), self.input_offset, input * BYTES, Access::Read)
            .with(field!(weights_offset), self.weights_offset, self.out_c as usize * self.depth() * BYTES, Access::Read)
            .with(field!(bias_offset), self.bias_offset, bias * BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, output * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        if let Some(lines) = self.lines() {
            return self.depthwise_units(&lines);
        }
        (self.batch * self.groups) as usize * self.units_per_group()
    }

    fn scratch_bytes(&self) -> usize {
        self.lines().map_or_else(|| tile::scratch_bytes(self.depth()), |lines| lines.scratch_bytes())
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        if let Some(lines) = self.lines() {
            self.run_depthwise(isa, &lines, buffers, units, scratch);
            return;
        }
        let [input, weights, bias, ..] = buffers.reads;
        for unit in units {
            self.run_unit(isa, [input, weights, bias], buffers.writes[0], unit, scratch);
        }
    }
}

/// Whether the last tap of the last window is an i32.
fn spans_i32(out: i32, stride: i32, kernel: i32, dilation: i32) -> bool {
    let last = i64::from(out) * i64::from(stride) + i64::from(kernel) * i64::from(dilation);
    last <= i64::from(i32::MAX)
}

mod depthwise;
#[cfg(test)]
mod tests;
