//! [`WinogradF43`]: blocks of tiles, transformed once, against every panel of weights.

use super::input::{transform_tile, Patch};
use super::multiply::{multiply, Sums};
use super::output::{store_tile, Place};
use super::{PATCH, POSITIONS, QUAD, TILE};
use crate::check::{element_bytes, field_holds, is_total};
use crate::codes::{padded, I8, LANES, U8};
use crate::conv::epilogue::{Epilogue, Requantized};
use crate::conv::gemm_4x8::COLUMNS;
use crate::conv::layer::Layer;
use crate::conv::output::Columns;
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::{packed_channels, packed_winograd_f43_bytes};
use crate::params::{container, form, Conv2d, WinogradF43};
use crate::requant::with_form;
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Transformed codes of one block stay below this, so that they live in the second-level cache while the weights stream past.
const BLOCK_BYTES: usize = 600 * 1024;
/// More quads of tiles than this per block gain little: the weights of a position are then in the first-level cache most of the time.
const MOST_QUADS: usize = 4;

impl WinogradF43 {
    fn tiles(&self) -> usize {
        (self.out_h as usize).div_ceil(TILE) * (self.out_w as usize).div_ceil(TILE)
    }

    /// Bytes of the transformed codes of four tiles, `[position][4][channel]` of i16.
    fn quad_bytes(&self) -> usize {
        POSITIONS * QUAD * padded(self.in_c as usize) * 2
    }

    /// Quads of one unit of work, never more than there are.
    fn block_quads(&self) -> usize {
        (BLOCK_BYTES / self.quad_bytes()).clamp(1, MOST_QUADS).min(self.tiles().div_ceil(QUAD))
    }

    /// Groups of input channels that are divided one by one.
    fn parts(&self) -> usize {
        (self.in_c as usize).div_ceil(self.part_c as usize)
    }
}

impl Kernel for WinogradF43 {
    fn check(&self) -> Result<(), BadParam> {
        self.layer().check_layer()?;
        field_holds!(self.form != form::RAW; form);
        field_holds!(self.kernel_h == 3; kernel_h);
        field_holds!(self.kernel_w == 3; kernel_w);
        field_holds!(self.stride_h == 1; stride_h);
        field_holds!(self.stride_w == 1; stride_w);
        field_holds!(self.dilation_h == 1; dilation_h);
        field_holds!(self.dilation_w == 1; dilation_w);
        field_holds!(self.groups == 1; groups);
        field_holds!(self.part_c >= 1 && (self.part_c % LANES as i32 == 0 || self.part_c >= self.in_c); part_c);
        // The sums of every part of a block.
        field_holds!(is_total(&[(POSITIONS * QUAD * MOST_QUADS * 64) as i32, self.parts() as i32]); part_c);
        // A quad of transformed codes, twice for what else lies in the scratch; then the weights.
        field_holds!(is_total(&[(POSITIONS * QUAD * 2) as i32, self.in_c + 7, 2]); in_c);
        field_holds!(is_total(&[2 * POSITIONS as i32, self.in_c + 7, self.out_c + 7]); out_c);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let layer = self.layer();
        let (in_c, channels) = (self.in_c as usize, packed_channels(self.out_c as usize));
        let output = layer.output_elements(channels) * element_bytes(self.out_container);
        Spans::new()
            .with(0, self.input_offset, layer.input_bytes(in_c), Access::Read)
            .with(1, self.weights_offset, packed_winograd_f43_bytes(in_c, self.out_c as usize), Access::Read)
            .with(2, self.bias_offset, channels * 4, Access::Read)
            .with(3, self.multiplier_offset, layer.multiplier_bytes(channels), Access::Read)
            .with(4, self.output_offset, output, Access::Write)
    }

    /// Blocks of tiles.
    fn units(&self) -> usize {
        self.tiles().div_ceil(QUAD).div_ceil(self.block_quads())
    }

    /// A row of zero points, the transformed codes of a block, and its sums for one panel.
    fn scratch_bytes(&self) -> usize {
        padded(self.in_c as usize) + self.block_quads() * (self.quad_bytes() + self.parts() * POSITIONS * size_of::<Sums>())
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let (layer, spec) = (self.layer(), self.layer().requantization());
        with_form!(isa, spec, form => run(isa, self, &layer, Requantized(form), buffers, units, scratch));
    }
}

