//! The products of one position: rows of transformed codes against a panel of transformed weights.

use crate::conv::gemm_4x8::{PanelStep, ROWS};
use core::array::from_fn;
use simd::dot::I7Dot;
use simd::{mem, Dot, Isa};

/// One position of every tile against a panel: groups of 4 tiles by 8 output channels.
#[inline(never)]
pub fn multiply<I: Isa>(isa: I, in_c: usize, codes: &[u8], panel: &[PanelStep], sums: &mut [PanelStep]) {
    let Some(([low, high], panel)) = panel.split_first() else { return };
    let initial = [isa.i32x4_load(low), isa.i32x4_load(high)];
    for (sums, tiles) in sums.chunks_exact_mut(ROWS).zip(codes.chunks_exact(ROWS * in_c)) {
        let mut tiles = tiles.chunks_exact(in_c).map(mem::arrays::<4>);
        let rows: [&[[u8; 4]]; ROWS] = from_fn(|_| tiles.next().unwrap_or(&[]));
        for (bytes, sum) in sums.iter_mut().zip(multiply_group(isa, rows, panel, initial)) {
            isa.i32x4_store(sum[0], &mut bytes[0]);
            isa.i32x4_store(sum[1], &mut bytes[1]);
        }
    }
}

/// `gemm_4x8` on rows of codes instead of a packed tile.
#[inline(always)]
fn multiply_group<I: Isa>(isa: I, [a, b, c, d]: [&[[u8; 4]]; ROWS], panel: &[PanelStep], initial: [I::I32x4; 2]) -> [[I::I32x4; 2]; ROWS] {
    let mut sums = [initial; ROWS];
    for ((((weights, a), b), c), d) in panel.iter().zip(a).zip(b).zip(c).zip(d) {
        let low = I7Dot::weights(isa, &weights[0]);
        let high = I7Dot::weights(isa, &weights[1]);
        for (sum, codes) in sums.iter_mut().zip([a, b, c, d]) {
            let codes = I7Dot::activations(isa, codes);
            sum[0] = I7Dot::step(isa, sum[0], codes, low);
            sum[1] = I7Dot::step(isa, sum[1], codes, high);
        }
    }
    sums
}
