//! The products of a position: four tiles by eight output channels, by i16 dot products.

use super::{POSITIONS, QUAD};
use crate::conv::gemm_4x8::PanelStep;
use core::ops::Range;
use simd::{mem, Isa};

/// Sums of one position: eight output channels for each of four tiles.
pub type Sums = [[[u8; 16]; 2]; QUAD];

/// `Σ v·u` of four rows of pairs and a panel of weights. Sums wrap: only what they are divided into has to fit.
#[inline(always)]
fn dot<I: Isa>(isa: I, rows: [&[[u8; 4]]; QUAD], panel: &[PanelStep]) -> [[I::I32x4; 2]; QUAD] {
    let zero = isa.i32x4_splat(0);
    let mut sums = [[zero; 2]; QUAD];
    let [a, b, c, d] = rows;
    for ((((weights, a), b), c), d) in panel.iter().zip(a).zip(b).zip(c).zip(d) {
        let low = isa.i16x8_load(&weights[0]);
        let high = isa.i16x8_load(&weights[1]);
        for (sum, pair) in sums.iter_mut().zip([a, b, c, d]) {
            let pair = isa.i16x8_load32_splat(pair);
            sum[0] = isa.i32x4_add(sum[0], isa.i32x4_dot_i16x8_s(pair, low));
            sum[1] = isa.i32x4_add(sum[1], isa.i32x4_dot_i16x8_s(pair, high));
        }
    }
    sums
}

/// Eight output channels of a block, the input channels in pairs `part`: `v` is `[quad][position][4][pair]`, `panel` `[position][pair]`, `sums`
/// `[quad][position]`. The quads are the inner loop, so that a position's weights stay in the first-level cache for all of them.
#[inline(never)]
pub fn multiply<I: Isa>(isa: I, v: &[u8], panel: &[PanelStep], part: Range<usize>, sums: &mut [Sums]) {
    let pairs = panel.len() / POSITIONS;
    let quad_pairs = POSITIONS * QUAD * pairs;
    for (position, weights) in panel.chunks_exact(pairs).enumerate() {
        let weights = &weights[part.clone()];
        let quads = mem::arrays::<4>(v).chunks_exact(quad_pairs).zip(sums.chunks_exact_mut(POSITIONS));
        for (quad, sums) in quads {
            let (a, rest) = quad[position * QUAD * pairs..][..QUAD * pairs].split_at(pairs);
            let (b, rest) = rest.split_at(pairs);
            let (c, d) = rest.split_at(pairs);
            let rows = [a, b, c, d].map(|row| &row[part.clone()]);
            for (sum, [low, high]) in sums[position].iter_mut().zip(dot(isa, rows, weights)) {
                isa.i32x4_store(low, &mut sum[0]);
                isa.i32x4_store(high, &mut sum[1]);
            }
        }
    }
}
