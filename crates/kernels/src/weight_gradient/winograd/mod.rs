//! [`WinogradWeightGradient`](crate::params::WinogradWeightGradient): exact integer Winograd F(3×3, 2×2), 3×3 sums from tiles of 2×2 gradient codes and the 4×4
//! activations under them, with 16 products instead of 36.
//!
//! Bᵀ is that of F(2,3): activations 0..15 become V in −30..60, stored as V + 32 for the relaxed dot and as i16 where there is none. With G doubled, gradients −7..7 become U in −28..28. Then
//! Aᵀ (ΣU·V) A is four times the sum: an exact division at the end, right while the product fits an i32; on the way sums may wrap. What the 32 add, 32·ΣU, is a
//! linear function of the sums of the gradient's codes at even and odd rows and columns: `output` takes it back.
//!
//! The dot products run over tiles, their lanes being the same column of rows of tiles: four, or two for i16. So the column of activations that two neighbouring tiles share
//! is interleaved once, and transformed vertically once (`operands`).

mod blocks;
mod operands;
mod output;
pub mod products;

use self::blocks::Tiles;
use self::products::Products;
use super::layer::Layer;
use super::operands::CHANNELS;
use crate::check::{field_holds, fields_in, is_total};
use crate::conv::winograd_f23::Native;
use crate::kernel::{BadParam, Buffers, Kernel, Spans};
use crate::params::WinogradWeightGradient;
use core::marker::PhantomData;
use core::ops::Range;
use simd::Isa;

/// Products of a tile for one pair of channels.
pub const POSITIONS: usize = 16;
/// Codes under a tile along one axis.
pub const PATCH: usize = 4;
/// Gradient codes of a tile along one axis.
pub const TILE: usize = 2;
/// Rows of tiles that are transformed together.
pub const LANES: usize = 4;
/// Sums of the gradient's codes at even and odd rows and columns, `[row][vector][column]`, of sixteen channels.
pub type GradientSums = [[[[u8; 16]; TILE]; 4]; TILE];
/// Outputs of a tile.
pub const TAPS: usize = 9;
/// The largest product of an activation and a gradient code, times four: what a slab's sum has room for.
const FOUR_PRODUCTS: i32 = 4 * 15 * 7;

/// The kernel by the products `D`. [`WinogradWeightGradient`] is the one by [`Native`].
#[derive(Clone, Copy, Debug)]
pub struct F33<D: Products> {
    params: WinogradWeightGradient,
    products: PhantomData<D>,
}

impl<D: Products> F33<D> {
    /// The same layer.
    pub fn new(params: WinogradWeightGradient) -> Self {
        Self { params, products: PhantomData }
    }

    fn tiles(&self) -> Tiles<D> {
        Tiles::new(self.params.layer())
    }
}

impl WinogradWeightGradient {
    fn check_params(&self) -> Result<(), BadParam> {
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
}

impl<D: Products> Kernel for F33<D> {
    fn check(&self) -> Result<(), BadParam> {
        self.params.check_params()
    }

    fn spans(&self) -> Spans {
        self.params.layer().layer_spans()
    }

    /// Slabs.
    fn units(&self) -> usize {
        self.params.slabs as usize
    }

    fn scratch_bytes(&self) -> usize {
        self.tiles().part_bytes().iter().sum()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        self.tiles().run(isa, buffers, units, scratch);
    }
}

impl Kernel for WinogradWeightGradient {
    fn check(&self) -> Result<(), BadParam> {
        self.check_params()
    }

    fn spans(&self) -> Spans {
        F33::<Native>::new(*self).spans()
    }

    fn units(&self) -> usize {
        F33::<Native>::new(*self).units()
    }

    fn scratch_bytes(&self) -> usize {
        F33::<Native>::new(*self).scratch_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        F33::<Native>::new(*self).run(isa, buffers, units, scratch);
    }
}