fn run<I: Isa, F: Epilogue<I>>(
    isa: I,
    kernel: &WinogradF43,
    layer: &Conv2d,
    form: F,
    buffers: &mut Buffers<'_>,
    units: Range<usize>,
    scratch: &mut [u8],
) {
    let (outside, scratch) = scratch.split_at_mut(padded(layer.in_c as usize));
    let outside = &mut outside[..layer.in_c as usize];
    outside.fill(layer.in_zero_point as u8);
    let (v, sums) = scratch.split_at_mut(kernel.block_quads() * kernel.quad_bytes());
    let sums = mem::panels_mut::<16, 2>(sums).as_chunks_mut::<QUAD>().0;
    let block_tiles = kernel.block_quads() * QUAD;
    for unit in units {
        let first = unit * block_tiles;
        let count = block_tiles.min(kernel.tiles() - first);
        for (i, quad) in v.chunks_exact_mut(kernel.quad_bytes()).take(count.div_ceil(QUAD)).enumerate() {
            for row in 0..QUAD {
                // Past the last tile the last one is repeated; its codes are not stored.
                let tile = (first + i * QUAD + row).min(kernel.tiles() - 1);
                transform(isa, layer, buffers.reads[0], outside, tile, row, quad);
            }
        }
        let quads = count.div_ceil(QUAD);
        let (v, sums) = (&v[..quads * kernel.quad_bytes()], &mut sums[..kernel.parts() * quads * POSITIONS]);
        panels(isa, kernel, layer, form, buffers, v, sums, first..first + count);
    }
}

/// The codes under a tile, those in the padding from `outside`, into row `row` of its quad. One function for all forms of requantization.
#[inline(never)]
fn transform<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], outside: &[u8], tile: usize, row: usize, quad: &mut [u8]) {
    let [y, x] = Place::of(layer, tile).first;
    let (rows, columns) = (layer.rows(), layer.columns());
    let patch: Patch = from_fn(|position| match (rows.element(y, position / PATCH), columns.element(x, position % PATCH)) {
        (Some(y), Some(x)) => &input[(y * layer.in_w as usize + x) * layer.in_stride as usize..][..outside.len()],
        _ => outside,
    });
    let row_bytes = padded(outside.len()) * 2;
    let values = &mut quad[row * row_bytes..];
    match layer.in_container {
        container::U8 => transform_tile::<I, U8>(isa, &patch, values, QUAD * row_bytes),
        _ => transform_tile::<I, I8>(isa, &patch, values, QUAD * row_bytes),
    }
}

/// Every panel of weights against a block of tiles: the weights are read from far once per block.
#[allow(clippy::too_many_arguments, reason = "one call, in the function above")]
fn panels<I: Isa, F: Epilogue<I>>(
    isa: I,
    kernel: &WinogradF43,
    layer: &Conv2d,
    form: F,
    buffers: &mut Buffers<'_>,
    v: &[u8],
    sums: &mut [Sums],
    tiles: Range<usize>,
) {
    let [_, weights, bias, multipliers, ..] = buffers.reads;
    let output = &mut *buffers.writes[0];
    let (pairs, part_pairs) = (padded(layer.in_c as usize) / 2, padded(kernel.part_c as usize) / 2);
    let (panel_steps, part_sums) = (POSITIONS * pairs, sums.len() / kernel.parts());
    for (index, panel) in mem::panels::<16, 2>(weights).chunks_exact(panel_steps).take(packed_channels(layer.out_c as usize) / COLUMNS).enumerate() {
        for (part, sums) in sums.chunks_exact_mut(part_sums).enumerate() {
            multiply(isa, v, panel, part * part_pairs..pairs.min((part + 1) * part_pairs), sums);
        }
        let columns = Columns::new(isa, layer, form, index, bias, multipliers);
        for (i, tile) in tiles.clone().enumerate() {
            let parts = sums.chunks_exact(part_sums).filter_map(|sums| sums[i / QUAD * POSITIONS..].first_chunk());
            store_tile(isa, layer, &columns, parts, i % QUAD, tile, output);
        }
    }
}
