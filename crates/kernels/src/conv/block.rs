//! Blocks of tiles: the unit of work of a direct convolution.

use super::gemm_4x8::TileStep;
use simd::Dot;

/// Packed tiles and the output pixel that the first of them begins with.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    pub tiles: &'a [TileStep],
    pub first: usize,
}

/// How much of a layer is multiplied by a panel of weights before the next one comes.
#[derive(Clone, Copy)]
pub struct BlockLimits {
    /// Packed tiles stay below this, so that they live in the second-level cache while the weights stream past.
    pub bytes: usize,
    /// More tiles than this gain nothing: a panel of weights is then asked for rarely enough.
    pub tiles: usize,
}

/// What a block may hold. A panel that is widened for every block wants large ones; so do few steps, next to which what is done once per panel shows. Windows are
/// gathered from rows that stay in the first-level cache.
pub const fn block_limits<D: Dot>(is_windowed: bool) -> BlockLimits {
    match (D::WIDENS, is_windowed) {
        (true, true) => BlockLimits { bytes: 512 * 1024, tiles: 32 },
        (true, false) => BlockLimits { bytes: 512 * 1024, tiles: 72 },
        (false, true) => BlockLimits { bytes: 192 * 1024, tiles: 18 },
        (false, false) => BlockLimits { bytes: 192 * 1024, tiles: 72 },
    }
}
