//! Blocks of tiles: transformed once, multiplied position by position.

use super::operands::{add_sums, pack_activations, pack_gradient, transform_activations, transform_gradient, ColumnOf, Columns, RowsOf, Vector};
use super::output::{offset_sums, store, taps};
use super::products::Products;
use super::{GradientSums, LANES, PATCH, POSITIONS, TAPS, TILE};
use crate::conv::gemm_4x8::{PanelStep, COLUMNS};
use crate::kernel::Buffers;
use crate::params::ConvWeightGradient;
use crate::weight_gradient::direct::as_tiles;
use crate::weight_gradient::multiply::{accumulate, Runs, Sums};
use crate::weight_gradient::operands::{CHANNELS, QUAD};
use core::array::from_fn;
use core::marker::PhantomData;
use core::ops::Range;
use simd::{mem, Isa};

/// Transformed operands of one block stay near this, so that they live in the second-level cache.
const BLOCK_BYTES: usize = 64 * 1024;
/// Steps of a block that make it worth to pass every sum through registers.
const ENOUGH_STEPS: usize = 16;

/// The layer and how its tiles lie.
#[derive(Clone, Copy)]
pub struct Tiles<D: Products> {
    layer: ConvWeightGradient,
    products: PhantomData<D>,
    /// Rows of tiles of an image.
    rows: usize,
    /// Tiles of a row.
    columns: usize,
}

/// The parts of scratch.
struct Parts<'a> {
    /// A row of padding.
    outside: &'a [u8],
    /// `[column][row][vector]` of one row group and sixteen channels.
    columns: &'a mut [Vector],
    /// V, `[position][quad][step]`.
    v: &'a mut [Vector],
    /// U, `[position][panel][step]`.
    u: &'a mut [PanelStep],
    /// `[position][panel][quad]`.
    sums: &'a mut [Sums],
    /// Of sixteen channels each; 0 where V has no offset.
    gradient_sums: &'a mut [GradientSums],
}

impl<D: Products> Tiles<D> {
    /// `layer` passed its check.
    pub fn new(layer: ConvWeightGradient) -> Self {
        Self { layer, products: PhantomData, rows: (layer.out_h as usize).div_ceil(TILE), columns: (layer.out_w as usize).div_ceil(TILE) }
    }

    fn channels(&self) -> (usize, usize) {
        (self.layer.in_c as usize, self.layer.out_c as usize)
    }

    /// Bytes that one channel takes at one position and column: those of four rows.
    fn step_bytes(&self) -> usize {
        LANES * D::STEPS
    }

    /// Steps of `groups` row groups.
    fn steps(&self, groups: usize) -> usize {
        groups * D::STEPS * self.columns
    }

    /// Row groups of a block.
    fn block(&self) -> usize {
        let (in_c, out_c) = self.channels();
        let fitting = BLOCK_BYTES / (POSITIONS * self.step_bytes() * (in_c + out_c) * self.columns);
        fitting.max(ENOUGH_STEPS.div_ceil(self.steps(1))).min((self.layer.most_images() * self.rows).div_ceil(LANES))
    }

    /// Bytes of the parts of scratch, in their order.
    pub fn part_bytes(&self) -> [usize; 6] {
        let (in_c, out_c) = self.channels();
        let step = POSITIONS * self.step_bytes() * self.block() * self.columns;
        let sums = POSITIONS * in_c * out_c * 4;
        let layer = &self.layer;
        let outside = (layer.in_w as usize * layer.in_stride as usize).max(layer.out_w as usize * layer.out_stride as usize);
        [outside, POSITIONS * (self.columns + 1) * TILE * 16, step * in_c, step * out_c, sums, out_c / CHANNELS * size_of::<GradientSums>()]
    }

