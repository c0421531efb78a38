//! The microkernels of convolution and dense: up to 4 pixels by 8 output channels by any dot product, and 6 pixels by 8 where registers hold that.

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

/// Pixels of [`gemm_6x8`]: of three tiles, the first with half of the second, then the other half with the third.
pub const WIDE_ROWS: usize = 6;

/// `sums + Σ a·w` for the pixels of one tile, and those of half `HALF` of another, after them.
///
/// For dot products that add: eight accumulators are just what an instruction of four cycles of which two start at once needs, and every delay is lost; of
/// twelve there is always one ready. With two vectors of weights and one of codes they fill the 15 registers that V8 has on x86: what else needs one,
/// as the sum of a dot product that does not add, would go through memory, and so would codes that are loaded ahead (scripts/build.mjs says how LLVM is
/// kept from that).
#[inline(always)]
pub fn gemm_6x8<I: Isa, D: Dot, const HALF: usize>(
    isa: I,
    tile: &[TileStep],
    half: &[TileStep],
    panel: &[PanelStep],
    initial: [I::I32x4; 2],
) -> [[I::I32x4; 2]; WIDE_ROWS] {
    let mut sums = [initial; WIDE_ROWS];
    for (([a, b, c, d], half), weights) in tile.iter().zip(half).zip(panel) {
        let low = D::weights(isa, &weights[0]);
        let high = D::weights(isa, &weights[1]);
        let [e, f] = &half.as_chunks::<2>().0[HALF];
        for (sum, codes) in sums.iter_mut().zip([a, b, c, d, e, f]) {
            let codes = D::activations(isa, codes);
            sum[0] = D::step(isa, sum[0], codes, low);
            sum[1] = D::step(isa, sum[1], codes, high);
        }
    }
    sums
}
