//! [`WinogradF43`]: blocks of tiles against panels of weights, each transformed once per block.

use super::input::{gather, transform, Pair};
use super::multiply::{multiply, Needs, Positions, Sums};
use super::output::{add, corner, inverse};
use super::weights::transform_weights;
use super::{POSITIONS, QUAD, TAPS, TILE};
use crate::check::{element_bytes, field_holds, is_total};
use crate::codes::{padded, LANES};
use crate::conv::finish::{finish, initial, Eight};
use crate::conv::gemm_4x8::{PanelStep, TileStep, COLUMNS};
use crate::conv::layer::Layer;
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::{packed_channels, packed_winograd_f43_bytes};
use crate::params::{form, Conv2d, WinogradF43};
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Transformed codes of one block stay below this, so that they live in the second-level cache with a panel of weights. Blocks are as large as that allows:
/// for each of them all weights are transformed.
const BLOCK_BYTES: usize = 600 * 1024;
/// Quads that are multiplied by a position's weights, in the first-level cache, before the next position comes; their sums lie there too.
const GROUP_QUADS: usize = 5;
/// Between positions, in bytes: so that they do not meet in one set of the first-level cache.
const POSITION_GAP: usize = 64;

impl WinogradF43 {
    fn tiles(&self) -> usize {
        (self.out_h as usize).div_ceil(TILE) * (self.out_w as usize).div_ceil(TILE)
    }

    /// Pairs of input channels, up to whole vectors of them.
    fn pairs(&self) -> usize {
        padded(self.in_c as usize) / 2
    }

    /// Quads of one unit of work. Blocks are of one size: a small last one would transform all weights for little.
    fn block_quads(&self) -> usize {
        let quad_bytes = POSITIONS * self.pairs() * size_of::<TileStep>();
        let (quads, most) = (self.tiles().div_ceil(QUAD), (BLOCK_BYTES / quad_bytes).max(1));
        quads.div_ceil(quads.div_ceil(most))
    }

    /// Quads whose sums there is room for.
    fn group_quads(&self) -> usize {
        self.block_quads().min(GROUP_QUADS)
    }

    /// Steps of one position of a block, `[quad][pair]`, and the gap after them.
    fn position_steps(&self) -> usize {
        self.block_quads() * self.pairs() + POSITION_GAP / size_of::<TileStep>()
    }

    /// Steps of one position of a panel, and the gap after them.
    fn panel_steps(&self) -> usize {
        self.pairs() + POSITION_GAP / size_of::<PanelStep>()
    }

    /// Groups of input channels that are divided one by one.
    fn parts(&self) -> usize {
        (self.in_c as usize).div_ceil(self.part_c as usize)
    }

    /// Outputs of a group, eight channels each: those of a part, and of another one to be added to them.
    fn outputs(&self) -> usize {
        self.parts().min(2) * self.group_quads() * QUAD * TILE * TILE
    }

    /// Bytes from the first channel of a row of codes to the last one of its last pixel.
    fn row_bytes(&self) -> usize {
        (self.in_w as usize - 1) * self.in_stride as usize + self.in_c as usize
    }
}

