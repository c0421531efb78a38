//! [`WinogradF23`]: exact integer Winograd F(2,3), 2×2 outputs from 4×4 codes with 16 products instead of 36.
//!
//! With G doubled everything is an integer, and the result is 4 times the sum: an exact division at the end, right while the product fits (on
//! the way sums may wrap). Codes 0..15 become V in −30..60 (codes −7..7 of gradients: −28..28), weights −8..7 become U in −72..72, an i8. Bias and rounding
//! are in the sums before the division, four times, so they count in the bound.
//!
//! Dot products of bytes want V + 32, so the weights carry −32·ΣU for each position: what the accumulators start from. Those of i16 take V as it is.

mod block;
mod input;
mod multiply;
mod output;
pub mod products;

use self::block::Block;
use self::products::Products;
use super::gemm_4x8::{PanelStep, COLUMNS, ROWS};
use super::layer::Layer;
use crate::check::{element_bytes, field_holds, fields_in};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::packed_channels;
use crate::params::{container, WinogradF23};
use core::marker::PhantomData;
use core::ops::Range;
use simd::{mem, Isa};

/// Products of one tile: 4×4 positions.
pub const POSITIONS: usize = 16;
/// Channels that one vector of codes holds.
pub const CHANNELS: usize = 16;
/// Bytes of what the sums of a position start from, before its weights: eight i32.
pub const HEAD_BYTES: usize = size_of::<PanelStep>();
/// The position that all four pixels of a tile contain once.
const CENTRE: usize = 5;
/// Between positions of a block: so that they do not meet in one set of the first-level cache.
const POSITION_GAP: usize = 64;
/// Tiles of one unit of work: enough to make the panels of weights cheap to read.
const MOST_TILES: usize = 36;
/// Transformed codes of one block stay below this, so that they live in the second-level cache.
const BLOCK_BYTES: usize = 256 * 1024;

/// The sums of a tile: sixteen output channels, in halves of two vectors, at each position. A kilobyte.
type TileSums = [[PanelStep; 2]; POSITIONS];

/// Bytes of a panel at one position: its head and `[in_c/step][8][step]` bytes.
pub fn position_bytes(in_c: usize) -> usize {
    HEAD_BYTES + COLUMNS * in_c
}

/// Bytes of the panels `[out_c/8][16 positions]`.
pub fn panel_bytes(in_c: usize, out_c: usize) -> usize {
    packed_channels(out_c) / COLUMNS * POSITIONS * position_bytes(in_c)
}

/// What this module multiplies by: bytes where it has an instruction for them.
#[cfg(target_feature = "relaxed-simd")]
pub type Native = simd::dot::I7Dot;
/// What this module multiplies by: bytes where it has an instruction for them.
#[cfg(not(target_feature = "relaxed-simd"))]
pub type Native = simd::dot::I16Dot;

/// The kernel by the products `D`. [`WinogradF23`] is the one by [`Native`].
#[derive(Clone, Copy, Debug)]
pub struct F23<D: Products> {
    params: WinogradF23,
    products: PhantomData<D>,
}

impl<D: Products> F23<D> {
    /// The same layer.
    pub fn new(params: WinogradF23) -> Self {
        Self { params, products: PhantomData }
    }

    fn in_c(&self) -> usize {
        self.params.in_c as usize
    }

    /// Tiles of 2×2 outputs, those of all images: a block may hold those of several small ones.
    fn tiles(&self) -> usize {
        self.params.batch as usize * (self.params.out_h as usize).div_ceil(2) * (self.params.out_w as usize).div_ceil(2)
    }

    /// Tiles of one unit of work, whole groups of [`ROWS`].
    fn block_tiles(&self) -> usize {
        (BLOCK_BYTES / (POSITIONS * self.tile_bytes())).clamp(1, MOST_TILES).min(self.tiles()).next_multiple_of(ROWS)
    }

