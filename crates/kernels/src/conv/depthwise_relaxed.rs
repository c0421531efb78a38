//! [`DepthwiseConv2dRelaxed`]: depthwise 3×3 by dot products of bytes, four outputs at a time.
//!
//! The three rows of a column lie side by side in four bytes of each channel, [r0, r1, r2, r2], beside weights [w0, w1, w2, 0]: one dot product per
//! column and four channels. The rows under a row of the output are copied once with their padding, as the codes that the dot product reads, so
//! that tiles know of neither.

use super::conv2d_relaxed::operand_container;
use super::direct::finish;
use super::epilogue::{Epilogue, Raw, Requantized, Sums};
use super::gemm_4x8::COLUMNS;
use super::layer::Layer;
use super::output::Columns;
use crate::check::{element_bytes, field_holds, fields_in, is_total};
use crate::codes::{padded, LANES};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::packed_depthwise_bytes;
use crate::params::{dot, form, Conv2d, DepthwiseConv2dRelaxed};
use crate::requant::Q15Right;
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Outputs of one tile, neighbours in a row.
const OUTPUTS: usize = 4;
/// Rows and columns of the kernel.
const KERNEL: usize = 3;
/// Bytes of a load, a store and a vector of codes.
const VECTOR: usize = 16;

/// The weights of eight channels: for each column of the kernel those of the low and the high four channels.
type Weights = [[[u8; 16]; 2]; KERNEL];

impl DepthwiseConv2dRelaxed {
    /// Output columns rounded up to whole tiles.
    fn columns(&self) -> usize {
        (self.out_w as usize).next_multiple_of(OUTPUTS)
    }

    /// Pixels under a row of tiles.
    fn line_pixels(&self) -> usize {
        (self.columns() - 1) * self.stride_w as usize + KERNEL
    }

    fn line_bytes(&self) -> usize {
        self.line_pixels() * self.in_stride as usize
    }

    fn groups_of_eight(&self) -> usize {
        (self.in_c as usize).div_ceil(LANES)
    }

    /// What is added to a code to make the one that the dot product reads.
    fn offset(&self) -> u8 {
        if operand_container(self.dot, self.in_container) == self.in_container {
            0
        } else {
            0x80
        }
    }
}

impl Kernel for DepthwiseConv2dRelaxed {
    fn check(&self) -> Result<(), BadParam> {
        self.layer().check_layer()?;
        field_holds!(self.out_c == self.in_c; out_c);
        field_holds!(self.groups == self.in_c; groups);
        fields_in!(self, 3..=3; kernel_h, kernel_w);
        fields_in!(self, 1..=1; dilation_h, dilation_w);
        fields_in!(self, 1..=2; stride_w);
        field_holds!(self.in_stride as usize >= padded(self.in_c as usize); in_stride);
        field_holds!([dot::I7, dot::USDOT, dot::SDOT].contains(&self.dot); dot);
        field_holds!(self.dot != dot::I7 || (0..=127).contains(&self.in_zero_point); in_zero_point);
        // Lines and sums of a row, together below a tensor's size.
        field_holds!(is_total(&[self.out_w + OUTPUTS as i32, 16, self.in_stride]); out_w);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let layer = self.layer();
        let channels = padded(self.in_c as usize);
        let output = layer.output_elements(channels) * element_bytes(self.out_container);
        Spans::new()
            .with(0, self.input_offset, layer.input_bytes(channels), Access::Read)
            .with(1, self.weights_offset, packed_depthwise_bytes(self.in_c as usize, KERNEL, KERNEL), Access::Read)
            .with(2, self.bias_offset, channels * 4, Access::Read)
            .with(3, self.multiplier_offset, layer.multiplier_bytes(channels), Access::Read)
            .with(4, self.output_offset, output, Access::Write)
    }

    /// Rows of the output.
    fn units(&self) -> usize {
        self.batch as usize * self.out_h as usize
    }

