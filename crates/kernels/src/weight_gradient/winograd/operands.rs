//! The two transforms, on interleaved codes. Each in two passes, so that every loop has few streams: lines of interleaved columns first, then positions.

use super::{LANES, OFFSET, PATCH, TILE};
use crate::conv::gemm_4x8::PanelStep;
use crate::weight_gradient::operands::interleave;
use core::array::from_fn;
use simd::Isa;

/// Sixteen codes, or the same channels and lanes of interleaved ones.
pub type Vector = [u8; 16];
/// The rows under four rows of tiles, `[row of the tile][lane]`, all of one length.
pub type RowsOf<'a, const N: usize> = [[&'a [Vector]; LANES]; N];
/// Lines of columns, `[row][quad]`.
pub type LinesOf<'a, const N: usize> = [[&'a mut [Vector]; 4]; N];

/// Which vectors of a row become a line: those from `first` on, `step` apart, as columns `before` and following of the line. The others are padding.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    pub first: usize,
    pub step: usize,
    pub before: usize,
}

/// Bᵀ on one axis: rows [1, 0, −1, 0], [0, 1, 1, 0], [0, −1, 1, 0], [0, 1, 0, −1].
#[inline(always)]
fn b_transposed<I: Isa>(isa: I, [a, b, c, d]: [I::I8x16; PATCH]) -> [I::I8x16; PATCH] {
    [isa.i8x16_sub(a, c), isa.i8x16_add(b, c), isa.i8x16_sub(c, b), isa.i8x16_sub(b, d)]
}

/// The columns of activations under a row group, transformed vertically and interleaved.
#[inline(never)]
pub fn pack_activations<I: Isa>(isa: I, rows: &RowsOf<'_, PATCH>, columns: Columns, lines: LinesOf<'_, PATCH>) {
    pack(isa, rows, columns, lines, |isa, lane| b_transposed(isa, lane));
}

/// The columns of the gradient of a row group, interleaved.
#[inline(never)]
pub fn pack_gradient<I: Isa>(isa: I, rows: &RowsOf<'_, TILE>, columns: Columns, lines: LinesOf<'_, TILE>) {
    pack(isa, rows, columns, lines, |_, lane| lane);
}

#[inline(always)]
fn pack<I: Isa, const N: usize>(
    isa: I,
    rows: &RowsOf<'_, N>,
    columns: Columns,
    lines: LinesOf<'_, N>,
    vertical: impl Fn(I, [I::I8x16; N]) -> [I::I8x16; N],
) {
    // One length for all rows and one for all lines, each checked once.
    let (vectors, length) = (rows[0][0].len(), lines[0][0].len());
    let rows = rows.map(|lanes| lanes.map(|row| &row[..vectors]));
    let mut lines = lines.map(|quads| quads.map(|line| &mut line[..length]));
    let inside = columns.before..columns.before + (vectors - columns.first).div_ceil(columns.step);
    for line in lines.as_flattened_mut() {
        line[..inside.start.min(length)].fill([0; 16]);
        line[inside.end.min(length)..].fill([0; 16]);
    }
    let mut at = columns.first;
    for column in inside.start..inside.end.min(length) {
        if at >= vectors {
            return;
        }
        let lanes: [[I::I8x16; N]; LANES] = from_fn(|lane| vertical(isa, from_fn(|row| isa.i8x16_load(&rows[row][lane][at]))));
        for (row, quads) in lines.iter_mut().enumerate() {
            for (line, codes) in quads.iter_mut().zip(interleave(isa, lanes.map(|lane| lane[row]))) {
                isa.i32x4_store(codes, &mut line[column]);
            }
        }
        at += columns.step;
    }
}

/// V + 32 of a run of tiles for one row of V and one quad, from its line: two columns more for every tile.
#[inline(never)]
pub fn transform_activations<I: Isa>(isa: I, line: &[Vector], [a, b, c, d]: [&mut [Vector]; PATCH]) {
    let offset = isa.i8x16_splat(OFFSET);
    let Some((first, columns)) = line.as_chunks::<TILE>().0.split_first() else { return };
    let mut left = first.map(|column| isa.i8x16_load(&column));
    for ((((a, b), c), d), columns) in a.iter_mut().zip(b).zip(c).zip(d).zip(columns) {
        let right = [isa.i8x16_load(&columns[0]), isa.i8x16_load(&columns[1])];
        let v = b_transposed(isa, [left[0], left[1], right[0], right[1]]);
        for (bytes, v) in [a, b, c, d].into_iter().zip(v) {
            isa.i8x16_store(isa.i8x16_add(v, offset), bytes);
        }
        left = right;
    }
}

/// U of a run of tiles for one row of U and one quad, half `half` of the panel steps of four positions; from the lines of both rows of gradient.
#[inline(never)]
pub fn transform_gradient<I: Isa, const ROW: usize>(isa: I, lines: [&[Vector]; TILE], half: usize, [a, b, c, d]: [&mut [PanelStep]; PATCH]) {
    let [top, bottom] = lines.map(|line| line.as_chunks::<TILE>().0);
    for (((((a, b), c), d), top), bottom) in a.iter_mut().zip(b).zip(c).zip(d).zip(top).zip(bottom) {
        let [left, right] = from_fn(|column| {
            let load = |code: &[Vector; TILE]| isa.i8x16_load(&code[column]);
            doubled(isa, [load(top), load(bottom)], ROW)
        });
        for (position, step) in [a, b, c, d].into_iter().enumerate() {
            isa.i8x16_store(doubled(isa, [left, right], position), &mut step[half]);
        }
    }
}

/// Row `row` of 2G = [2, 0], [1, 1], [1, −1], [0, 2] on one axis.
#[inline(always)]
fn doubled<I: Isa>(isa: I, [a, b]: [I::I8x16; TILE], row: usize) -> I::I8x16 {
    match row {
        0 => isa.i8x16_add(a, a),
        1 => isa.i8x16_add(a, b),
        2 => isa.i8x16_sub(a, b),
        _ => isa.i8x16_add(b, b),
    }
}

/// Adds the codes of a line to the sums of its even and its odd columns.
#[inline(never)]
pub fn add_sums<I: Isa>(isa: I, line: &[Vector], sums: [&mut Vector; TILE]) {
    let ones = isa.i8x16_splat(1);
    let mut registers = [isa.i32x4_load(sums[0]), isa.i32x4_load(sums[1])];
    for columns in line.as_chunks::<TILE>().0 {
        for (sum, codes) in registers.iter_mut().zip(columns) {
            *sum = isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(isa.i8x16_load(codes), ones, *sum);
        }
    }
    for (bytes, sum) in sums.into_iter().zip(registers) {
        isa.i32x4_store(sum, bytes);
    }
}
