//! The tiles of one unit of work: where they lie, their sums and what becomes of those.

use super::grid::{class, Grid, PerClass};
use super::multiply::{multiply, Target};
use super::output::inverse;
use super::products::Products;
use super::weights::{panel_bytes, transform_weights, write_starts};
use super::{TileSums, F23, POSITIONS};
use crate::conv::finish::{finish, initial, Eight};
use crate::conv::gemm_4x8::ROWS;
use crate::kernel::Buffers;
use crate::params::Conv2d;
use core::ops::Range;
use simd::Isa;

/// The tiles of one unit of work.
pub struct Block<'a, D: Products> {
    pub kernel: &'a F23<D>,
    pub layer: &'a Conv2d,
    pub grid: Grid,
    pub tiles: Range<usize>,
}

impl<D: Products> Block<'_, D> {
    /// U of the panels of a pass, and what sums start from.
    pub fn transform_weights<I: Isa>(&self, isa: I, buffers: &Buffers<'_>, pass: Range<usize>, weights: &mut [u8]) {
        let [_, packed, bias, ..] = buffers.reads;
        let panels = packed.chunks_exact(panel_bytes(self.kernel.in_c())).enumerate().skip(pass.start).take(pass.len());
        for ((index, panel), weights) in panels.zip(weights.chunks_exact_mut(POSITIONS * self.kernel.weight_bytes())) {
            let centre = initial(isa, self.layer, index, bias).map(|four| isa.i32x4_shl(four, 2));
            write_starts(isa, panel, centre, weights, self.kernel.weight_bytes());
            transform_weights::<I, D>(isa, panel, weights, self.kernel.weight_bytes());
        }
    }

    /// The outputs of the panels of a pass: group by group of tiles, two panels at a time.
    pub fn multiply<I: Isa>(
        &self,
        isa: I,
        pass: Range<usize>,
        buffers: &mut Buffers<'_>,
        [codes, weights]: [&[u8]; 2],
        sums: &mut [TileSums],
        outputs: &mut [Eight],
    ) {
        let mut tile = self.tiles.start;
        while tile < self.tiles.end {
            let group = self.kernel.group(tile, self.tiles.end);
            let counts = [self.grid.count(self.tiles.start..group.start), self.grid.count(group.clone())];
            for (index, weights) in pass.clone().step_by(2).zip(weights.chunks(2 * POSITIONS * self.kernel.weight_bytes())) {
                let panels = index..pass.end.min(index + 2);
                self.multiply_group(isa, counts, panels.len(), codes, weights, sums);
                for (half, index) in panels.enumerate() {
                    let pixels = inverse(isa, self.grid, group.clone(), half, sums, outputs);
                    self.finish(isa, index, buffers, pixels, outputs);
                }
            }
            tile = group.end;
        }
    }

    /// The products of every position of a group with one or two panels; in each class `first` tiles of the block come before its `count`.
    fn multiply_group<I: Isa>(&self, isa: I, [first, count]: [PerClass; 2], panels: usize, codes: &[u8], weights: &[u8], sums: &mut [TileSums]) {
        let (tile_bytes, stride) = (self.kernel.tile_bytes(), self.kernel.weight_bytes());
        for (position, codes) in codes.chunks_exact(codes.len() / POSITIONS).enumerate() {
            let codes = &codes[first[class(position)] * tile_bytes..];
            let sums = &mut sums[..count[class(position)].next_multiple_of(ROWS)];
            for half in 0..panels {
                multiply::<I, D>(isa, codes, &weights[(half * POSITIONS + position) * stride..][..stride], Target { position, half }, sums);
            }
        }
    }

    /// The codes of a group, whose pixels are one run, or two where tiles are part of a row.
    fn finish<I: Isa>(&self, isa: I, index: usize, buffers: &mut Buffers<'_>, runs: [Range<usize>; 2], outputs: &[Eight]) {
        let (above, below) = outputs.split_at(runs[0].len());
        finish(isa, self.layer, index, buffers, above, runs[0].clone());
        if !runs[1].is_empty() {
            finish(isa, self.layer, index, buffers, below, runs[1].clone());
        }
    }
}
