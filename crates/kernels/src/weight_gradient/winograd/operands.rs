//! The two transforms, on interleaved codes. Each in two passes, so that every loop has few streams: interleaved columns first, then positions.

use super::products::Products;
use super::{LANES, PATCH, TILE};
use crate::conv::gemm_4x8::PanelStep;
use core::array::from_fn;
use simd::Isa;

/// Sixteen codes, or the same channels and lanes of interleaved ones.
pub type Vector = [u8; 16];
/// The rows under four rows of tiles, `[row of the tile][lane]`, all of one length.
pub type RowsOf<'a, const N: usize> = [[&'a [Vector]; LANES]; N];
/// A column under a row group and sixteen channels, `[row][vector]`.
pub type ColumnOf<const N: usize> = [[Vector; 4]; N];

/// Which vectors of a row become columns: those from `first` on, `step` apart, from column `before` on. The others are padding.
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
pub fn pack_activations<I: Isa, D: Products>(isa: I, rows: &RowsOf<'_, PATCH>, which: Columns, columns: &mut [ColumnOf<PATCH>]) {
    pack::<I, D, PATCH>(isa, rows, which, columns, |isa, lane| b_transposed(isa, lane));
}

/// The columns of the gradient of a row group, interleaved.
#[inline(never)]
pub fn pack_gradient<I: Isa, D: Products>(isa: I, rows: &RowsOf<'_, TILE>, which: Columns, columns: &mut [ColumnOf<TILE>]) {
    pack::<I, D, TILE>(isa, rows, which, columns, |_, lane| lane);
}

#[inline(always)]
fn pack<I: Isa, D: Products, const N: usize>(
    isa: I,
    rows: &RowsOf<'_, N>,
    which: Columns,
    columns: &mut [ColumnOf<N>],
    vertical: impl Fn(I, [I::I8x16; N]) -> [I::I8x16; N],
) {
    // One length for all rows, checked once.
    let vectors = rows[0][0].len();
    let rows = rows.map(|lanes| lanes.map(|row| &row[..vectors]));
    let inside = (vectors - which.first).div_ceil(which.step);
    let (before, columns) = columns.split_at_mut(which.before.min(columns.len()));
    let (columns, after) = columns.split_at_mut(inside.min(columns.len()));
    before.fill([[[0; 16]; 4]; N]);
    after.fill([[[0; 16]; 4]; N]);
    let mut at = which.first;
    for column in columns {
        if at >= vectors {
            return;
        }
        let lanes: [[I::I8x16; N]; LANES] = from_fn(|lane| vertical(isa, from_fn(|row| isa.i8x16_load(&rows[row][lane][at]))));
        for (row, vectors) in column.iter_mut().enumerate() {
            for (bytes, codes) in vectors.iter_mut().zip(D::interleave(isa, lanes.map(|lane| lane[row]))) {
                isa.i32x4_store(codes, bytes);
            }
        }
        at += which.step;
    }
}

/// V of a run of tiles for one row of V and one vector: two columns more for every tile. Of the vector the quads of one parity, if it holds two.
#[inline(never)]
pub fn transform_activations<I: Isa, D: Products, const PARITY: usize>(
    isa: I,
    columns: &[ColumnOf<PATCH>],
    [row, vector]: [usize; 2],
    [a, b, c, d]: [&mut [Vector]; PATCH],
) {
    let load =
        |pair: &[ColumnOf<PATCH>; TILE]| [isa.i8x16_load(&pair[0][row % PATCH][vector % 4]), isa.i8x16_load(&pair[1][row % PATCH][vector % 4])];
    let Some((first, pairs)) = columns.as_chunks::<TILE>().0.split_first() else { return };
    let mut left = load(first);
    for ((((a, b), c), d), pair) in a.iter_mut().zip(b).zip(c).zip(d).zip(pairs) {
        let right = load(pair);
        let v = b_transposed(isa, [left[0], left[1], right[0], right[1]]);
        for (step, v) in [a, b, c, d].into_iter().zip(v) {
            D::store_activations::<I, PARITY>(isa, v, step);
        }
        left = right;
    }
}

/// U of a run of tiles for one row of U and one vector, in the panel steps of four positions.
#[inline(never)]
pub fn transform_gradient<I: Isa, D: Products, const ROW: usize>(
    isa: I,
    columns: &[ColumnOf<TILE>],
    vector: usize,
    [a, b, c, d]: [&mut [PanelStep]; PATCH],
) {
    let vector = vector % 4;
    for ((((a, b), c), d), pair) in a.iter_mut().zip(b).zip(c).zip(d).zip(columns.as_chunks::<TILE>().0) {
        let [left, right] = from_fn(|column| doubled(isa, [isa.i8x16_load(&pair[column][0][vector]), isa.i8x16_load(&pair[column][1][vector])], ROW));
        for (position, step) in [a, b, c, d].into_iter().enumerate() {
            D::store_gradient(isa, doubled(isa, [left, right], position), vector, step);
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

/// Adds the codes of one row and one quad to the sums of their even and their odd columns.
#[inline(never)]
pub fn add_sums<I: Isa>(isa: I, columns: &[ColumnOf<TILE>], [row, quad]: [usize; 2], sums: &mut [Vector; TILE]) {
    let ones = isa.i8x16_splat(1);
    let mut registers = sums.map(|sum| isa.i32x4_load(&sum));
    for pair in columns.as_chunks::<TILE>().0 {
        for (sum, column) in registers.iter_mut().zip(pair) {
            *sum = isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(isa.i8x16_load(&column[row % TILE][quad % 4]), ones, *sum);
        }
    }
    for (bytes, sum) in sums.iter_mut().zip(registers) {
        isa.i32x4_store(sum, bytes);
    }
}
