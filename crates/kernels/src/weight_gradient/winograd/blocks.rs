//! Blocks of tiles: transformed once, multiplied position by position.

use super::operands::{add_sums, pack_activations, pack_gradient, transform_activations, transform_gradient, ColumnOf, Columns, RowsOf, Vector};
use super::output::{offset_sums, store, taps};
use super::{GradientSums, LANES, PATCH, POSITIONS, TAPS, TILE};
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
const BLOCK_BYTES: usize = 64 * 1024;
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
    /// A row of padding.
    outside: &'a [u8],
    /// `[column][row][quad]` of one row group and sixteen channels.
    columns: &'a mut [Vector],
    /// V + 32, `[position][quad][step]`.
    v: &'a mut [Vector],
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
    fn part_bytes(&self) -> [usize; 6] {
        let (in_c, out_c) = self.channels();
        let step = POSITIONS * LANES * self.block() * self.columns;
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
                    self.transform(
                        isa,
                        [input, gradient],
                        row..rows.end,
                        Run { first: group * self.columns, steps: count * self.columns },
                        &mut parts,
                    );
                }
                self.multiply(isa, count * self.columns, &mut parts);
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
            pack_activations(isa, &input_rows, which, columns);
            for line in 0..POSITIONS {
                let (row, quad) = (line / 4, line % 4);
                let first = (chunk * 4 + quad) * run.steps + run.first;
                let mut positions = parts.v.chunks_exact_mut(in_c / QUAD * run.steps).skip(row * PATCH);
                let v = from_fn(|_| positions.next().map_or(&mut [][..], |position| &mut position[first..][..self.columns]));
                transform_activations(isa, columns, [row, quad], v);
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
            pack_gradient(isa, &gradient_rows, which, columns);
            for quad in 0..4 {
                for (row, sums) in sums.iter_mut().enumerate() {
                    add_sums(isa, columns, [row, quad], &mut sums[quad]);
                }
                let first = (chunk * 2 + quad / 2) * run.steps + run.first;
                let mut positions = parts.u.chunks_exact_mut(out_c / COLUMNS * run.steps);
                let mut four = || from_fn(|_| positions.next().map_or(&mut [][..], |position| &mut position[first..][..self.columns]));
                transform_gradient::<I, 0>(isa, columns, quad, four());
                transform_gradient::<I, 1>(isa, columns, quad, four());
                transform_gradient::<I, 2>(isa, columns, quad, four());
                transform_gradient::<I, 3>(isa, columns, quad, four());
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

impl Kernel for WinogradWeightGradient {
    fn check(&self) -> Result<(), BadParam> {
        let layer = self.layer();
        layer.check_layer()?;
        fields_in!(self, 3..=3; kernel_h, kernel_w);
        fields_in!(self, 1..=1; stride_h, stride_w, dilation_h, dilation_w, groups);
        field_holds!((self.in_c as usize).is_multiple_of(CHANNELS); in_c);
        field_holds!((self.out_c as usize).is_multiple_of(CHANNELS); out_c);
        field_holds!((self.in_stride as usize).is_multiple_of(CHANNELS); in_stride);
        field_holds!((self.out_stride as usize).is_multiple_of(CHANNELS); out_stride);
        // A row of padding and the transformed gradient of a block, a small part each of what can be addressed.
        field_holds!(is_total(&[self.in_w, self.in_stride, 8]); in_stride);
        field_holds!(is_total(&[self.out_w + 64, self.out_stride, 128]); out_stride);
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
