//! The microkernel of convolution and dense: up to 4 pixels by 8 output channels, by any dot product.

pub use simd::dot::PanelStep;
use simd::{Dot, Isa};

/// Pixels of a tile.
pub const ROWS: usize = 4;
/// Output channels of a panel.
pub const COLUMNS: usize = 8;

/// One step of a tile: 4 bytes of activations for each of 4 pixels.
pub type TileStep = [[u8; 4]; ROWS];
/// `sums + Σ a·w` for the first `R` pixels of a tile and 8 output channels.
///
/// Sums wrap: only their final value has to fit (SPEC 2.4). Iterators instead of indices keep the loop free of bounds checks.
#[inline(always)]
pub fn gemm_4x8<I: Isa, D: Dot, const R: usize>(isa: I, tile: &[TileStep], panel: &[PanelStep], mut sums: [[I::I32x4; 2]; R]) -> [[I::I32x4; 2]; R] {
    for (codes, weights) in tile.iter().zip(panel) {
        let low = D::weights(isa, &weights[0]);
        let high = D::weights(isa, &weights[1]);
        for (sum, codes) in sums.iter_mut().zip(codes) {
            let codes = D::activations(isa, codes);
            sum[0] = D::step(isa, sum[0], codes, low);
            sum[1] = D::step(isa, sum[1], codes, high);
        }
    }
    sums
}
