//! Blocks of tiles: transformed once, multiplied position by position.

use super::operands::{pack_columns, transform_activations, transform_gradient, GradientSums, Place, RowsOf};
use super::output::{offset_sums, store, taps};
use super::{LANES, PATCH, POSITIONS, TAPS, TILE};
use crate::check::{field_holds, fields_in, is_total};
use crate::conv::gemm_4x8::{PanelStep, COLUMNS};
use crate::kernel::{BadParam, Buffers, Kernel, Spans};
use crate::params::{ConvWeightGradient, WinogradWeightGradient};
use crate::weight_gradient::direct::as_tiles;
use crate::weight_gradient::layer::Layer;
use crate::weight_gradient::multiply::{accumulate, Runs, Sums};
use crate::weight_gradient::operands::{CHANNELS, QUAD};
use core::array::from_fn;
use core::ops::Range;
use simd::dot::I7Dot;
use simd::{mem, Isa};

/// Transformed operands of one block stay near this, so that they live in the second-level cache.
const BLOCK_BYTES: usize = 256 * 1024;
/// Steps of a block that make it worth to pass every sum through registers.
const ENOUGH_STEPS: usize = 16;
/// The largest product of an activation and a gradient code, times four: what a slab's sum has room for.
const FOUR_PRODUCTS: i32 = 4 * 15 * 7;

/// The layer and how its tiles lie.
#[derive(Clone, Copy)]
struct Tiles {
    layer: ConvWeightGradient,
    /// Rows of tiles of an image.
    rows: usize,
    /// Tiles of a row.
    columns: usize,
}

/// The parts of scratch.
struct Parts<'a> {
    /// `[row of V][quad][column]` of one row group and sixteen channels.
    columns: &'a mut [[u8; 16]],
    /// V + 32, `[position][quad][step]`.
    v: &'a mut [[u8; 16]],
    /// U, `[position][panel][step]`.
    u: &'a mut [PanelStep],
    /// `[position][panel][quad]`.
    sums: &'a mut [Sums],
    /// Of sixteen channels each.
    gradient_sums: &'a mut [GradientSums],
}

impl Tiles {
    fn new(layer: ConvWeightGradient) -> Self {
        Self { layer, rows: (layer.out_h as usize).div_ceil(TILE), columns: (layer.out_w as usize).div_ceil(TILE) }
    }

    fn channels(&self) -> (usize, usize) {
        (self.layer.in_c as usize, self.layer.out_c as usize)
    }

    /// Row groups of a block.
    fn block(&self) -> usize {
        let (in_c, out_c) = self.channels();
        let fitting = BLOCK_BYTES / (POSITIONS * LANES * (in_c + out_c) * self.columns);
        fitting.max(ENOUGH_STEPS.div_ceil(self.columns)).min((self.layer.most_images() * self.rows).div_ceil(LANES))
    }

    /// Bytes of the parts of scratch, in their order.
    fn part_bytes(&self) -> [usize; 5] {
        let (in_c, out_c) = self.channels();
        let step = POSITIONS * LANES * self.block() * self.columns;
        let sums = POSITIONS * in_c * out_c * 4;
        [POSITIONS * (self.columns + 1) * TILE * 16, step * in_c, step * out_c, sums, out_c / CHANNELS * size_of::<GradientSums>()]
    }

