//! The microkernel of convolution and dense: up to 4 pixels by 8 output channels, by i16 dot products.

use simd::Isa;

/// Pixels of a tile.
pub const ROWS: usize = 4;
/// Output channels of a panel.
pub const COLUMNS: usize = 8;

/// One step of a tile: a pair of i16 codes for each of 4 pixels.
pub type TileStep = [[u8; 4]; ROWS];
/// One step of a panel of weights: a pair of i16 weights for each of 8 output channels.
pub type PanelStep = [[u8; 16]; 2];

/// `initial + Σ a·w` for the first `R` pixels of a tile and 8 output channels.
///
/// The step of 2 codes is what `i32x4.dot_i16x8_s` eats. Sums wrap: only their final value has to fit (SPEC 2.4). Iterators instead of
/// indices keep the loop free of bounds checks.
#[inline(always)]
pub fn gemm_4x8<I: Isa, const R: usize>(isa: I, tile: &[TileStep], panel: &[PanelStep], initial: [I::I32x4; 2]) -> [[I::I32x4; 2]; R] {
    let mut sums = [initial; R];
    for (codes, weights) in tile.iter().zip(panel) {
        let low = isa.i16x8_load(&weights[0]);
        let high = isa.i16x8_load(&weights[1]);
        for (sum, pair) in sums.iter_mut().zip(codes) {
            let pair = isa.i16x8_load32_splat(pair);
            sum[0] = isa.i32x4_add(sum[0], isa.i32x4_dot_i16x8_s(pair, low));
            sum[1] = isa.i32x4_add(sum[1], isa.i32x4_dot_i16x8_s(pair, high));
        }
    }
    sums
}
