//! The products of a position: four tiles by eight output channels, by i16 dot products.

use super::{POSITIONS, QUAD};
use crate::conv::gemm_4x8::{gemm_4x8, PanelStep, TileStep};
use core::ops::Range;
use simd::dot::I16Dot;
use simd::Isa;

/// Sums of one position: eight output channels for each of four tiles. They wrap: only what they are divided into has to fit.
pub type Sums = [[[u8; 16]; 2]; QUAD];

/// Eight output channels of a block, the input channels in pairs `part`: `v` is `[position][quad][pair]` with a gap after each position, `panel`
/// `[position][pair]`, `sums` `[quad][position]`. The quads are the inner loop, so that a position's weights stay in the first-level cache for all of them.
#[inline(never)]
pub fn multiply<I: Isa>(isa: I, v: &[TileStep], panel: &[PanelStep], part: Range<usize>, sums: &mut [Sums]) {
    let pairs = panel.len() / POSITIONS;
    let positions = v.chunks_exact(v.len() / POSITIONS).zip(panel.chunks_exact(pairs));
    for (position, (v, weights)) in positions.enumerate() {
        let weights = &weights[part.clone()];
        for (quad, sums) in v.chunks_exact(pairs).zip(sums.as_chunks_mut::<POSITIONS>().0) {
            let zero = [isa.i32x4_splat(0); 2];
            let dots = gemm_4x8::<I, I16Dot, QUAD>(isa, &quad[part.clone()], weights, [zero; QUAD]);
            for (sum, [low, high]) in sums[position].iter_mut().zip(dots) {
                isa.i32x4_store(low, &mut sum[0]);
                isa.i32x4_store(high, &mut sum[1]);
            }
        }
    }
}
