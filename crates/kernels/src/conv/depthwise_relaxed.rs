//! [`DepthwiseConv2dRelaxed`]: depthwise 3×3 by dot products of bytes, an input column at a time.
//!
//! The three rows of a column lie side by side in four bytes of each channel, [r0, r1, r2, r2], beside weights [w0, w1, w2, 0]: one dot product per
//! column and four channels. The rows under a block of the output are copied once with their padding, as the codes that the dot product reads, so
//! that nothing else knows of either.

use super::conv2d_relaxed::operand_container;
use super::finish::{finish, initial, Eight};
use super::layer::Layer;
use crate::check::{element_bytes, field_holds, fields_in, is_total};
use crate::codes::{padded, LANES};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::packed_depthwise_bytes;
use crate::params::{dot, DepthwiseConv2dRelaxed};
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// A block of rows of the output has up to so many pixels: with fewer, what is done once for eight channels of a block would show.
const BLOCK_PIXELS: usize = 64;
/// Rows of a block at most.
const MOST_ROWS: usize = 8;
/// Input rows under a block at most: those of stride 2.
const MOST_LINES: usize = (MOST_ROWS - 1) * 2 + KERNEL;
/// Rows and columns of the kernel.
const KERNEL: usize = 3;
/// Bytes of a load, a store and a vector of codes.
const VECTOR: usize = 16;

/// The image, by its first pixel, and the row that a line holds.
type Held = [Option<(usize, i32)>; MOST_LINES];
/// The weights of eight channels: for each column of the kernel those of the low and the high four channels.
type Weights = [[[u8; 16]; 2]; KERNEL];

impl DepthwiseConv2dRelaxed {
    /// Output rows of a block.
    fn block_rows(&self) -> usize {
        let rows = if self.stride_h <= 2 { BLOCK_PIXELS / self.out_w as usize } else { 1 };
        rows.clamp(1, MOST_ROWS).min(self.out_h as usize)
    }

    /// Blocks of an image.
    fn blocks(&self) -> usize {
        (self.out_h as usize).div_ceil(self.block_rows())
    }

    /// Input rows under a block.
    fn lines(&self) -> usize {
        (self.block_rows() - 1) * self.stride_h as usize + KERNEL
    }

    /// Pixels under a row of the output.
    fn line_pixels(&self) -> usize {
        (self.out_w as usize - 1) * self.stride_w as usize + KERNEL
    }

    /// Pixels of a block.
    fn block_pixels(&self) -> usize {
        self.block_rows() * self.out_w as usize
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
        // Lines and sums of a block, together below a tensor's size.
        field_holds!(is_total(&[self.out_w.max(BLOCK_PIXELS as i32) + KERNEL as i32, 16, self.in_stride]); out_w);
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

    /// Blocks of rows of the output.
    fn units(&self) -> usize {
        self.batch as usize * self.blocks()
    }

    /// The input rows under a block, the weights, and the sums of a block and eight channels.
    fn scratch_bytes(&self) -> usize {
        self.lines() * self.line_bytes() + self.groups_of_eight() * size_of::<Weights>() + self.block_pixels() * size_of::<Eight>()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let (lines, scratch) = scratch.split_at_mut(self.lines() * self.line_bytes());
        let (weights, sums) = scratch.split_at_mut(self.groups_of_eight() * size_of::<Weights>());
        let weights = mem::panels_mut::<16, 2>(weights).as_chunks_mut::<KERNEL>().0;
        let sums = &mut mem::panels_mut::<16, 2>(sums)[..self.block_pixels()];
        pack_weights(isa, buffers.reads[1], weights);
        lines.fill((self.in_zero_point as u8).wrapping_add(self.offset()));
        let mut held = [None; MOST_LINES];
        for unit in units {
            let block = Block::of(self, unit);
            self.load_rows(isa, buffers.reads[0], block, lines, &mut held);
            match (self.dot, self.stride_w) {
                (dot::I7, 1) => self.run_block::<I, { dot::I7 }, 1>(isa, buffers, block, lines, weights, sums),
                (dot::I7, _) => self.run_block::<I, { dot::I7 }, 2>(isa, buffers, block, lines, weights, sums),
                (dot::USDOT, 1) => self.run_block::<I, { dot::USDOT }, 1>(isa, buffers, block, lines, weights, sums),
                (dot::USDOT, _) => self.run_block::<I, { dot::USDOT }, 2>(isa, buffers, block, lines, weights, sums),
                (_, 1) => self.run_block::<I, { dot::SDOT }, 1>(isa, buffers, block, lines, weights, sums),
                _ => self.run_block::<I, { dot::SDOT }, 2>(isa, buffers, block, lines, weights, sums),
            }
        }
    }
}

/// Neighbouring rows of the output of one image.
#[derive(Clone, Copy)]
struct Block {
    /// The first of them, in the image.
    y: usize,
    rows: usize,
    /// Its first pixel, counted over all images.
    pixel: usize,
    /// The first pixel of the image in the input.
    image: usize,
}

impl Block {
    fn of(kernel: &DepthwiseConv2dRelaxed, unit: usize) -> Self {
        let (image, y) = (unit / kernel.blocks(), unit % kernel.blocks() * kernel.block_rows());
        let rows = kernel.block_rows().min(kernel.out_h as usize - y);
        let pixel = (image * kernel.out_h as usize + y) * kernel.out_w as usize;
        Self { y, rows, pixel, image: image * kernel.layer().in_pixels() }
    }
}

impl DepthwiseConv2dRelaxed {
    /// The line for an input row, which may lie in the padding: lines are taken by turns, so that what two blocks share is held from the first.
    fn line_of(&self, row: i32) -> usize {
        row.rem_euclid(self.lines() as i32) as usize
    }

