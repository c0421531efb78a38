//! Aᵀ·m·A and the exact division: the 36 sums of a tile into 4×4 outputs of eight channels.

use super::multiply::Sums;
use super::{PATCH, POSITIONS, QUAD, TILE};
use crate::conv::finish::Eight;
use crate::params::Conv2d;
use core::array::from_fn;
use simd::Isa;

/// 9⁻¹ modulo 2^32.
const NINTH: i32 = 0x38E3_8E39;

/// Aᵀ on one axis with its columns scaled: rows [6,4,4,1,1,0], [0,4,−4,2,−2,0], [0,4,4,4,4,0], [0,4,−4,8,−8,24].
// Inlined where a lane operation is one instruction; the scalar module would grow by tens of kilobytes.
#[cfg_attr(target_feature = "simd128", inline(always))]
#[cfg_attr(not(target_feature = "simd128"), inline(never))]
fn at<I: Isa>(isa: I, m: [I::I32x4; PATCH]) -> [I::I32x4; TILE] {
    let add = |a, b| isa.i32x4_add(a, b);
    let sub = |a, b| isa.i32x4_sub(a, b);
    let shl = |a, k| isa.i32x4_shl(a, k);
    let three = |a| add(a, shl(a, 1));
    let (sum12, difference12) = (shl(add(m[1], m[2]), 2), shl(sub(m[1], m[2]), 2));
    let (sum34, difference34) = (add(m[3], m[4]), sub(m[3], m[4]));
    let (first, last) = (three(shl(m[0], 1)), three(shl(m[5], 3)));
    [
        add(add(first, sum12), sum34),
        add(difference12, shl(difference34, 1)),
        add(sum12, shl(sum34, 2)),
        add(add(difference12, shl(difference34, 3)), last),
    ]
}

/// `initial` + Y of every tile of a block, eight channels: `sums` are `[quad][position]`, `outputs` the four rows of all tiles, `[4][tile][4]`.
#[inline(never)]
pub fn inverse<I: Isa>(isa: I, sums: &[Sums], initial: [I::I32x4; 2], outputs: &mut [Eight]) {
    let length = outputs.len() / TILE;
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
            let ninth = isa.i32x4_splat(NINTH);
            for (line, row) in outputs.chunks_exact_mut(length).zip(columns) {
                let (line, _) = line.as_chunks_mut::<TILE>();
                for (output, sum) in line[quad * QUAD + tile].iter_mut().zip(at(isa, row)) {
                    isa.i32x4_store(isa.i32x4_add(initial[half], isa.i32x4_shr_s(isa.i32x4_mul(sum, ninth), 6)), &mut output[half]);
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