    fn split<'a>(&self, scratch: &'a mut [u8]) -> Parts<'a> {
        let mut rest = scratch;
        let [columns, v, u, sums, gradient_sums] = self.part_bytes().map(|bytes| {
            let (part, others) = core::mem::take(&mut rest).split_at_mut(bytes);
            rest = others;
            part
        });
        sums.fill(0);
        gradient_sums.fill(0);
        Parts {
            columns: mem::arrays_mut::<16>(columns),
            v: mem::arrays_mut::<16>(v),
            u: mem::panels_mut::<16, 2>(u),
            sums: mem::panels_mut::<16, 2>(sums).as_chunks_mut().0,
            gradient_sums: mem::panels_mut::<16, 4>(gradient_sums).as_chunks_mut().0.as_chunks_mut().0,
        }
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, slabs: Range<usize>, scratch: &mut [u8]) {
        let [input, gradient, ..] = buffers.reads;
        for slab in slabs {
            let images = self.layer.images(slab);
            let mut parts = self.split(scratch);
            let rows = images.start * self.rows..images.end * self.rows;
            let groups = rows.len().div_ceil(LANES);
            for first in (0..groups).step_by(self.block()) {
                let count = self.block().min(groups - first);
                for group in 0..count {
                    let row = rows.start + (first + group) * LANES;
                    self.transform(isa, [input, gradient], row..rows.end, Run { group, steps: count * self.columns }, &mut parts);
                }
                self.multiply(isa, count * self.columns, &mut parts);
            }
            let elements = self.layer.slab_elements() * 4;
            self.store(isa, &parts, &mut buffers.writes[0][slab * elements..][..elements]);
        }
    }

    /// A row group of both operands. Rows past the end are padding.
    fn transform<I: Isa>(&self, isa: I, [input, gradient]: [&[u8]; 2], rows: Range<usize>, run: Run, parts: &mut Parts<'_>) {
        let (in_c, out_c) = self.channels();
        let (in_stride, out_stride) = (self.layer.in_stride as usize, self.layer.out_stride as usize);
        let first = run.group * self.columns;
        let activations: RowsOf<'_, PATCH> = from_fn(|i| from_fn(|lane| self.input_row(input, rows.start + lane, rows.end, i)));
        let at = 0usize.wrapping_sub(self.layer.pad_left as usize).wrapping_mul(in_stride);
        for channel in (0..in_c).step_by(CHANNELS) {
            pack_columns(isa, &activations, at.wrapping_add(channel), in_stride, parts.columns);
            for (line, columns) in parts.columns.chunks_exact((self.columns + 1) * TILE).enumerate() {
                let quad = channel / QUAD + line % 4;
                let mut positions = parts.v.chunks_exact_mut(in_c / QUAD * run.steps).skip(line / 4 * PATCH);
                let v = from_fn(|_| positions.next().map_or(&mut [][..], |position| &mut position[quad * run.steps + first..][..self.columns]));
                transform_activations(isa, columns, v);
            }
        }
        let gradients: RowsOf<'_, TILE> = from_fn(|i| from_fn(|lane| self.gradient_row(gradient, rows.start + lane, rows.end, i)));
        for (chunk, sums) in parts.gradient_sums.iter_mut().enumerate() {
            let place = Place { position: out_c / COLUMNS * run.steps, panel: run.steps, first: chunk * 2 * run.steps + first, tiles: self.columns };
            transform_gradient(isa, &gradients, chunk * CHANNELS, out_stride, parts.u, place, sums);
        }
    }

    /// The activations under row `i` of the tiles of row `row`.
    fn input_row<'a>(&self, input: &'a [u8], row: usize, end: usize, i: usize) -> &'a [u8] {
        let (in_h, in_w) = (self.layer.in_h as usize, self.layer.in_w as usize);
        let y = (row % self.rows * TILE + i).wrapping_sub(self.layer.pad_top as usize);
        if row >= end || y >= in_h {
            return &[];
        }
        pixels(input, (row / self.rows * in_h + y) * in_w, in_w, self.layer.in_stride, self.layer.in_c)
    }

    /// Row `i` of the gradient of the tiles of row `row`.
    fn gradient_row<'a>(&self, gradient: &'a [u8], row: usize, end: usize, i: usize) -> &'a [u8] {
        let (out_h, out_w) = (self.layer.out_h as usize, self.layer.out_w as usize);
        let y = row % self.rows * TILE + i;
        if row >= end || y >= out_h {
            return &[];
        }
        pixels(gradient, (row / self.rows * out_h + y) * out_w, out_w, self.layer.out_stride, self.layer.out_c)
    }

    /// Every position, panel and quad of a block.
    fn multiply<I: Isa>(&self, isa: I, steps: usize, parts: &mut Parts<'_>) {
        let (in_c, out_c) = self.channels();
        let runs = Runs { width: steps, line: steps, start: 0 };
        let v = as_tiles(parts.v).chunks_exact(in_c / QUAD * steps);
        let u = parts.u.chunks_exact(out_c / COLUMNS * steps);
        let mut sums = parts.sums.iter_mut();
        for (v, u) in v.zip(u).take(POSITIONS) {
            for panel in u.chunks_exact(steps) {
                for (tile, sums) in v.chunks_exact(steps).zip(&mut sums) {
                    accumulate::<I, I7Dot>(isa, tile, panel, runs, sums);
                }
            }
        }
    }

    fn store<I: Isa>(&self, isa: I, parts: &Parts<'_>, output: &mut [u8]) {
        let (in_c, out_c) = self.channels();
        let quads = in_c / QUAD;
        for (panel, filters) in output.chunks_exact_mut(COLUMNS * in_c * TAPS * 4).enumerate() {
            let offset = offset_sums(isa, parts.gradient_sums, panel);
            for quad in 0..quads {
                let sums = from_fn(|position| &parts.sums[(position * (out_c / COLUMNS) + panel) * quads + quad]);
                for row in 0..QUAD {
                    let first = (quad * QUAD + row) * TAPS * 4;
                    store(isa, taps(isa, &sums, row, &offset), in_c * TAPS * 4, &mut filters[first..]);
                }
            }
        }
    }
}

/// Which row group of a block of how many steps.
#[derive(Clone, Copy)]
struct Run {
    group: usize,
    steps: usize,
}

/// The codes of a row of pixels, up to the last channel of the last one.
fn pixels(codes: &[u8], first: usize, count: usize, stride: i32, channels: i32) -> &[u8] {
    let stride = stride as usize;
    &codes[first * stride..(first + count - 1) * stride + channels as usize]
}

impl Kernel for WinogradWeightGradient {
    fn check(&self) -> Result<(), BadParam> {
        let layer = self.layer();
        layer.check_layer()?;
        fields_in!(self, 3..=3; kernel_h, kernel_w);
        fields_in!(self, 1..=1; stride_h, stride_w, dilation_h, dilation_w, groups);
        field_holds!((self.in_c as usize).is_multiple_of(CHANNELS); in_c);
        field_holds!((self.out_c as usize).is_multiple_of(CHANNELS); out_c);
        field_holds!(is_total(&[layer.most_images() as i32, self.out_h, self.out_w, FOUR_PRODUCTS]); slabs);
        Ok(())
    }

    fn spans(&self) -> Spans {
        self.layer().layer_spans()
    }

    /// Slabs.
    fn units(&self) -> usize {
        self.slabs as usize
    }

    fn scratch_bytes(&self) -> usize {
        Tiles::new(self.layer()).part_bytes().iter().sum()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        Tiles::new(self.layer()).run(isa, buffers, units, scratch);
    }
}
