//! The products of a position: four tiles by eight output channels, by i16 dot products.

use super::{POSITIONS, QUAD};
use crate::conv::gemm_4x8::{gemm_4x8, PanelStep, TileStep};
use core::ops::Range;
use simd::dot::I16Dot;
use simd::Isa;

/// Steps of every position, `stride` from one position to the next.
#[derive(Clone, Copy)]
pub struct Positions<'a, S> {
    pub steps: &'a [S],
    pub stride: usize,
}

/// Sums of one position: eight output channels for each of four tiles. They wrap: only what they are divided into has to fit.
pub type Sums = [[[u8; 16]; 2]; QUAD];

/// Eight output channels of some quads, the input channels in pairs `part`: `v` is `[position][quad][pair]`, from the first of these quads on, `u` `[position][pair]`,
/// each with a gap after each position, `sums` `[quad][position]`. The quads are the inner loop, so that a position's weights stay in the first-level cache for all of them.
#[inline(never)]
pub fn multiply<I: Isa>(isa: I, v: Positions<'_, TileStep>, u: Positions<'_, PanelStep>, pairs: usize, part: Range<usize>, sums: &mut [Sums]) {
    let positions = v.steps.chunks(v.stride).zip(u.steps.chunks_exact(u.stride));
    for (position, (v, u)) in positions.enumerate() {
        let weights = &u[part.clone()];
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