    fn split<'a>(&self, scratch: &'a mut [u8]) -> Parts<'a> {
        let mut rest = scratch;
        let [outside, columns, v, u, sums, gradient_sums] = self.part_bytes().map(|bytes| {
            let (part, others) = core::mem::take(&mut rest).split_at_mut(bytes);
            rest = others;
            part
        });
        outside.fill(0);
        sums.fill(0);
        gradient_sums.fill(0);
        Parts {
            outside,
            columns: mem::arrays_mut::<16>(columns),
            v: mem::arrays_mut::<16>(v),
            u: mem::panels_mut::<16, 2>(u),
            sums: mem::panels_mut::<16, 2>(sums).as_chunks_mut().0,
            gradient_sums: mem::panels_mut::<16, TILE>(gradient_sums).as_chunks_mut().0.as_chunks_mut().0,
        }
    }

    /// [`Kernel::run`](crate::Kernel::run).
    pub fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, slabs: Range<usize>, scratch: &mut [u8]) {
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
                    self.transform(isa, [input, gradient], row..rows.end, Run { first: self.steps(group), steps: self.steps(count) }, &mut parts);
                }
                self.multiply(isa, self.steps(count), &mut parts);
            }
            let elements = self.layer.slab_elements() * 4;
            self.store(isa, &parts, &mut buffers.writes[0][slab * elements..][..elements]);
        }
    }

    /// A row group of both operands. Rows past the end are padding.
    fn transform<I: Isa>(&self, isa: I, codes: [&[u8]; 2], rows: Range<usize>, run: Run, parts: &mut Parts<'_>) {
        let [input, gradient] = codes;
        self.transform_activations(isa, input, rows.clone(), run, parts);
        self.transform_gradient(isa, gradient, rows, run, parts);
    }

    fn transform_activations<I: Isa>(&self, isa: I, input: &[u8], rows: Range<usize>, run: Run, parts: &mut Parts<'_>) {
        let ConvWeightGradient { in_h, in_w, in_stride, pad_top, pad_left, .. } = self.layer;
        let in_c = self.channels().0;
        let image = Image { height: in_h as usize, width: in_w as usize, stride: in_stride as usize, channels: in_c };
        let outside = &mem::arrays::<16>(parts.outside)[..image.row_vectors()];
        let input_rows: RowsOf<'_, PATCH> = from_fn(|i| {
            from_fn(|lane| {
                let row = rows.start + lane;
                let y = (row % self.rows * TILE + i).wrapping_sub(pad_top as usize);
                if row < rows.end {
                    image.row(input, row / self.rows, y).unwrap_or(outside)
                } else {
                    outside
                }
            })
        });
        let (length, step) = ((self.columns + 1) * TILE, image.stride / CHANNELS);
        for chunk in 0..in_c / CHANNELS {
            // Columns left of the picture are padding.
            let which = Columns { first: chunk, step, before: pad_left as usize };
            let columns = columns_of(parts.columns, length);
            pack_activations::<I, D>(isa, &input_rows, which, columns);
            for line in 0..POSITIONS * D::STEPS {
                let (row, quad, step) = (line / 4 % PATCH, line % 4, line / POSITIONS);
                let first = (chunk * 4 + quad) * run.steps + run.first + step * self.columns;
                let mut positions = parts.v.chunks_exact_mut(in_c / QUAD * run.steps).skip(row * PATCH);
                let v = from_fn(|_| positions.next().map_or(&mut [][..], |position| &mut position[first..][..self.columns]));
                let place = [row, D::vector_of(quad, step)];
                // Where a vector holds two quads.
                if D::STEPS > 1 && quad % 2 == 1 {
                    transform_activations::<I, D, 1>(isa, columns, place, v);
                } else {
                    transform_activations::<I, D, 0>(isa, columns, place, v);
                }
            }
        }
    }

    fn transform_gradient<I: Isa>(&self, isa: I, gradient: &[u8], rows: Range<usize>, run: Run, parts: &mut Parts<'_>) {
        let ConvWeightGradient { out_h, out_w, out_stride, .. } = self.layer;
        let out_c = self.channels().1;
        let image = Image { height: out_h as usize, width: out_w as usize, stride: out_stride as usize, channels: out_c };
        let outside = &mem::arrays::<16>(parts.outside)[..image.row_vectors()];
        let gradient_rows: RowsOf<'_, TILE> = from_fn(|i| {
            from_fn(|lane| {
                let row = rows.start + lane;
                let y = row % self.rows * TILE + i;
                if row < rows.end {
                    image.row(gradient, row / self.rows, y).unwrap_or(outside)
                } else {
                    outside
                }
            })
        });
        for (chunk, sums) in parts.gradient_sums.iter_mut().enumerate() {
            let which = Columns { first: chunk, step: image.stride / CHANNELS, before: 0 };
            let columns = columns_of(parts.columns, self.columns * TILE);
            pack_gradient::<I, D>(isa, &gradient_rows, which, columns);
            for vector in 0..4 {
                if D::OFFSET != 0 {
                    for (row, sums) in sums.iter_mut().enumerate() {
                        add_sums(isa, columns, [row, vector], &mut sums[vector]);
                    }
                }
                let [panel, step] = D::panel_of(vector);
                let first = (chunk * 2 + panel) * run.steps + run.first + step * self.columns;
                let mut positions = parts.u.chunks_exact_mut(out_c / COLUMNS * run.steps);
                let mut four = || from_fn(|_| positions.next().map_or(&mut [][..], |position| &mut position[first..][..self.columns]));
                transform_gradient::<I, D, 0>(isa, columns, vector, four());
                transform_gradient::<I, D, 1>(isa, columns, vector, four());
                transform_gradient::<I, D, 2>(isa, columns, vector, four());
                transform_gradient::<I, D, 3>(isa, columns, vector, four());
            }
        }
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
                    accumulate::<I, D>(isa, tile, panel, runs, sums);
                }
            }
        }
    }

    fn store<I: Isa>(&self, isa: I, parts: &Parts<'_>, output: &mut [u8]) {
        let (in_c, out_c) = self.channels();
        let quads = in_c / QUAD;
        for (panel, filters) in output.chunks_exact_mut(COLUMNS * in_c * TAPS * 4).enumerate() {
            let offset = offset_sums(isa, D::OFFSET, parts.gradient_sums, panel);
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

/// Where a row group goes in its block: from step `first` of `steps`.
#[derive(Clone, Copy)]
struct Run {
    first: usize,
    steps: usize,
}

/// The pictures of an operand, one after another.
#[derive(Clone, Copy)]
struct Image {
    height: usize,
    width: usize,
    stride: usize,
    channels: usize,
}

impl Image {
    /// Vectors from the first channel of a row to the last one of its last pixel.
    fn row_vectors(&self) -> usize {
        ((self.width - 1) * self.stride + self.channels) / CHANNELS
    }

    /// Row `y` of image `image`; `None` in the padding.
    fn row<'a>(&self, codes: &'a [u8], image: usize, y: usize) -> Option<&'a [Vector]> {
        (y < self.height).then(|| {
            let first = (image * self.height + y) * self.width * self.stride;
            mem::arrays::<16>(&codes[first..][..self.row_vectors() * CHANNELS])
        })
    }
}

/// `count` columns in the memory of vectors.
fn columns_of<const N: usize>(vectors: &mut [Vector], count: usize) -> &mut [ColumnOf<N>] {
    &mut vectors.as_chunks_mut::<4>().0.as_chunks_mut::<N>().0[..count]
}
