//! Aᵀ·M·A and the exact division: eight output channels of a group of tiles.

use super::grid::{Grid, PerClass};
use super::{TileSums, POSITIONS};
use crate::conv::finish::Eight;
use core::array::from_fn;
use core::ops::Range;
use simd::Isa;

/// Writes the sums under `tiles` to `outputs` in the order of their pixels, whose numbers it returns. Whole rows of tiles are one run of pixels; part of a row is
/// a run above and one below.
#[inline(never)]
pub fn inverse<I: Isa>(isa: I, grid: Grid, tiles: Range<usize>, half: usize, sums: &[TileSums], outputs: &mut [Eight]) -> [Range<usize>; 2] {
    let (first, end) = (grid.corner(tiles.start), grid.corner(tiles.end));
    let is_part = first.x + end.x > 0;
    let line = if is_part { (2 * tiles.len()).min(grid.out_w - first.x) } else { grid.out_w };
    let (mut corner, mut slots): (_, PerClass) = (first, [0; 4]);
    for _ in tiles {
        let [is_wide, is_high] = grid.is_whole(corner);
        let [all, right, below, both] = slots.map(|slot| &sums[slot][half]);
        let [low, high] = [0, 1].map(|four| {
            let load = |sums: &[Eight; POSITIONS], position: usize| isa.i32x4_load(&sums[position][four]);
            let row = |first: usize| [load(all, first), load(all, first + 1), load(all, first + 2), load(right, first + 3)];
            let last = [load(below, 12), load(below, 13), load(below, 14), load(both, 15)];
            pixels(isa, [row(0), row(4), row(8), last])
        });
        let mut store = |pixel: usize, at: usize| {
            isa.i32x4_store(low[pixel], &mut outputs[at][0]);
            isa.i32x4_store(high[pixel], &mut outputs[at][1]);
        };
        let at = corner.pixel - first.pixel;
        store(0, at);
        if is_wide {
            store(1, at + 1);
        }
        if is_high {
            store(2, at + line);
        }
        if is_wide && is_high {
            store(3, at + line + 1);
        }
        let [all, right, below, both] = slots;
        slots = [all + 1, right + usize::from(is_wide), below + usize::from(is_high), both + usize::from(is_wide && is_high)];
        corner = grid.next(corner);
    }
    let (above, below) = (first.pixel, first.pixel + grid.out_w);
    match (is_part, grid.is_whole(first)[1]) {
        (false, _) => [above..end.pixel, 0..0],
        (true, false) => [above..above + line, 0..0],
        (true, true) => [above..above + line, below..below + line],
    }
}

/// Aᵀ M A, Aᵀ = [1, 1, 1, 0], [0, 1, −1, −1], by 4: the four pixels of a tile.
#[inline(always)]
fn pixels<I: Isa>(isa: I, m: [[I::I32x4; 4]; 4]) -> [I::I32x4; 4] {
    let pair = |[a, b, c, d]: [I::I32x4; 4]| [isa.i32x4_add(isa.i32x4_add(a, b), c), isa.i32x4_sub(isa.i32x4_sub(b, c), d)];
    let columns: [[I::I32x4; 2]; 4] = from_fn(|column| pair(m.map(|row| row[column])));
    let [above, below] = [0, 1].map(|row| pair(columns.map(|column| column[row])));
    [above[0], above[1], below[0], below[1]].map(|sum| isa.i32x4_shr_s(sum, 2))
}
