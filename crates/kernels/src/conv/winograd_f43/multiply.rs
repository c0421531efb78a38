//! The products of a position: four tiles by eight output channels, by i16 dot products.

use super::{PATCH, POSITIONS, QUAD};
use crate::conv::gemm_4x8::{gemm_4x8, PanelStep, TileStep};
use core::ops::Range;
use simd::dot::I16Dot;
use simd::{Dot, Isa};

/// Steps of every position, `stride` from one position to the next.
#[derive(Clone, Copy)]
pub struct Positions<'a, S> {
    pub steps: &'a [S],
    pub stride: usize,
}

/// Sums of one position: eight output channels for each of four tiles. They wrap: only what they are divided into has to fit.
pub type Sums = [[[u8; 16]; 2]; QUAD];

/// Which tiles of a quad need a position, a bit for each: those that have all four rows, or columns, of outputs need the last row, or column.
#[derive(Clone, Copy, Default)]
pub struct Needs {
    /// Tiles that there are.
    pub all: u8,
    /// Those of four rows.
    pub high: u8,
    /// Those of four columns.
    pub wide: u8,
}

impl Needs {
    fn of(self, position: usize) -> u8 {
        // The module with dot products of bytes has no room to spare, and less to do here.
        if cfg!(target_feature = "relaxed-simd") {
            return 0xF;
        }
        let high = if position / PATCH == PATCH - 1 { self.high } else { self.all };
        let wide = if position % PATCH == PATCH - 1 { self.wide } else { self.all };
        high & wide
    }
}

/// Eight output channels of some quads, the input channels in pairs `part`: `v` is `[position][quad][pair]`, from the first of these quads on, `u` `[position][pair]`,
/// each with a gap after each position, `sums` `[quad][position]`. The quads are the inner loop, so that a position's weights stay in the first-level cache for all of them.
#[inline(never)]
pub fn multiply<I: Isa>(
    isa: I,
    v: Positions<'_, TileStep>,
    u: Positions<'_, PanelStep>,
    pairs: usize,
    part: Range<usize>,
    needs: &[Needs],
    sums: &mut [Sums],
) {
    let positions = v.steps.chunks(v.stride).zip(u.steps.chunks_exact(u.stride));
    for (position, (v, u)) in positions.enumerate() {
        let weights = &u[part.clone()];
        for ((quad, sums), needs) in v.chunks_exact(pairs).zip(sums.as_chunks_mut::<POSITIONS>().0).zip(needs) {
            let (quad, sums) = (&quad[part.clone()], &mut sums[position]);
            let tiles = needs.of(position);
            if tiles.count_ones() > 2 {
                let zero = [isa.i32x4_splat(0); 2];
                store(isa, gemm_4x8::<I, I16Dot, QUAD>(isa, quad, weights, [zero; QUAD]), sums);
            } else if tiles != 0 {
                let rows = [tiles.trailing_zeros(), 7 - tiles.leading_zeros()].map(|row| row as usize % QUAD);
                let [first, last] = multiply_two(isa, quad, rows, weights);
                store(isa, [first], &mut sums[rows[0]..]);
                store(isa, [last], &mut sums[rows[1]..]);
            }
        }
    }
}

/// `gemm_4x8` of two tiles of a quad, or twice the same one.
#[inline(always)]
fn multiply_two<I: Isa>(isa: I, quad: &[TileStep], [first, last]: [usize; 2], panel: &[PanelStep]) -> [[I::I32x4; 2]; 2] {
    let mut sums = [[isa.i32x4_splat(0); 2]; 2];
    for (codes, [low, high]) in quad.iter().zip(panel) {
        let [low, high] = [low, high].map(|weights| I16Dot::weights(isa, weights));
        for (sum, codes) in sums.iter_mut().zip([&codes[first % QUAD], &codes[last % QUAD]]) {
            let codes = I16Dot::activations(isa, codes);
            *sum = [I16Dot::step(isa, sum[0], codes, low), I16Dot::step(isa, sum[1], codes, high)];
        }
    }
    sums
}

#[inline(always)]
fn store<I: Isa, const R: usize>(isa: I, dots: [[I::I32x4; 2]; R], sums: &mut [[[u8; 16]; 2]]) {
    for (sum, [low, high]) in sums.iter_mut().zip(dots) {
        isa.i32x4_store(low, &mut sum[0]);
        isa.i32x4_store(high, &mut sum[1]);
    }
}
