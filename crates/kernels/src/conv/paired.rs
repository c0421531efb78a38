//! [`Conv2dPaired`]: direct convolution of u4 by i4 where there are no dot products of bytes, by two weights in one lane.

use super::direct::{finish_strided, Block, Direct};
use super::epilogue::{Epilogue, Raw};
use super::gemm_4x16::gemm_4x16;
use super::gemm_4x8::{PanelStep, TileStep, COLUMNS, ROWS};
use super::layer::Layer;
use super::output::Columns;
use crate::check::{field_holds, fields_in};
use crate::kernel::{BadParam, Buffers, Kernel, Spans};
use crate::params::{container, Conv2d, Conv2dPaired};
use core::ops::Range;
use simd::dot::PairedDot;
use simd::{mem, Dot, Isa};

impl Kernel for Conv2dPaired {
    fn check(&self) -> Result<(), BadParam> {
        let layer = self.layer();
        layer.check_layer()?;
        field_holds!(self.groups == 1; groups);
        fields_in!(self, container::U8..=container::U8; in_container);
        fields_in!(self, 0..=15; in_zero_point);
        field_holds!(self.out_stride as usize >= (self.out_c as usize).next_multiple_of(PairedDot::CHANNELS); out_stride);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Direct::<PairedDot>::new(self.layer()).spans()
    }

    fn units(&self) -> usize {
        Direct::<PairedDot>::new(self.layer()).units()
    }

    fn scratch_bytes(&self) -> usize {
        Direct::<PairedDot>::new(self.layer()).scratch_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        Direct::<PairedDot>::new(self.layer()).run(isa, buffers, units, scratch);
    }
}

/// Every panel of 16 channels against every tile of a block of tiles of `steps`.
#[inline(never)]
pub fn multiply<I: Isa, F: Epilogue<I>>(isa: I, layer: &Conv2d, form: F, buffers: &mut Buffers<'_>, block: Block<'_>, steps: usize) {
    let [_, weights, bias, multipliers, ..] = buffers.reads;
    let output = &mut *buffers.writes[0];
    for (index, panel) in mem::panels::<16, 2>(weights).chunks_exact(steps).enumerate() {
        let columns = [2 * index, 2 * index + 1].map(|index| Columns::new(isa, layer, form, index, bias, multipliers));
        multiply_panel(isa, columns, block, panel, layer.out_pixels(), output);
    }
}

/// [`multiply`] by way of the sums, for the forms that have no microkernels of their own.
#[inline(never)]
pub fn multiply_apart<I: Isa>(isa: I, layer: &Conv2d, buffers: &mut Buffers<'_>, block: Block<'_>, steps: usize, sums: &mut [u8]) {
    let [_, weights, bias, ..] = buffers.reads;
    let pixels = block.first..layer.out_pixels().min(block.first + block.tiles.len() / steps * ROWS);
    let raw = Conv2d { out_stride: PairedDot::CHANNELS as i32, ..*layer };
    for (index, panel) in mem::panels::<16, 2>(weights).chunks_exact(steps).enumerate() {
        let bias = &bias[index * PairedDot::CHANNELS * 4..];
        let columns = [0, 1].map(|half| Columns::new(isa, &raw, Raw, half, bias, &[]));
        multiply_panel(isa, columns, Block { first: 0, ..block }, panel, pixels.len(), sums);
        for half in 0..2 {
            let sums = &mem::arrays(sums)[half * 2..];
            finish_strided(isa, layer, 2 * index + half, buffers, sums, PairedDot::CHANNELS / COLUMNS * 2, pixels.clone());
        }
    }
}

/// One panel against a block of tiles, for pixels before `end`.
fn multiply_panel<I: Isa, F: Epilogue<I>>(
    isa: I,
    columns: [Columns<'_, I, F>; 2],
    block: Block<'_>,
    panel: &[PanelStep],
    end: usize,
    output: &mut [u8],
) {
    let steps = panel.len();
    let whole = ((end - block.first) / ROWS * steps).min(block.tiles.len());
    let (whole, last) = block.tiles.split_at(whole);
    whole_tiles(isa, columns, Block { tiles: whole, ..block }, steps, panel, output);
    if !last.is_empty() {
        last_tile(isa, columns, last, panel, block.first + whole.len() / steps * ROWS..end, output);
    }
}

/// Tiles whose four pixels are all stored.
#[inline(never)]
fn whole_tiles<I: Isa, F: Epilogue<I>>(
    isa: I,
    [low, high]: [Columns<'_, I, F>; 2],
    block: Block<'_>,
    steps: usize,
    panel: &[PanelStep],
    output: &mut [u8],
) {
    for (i, tile) in block.tiles.chunks_exact(steps).enumerate() {
        let [low_sums, high_sums] = gemm_4x16(isa, tile, panel, [low.initial, high.initial]);
        low.store_four(block.first + i * ROWS, low_sums, output);
        high.store_four(block.first + i * ROWS, high_sums, output);
    }
}

/// The tile of the last pixels.
#[inline(never)]
fn last_tile<I: Isa, F: Epilogue<I>>(
    isa: I,
    columns: [Columns<'_, I, F>; 2],
    tile: &[TileStep],
    panel: &[PanelStep],
    pixels: Range<usize>,
    output: &mut [u8],
) {
    let sums = gemm_4x16(isa, tile, panel, columns.map(|columns| columns.initial));
    for (columns, sums) in columns.iter().zip(sums) {
        for (pixel, sums) in pixels.clone().zip(sums) {
            columns.store(pixel, sums, output);
        }
    }
}