    /// Three rows of the input, the weights, and the sums of a row and eight channels.
    fn scratch_bytes(&self) -> usize {
        KERNEL * self.line_bytes() + self.groups_of_eight() * size_of::<Weights>() + self.columns() * COLUMNS * 4
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let (lines, scratch) = scratch.split_at_mut(KERNEL * self.line_bytes());
        let (weights, sums) = scratch.split_at_mut(self.groups_of_eight() * size_of::<Weights>());
        let weights = mem::panels_mut::<16, 2>(weights).as_chunks_mut::<KERNEL>().0;
        pack_weights(isa, buffers.reads[1], weights);
        lines.fill((self.in_zero_point as u8).wrapping_add(self.offset()));
        let mut held = [None; KERNEL];
        for unit in units {
            let rows = self.load_rows(isa, buffers.reads[0], unit, lines, &mut held);
            let whole = &*lines;
            let lines = rows.map(|slot| &whole[slot * self.line_bytes()..][..self.line_bytes()]);
            match (self.dot, self.stride_w) {
                (dot::I7, 1) => self.run_row::<I, { dot::I7 }, 1>(isa, buffers, unit, lines, weights, sums),
                (dot::I7, _) => self.run_row::<I, { dot::I7 }, 2>(isa, buffers, unit, lines, weights, sums),
                (dot::USDOT, 1) => self.run_row::<I, { dot::USDOT }, 1>(isa, buffers, unit, lines, weights, sums),
                (dot::USDOT, _) => self.run_row::<I, { dot::USDOT }, 2>(isa, buffers, unit, lines, weights, sums),
                (_, 1) => self.run_row::<I, { dot::SDOT }, 1>(isa, buffers, unit, lines, weights, sums),
                _ => self.run_row::<I, { dot::SDOT }, 2>(isa, buffers, unit, lines, weights, sums),
            }
        }
    }
}

impl DepthwiseConv2dRelaxed {
    /// Makes sure that the three rows under output row `unit` lie in `lines`, and says in which thirds. Rows follow one another there, so that most
    /// are still held from the row before.
    fn load_rows<I: Isa>(&self, isa: I, input: &[u8], unit: usize, lines: &mut [u8], held: &mut [Option<(usize, i32)>; KERNEL]) -> [usize; KERNEL] {
        let layer = self.layer();
        let (y, _, image) = layer.place(unit * self.out_w as usize);
        from_fn(|ky| {
            let row = layer.rows().start(y) + ky as i32;
            let slot = row.rem_euclid(KERNEL as i32) as usize;
            if held[slot] != Some((image, row)) {
                let line = &mut lines[slot * self.line_bytes()..][..self.line_bytes()];
                let source = layer.rows().element(y, ky).map(|row| (image + row * self.in_w as usize) * self.in_stride as usize);
                self.load_row(isa, source.map(|at| &input[at..]), line);
                held[slot] = Some((image, row));
            }
            slot
        })
    }

    /// Copies the row that `source` begins with between the padding of `line`; without one, fills in zero points.
    fn load_row<I: Isa>(&self, isa: I, source: Option<&[u8]>, line: &mut [u8]) {
        let stride = self.in_stride as usize;
        let left = (self.pad_left as usize).min(self.line_pixels());
        let pixels = (self.in_w as usize).min(self.line_pixels() - left);
        if pixels == 0 {
            return;
        }
        let target = &mut line[left * stride..][..(pixels - 1) * stride + padded(self.in_c as usize)];
        let offset = self.offset();
        let Some(source) = source else {
            target.fill((self.in_zero_point as u8).wrapping_add(offset));
            return;
        };
        let source = &source[..target.len()];
        let (to, to_rest) = target.as_chunks_mut::<VECTOR>();
        let (from, from_rest) = source.as_chunks::<VECTOR>();
        let offsets = isa.i8x16_splat(offset as i8);
        // What lies past the last channel is anything; its weights are 0, but the dot product may not meet it.
        let mask = if self.dot == dot::I7 { 0x7F } else { 0xFF };
        let masks = isa.i32x4_splat(i32::from_le_bytes([mask; 4]));
        for (to, from) in to.iter_mut().zip(from) {
            let codes = isa.i8x16_add(isa.i8x16_load(from), offsets);
            isa.i8x16_store(isa.i8x16_from_i32x4(isa.i32x4_and(isa.i32x4_from_i8x16(codes), masks)), to);
        }
        for (to, from) in to_rest.iter_mut().zip(from_rest) {
            *to = from.wrapping_add(offset) & mask;
        }
    }

