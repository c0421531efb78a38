//! Aᵀ·m·A and the exact division: the 36 sums of a tile into 4×4 outputs of eight channels.

use super::multiply::Sums;
use super::{PATCH, POSITIONS, QUAD, TILE};
use crate::conv::finish::Eight;
use crate::params::Conv2d;
use core::array::from_fn;
use simd::Isa;

/// 9⁻¹ modulo 2^32.
const NINTH: i32 = 0x38E3_8E39;
/// What [`at`] leaves out of each row of Aᵀ: 1, 2, 4 and 4, as shifts.
const LEFT_OUT: [u32; TILE] = [0, 1, 2, 2];

/// Aᵀ on one axis with its columns scaled: rows [1,−4,−4,1,1,0], [0,−2,2,1,−1,0], [0,−1,−1,1,1,0], [0,−1,1,2,−2,1], the last three without [`LEFT_OUT`].
// Inlined where a lane operation is one instruction; the scalar module would grow by tens of kilobytes.
#[cfg_attr(target_feature = "simd128", inline(always))]
#[cfg_attr(not(target_feature = "simd128"), inline(never))]
fn at<I: Isa>(isa: I, m: [I::I32x4; PATCH]) -> [I::I32x4; TILE] {
    let add = |a, b| isa.i32x4_add(a, b);
    let sub = |a, b| isa.i32x4_sub(a, b);
    let (sum12, difference12) = (add(m[1], m[2]), sub(m[1], m[2]));
    let (sum34, difference34) = (add(m[3], m[4]), sub(m[3], m[4]));
    [
        sub(add(m[0], sum34), isa.i32x4_shl(sum12, 2)),
        sub(difference34, add(difference12, difference12)),
        sub(sum34, sum12),
        add(sub(m[5], difference12), add(difference34, difference34)),
    ]
}

/// `initial` + Y of every tile of a block, eight channels: `sums` are `[quad][position]`, `outputs` the four rows of all tiles, `[4][tile][4]`.
#[inline(never)]
pub fn inverse<I: Isa>(isa: I, sums: &[Sums], initial: [I::I32x4; 2], outputs: &mut [Eight]) {
    let mut lines = outputs.chunks_exact_mut(outputs.len() / TILE).map(|line| line.as_chunks_mut::<TILE>().0);
    let lines: [_; TILE] = from_fn(|_| lines.next().unwrap_or_default());
    let (quads, _) = sums.as_chunks::<POSITIONS>();
    for (quad, sums) in quads.iter().enumerate() {
        for vector in 0..2 * QUAD {
            let (tile, half) = (vector / 2, vector % 2);
            let mut columns = [[initial[0]; PATCH]; TILE];
            for x in 0..PATCH {
                let column = at(isa, from_fn(|y| isa.i32x4_load(&sums[y * PATCH + x][tile][half])));
                for (row, value) in columns.iter_mut().zip(column) {
                    row[x] = value;
                }
            }
            let (ninth, initial) = (isa.i32x4_splat(NINTH), initial[half]);
            for y in 0..TILE {
                let line = &mut lines[y][quad * QUAD + tile];
                let sums = at(isa, columns[y]);
                for x in 0..TILE {
                    let output = isa.i32x4_shr_s(isa.i32x4_mul(sums[x], ninth), 6 - LEFT_OUT[y] - LEFT_OUT[x]);
                    isa.i32x4_store(isa.i32x4_add(initial, output), &mut line[x][half]);
                }
            }
        }
    }
}

/// Adds the outputs of another part of the input channels.
#[inline(never)]
pub fn add<I: Isa>(isa: I, outputs: &mut [Eight], others: &[Eight]) {
    for (output, other) in outputs.as_flattened_mut().iter_mut().zip(others.as_flattened()) {
        isa.i32x4_store(isa.i32x4_add(isa.i32x4_load(output), isa.i32x4_load(other)), output);
    }
}

/// Where a tile lies: the row and the column of its first output.
pub fn corner(layer: &Conv2d, tile: usize) -> [usize; 2] {
    let across = (layer.out_w as usize).div_ceil(TILE);
    [tile / across * TILE, tile % across * TILE]
}
