//! Weight gradients by any dot product over pixels: blocks of rows are interleaved once, then multiplied tap by tap.

use super::multiply::{accumulate, accumulate_gradient, Runs, Sums};
use super::operands::{four, pack_line, pack_panels, Lanes, Line, CHANNELS, MOST_LANES, QUAD};
use super::rows::{Rows, Shape};
use crate::codes::{Container, I8, U8};
use crate::conv::gemm_4x8::{PanelStep, TileStep, COLUMNS};
use crate::kernel::Buffers;
use crate::params::{container, ConvWeightGradient};
use core::array::from_fn;
use core::marker::PhantomData;
use core::ops::Range;
use simd::{mem, Isa};

/// Interleaved operands of one block stay below this, so that they live in the second-level cache.
const BLOCK_BYTES: usize = 192 * 1024;
/// Steps of a block that make it worth to pass every sum through registers.
const ENOUGH_STEPS: usize = 64;

/// A layer whose gradient is multiplied by the dot product `D`.
#[derive(Clone, Copy)]
pub struct Direct<D: Lanes> {
    layer: ConvWeightGradient,
    shape: Shape,
    /// What is added to every activation, so that the dot product can take it.
    moved: i32,
    dot: PhantomData<D>,
}

/// The parts of scratch.
struct Parts<'a> {
    /// `[ky][line][quad][row group][position]`.
    activations: &'a mut [[u8; 16]],
    /// `[panel][row group][position]`.
    gradient: &'a mut [PanelStep],
    /// `[tap][panel][quad]`.
    sums: &'a mut [Sums],
    /// Σ gradient, `[panel]`.
    gradient_sums: &'a mut [PanelStep],
}

impl<D: Lanes> Direct<D> {
    /// `layer` passed its check; `moved` is added to every activation.
    pub fn new(layer: ConvWeightGradient, moved: i32) -> Self {
        Self { layer, shape: Shape::new(&layer, D::STEP), moved, dot: PhantomData }
    }

    /// Quads of input channels of a group that are multiplied, and that are packed.
    fn quads(&self) -> (usize, usize) {
        let channels = self.layer.group_channels().0;
        (channels.div_ceil(QUAD), channels.next_multiple_of(CHANNELS) / QUAD)
    }

    /// Panels of output channels of a group that are multiplied, and that are packed.
    fn panels(&self) -> (usize, usize) {
        let channels = self.layer.group_channels().1;
        (channels.div_ceil(COLUMNS), channels.next_multiple_of(CHANNELS) / COLUMNS)
    }

    /// Vectors of activations, and panel steps of gradient, that a row group takes.
    fn group_steps(&self) -> (usize, usize) {
        let lines = self.layer.kernel_h as usize * self.shape.lines;
        (lines * self.quads().1 * self.shape.line, self.panels().1 * self.shape.width)
    }

    /// Row groups of a block.
    fn block(&self) -> usize {
        let (activations, gradient) = self.group_steps();
        let fitting = BLOCK_BYTES / (activations * 16 + gradient * 32);
        fitting.max(ENOUGH_STEPS.div_ceil(self.shape.width)).min(self.shape.most_rows(&self.layer).div_ceil(D::STEP))
    }

    fn sums(&self) -> usize {
        self.layer.taps() * self.panels().0 * self.quads().0
    }

    /// Groups of channels, slab by slab.
    pub fn units(&self) -> usize {
        self.layer.slabs as usize * self.layer.groups as usize
    }

    /// A block of operands, and the sums.
    pub fn scratch_bytes(&self) -> usize {
        let (activations, gradient) = self.group_steps();
        self.block() * (activations * 16 + gradient * 32) + self.sums() * size_of::<Sums>() + self.panels().0 * size_of::<PanelStep>()
    }