    /// One row of the output, eight channels at a time. A function of its own: by which dot product is the same code in WebAssembly, and there but once.
    #[inline(never)]
    fn run_row<I: Isa, const DOT: i32, const STRIDE: usize>(
        &self,
        isa: I,
        buffers: &mut Buffers<'_>,
        unit: usize,
        lines: [&[u8]; KERNEL],
        weights: &[Weights],
        sums: &mut [u8],
    ) {
        let layer = self.layer();
        let spec = layer.requantization();
        let raw = Conv2d { out_stride: COLUMNS as i32, ..layer };
        let pixels = unit * self.out_w as usize..(unit + 1) * self.out_w as usize;
        let [_, _, bias, multipliers, ..] = buffers.reads;
        for (index, (weights, bias_of_eight)) in weights.iter().zip(bias.chunks_exact(COLUMNS * 4)).enumerate() {
            let row = Row { lines: lines.map(|line| &line[index * LANES..]), pixel: self.in_stride as usize, weights };
            if cfg!(feature = "train") && spec.form == form::RAW {
                let columns = self.columns_of(isa, Columns::new(isa, &layer, Sums, index, bias, multipliers), weights);
                run_tiles::<I, _, DOT, STRIDE>(isa, &columns, row, pixels.clone(), buffers.writes[0]);
            } else if spec.form == form::Q15 && spec.shift >= 1 {
                let ready = Requantized(Q15Right::new(isa, &spec));
                let columns = self.columns_of(isa, Columns::new(isa, &layer, ready, index, bias, multipliers), weights);
                run_tiles::<I, _, DOT, STRIDE>(isa, &columns, row, pixels.clone(), buffers.writes[0]);
            } else {
                // Sums of these forms start from the bias alone.
                let columns = self.columns_of(isa, Columns::new(isa, &raw, Raw, 0, bias_of_eight, &[]), weights);
                run_tiles::<I, _, DOT, STRIDE>(isa, &columns, row, 0..pixels.len(), sums);
                finish(isa, &layer, index, buffers, sums, pixels.clone());
            }
        }
    }

    /// The columns with the bias of codes that were moved: by +128 into 0..255, by −128 into −128..127.
    fn columns_of<'a, I: Isa, F: Epilogue<I>>(&self, isa: I, mut columns: Columns<'a, I, F>, weights: &Weights) -> Columns<'a, I, F> {
        if self.offset() == 0 {
            return columns;
        }
        let ones = isa.i8x16_splat(1);
        columns.initial = from_fn(|half| {
            let sums = weights
                .iter()
                .fold(isa.i32x4_splat(0), |sums, column| isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(isa.i8x16_load(&column[half]), ones, sums));
            let moved = isa.i32x4_shl(sums, 7);
            if self.dot == dot::USDOT {
                isa.i32x4_sub(columns.initial[half], moved)
            } else {
                isa.i32x4_add(columns.initial[half], moved)
            }
        });
        columns
    }
}

/// Bytes of the packed weights `[tap][channels]`, which are i16, side by side by columns.
fn pack_weights<I: Isa>(isa: I, packed: &[u8], weights: &mut [Weights]) {
    let bytes = weights.len() * LANES * 2;
    for (group, columns) in weights.iter_mut().enumerate() {
        for (kx, halves) in columns.iter_mut().enumerate() {
            let tap = |ky: usize| {
                let eight = isa.i16x8_load(mem::array(packed, (ky * KERNEL + kx) * bytes + group * LANES * 2));
                isa.i8x16_narrow_i16x8_s(eight, eight)
            };
            let column = side_by_side(isa, [tap(0), tap(1), tap(2), isa.i8x16_splat(0)]);
            for (vector, bytes) in column.into_iter().zip(halves) {
                isa.i8x16_store(vector, bytes);
            }
        }
    }
}

