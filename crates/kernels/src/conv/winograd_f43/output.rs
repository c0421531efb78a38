//! Aᵀ·m·A, the exact division, bias and requantization: the 36 sums of a tile into 4×4 codes of eight output channels.

use super::multiply::Sums;
use super::{PATCH, POSITIONS, TILE};
use crate::conv::epilogue::Epilogue;
use crate::conv::output::Columns;
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

/// Sums of 4×4 outputs, eight channels each.
type Outputs<I> = [[[<I as Isa>::I32x4; 2]; TILE]; TILE];

/// Adds Y of four channels, half 0 or 1 of eight: 576·Y, divided.
#[inline(always)]
fn four_channels<I: Isa>(isa: I, sums: &[Sums; POSITIONS], row: usize, half: usize, outputs: &mut Outputs<I>) {
    let zero = isa.i32x4_splat(0);
    let mut columns = [[zero; PATCH]; TILE];
    for x in 0..PATCH {
        let column = at(isa, from_fn(|y| isa.i32x4_load(&sums[y * PATCH + x][row][half])));
        for (row, value) in columns.iter_mut().zip(column) {
            row[x] = value;
        }
    }
    let ninth = isa.i32x4_splat(NINTH);
    for (line, row) in outputs.iter_mut().zip(columns) {
        for (output, sum) in line.iter_mut().zip(at(isa, row)) {
            output[half] = isa.i32x4_add(output[half], isa.i32x4_shr_s(isa.i32x4_mul(sum, ninth), 6));
        }
    }
}

/// Adds Y of the tile in row `row` of its four. One function for all forms of requantization: it is large.
#[inline(never)]
fn transform<I: Isa>(isa: I, sums: &[Sums; POSITIONS], row: usize, outputs: &mut Outputs<I>) {
    four_channels(isa, sums, row, 0, outputs);
    four_channels(isa, sums, row, 1, outputs);
}

/// The part of a tile that lies in the image.
#[derive(Clone, Copy)]
pub struct Place {
    /// Its first row and column of the output.
    pub first: [usize; 2],
    /// How many rows and columns there are, at most 4.
    pub size: [usize; 2],
}

impl Place {
    /// The tile number `tile`, row by row.
    pub fn of(layer: &Conv2d, tile: usize) -> Self {
        let (height, width) = (layer.out_h as usize, layer.out_w as usize);
        let across = width.div_ceil(TILE);
        let (y, x) = (tile / across * TILE, tile % across * TILE);
        Self { first: [y, x], size: [TILE.min(height - y), TILE.min(width - x)] }
    }
}

/// Stores the codes of the tile in row `row` of its four; `parts` are its sums over each part of the input channels, which
/// are divided exactly one by one. Bias and rounding, `columns.initial`, are added after the division.
#[inline(never)]
pub fn store_tile<'s, I: Isa, F: Epilogue<I>>(
    isa: I,
    layer: &Conv2d,
    columns: &Columns<'_, I, F>,
    parts: impl Iterator<Item = &'s [Sums; POSITIONS]>,
    row: usize,
    tile: usize,
    output: &mut [u8],
) {
    let mut outputs = [[columns.initial; TILE]; TILE];
    parts.for_each(|sums| transform(isa, sums, row, &mut outputs));
    let Place { first: [first_y, first_x], size: [height, width] } = Place::of(layer, tile);
    for (y, outputs) in outputs.iter().enumerate().take(height) {
        let line = (first_y + y) * layer.out_w as usize + first_x;
        for (x, &sums) in outputs.iter().enumerate().take(width) {
            columns.store(line + x, sums, output);
        }
    }
}