    /// Makes sure that the rows under `block` lie in `lines`.
    fn load_rows<I: Isa>(&self, isa: I, input: &[u8], block: Block, lines: &mut [u8], held: &mut Held) {
        let rows = self.layer().rows();
        let last = rows.start(block.y + block.rows - 1) + KERNEL as i32;
        for row in rows.start(block.y)..last {
            let line = self.line_of(row);
            if held[line] != Some((block.image, row)) {
                let inside = (0..self.in_h).contains(&row).then(|| (block.image + row as usize * self.in_w as usize) * self.in_stride as usize);
                let line_bytes = &mut lines[line * self.line_bytes()..][..self.line_bytes()];
                self.load_row(isa, inside.map(|at| &input[at..]), line_bytes);
                held[line] = Some((block.image, row));
            }
        }
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

    /// A block, eight channels at a time. A function of its own: by which dot product is the same code in WebAssembly, and there but once.
    #[inline(never)]
    fn run_block<I: Isa, const DOT: i32, const STRIDE: usize>(
        &self,
        isa: I,
        buffers: &mut Buffers<'_>,
        block: Block,
        lines: &[u8],
        weights: &[Weights],
        sums: &mut [Eight],
    ) {
        let layer = self.layer();
        let width = self.out_w as usize;
        let line = |row: i32, index: usize| &lines[self.line_of(row) * self.line_bytes()..][index * LANES..self.line_bytes()];
        for (index, weights) in weights.iter().enumerate() {
            let initial = self.moved(isa, initial(isa, &layer, index, buffers.reads[2]), weights);
            for y in 0..block.rows {
                let top = layer.rows().start(block.y + y);
                let row = Row { lines: from_fn(|ky| line(top + ky as i32, index)), pixel: self.in_stride as usize, weights };
                row_sums::<I, DOT, STRIDE>(isa, initial, row, &mut sums[y * width..][..width]);
            }
            finish(isa, &layer, index, buffers, sums, block.pixel..block.pixel + block.rows * width);
        }
    }

    /// What sums start from where codes were moved: by +128 into 0..255, by −128 into −128..127.
    fn moved<I: Isa>(&self, isa: I, initial: [I::I32x4; 2], weights: &Weights) -> [I::I32x4; 2] {
        if self.offset() == 0 {
            return initial;
        }
        let ones = isa.i8x16_splat(1);
        from_fn(|half| {
            let sums = weights
                .iter()
                .fold(isa.i32x4_splat(0), |sums, column| isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(isa.i8x16_load(&column[half]), ones, sums));
            let moved = isa.i32x4_shl(sums, 7);
            if self.dot == dot::USDOT {
                isa.i32x4_sub(initial[half], moved)
            } else {
                isa.i32x4_add(initial[half], moved)
            }
        })
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

/// What a row of the output reads: three lines from the channels' first byte on, `pixel` bytes from one pixel to the next.
#[derive(Clone, Copy)]
struct Row<'a> {
    lines: [&'a [u8]; KERNEL],
    pixel: usize,
    weights: &'a Weights,
}

/// The sums of a row and eight channels. Each column is read once: it ends one sum, goes on with another and begins a third. A function of its own, so
/// that the engine keeps those in registers.
#[inline(never)]
fn row_sums<I: Isa, const DOT: i32, const STRIDE: usize>(isa: I, initial: [I::I32x4; 2], row: Row<'_>, sums: &mut [Eight]) {
    let [left, middle, right] = row.weights.map(|column| column.map(|four| isa.i8x16_load(&four)));
    // One length for all: one check of a column's place is enough for three lines.
    let [first, second, third] = row.lines;
    let (second, third) = (&second[..first.len()], &third[..first.len()]);
    let column = |column: usize| {
        let load = |line: &[u8]| isa.i8x16_load64_zero(mem::array(line, column * row.pixel));
        let below = load(third);
        side_by_side(isa, [load(first), load(second), below, below])
    };
    let add = |[low, high]: [I::I32x4; 2], codes: [I::I8x16; 2], weights: [I::I8x16; 2]| {
        [step::<I, DOT>(isa, low, codes[0], weights[0]), step::<I, DOT>(isa, high, codes[1], weights[1])]
    };
    let store = |sums: [I::I32x4; 2], stored: &mut Eight| {
        isa.i32x4_store(sums[0], &mut stored[0]);
        isa.i32x4_store(sums[1], &mut stored[1]);
    };
    let mut next = add(initial, column(0), left);
    if STRIDE == 2 {
        for (x, stored) in sums.iter_mut().enumerate() {
            let last = column(2 * x + 2);
            store(add(add(next, column(2 * x + 1), middle), last, right), stored);
            next = add(initial, last, left);
        }
        return;
    }
    let codes = column(1);
    let mut after = add(initial, codes, left);
    next = add(next, codes, middle);
    for (x, stored) in sums.iter_mut().enumerate() {
        let codes = column(x + 2);
        store(add(next, codes, right), stored);
        next = add(after, codes, middle);
        after = add(initial, codes, left);
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