/// Four bytes of each of eight channels: the low four channels and the high four.
#[inline(always)]
fn side_by_side<I: Isa>(isa: I, [a, b, c, d]: [I::I8x16; 4]) -> [I::I8x16; 2] {
    let pairs = |a, b| isa.i16x8_from_i32x4(isa.i32x4_from_i8x16(isa.i8x16_interleave_low(a, b)));
    let bytes = |a| isa.i8x16_from_i32x4(isa.i32x4_from_i16x8(a));
    let (ab, cd) = (pairs(a, b), pairs(c, d));
    [bytes(isa.i16x8_interleave_low(ab, cd)), bytes(isa.i16x8_interleave_high(ab, cd))]
}

/// What a row of tiles reads: three lines from the channels' first byte on, `pixel` bytes from one pixel to the next.
#[derive(Clone, Copy)]
struct Row<'a> {
    lines: [&'a [u8]; KERNEL],
    pixel: usize,
    weights: &'a Weights,
}

/// The tiles of a row and eight channels. A function of its own, so that the engine keeps the sums in registers.
#[inline(never)]
fn run_tiles<I: Isa, F: Epilogue<I>, const DOT: i32, const STRIDE: usize>(
    isa: I,
    columns: &Columns<'_, I, F>,
    row: Row<'_>,
    pixels: Range<usize>,
    output: &mut [u8],
) {
    let weights = row.weights.map(|column| column.map(|four| isa.i8x16_load(&four)));
    // One length for all: one check of a column's place is enough for three lines.
    let [first, second, third] = row.lines;
    let (second, third) = (&second[..first.len()], &third[..first.len()]);
    for (tile, start) in pixels.clone().step_by(OUTPUTS).enumerate() {
        let mut sums = [columns.initial; OUTPUTS];
        let left = tile * OUTPUTS * STRIDE * row.pixel;
        // Spelled out, as in the kernel by i16.
        macro_rules! columns {
            ($($column:literal)*) => {
                $(
                    if $column < (OUTPUTS - 1) * STRIDE + KERNEL {
                        let at = left + $column * row.pixel;
                        let load = |line: &[u8]| isa.i8x16_load64_zero(mem::array(line, at));
                        let below = load(third);
                        let codes = side_by_side(isa, [load(first), load(second), below, below]);
                        outputs!($column, codes; 0 1 2 3);
                    }
                )*
            };
        }
        macro_rules! outputs {
            ($column:literal, $codes:ident; $($output:literal)*) => {
                $(
                    if let 0..KERNEL = ($column as usize).wrapping_sub($output * STRIDE) {
                        let [low, high] = weights[($column as usize).wrapping_sub($output * STRIDE)];
                        sums[$output] = [step::<I, DOT>(isa, sums[$output][0], $codes[0], low), step::<I, DOT>(isa, sums[$output][1], $codes[1], high)];
                    }
                )*
            };
        }
        columns!(0 1 2 3 4 5 6 7 8);
        if start + OUTPUTS <= pixels.end && columns.is_whole() {
            columns.store_four(start, sums, output);
        } else {
            for (pixel, sums) in (start..pixels.end).zip(sums) {
                columns.store(pixel, sums, output);
            }
        }
    }
}

/// `sum` plus the products of four rows.
#[inline(always)]
fn step<I: Isa, const DOT: i32>(isa: I, sum: I::I32x4, codes: I::I8x16, weights: I::I8x16) -> I::I32x4 {
    match DOT {
        dot::I7 => isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(weights, codes, sum),
        dot::USDOT => isa.i32x4_dot_i8x16_u8x16_add(weights, codes, sum),
        _ => isa.i32x4_dot_i8x16_i8x16_add(weights, codes, sum),
    }
}