impl Kernel for WinogradF43 {
    fn check(&self) -> Result<(), BadParam> {
        self.layer().check_layer()?;
        field_holds!(self.form != form::RAW; form);
        field_holds!(self.kernel_h == 3; kernel_h);
        field_holds!(self.kernel_w == 3; kernel_w);
        field_holds!(self.stride_h == 1; stride_h);
        field_holds!(self.stride_w == 1; stride_w);
        field_holds!(self.dilation_h == 1; dilation_h);
        field_holds!(self.dilation_w == 1; dilation_w);
        field_holds!(self.groups == 1; groups);
        field_holds!(self.part_c >= 1 && (self.part_c % LANES as i32 == 0 || self.part_c >= self.in_c); part_c);
        // Four times a quad of transformed codes, for what else lies in the scratch, a panel of weights above all; then the weights.
        field_holds!(is_total(&[(POSITIONS * QUAD * 2) as i32, self.in_c + 7, 4]); in_c);
        field_holds!(is_total(&[TAPS as i32, self.in_c + 7, self.out_c + 7]); out_c);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let layer = self.layer();
        let (in_c, channels) = (self.in_c as usize, packed_channels(self.out_c as usize));
        let output = layer.output_elements(channels) * element_bytes(self.out_container);
        Spans::new()
            .with(0, self.input_offset, layer.input_bytes(in_c), Access::Read)
            .with(1, self.weights_offset, packed_winograd_f43_bytes(in_c, self.out_c as usize), Access::Read)
            .with(2, self.bias_offset, channels * 4, Access::Read)
            .with(3, self.multiplier_offset, layer.multiplier_bytes(channels), Access::Read)
            .with(4, self.output_offset, output, Access::Write)
    }

    /// Blocks of tiles.
    fn units(&self) -> usize {
        self.tiles().div_ceil(QUAD).div_ceil(self.block_quads())
    }

    /// The sums of a group for one panel, its outputs, the panel, a block of transformed codes, the codes under a quad, and a row of zero points.
    fn scratch_bytes(&self) -> usize {
        self.group_quads() * POSITIONS * size_of::<Sums>()
            + self.outputs() * size_of::<Eight>()
            + POSITIONS * self.panel_steps() * size_of::<PanelStep>()
            + POSITIONS * (self.position_steps() * size_of::<TileStep>() + self.pairs() * size_of::<Pair>())
            + self.row_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let (sums, scratch) = scratch.split_at_mut(self.group_quads() * POSITIONS * size_of::<Sums>());
        let (outputs, scratch) = scratch.split_at_mut(self.outputs() * size_of::<Eight>());
        let (u, scratch) = scratch.split_at_mut(POSITIONS * self.panel_steps() * size_of::<PanelStep>());
        let (v, scratch) = scratch.split_at_mut(POSITIONS * self.position_steps() * size_of::<TileStep>());
        let (codes, outside) = scratch.split_at_mut(POSITIONS * self.pairs() * size_of::<Pair>());
        let outside = &mut outside[..self.row_bytes()];
        outside.fill(self.in_zero_point as u8);
        let (u, v, codes) = (mem::panels_mut::<16, 2>(u), mem::panels_mut::<4, QUAD>(v), mem::panels_mut::<8, POSITIONS>(codes));
        let (sums, outputs) = (mem::panels_mut::<16, 2>(sums).as_chunks_mut().0, mem::panels_mut::<16, 2>(outputs));
        let (layer, tiles) = (&self.layer(), self.block_quads() * QUAD);
        for first in units.map(|unit| unit * tiles) {
            let block = Block { kernel: self, layer, tiles: first..self.tiles().min(first + tiles) };
            block.transform(isa, buffers.reads[0], outside, codes, v);
            for index in 0..packed_channels(self.out_c as usize) / COLUMNS {
                let filters = mem::panels::<8, 2>(buffers.reads[1]).as_chunks().0.chunks_exact(self.pairs()).nth(index);
                transform_weights(isa, filters.unwrap_or(&[]), u, self.panel_steps());
                block.multiply(isa, index, buffers, v, u, sums, outputs);
            }
        }
    }
}

/// The tiles of one unit of work.
struct Block<'a> {
    kernel: &'a WinogradF43,
    layer: &'a Conv2d,
    tiles: Range<usize>,
}

