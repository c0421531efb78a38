//! [`DepthwiseConv2dRelaxed`]: depthwise 3×3 by dot products of bytes.
//!
//! The three rows of a column lie side by side in the four bytes of each channel, [r0, r1, r2, r2], beside weights [w0, w1, w2, 0]: one dot product per
//! column and four channels.

use super::conv2d_relaxed::operand_container;
use super::depthwise_columns::{Columns, Pair, Products, Sums, KERNEL};
use super::layer::Layer;
use crate::check::{element_bytes, field_holds, fields_in};
use crate::codes::padded;
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::packed_depthwise_bytes;
use crate::params::{dot, DepthwiseConv2dRelaxed};
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

impl DepthwiseConv2dRelaxed {
    fn columns(&self) -> Columns {
        let is_moved = operand_container(self.dot, self.in_container) != self.in_container;
        // Where no byte of a pixel is past its last channel, each is a code, which `i7` may read.
        let is_masked = self.dot == dot::I7 && self.in_c < self.in_stride;
        Columns::new(self.layer(), if is_moved { 0x80 } else { 0 }, if is_masked { 0x7F } else { 0xFF })
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
        field_holds!(Columns::is_sound(&self.layer()); out_w);
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
        self.columns().units()
    }

    fn scratch_bytes(&self) -> usize {
        self.columns().scratch_bytes(KERNEL)
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let columns = self.columns();
        match self.dot {
            dot::I7 => columns.run::<I, Bytes<I, { dot::I7 }>>(isa, buffers, units, scratch),
            dot::USDOT => columns.run::<I, Bytes<I, { dot::USDOT }>>(isa, buffers, units, scratch),
            _ => columns.run::<I, Bytes<I, { dot::SDOT }>>(isa, buffers, units, scratch),
        }
    }
}

/// The weights of each column of the kernel.
#[derive(Clone, Copy)]
struct Bytes<I: Isa, const DOT: i32>([[I::I8x16; 2]; KERNEL]);

impl<I: Isa, const DOT: i32> Products<I> for Bytes<I, DOT> {
    const PAIRS: usize = KERNEL;
    type Column = [I::I8x16; 2];

    fn pack(isa: I, taps: [[I::I16x8; KERNEL]; KERNEL], packed: &mut [Pair]) {
        for (kx, packed) in packed.iter_mut().enumerate() {
            let [a, b, c] = taps.map(|row| isa.i8x16_narrow_i16x8_s(row[kx], row[kx]));
            let column = side_by_side(isa, [a, b, c, isa.i8x16_splat(0)]);
            for (vector, bytes) in column.into_iter().zip(packed) {
                isa.i8x16_store(vector, bytes);
            }
        }
    }

    #[inline(always)]
    fn load(isa: I, packed: &[Pair]) -> Self {
        let columns: &[Pair; KERNEL] = packed.first_chunk().expect("packed weights");
        Self(columns.map(|column| column.map(|four| isa.i8x16_load(&four))))
    }

    #[inline(always)]
    fn column(isa: I, [first, second, third]: [&[u8]; KERNEL], at: usize, _pixel: usize) -> [I::I8x16; 2] {
        let load = |line: &[u8]| isa.i8x16_load64_zero(mem::array(line, at));
        let below = load(third);
        side_by_side(isa, [load(first), load(second), below, below])
    }

    #[inline(always)]
    fn add(self, isa: I, [low, high]: Sums<I>, column: [I::I8x16; 2], index: usize) -> Sums<I> {
        let weights = self.0[index];
        [step::<I, DOT>(isa, low, column[0], weights[0]), step::<I, DOT>(isa, high, column[1], weights[1])]
    }

    /// Codes were moved by +128 into 0..255, or by −128 into −128..127.
    fn moved(self, isa: I) -> Sums<I> {
        let (zero, ones) = (isa.i32x4_splat(0), isa.i8x16_splat(1));
        from_fn(|half| {
            let sums = self.0.iter().fold(zero, |sums, column| isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(column[half], ones, sums));
            let moved = isa.i32x4_shl(sums, 7);
            if DOT == dot::USDOT {
                moved
            } else {
                isa.i32x4_sub(zero, moved)
            }
        })
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

/// `sum` plus the products of four rows.
#[inline(always)]
fn step<I: Isa, const DOT: i32>(isa: I, sum: I::I32x4, codes: I::I8x16, weights: I::I8x16) -> I::I32x4 {
    match DOT {
        dot::I7 => isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(weights, codes, sum),
        dot::USDOT => isa.i32x4_dot_i8x16_u8x16_add(weights, codes, sum),
        _ => isa.i32x4_dot_i8x16_i8x16_add(weights, codes, sum),
    }
}
