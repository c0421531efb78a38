//! The microkernel of [`PairedDot`]: 4 pixels by 16 output channels, two of them in every lane.

use super::gemm_4x8::{gemm_4x8, PanelStep, TileStep, ROWS};
use simd::dot::PairedDot;
use simd::Isa;

/// `initial + Σ a·w` for the 4 pixels of a tile: the low 8 output channels of a panel and the high ones.
#[inline(always)]
pub fn gemm_4x16<I: Isa>(isa: I, tile: &[TileStep], panel: &[PanelStep], initial: [[I::I32x4; 2]; 2]) -> [[[I::I32x4; 2]; ROWS]; 2] {
    let mut lows = [initial[0]; ROWS];
    let mut sums = [[isa.i32x4_splat(0); 2]; ROWS];
    for (tile, panel) in tile.chunks(PairedDot::MOST_STEPS).zip(panel.chunks(PairedDot::MOST_STEPS)) {
        sums = gemm_4x8::<I, PairedDot, ROWS>(isa, tile, panel, sums);
        for (sum, low) in sums.as_flattened_mut().iter_mut().zip(lows.as_flattened_mut()) {
            let [part, rest] = PairedDot::split(isa, *sum);
            (*low, *sum) = (isa.i32x4_add(*low, part), rest);
        }
    }
    let [first, second] = initial[1];
    let high = |sum: I::I32x4, initial: I::I32x4| isa.i32x4_add(isa.i32x4_shr_s(sum, PairedDot::SHIFT), initial);
    [lows, sums.map(|[low, other]| [high(low, first), high(other, second)])]
}