    /// Bytes from the first channel of a row of codes to the last one of its last pixel.
    fn row_bytes(&self) -> usize {
        (self.params.in_w as usize - 1) * self.params.in_stride as usize + self.in_c()
    }

    /// Bytes of the transformed codes of a tile at one position.
    fn tile_bytes(&self) -> usize {
        self.in_c() * D::VECTORS
    }

    /// Bytes of the transformed codes of a block at one position.
    fn position_bytes(&self) -> usize {
        self.block_tiles() * self.tile_bytes() + POSITION_GAP
    }
}

impl<D: Products> Kernel for F23<D> {
    fn check(&self) -> Result<(), BadParam> {
        self.params.check_params()
    }

    fn spans(&self) -> Spans {
        let layer = self.params.layer();
        let channels = packed_channels(layer.out_c as usize);
        Spans::new()
            .with(0, layer.input_offset, layer.input_bytes(self.in_c()), Access::Read)
            .with(1, layer.weights_offset, panel_bytes(self.in_c(), layer.out_c as usize), Access::Read)
            .with(2, layer.bias_offset, channels * 4, Access::Read)
            .with(3, layer.multiplier_offset, layer.multiplier_bytes(channels), Access::Read)
            .with(4, layer.output_offset, layer.output_elements(channels) * element_bytes(layer.out_container), Access::Write)
    }

    /// Blocks of tiles.
    fn units(&self) -> usize {
        self.tiles().div_ceil(self.block_tiles())
    }

    fn scratch_bytes(&self) -> usize {
        self.block_tiles() * size_of::<TileSums>() + POSITIONS * self.position_bytes() + self.row_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let layer = &self.params.layer();
        let room = self.block_tiles();
        let (sums, scratch) = scratch.split_at_mut(room * size_of::<TileSums>());
        let sums = mem::panels_mut::<16, 2>(sums).as_chunks_mut::<2>().0.as_chunks_mut::<POSITIONS>().0;
        let (codes, outside) = scratch.split_at_mut(POSITIONS * self.position_bytes());
        let outside = &mut outside[..self.row_bytes()];
        outside.fill(layer.in_zero_point as u8);
        for unit in units {
            let first = unit * room;
            let block = Block::<I, D>::new(isa, layer, first..self.tiles().min(first + room));
            block.transform_codes(buffers.reads[0], mem::arrays::<CHANNELS>(outside), codes);
            for (index, panels) in buffers.reads[1].chunks(2 * POSITIONS * position_bytes(self.in_c())).enumerate() {
                block.multiply(codes, panels, block.initial(index, buffers.reads[2]), sums);
                block.finish(index, sums, buffers.reads[3], buffers.writes[0]);
            }
        }
    }
}

impl WinogradF23 {
    fn check_params(&self) -> Result<(), BadParam> {
        self.layer().check_layer()?;
        fields_in!(self, 1..=1; groups, stride_h, stride_w, dilation_h, dilation_w);
        fields_in!(self, 3..=3; kernel_h, kernel_w);
        // Codes are all in 0..15, or those of gradients, all in −7..7.
        fields_in!(self, if self.in_container == container::I8 { -7..=15 } else { 0..=15 }; in_zero_point);
        field_holds!((self.in_c as usize).is_multiple_of(CHANNELS); in_c);
        field_holds!((self.in_stride as usize).is_multiple_of(CHANNELS); in_stride);
        Ok(())
    }
}

impl Kernel for WinogradF23 {
    fn check(&self) -> Result<(), BadParam> {
        self.check_params()
    }

    fn spans(&self) -> Spans {
        F23::<Native>::new(*self).spans()
    }

    fn units(&self) -> usize {
        F23::<Native>::new(*self).units()
    }

    fn scratch_bytes(&self) -> usize {
        F23::<Native>::new(*self).scratch_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        F23::<Native>::new(*self).run(isa, buffers, units, scratch);
    }
}
