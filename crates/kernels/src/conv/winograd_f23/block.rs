//! The tiles of one unit of work: where they lie, their sums and what becomes of those.

use super::grid::{class, Grid};
use super::multiply::{multiply, Target};
use super::output::inverse;
use super::products::Products;
use super::weights::{panel_bytes, transform_weights, CORNERS};
use super::{TileSums, CENTRE, F23, POSITIONS, POSITION_GAP};
use crate::conv::finish::{finish, initial, Eight};
use crate::conv::gemm_4x8::ROWS;
use crate::kernel::Buffers;
use crate::params::Conv2d;
use core::ops::Range;
use simd::{mem, Isa};

/// The tiles of one unit of work.
pub struct Block<'a, D: Products> {
    pub kernel: &'a F23<D>,
    pub layer: &'a Conv2d,
    pub grid: Grid,
    pub tiles: Range<usize>,
}

impl<D: Products> Block<'_, D> {
    /// U of the panels of a pass.
    pub fn transform_weights<I: Isa>(&self, isa: I, packed: &[u8], pass: Range<usize>, weights: &mut [u8]) {
        let panels = packed.chunks_exact(panel_bytes(self.kernel.in_c())).skip(pass.start);
        for (panel, weights) in panels.take(pass.len()).zip(weights.chunks_exact_mut(POSITIONS * self.kernel.weight_bytes())) {
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
        let panel_bytes = POSITIONS * self.kernel.weight_bytes();
        let mut tile = self.tiles.start;
        while tile < self.tiles.end {
            let group = self.kernel.group(tile, self.tiles.end);
            for (index, weights) in pass.clone().step_by(2).zip(weights.chunks(2 * panel_bytes)) {
                let panels = index..pass.end.min(index + 2);
                self.multiply_group(isa, &group, panels.clone(), buffers, [codes, weights], sums);
                for (half, index) in panels.enumerate() {
                    let pixels = inverse(isa, self.grid, group.clone(), half, sums, outputs);
                    self.finish(isa, index, buffers, pixels, outputs);
                }
            }
            tile = group.end;
        }
    }

    /// The products of every position of a group with one or two panels.
    fn multiply_group<I: Isa>(
        &self,
        isa: I,
        group: &Range<usize>,
        panels: Range<usize>,
        buffers: &Buffers<'_>,
        [codes, weights]: [&[u8]; 2],
        sums: &mut [TileSums],
    ) {
        let kernel = self.kernel;
        let (tile_bytes, weight_bytes) = (kernel.tile_bytes(), kernel.weight_bytes());
        let (first, count) = (self.grid.count(self.tiles.start..group.start), self.grid.count(group.clone()));
        for (position, codes) in codes.chunks_exact(codes.len() / POSITIONS).enumerate() {
            let codes = &codes[first[class(position)] * tile_bytes..];
            let sums = &mut sums[..count[class(position)].next_multiple_of(ROWS)];
            for (half, index) in panels.clone().enumerate() {
                let weights = &weights[(half * POSITIONS + position) * weight_bytes..][..weight_bytes - POSITION_GAP];
                multiply::<I, D>(isa, codes, weights, self.initial(isa, position, index, buffers), Target { position, half }, sums);
            }
        }
    }

    /// What the sums of a panel start from: at the corners its head, and four times bias and rounding at [`CENTRE`].
    fn initial<I: Isa>(&self, isa: I, position: usize, index: usize, buffers: &Buffers<'_>) -> [I::I32x4; 2] {
        let [_, packed, bias, ..] = buffers.reads;
        if position == CENTRE {
            return initial(isa, self.layer, index, bias).map(|four| isa.i32x4_shl(four, 2));
        }
        let corner = CORNERS.iter().position(|&corner| corner == position);
        let heads = mem::panels::<16, 2>(&packed[index * panel_bytes(self.kernel.in_c())..]);
        corner.map_or([isa.i32x4_splat(0); 2], |corner| heads[corner].map(|four| isa.i32x4_load(&four)))
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