impl Block<'_> {
    /// The transformed codes of every quad, at each position. Past the last tile the last one is repeated; its codes are not stored.
    fn transform<I: Isa>(&self, isa: I, input: &[u8], outside: &[u8], codes: &mut [[Pair; POSITIONS]], v: &mut [TileStep]) {
        for (quad, first) in self.tiles.clone().step_by(QUAD).enumerate() {
            let corners = from_fn(|i| corner(self.layer, (first + i).min(self.tiles.end - 1)));
            gather(isa, self.layer, input, outside, corners, codes);
            transform(isa, self.layer, codes, &mut v[quad * codes.len()..], self.kernel.position_steps());
        }
    }

    /// A panel of weights against the block, group by group.
    #[allow(clippy::too_many_arguments, reason = "one call, in the function above")]
    fn multiply<I: Isa>(
        &self,
        isa: I,
        index: usize,
        buffers: &mut Buffers<'_>,
        v: &[TileStep],
        u: &[PanelStep],
        sums: &mut [Sums],
        outputs: &mut [Eight],
    ) {
        let kernel = self.kernel;
        let (pairs, part_pairs) = (kernel.pairs(), padded(kernel.part_c as usize) / 2);
        let (outputs, others) = outputs.split_at_mut(kernel.group_quads() * QUAD * TILE * TILE);
        let u = Positions { steps: u, stride: kernel.panel_steps() };
        for first in self.tiles.clone().step_by(GROUP_QUADS * QUAD) {
            let tiles = first..self.tiles.end.min(first + GROUP_QUADS * QUAD);
            let v = Positions { steps: &v[(first - self.tiles.start) / QUAD * pairs..], stride: kernel.position_steps() };
            let sums = &mut sums[..tiles.len().div_ceil(QUAD) * POSITIONS];
            let needs = self.needs(&tiles);
            multiply(isa, v, u, pairs, 0..pairs.min(part_pairs), &needs, sums);
            inverse(isa, sums, initial(isa, self.layer, index, buffers.reads[2]), outputs);
            for first in (part_pairs..pairs).step_by(part_pairs) {
                multiply(isa, v, u, pairs, first..pairs.min(first + part_pairs), &needs, sums);
                inverse(isa, sums, [isa.i32x4_splat(0); 2], others);
                add(isa, outputs, others);
            }
            self.finish(isa, index, buffers, tiles, outputs);
        }
    }

    /// What each quad of a group needs: tiles at an odd end do without the last column of positions, or row, and past the last tile there is none.
    fn needs(&self, tiles: &Range<usize>) -> [Needs; GROUP_QUADS] {
        let (out_h, out_w) = (self.layer.out_h as usize, self.layer.out_w as usize);
        let mut needs = [Needs::default(); GROUP_QUADS];
        if cfg!(target_feature = "relaxed-simd") {
            return needs;
        }
        let [mut y, mut x] = corner(self.layer, tiles.start);
        for i in 0..tiles.len() {
            let (needs, bit) = (&mut needs[i / QUAD % GROUP_QUADS], 1 << (i % QUAD));
            needs.all |= bit;
            needs.high |= if y + TILE <= out_h { bit } else { 0 };
            needs.wide |= if x + TILE <= out_w { bit } else { 0 };
            (y, x) = if x + TILE < out_w { (y, x + TILE) } else { (y + TILE, 0) };
        }
        needs
    }

    /// The codes of a panel and a group of tiles: rows of outputs under each run of neighbouring ones.
    fn finish<I: Isa>(&self, isa: I, index: usize, buffers: &mut Buffers<'_>, group: Range<usize>, outputs: &[Eight]) {
        let (out_h, out_w) = (self.layer.out_h as usize, self.layer.out_w as usize);
        let mut tiles = group.clone();
        while !tiles.is_empty() {
            let [y, x] = corner(self.layer, tiles.start);
            let at = (tiles.start - group.start) * TILE;
            let width = (out_w - x).min(tiles.len() * TILE);
            for (row, outputs) in outputs.chunks_exact(outputs.len() / TILE).take(out_h - y).enumerate() {
                let first = (y + row) * out_w + x;
                finish(isa, self.layer, index, buffers, &outputs[at..], first..first + width);
            }
            tiles.start += width.div_ceil(TILE);
        }
    }
}
