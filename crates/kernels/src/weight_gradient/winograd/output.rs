//! Aᵀ M A / 4 where it belongs, without what the offset of V added.

use super::{GradientSums, PATCH, POSITIONS, TAPS, TILE};
use crate::conv::gemm_4x8::COLUMNS;
use crate::weight_gradient::multiply::Sums;
use core::array::from_fn;
use simd::{mem, Isa};

/// Aᵀ = [1, 1, 1, 0], [0, 1, −1, 0], [0, 1, 1, −1].
#[inline(always)]
fn a_transposed<I: Isa>(isa: I, [a, b, c, d]: [I::I32x4; PATCH]) -> [I::I32x4; 3] {
    let sum = isa.i32x4_add(b, c);
    [isa.i32x4_add(a, sum), isa.i32x4_sub(b, c), isa.i32x4_sub(sum, d)]
}

/// Aᵀ·2G = [4, 0], [0, 2], [2, −2]: what the offset makes of sums of codes along one axis.
#[inline(always)]
fn of_offset<I: Isa>(isa: I, [a, b]: [I::I32x4; TILE]) -> [I::I32x4; 3] {
    [isa.i32x4_shl(a, 2), isa.i32x4_shl(b, 1), isa.i32x4_shl(isa.i32x4_sub(a, b), 1)]
}

/// What `offset` added to four times the sums of eight channels, `[tap][half]`.
pub fn offset_sums<I: Isa>(isa: I, offset: i8, sums: &[GradientSums], panel: usize) -> [[I::I32x4; 2]; TAPS] {
    let (sums, first) = (&sums[panel / 2], panel % 2 * 2);
    let halves: [[[I::I32x4; 3]; 3]; 2] = from_fn(|half| {
        let rows = sums.map(|row| of_offset(isa, row[first + half].map(|column| isa.i32x4_load(&column))));
        let taps = from_fn(|column| of_offset(isa, rows.map(|row| row[column])));
        // By columns: [column][row].
        taps.map(|rows: [I::I32x4; 3]| rows.map(|sum| isa.i32x4_mul(sum, isa.i32x4_splat(i32::from(offset)))))
    });
    from_fn(|tap| halves.map(|half| half[tap % 3][tap / 3]))
}

/// The 3×3 sums of one input channel (row `row` of `sums`, `[position]`) and eight output channels.
#[inline(always)]
pub fn taps<I: Isa>(isa: I, sums: &[&Sums; POSITIONS], row: usize, offset: &[[I::I32x4; 2]; TAPS]) -> [[I::I32x4; 2]; TAPS] {
    let halves: [[[I::I32x4; 3]; 3]; 2] = from_fn(|half| {
        let m: [[I::I32x4; PATCH]; PATCH] = from_fn(|i| from_fn(|j| isa.i32x4_load(&sums[i * PATCH + j][row][half])));
        let rows = m.map(|row| a_transposed(isa, row));
        from_fn(|column| a_transposed(isa, rows.map(|row| row[column])))
    });
    from_fn(|tap| from_fn(|half| isa.i32x4_shr_s(isa.i32x4_sub(halves[half][tap % 3][tap / 3], offset[tap][half]), 2)))
}

/// Writes the taps of one input channel to eight filters: filter i at i·`filter` bytes.
pub fn store<I: Isa>(isa: I, taps: [[I::I32x4; 2]; TAPS], filter: usize, output: &mut [u8]) {
    let mut lanes = [[[0u8; 16]; 2]; TAPS];
    for (bytes, tap) in lanes.iter_mut().zip(taps) {
        isa.i32x4_store(tap[0], &mut bytes[0]);
        isa.i32x4_store(tap[1], &mut bytes[1]);
    }
    for (channel, output) in output.chunks_mut(filter).take(COLUMNS).enumerate() {
        for (element, lanes) in mem::arrays_mut::<4>(output).iter_mut().zip(&lanes) {
            *element = *mem::array(lanes.as_flattened(), channel * 4);
        }
    }
}
