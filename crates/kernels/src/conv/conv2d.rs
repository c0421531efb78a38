//! [`Conv2d`]: tiles of 4 pixels against panels of 8 output channels, without an im2col of the image.

use super::gemm_4x8::{gemm_4x8, PanelStep, TileStep, COLUMNS, ROWS};
use super::tile::{pack_tile, steps_per_tap};
use crate::check::{element_bytes, field_holds};
use crate::codes::{padded, store_first, I8, U8};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::{packed_channels, packed_conv2d_bytes};
use crate::params::{container, Conv2d};
use crate::requant::{with_form, Form};
use core::ops::Range;
use simd::{mem, Isa};

/// Packed tiles of one block stay below this, so that they live in the second-level cache while the weights stream past.
const BLOCK_BYTES: usize = 192 * 1024;
/// More tiles than this per block gain nothing: a panel of weights is then read rarely enough.
const MOST_TILES: usize = 16;

impl Conv2d {
    /// Steps of K: pairs of codes.
    fn steps(&self) -> usize {
        self.taps() * steps_per_tap(self.in_c as usize)
    }

    fn tile_bytes(&self) -> usize {
        self.steps() * size_of::<TileStep>()
    }

    /// Tiles of one unit of work. Unused ones cost nothing but scratch, so never more than there are.
    fn block_tiles(&self) -> usize {
        (BLOCK_BYTES / self.tile_bytes()).clamp(1, MOST_TILES).min(self.out_pixels().div_ceil(ROWS))
    }
}

impl Kernel for Conv2d {
    fn check(&self) -> Result<(), BadParam> {
        self.check_layer()?;
        field_holds!(self.groups == 1; groups);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (in_c, out_c) = (self.in_c as usize, self.out_c as usize);
        let weights = packed_conv2d_bytes(in_c, out_c, self.kernel_h as usize, self.kernel_w as usize);
        let channels = packed_channels(out_c);
        let output = self.output_elements(channels) * element_bytes(self.out_container);
        Spans::new()
            .with(0, self.input_offset, self.input_bytes(self.channels_read()), Access::Read)
            .with(1, self.weights_offset, weights, Access::Read)
            .with(2, self.bias_offset, channels * 4, Access::Read)
            .with(3, self.multiplier_offset, self.multiplier_bytes(channels), Access::Read)
            .with(4, self.output_offset, output, Access::Write)
    }

    fn units(&self) -> usize {
        self.out_pixels().div_ceil(ROWS).div_ceil(self.block_tiles())
    }

    fn scratch_bytes(&self) -> usize {
        self.block_tiles() * self.tile_bytes() + padded(self.border_bytes())
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let spec = self.requantization();
        with_form!(isa, spec, form => run(isa, self, form, buffers, units, scratch));
    }
}

fn run<I: Isa, F: Form<I>>(isa: I, layer: &Conv2d, form: F, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
    let tiles_end = layer.out_pixels().div_ceil(ROWS);
    let (border, scratch) = scratch.split_at_mut(layer.border_bytes());
    border.fill(layer.in_zero_point as u8);
    let tiles = &mut mem::panels_mut::<4, ROWS>(scratch)[..layer.block_tiles() * layer.steps()];
    for unit in units {
        let first = unit * layer.block_tiles();
        let count = layer.block_tiles().min(tiles_end - first);
        for (i, tile) in tiles.chunks_exact_mut(layer.steps()).take(count).enumerate() {
            let pixel = (first + i) * ROWS;
            match layer.in_container {
                container::U8 => pack_tile::<I, U8>(isa, layer, buffers.reads[0], border, pixel, tile),
                _ => pack_tile::<I, I8>(isa, layer, buffers.reads[0], border, pixel, tile),
            }
        }
        multiply(isa, layer, form, buffers, &tiles[..count * layer.steps()], first * ROWS);
    }
}

/// Every panel of weights against every tile of a block: the panel is the outer loop, so that it is read from far once per block.
fn multiply<I: Isa, F: Form<I>>(isa: I, layer: &Conv2d, form: F, buffers: &mut Buffers<'_>, tiles: &[TileStep], first_pixel: usize) {
    let [_, weights, bias, multipliers, ..] = buffers.reads;
    let output = &mut *buffers.writes[0];
    let pixels_end = layer.out_pixels();
    let panels = mem::panels::<16, 2>(weights).chunks_exact(layer.steps());
    for (index, panel) in panels.enumerate() {
        let columns = Columns::new(isa, layer, form, index, bias, multipliers);
        for (i, tile) in tiles.chunks_exact(layer.steps()).enumerate() {
            let pixel = first_pixel + i * ROWS;
            match pixels_end - pixel {
                1 => columns.tile::<1>(tile, panel, pixel, 1, output),
                left => columns.tile::<ROWS>(tile, panel, pixel, left.min(ROWS), output),
            }
        }
    }
}

/// Eight output channels: what their accumulators start from and where their codes go.
struct Columns<'a, I: Isa, F: Form<I>> {
    isa: I,
    layer: &'a Conv2d,
    form: F,
    initial: [I::I32x4; 2],
    multipliers: F::Multipliers,
    channel: usize,
    stored: usize,
}

impl<'a, I: Isa, F: Form<I>> Columns<'a, I, F> {
    fn new(isa: I, layer: &'a Conv2d, form: F, index: usize, bias: &[u8], multipliers: &[u8]) -> Self {
        let four = |bytes: &[u8], i: usize| match mem::arrays::<16>(bytes).get(2 * index + i) {
            Some(four) => isa.i32x4_load(four),
            None => isa.i32x4_splat(0),
        };
        let channel = index * COLUMNS;
        Self {
            isa,
            layer,
            form,
            initial: [form.preload(isa, four(bias, 0)), form.preload(isa, four(bias, 1))],
            multipliers: form.multipliers(isa, four(multipliers, 0), four(multipliers, 1)),
            channel,
            stored: COLUMNS.min(layer.out_stride as usize - channel),
        }
    }

    /// The codes of the first `pixels` ≤ `R` pixels of a tile. A function of its own, so that the engine keeps the accumulators in registers.
    #[inline(never)]
    fn tile<const R: usize>(&self, tile: &[TileStep], panel: &[PanelStep], pixel: usize, pixels: usize, output: &mut [u8]) {
        let sums = gemm_4x8::<I, R>(self.isa, tile, panel, self.initial);
        for (i, [low, high]) in sums.into_iter().enumerate().take(pixels) {
            let codes = self.form.finish(self.isa, low, high, self.multipliers);
            let at = (pixel + i) * self.layer.out_stride as usize + self.channel;
            store_first(self.isa, self.layer.out_container, codes, self.stored, output, at);
        }
    }
}
