//! The two transforms, on interleaved codes.

use super::{LANES, OFFSET, PATCH, POSITIONS, TILE};
use crate::conv::gemm_4x8::PanelStep;
use crate::weight_gradient::operands::{interleave, CHANNELS};
use core::array::from_fn;
use simd::Isa;

/// What lies outside a row.
static OUTSIDE: [u8; CHANNELS] = [0; CHANNELS];

/// The rows under four rows of tiles, `[row of the tile][lane]`; empty in the padding.
pub type RowsOf<'a, const N: usize> = [[&'a [u8]; LANES]; N];

/// Sixteen channels at byte `at` of a row.
#[inline(always)]
fn load<I: Isa>(isa: I, row: &[u8], at: usize) -> I::I8x16 {
    isa.i8x16_load(row.get(at..).and_then(|codes| codes.first_chunk()).unwrap_or(&OUTSIDE))
}

/// Bᵀ on one axis: rows [1, 0, −1, 0], [0, 1, 1, 0], [0, −1, 1, 0], [0, 1, 0, −1].
#[inline(always)]
fn b_transposed<I: Isa>(isa: I, [a, b, c, d]: [I::I8x16; PATCH]) -> [I::I8x16; PATCH] {
    [isa.i8x16_sub(a, c), isa.i8x16_add(b, c), isa.i8x16_sub(c, b), isa.i8x16_sub(b, d)]
}

/// The columns under a row group, transformed vertically and interleaved: `[row of V][quad][column]`. `at` is the byte of the first column in its row, and may
/// wrap below 0.
#[inline(never)]
pub fn pack_columns<I: Isa>(isa: I, rows: &RowsOf<'_, PATCH>, at: usize, stride: usize, columns: &mut [[u8; 16]]) {
    let length = columns.len() / POSITIONS;
    let mut at = at;
    for column in 0..length {
        let lanes: [[I::I8x16; PATCH]; LANES] = from_fn(|lane| b_transposed(isa, from_fn(|row| load(isa, rows[row][lane], at))));
        for row in 0..PATCH {
            for (quad, codes) in interleave(isa, lanes.map(|lane| lane[row])).into_iter().enumerate() {
                isa.i32x4_store(codes, &mut columns[(row * 4 + quad) * length + column]);
            }
        }
        at = at.wrapping_add(stride);
    }
}

/// V + 32 of a run of tiles for one row of V and one quad, from its columns: two more for every tile.
#[inline(never)]
pub fn transform_activations<I: Isa>(isa: I, columns: &[[u8; 16]], v: [&mut [[u8; 16]]; PATCH]) {
    let offset = isa.i8x16_splat(OFFSET);
    let [a, b, c, d] = v;
    let Some((first, columns)) = columns.as_chunks::<TILE>().0.split_first() else { return };
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

/// Sums of the gradient's codes at even and odd rows and columns, `[row][column][16 channels]`.
pub type GradientSums = [[[[u8; 16]; 4]; TILE]; TILE];

/// U of a run of tiles for sixteen channels, `[position]` → two panels of eight; adds to the sums.
#[inline(never)]
pub fn transform_gradient<I: Isa>(
    isa: I,
    rows: &RowsOf<'_, TILE>,
    at: usize,
    stride: usize,
    panels: &mut [PanelStep],
    place: Place,
    sums: &mut GradientSums,
) {
    let ones = isa.i8x16_splat(1);
    let mut at = at;
    for tile in 0..place.tiles {
        let codes: [[[I::I32x4; 4]; TILE]; TILE] =
            from_fn(|row| from_fn(|column| interleave(isa, rows[row].map(|lane| load(isa, lane, at.wrapping_add(column * stride))))));
        for (row, codes) in codes.iter().enumerate() {
            for (column, codes) in codes.iter().enumerate() {
                for (sum, codes) in sums[row][column].iter_mut().zip(codes) {
                    let before = isa.i32x4_load(sum);
                    isa.i32x4_store(isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(isa.i8x16_from_i32x4(*codes), ones, before), sum);
                }
            }
        }
        for quad in 0..4 {
            let g = codes.map(|row| row.map(|column| isa.i8x16_from_i32x4(column[quad])));
            for (position, u) in doubled(isa, g).into_iter().flatten().enumerate() {
                let step = position * place.position + quad / 2 * place.panel + place.first + tile;
                isa.i8x16_store(u, &mut panels[step][quad % 2]);
            }
        }
        at = at.wrapping_add(TILE * stride);
    }
}

/// Where a run of tiles goes.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Steps from one position to the next.
    pub position: usize,
    /// Steps from one panel to the next.
    pub panel: usize,
    /// The first step.
    pub first: usize,
    /// Tiles of the run.
    pub tiles: usize,
}

/// (2G) g (2G)ᵀ, 2G = [2, 0], [1, 1], [1, −1], [0, 2].
#[inline(always)]
fn doubled<I: Isa>(isa: I, g: [[I::I8x16; TILE]; TILE]) -> [[I::I8x16; PATCH]; PATCH] {
    let four = |[a, b]: [I::I8x16; TILE]| [isa.i8x16_add(a, a), isa.i8x16_add(a, b), isa.i8x16_sub(a, b), isa.i8x16_add(b, b)];
    let columns: [[I::I8x16; PATCH]; TILE] = from_fn(|column| four([g[0][column], g[1][column]]));
    from_fn(|row| four(columns.map(|column| column[row])))
}
