//! Depthwise weight gradients: one input channel for every output channel, so that dot products run lane by lane.

use super::operands::{four, pack_line, Line, CHANNELS, MOST_LANES, QUAD};
use super::rows::{Rows, Shape};
use crate::codes::{Container, I8, U8};
use crate::kernel::Buffers;
use crate::params::{container, ConvWeightGradient};
use core::array::from_fn;
use core::ops::Range;
use simd::dot::I16Dot;
use simd::{mem, Dot, Isa};

/// Interleaved operands of one block stay below this, so that they live in the second-level cache.
const BLOCK_BYTES: usize = 192 * 1024;
/// Rows that one dot product takes.
const LANES: usize = I16Dot::STEP;

/// A depthwise layer.
#[derive(Clone, Copy)]
pub struct Depthwise {
    layer: ConvWeightGradient,
    shape: Shape,
}

impl Depthwise {
    /// `layer` passed its check; its groups, input and output channels are as many.
    pub fn new(layer: ConvWeightGradient) -> Self {
        Self { layer, shape: Shape::new(&layer, LANES) }
    }

    /// Quads of channels that are packed.
    fn quads(&self) -> usize {
        (self.layer.in_c as usize).next_multiple_of(CHANNELS) / QUAD
    }

    /// Positions of a row group, of activations and of the gradient, for one quad of channels.
    fn positions(&self) -> (usize, usize) {
        (self.layer.kernel_h as usize * self.shape.lines * self.shape.line, self.shape.width)
    }

    /// Row groups of a block.
    fn block(&self) -> usize {
        let (activations, gradient) = self.positions();
        (BLOCK_BYTES / (self.quads() * (activations + gradient) * 16)).max(1).min(self.shape.most_rows(&self.layer).div_ceil(LANES))
    }

    /// A block of operands, and sums `[tap][channel]`.
    pub fn scratch_bytes(&self) -> usize {
        let (activations, gradient) = self.positions();
        self.quads() * 16 * (self.block() * (activations + gradient) + self.layer.taps())
    }

    /// [`Kernel::run`](crate::Kernel::run) of slabs.
    pub fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, slabs: Range<usize>, scratch: &mut [u8]) {
        let [input, gradient, ..] = buffers.reads;
        let (positions, _) = self.positions();
        let scratch = &mut mem::arrays_mut::<16>(scratch)[..self.scratch_bytes() / 16];
        for slab in slabs {
            let rows = Rows::new(&self.layer, self.shape, input, gradient, self.layer.images(slab));
            let (sums, operands) = scratch.split_at_mut(self.layer.taps() * self.quads());
            let (activations, gradients) = operands.split_at_mut(self.quads() * self.block() * positions);
            sums.fill([0; 16]);
            let row_groups = rows.count().div_ceil(LANES);
            for first in (0..row_groups).step_by(self.block()) {
                let block = first..(first + self.block()).min(row_groups);
                match self.layer.in_container {
                    container::U8 => self.pack_activations::<I, U8>(isa, &rows, block.clone(), activations),
                    _ => self.pack_activations::<I, I8>(isa, &rows, block.clone(), activations),
                }
                self.pack_gradient(isa, &rows, block.clone(), gradients);
                self.multiply(isa, block.len(), activations, gradients, sums);
            }
            let output = &mut buffers.writes[0][slab * self.layer.slab_elements() * 4..][..self.layer.slab_elements() * 4];
            for (channel, filter) in output.chunks_exact_mut(self.layer.taps() * 4).enumerate() {
                for (element, sums) in filter.chunks_exact_mut(4).zip(sums.chunks_exact(self.quads())) {
                    element.copy_from_slice(&sums.as_flattened()[channel * 4..][..4]);
                }
            }
        }
    }

    /// `[quad][row group][position]`.
    fn pack_gradient<I: Isa>(&self, isa: I, rows: &Rows<'_>, block: Range<usize>, quads: &mut [[u8; 16]]) {
        let width = self.shape.width;
        for (at, row_group) in block.clone().enumerate() {
            let rows: [&[u8]; MOST_LANES] = from_fn(|lane| if lane < LANES { rows.gradient(row_group * LANES + lane) } else { &[] });
            for (chunk, quads) in quads.chunks_exact_mut(4 * block.len() * width).take(self.quads() / 4).enumerate() {
                let line = Line {
                    first: chunk * CHANNELS,
                    step: self.layer.out_stride as usize,
                    count: self.layer.out_c as usize - chunk * CHANNELS,
                    moved: 0,
                };
                pack_line::<I, I16Dot, I8>(isa, rows, line, four(quads, block.len() * width).map(|quad| &mut quad[at * width..][..width]));
            }
        }
    }

    /// `[ky][line][quad][row group][position]`.
    fn pack_activations<I: Isa, C: Container>(&self, isa: I, rows: &Rows<'_>, block: Range<usize>, quads: &mut [[u8; 16]]) {
        let (length, stride) = (self.shape.line, self.layer.in_stride as usize);
        for (at, row_group) in block.clone().enumerate() {
            let mut lines = quads.chunks_exact_mut(self.quads() * block.len() * length);
            for ky in 0..self.layer.kernel_h as usize {
                let rows: [&[u8]; MOST_LANES] = from_fn(|lane| if lane < LANES { rows.input(row_group * LANES + lane, ky) } else { &[] });
                for (l, quads) in lines.by_ref().take(self.shape.lines).enumerate() {
                    // Columns left of the input wrap to addresses beyond every row.
                    let column = (l * self.layer.dilation_w as usize).wrapping_sub(self.layer.pad_left as usize);
                    for (chunk, quads) in quads.chunks_exact_mut(4 * block.len() * length).enumerate() {
                        let line = Line {
                            first: column.wrapping_mul(stride).wrapping_add(chunk * CHANNELS),
                            step: stride * self.layer.stride_w as usize,
                            count: self.layer.in_c as usize - chunk * CHANNELS,
                            moved: 0,
                        };
                        pack_line::<I, I16Dot, C>(isa, rows, line, four(quads, block.len() * length).map(|quad| &mut quad[at * length..][..length]));
                    }
                }
            }
        }
    }

    fn multiply<I: Isa>(&self, isa: I, count: usize, activations: &[[u8; 16]], gradients: &[[u8; 16]], sums: &mut [[u8; 16]]) {
        let (shape, length) = (&self.shape, count * self.shape.line);
        for (tap, sums) in sums.chunks_exact_mut(self.quads()).enumerate() {
            let (ky, (line, start)) = (tap / self.layer.kernel_w as usize, shape.tap(tap % self.layer.kernel_w as usize));
            let lines = activations[(ky * shape.lines + line) * self.quads() * length..].chunks_exact(length);
            for ((sum, line), gradient) in sums.iter_mut().zip(lines).zip(gradients.chunks_exact(count * shape.width)) {
                accumulate(isa, line, gradient, [shape.line, shape.width, start], sum);
            }
        }
    }
}

/// Four channels of one tap over a block of rows.
#[inline(never)]
fn accumulate<I: Isa>(isa: I, activations: &[[u8; 16]], gradients: &[[u8; 16]], [line, width, start]: [usize; 3], sum: &mut [u8; 16]) {
    let mut register = isa.i32x4_load(sum);
    for (activations, gradients) in activations.chunks_exact(line).zip(gradients.chunks_exact(width)) {
        for (codes, gradient) in activations[start..].iter().zip(gradients) {
            register = I16Dot::step(isa, register, isa.i16x8_load(codes), isa.i16x8_load(gradient));
        }
    }
    isa.i32x4_store(register, sum);
}
