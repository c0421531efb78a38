//! [`WinogradF23`]: exact integer Winograd F(2,3), 2×2 outputs from 4×4 codes with 16 products instead of 36.
//!
//! With G doubled everything is an integer, and the result is 4 times the sum: an exact division at the end, right while the product fits (on
//! the way sums may wrap). Codes 0..15 become V in −30..60 (codes −7..7 of gradients: −28..28), weights −8..7 become U in −72..72, an i8. Bias and rounding
//! are in the sums before the division, four times, so they count in the bound.
//!
//! Dot products of bytes want V + 32, so the weights carry what −32·ΣU is worth under each pixel of a tile: what the sums of the four corner positions start
//! from, which one pixel contains each. Those of i16 take V as it is. Weights rest as nibbles and are transformed once per block of tiles.

mod block;
mod grid;
mod input;
mod multiply;
mod output;
pub mod products;
pub mod weights;

use self::block::Block;
use self::grid::Grid;
use self::products::Products;
use self::weights::{packed_bytes, weight_bytes};
use super::finish::Eight;
use super::gemm_4x8::{PanelStep, COLUMNS, ROWS};
use super::layer::Layer;
use crate::check::{element_bytes, field_holds, fields_in, is_total};
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
/// Sixteen codes or weights.
pub type Vector = [u8; CHANNELS];
/// The position that all four pixels of a tile contain once.
const CENTRE: usize = 5;
/// Between positions of codes: so that they do not meet in one set of the first-level cache.
const POSITION_GAP: usize = 64;
/// Before each position of the weights, for the same reason: what its sums start from.
const START_BYTES: usize = 64;
/// Transformed codes of one block stay below this, so that they live in the second-level cache beside the weights.
const BLOCK_BYTES: usize = 256 * 1024;
/// As do the weights that are transformed for a block at a time.
const PASS_BYTES: usize = 288 * 1024;
/// Tiles whose sums of two panels live in the first-level cache from the products to the inverse transform.
const GROUP_TILES: usize = 36;

/// The sums of a tile: eight output channels at each position, of two panels.
type TileSums = [[PanelStep; POSITIONS]; 2];

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

    fn grid(&self) -> Grid {
        Grid::new(self.params.out_h as usize, self.params.out_w as usize)
    }

    /// Tiles of which the transformed codes fit a block.
    fn most_tiles(&self) -> usize {
        (BLOCK_BYTES / (POSITIONS * self.tile_bytes())).max(ROWS)
    }

    /// Tiles of a group: whole rows, whose outputs lie side by side, or equal parts of one.
    fn group_tiles(&self) -> usize {
        let (columns, most) = (self.grid().columns, self.most_tiles().min(GROUP_TILES));
        if columns <= most {
            self.tiles().min(most / columns * columns)
        } else {
            columns.div_ceil(columns.div_ceil(most))
        }
    }

    /// Tiles of one unit of work, whole groups. Blocks are of one size: a small last one would transform all weights for little.
    fn block_tiles(&self) -> usize {
        let groups = self.tiles().div_ceil(self.group_tiles());
        let blocks = groups.div_ceil((self.most_tiles() / self.group_tiles()).max(1));
        groups.div_ceil(blocks) * self.group_tiles()
    }

    /// The group that begins with `tile`, of a block that ends with `end`.
    fn group(&self, tile: usize, end: usize) -> Range<usize> {
        let (columns, most) = (self.grid().columns, self.group_tiles());
        let rest = if most < columns { columns - tile % columns } else { most };
        tile..end.min(tile + most.min(rest))
    }

    /// Panels.
    fn panels(&self) -> usize {
        packed_channels(self.params.out_c as usize) / COLUMNS
    }

    /// Panels that are transformed at a time: at least two.
    fn pass_panels(&self) -> usize {
        (PASS_BYTES / (POSITIONS * self.weight_bytes())).max(2).min(self.panels())
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
        (self.block_tiles() + ROWS) * self.tile_bytes() + POSITION_GAP
    }

    /// Bytes of the transformed weights of a panel at one position.
    fn weight_bytes(&self) -> usize {
        START_BYTES + weight_bytes::<D>(self.in_c())
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
            .with(1, layer.weights_offset, packed_bytes(self.in_c(), layer.out_c as usize), Access::Read)
            .with(2, layer.bias_offset, channels * 4, Access::Read)
            .with(3, layer.multiplier_offset, layer.multiplier_bytes(channels), Access::Read)
            .with(4, layer.output_offset, layer.output_elements(channels) * element_bytes(layer.out_container), Access::Write)
    }

    /// Blocks of tiles.
    fn units(&self) -> usize {
        self.tiles().div_ceil(self.block_tiles())
    }

    /// Sums of a group, each position up to a multiple of [`ROWS`]; its outputs; the weights of a pass; a block of codes, and a row of zero points.
    fn scratch_bytes(&self) -> usize {
        (self.group_tiles() + ROWS) * size_of::<TileSums>()
            + self.group_tiles() * 4 * size_of::<Eight>()
            + POSITIONS * (self.pass_panels() * self.weight_bytes() + self.position_bytes())
            + self.row_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let layer = &self.params.layer();
        let (sums, scratch) = scratch.split_at_mut((self.group_tiles() + ROWS) * size_of::<TileSums>());
        let sums = mem::panels_mut::<16, 2>(sums).as_chunks_mut::<POSITIONS>().0.as_chunks_mut::<2>().0;
        let (outputs, scratch) = scratch.split_at_mut(self.group_tiles() * 4 * size_of::<Eight>());
        let outputs = mem::panels_mut::<16, 2>(outputs);
        let (weights, scratch) = scratch.split_at_mut(self.pass_panels() * POSITIONS * self.weight_bytes());
        let (codes, outside) = scratch.split_at_mut(POSITIONS * self.position_bytes());
        let outside = &mut outside[..self.row_bytes()];
        outside.fill(layer.in_zero_point as u8);
        for first in units.map(|unit| unit * self.block_tiles()) {
            let block = Block { kernel: self, layer, grid: self.grid(), tiles: first..self.tiles().min(first + self.block_tiles()) };
            block.transform_codes(isa, buffers.reads[0], mem::arrays::<CHANNELS>(outside), codes);
            for pass in (0..self.panels()).step_by(self.pass_panels()) {
                let pass = pass..self.panels().min(pass + self.pass_panels());
                block.transform_weights(isa, buffers, pass.clone(), weights);
                block.multiply(isa, pass, buffers, [codes, weights], sums, outputs);
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
        // Two panels of weights and the codes of eight tiles at all positions, of two bytes each, with what else lies in the scratch.
        field_holds!(is_total(&[(POSITIONS * 2 * 32) as i32, self.in_c]); in_c);
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