    fn split<'a>(&self, scratch: &'a mut [u8]) -> Parts<'a> {
        let (activations, gradient) = self.group_steps();
        let (a, rest) = scratch.split_at_mut(self.block() * activations * 16);
        let (g, rest) = rest.split_at_mut(self.block() * gradient * 32);
        let (sums, rest) = rest.split_at_mut(self.sums() * size_of::<Sums>());
        let gradient_sums = &mut rest[..self.panels().0 * size_of::<PanelStep>()];
        sums.fill(0);
        gradient_sums.fill(0);
        Parts {
            activations: mem::arrays_mut::<16>(a),
            gradient: mem::panels_mut::<16, 2>(g),
            sums: mem::panels_mut::<16, 2>(sums).as_chunks_mut().0,
            gradient_sums: mem::panels_mut::<16, 2>(gradient_sums),
        }
    }

    /// [`Kernel::run`](crate::Kernel::run).
    pub fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let [input, gradient, ..] = buffers.reads;
        for unit in units {
            let (slab, group) = (unit / self.layer.groups as usize, unit % self.layer.groups as usize);
            let rows = Rows::new(&self.layer, self.shape, input, gradient, self.layer.images(slab));
            let mut parts = self.split(scratch);
            let row_groups = rows.count().div_ceil(D::STEP);
            for first in (0..row_groups).step_by(self.block()) {
                let block = first..(first + self.block()).min(row_groups);
                self.pack_gradient(isa, &rows, group, block.clone(), parts.gradient);
                match self.layer.in_container {
                    container::U8 => self.pack_activations::<I, U8>(isa, &rows, group, block.clone(), parts.activations),
                    _ => self.pack_activations::<I, I8>(isa, &rows, group, block.clone(), parts.activations),
                }
                self.multiply(isa, block.len(), &mut parts);
            }
            self.store(&parts, slab, group, &mut *buffers.writes[0]);
        }
    }

    fn pack_gradient<I: Isa>(&self, isa: I, rows: &Rows<'_>, group: usize, block: Range<usize>, panels: &mut [PanelStep]) {
        let (channels, width) = (self.layer.group_channels().1, self.shape.width);
        for (at, row_group) in block.clone().enumerate() {
            let rows: [&[u8]; MOST_LANES] = from_fn(|lane| if lane < D::STEP { rows.gradient(row_group * D::STEP + lane) } else { &[] });
            for (pair, panels) in panels.chunks_exact_mut(2 * block.len() * width).take(self.panels().1 / 2).enumerate() {
                let (low, high) = panels.split_at_mut(block.len() * width);
                let line = Line {
                    first: group * channels + pair * CHANNELS,
                    step: self.layer.out_stride as usize,
                    count: channels - pair * CHANNELS,
                    moved: 0,
                };
                pack_panels::<I, D>(isa, rows, line, [low, high].map(|panel| &mut panel[at * width..][..width]));
            }
        }
    }

    fn pack_activations<I: Isa, C: Container>(&self, isa: I, rows: &Rows<'_>, group: usize, block: Range<usize>, quads: &mut [[u8; 16]]) {
        let (channels, length) = (self.layer.group_channels().0, self.shape.line);
        let stride = self.layer.in_stride as usize;
        for (at, row_group) in block.clone().enumerate() {
            let mut lines = quads.chunks_exact_mut(self.quads().1 * block.len() * length);
            for ky in 0..self.layer.kernel_h as usize {
                let rows: [&[u8]; MOST_LANES] = from_fn(|lane| if lane < D::STEP { rows.input(row_group * D::STEP + lane, ky) } else { &[] });
                for (l, quads) in lines.by_ref().take(self.shape.lines).enumerate() {
                    // Columns left of the input wrap to addresses beyond every row.
                    let column = (l * self.layer.dilation_w as usize).wrapping_sub(self.layer.pad_left as usize);
                    for (chunk, quads) in quads.chunks_exact_mut(4 * block.len() * length).enumerate() {
                        let line = Line {
                            first: column.wrapping_mul(stride).wrapping_add(group * channels + chunk * CHANNELS),
                            step: stride * self.layer.stride_w as usize,
                            count: channels - chunk * CHANNELS,
                            moved: self.moved as i8,
                        };
                        let quads = four(quads, block.len() * length).map(|quad| &mut quad[at * length..][..length]);
                        pack_line::<I, D, C>(isa, rows, line, quads);
                    }
                }
            }
        }
    }

    /// Every tap, panel and quad of a packed block of `count` row groups.
    fn multiply<I: Isa>(&self, isa: I, count: usize, parts: &mut Parts<'_>) {
        let (shape, (quads, packed_quads)) = (&self.shape, self.quads());
        let tiles: &[TileStep] = as_tiles(parts.activations);
        let mut sums = parts.sums.iter_mut();
        for tap in 0..self.layer.taps() {
            let (ky, (line, start)) = (tap / self.layer.kernel_w as usize, shape.tap(tap % self.layer.kernel_w as usize));
            let tiles = &tiles[(ky * shape.lines + line) * packed_quads * count * shape.line..];
            // Rows without a gap are one run.
            let runs = if shape.line == shape.width { [count * shape.width; 2] } else { [shape.width, shape.line] };
            let runs = Runs { width: runs[0], line: runs[1], start };
            for panel in parts.gradient.chunks_exact(count * shape.width).take(self.panels().0) {
                for (tile, sums) in tiles.chunks_exact(count * shape.line).take(quads).zip(&mut sums) {
                    accumulate::<I, D>(isa, tile, panel, runs, sums);
                }
            }
        }
        if self.moved != 0 {
            for (panel, sums) in parts.gradient.chunks_exact(count * shape.width).zip(&mut *parts.gradient_sums) {
                accumulate_gradient(isa, panel, sums);
            }
        }
    }

    /// The sums of a group of a slab where they belong.
    fn store(&self, parts: &Parts<'_>, slab: usize, group: usize, output: &mut [u8]) {
        let (taps, (in_c, out_c)) = (self.layer.taps(), self.layer.group_channels());
        let ((quads, _), (panels, _)) = (self.quads(), self.panels());
        let first = slab * self.layer.slab_elements() + group * out_c * in_c * taps;
        let filters = output[first * 4..][..out_c * in_c * taps * 4].chunks_exact_mut(in_c * taps * 4);
        for (channel, filter) in filters.enumerate() {
            let (panel, lane) = (channel / COLUMNS, channel % COLUMNS);
            let extra = mem::read_i32(parts.gradient_sums[panel].as_flattened(), lane * 4).wrapping_mul(self.moved);
            for (c, elements) in filter.chunks_exact_mut(taps * 4).enumerate() {
                let sums = parts.sums[panel * quads + c / QUAD..].iter().step_by(panels * quads);
                for (element, sums) in mem::arrays_mut::<4>(elements).iter_mut().zip(sums) {
                    let sum = mem::read_i32(sums[c % QUAD].as_flattened(), lane * 4);
                    *element = sum.wrapping_sub(extra).to_le_bytes();
                }
            }
        }
    }
}

/// A quad of channels is a step of a tile: 4 bytes of each of 4 channels.
pub fn as_tiles(quads: &[[u8; 16]]) -> &[TileStep] {
    mem::panels::<4, 4>(quads.as_flattened())
}
