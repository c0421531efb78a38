//! Bᵀ·d·B: the 6×6 codes under four tiles into their 36 positions, two channels of each tile at a time.

use super::{PATCH, POSITIONS, QUAD};
use crate::conv::gemm_4x8::TileStep;
use crate::params::{container, Conv2d};
use core::array::from_fn;
use simd::{mem, Isa};

/// Two channels of a pixel under each of four tiles.
pub type Pair = [u8; 2 * QUAD];

/// Channels that one load takes.
const VECTOR: usize = 16;
/// Pairs of that many channels.
const PAIRS: usize = VECTOR / 2;
/// Row sums of Bᵀ are 0 but for that of row 1, −6: a constant c in all codes is 36·c at this position and nothing elsewhere.
const CONSTANT: (usize, usize) = (1, 1);

/// The codes under four tiles at `corners` (row and column of their outputs), side by side: `[pair][36]`. Those in the padding are `outside`, a row of zero points.
/// Signed codes become unsigned ones, 128 higher.
#[inline(never)]
pub fn gather<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], outside: &[u8], corners: [[usize; 2]; QUAD], codes: &mut [[Pair; POSITIONS]]) {
    let (in_h, in_w, in_c, stride) = (layer.in_h as usize, layer.in_w as usize, layer.in_c as usize, layer.in_stride as usize);
    let offset = isa.i8x16_splat(if layer.in_container == container::I8 { -128 } else { 0 });
    for y in 0..PATCH {
        let rows = corners.map(|[top, _]| {
            // Rows above the image wrap beyond it.
            let y = (top + y).wrapping_sub(layer.pad_top as usize);
            if y < in_h {
                &input[y * in_w * stride..][..outside.len()]
            } else {
                outside
            }
        });
        for x in 0..PATCH {
            let pixels = from_fn(|i| {
                let x = (corners[i][1] + x).wrapping_sub(layer.pad_left as usize);
                if x < in_w {
                    &rows[i][x * stride..][..in_c]
                } else {
                    &outside[..in_c]
                }
            });
            interleave(isa, pixels, offset, y * PATCH + x, codes);
        }
    }
}

/// Four pixels, pair by pair: channels of 16 bits, as it were, transposed. Past the last channel there is anything, and weights of 0.
#[inline(always)]
fn interleave<I: Isa>(isa: I, pixels: [&[u8]; QUAD], offset: I::I8x16, position: usize, codes: &mut [[Pair; POSITIONS]]) {
    let whole = pixels[0].len() / VECTOR * PAIRS;
    let (whole, rest) = codes.split_at_mut(whole);
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = pixels.map(|pixel| pixel.as_chunks::<VECTOR>());
    for ((((codes, a), b), c), d) in whole.as_chunks_mut::<PAIRS>().0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let pairs =
            mem::rows_mut::<8, PAIRS>(codes.as_flattened_mut().as_flattened_mut(), position * size_of::<Pair>(), POSITIONS * size_of::<Pair>());
        let mut pairs = pairs.into_iter();
        for two in transpose(isa, [a, b, c, d], offset) {
            pairs.next().into_iter().for_each(|pair| isa.i8x16_store64_low(two, pair));
            pairs.next().into_iter().for_each(|pair| isa.i8x16_store64_high(two, pair));
        }
    }
    if rest.is_empty() {
        return;
    }
    let mut last = [[0; VECTOR]; QUAD];
    for (last, rest) in last.iter_mut().zip([a_rest, b_rest, c_rest, d_rest]) {
        last[..rest.len()].copy_from_slice(rest);
    }
    let mut pairs = [[0; VECTOR]; QUAD];
    for (pair, two) in pairs.iter_mut().zip(transpose(isa, last.each_ref(), offset)) {
        isa.i8x16_store(two, pair);
    }
    for (codes, pair) in rest.iter_mut().zip(mem::arrays(pairs.as_flattened())) {
        codes[position] = *pair;
    }
}

/// Sixteen channels of four pixels as eight pairs of each, two in a vector.
#[inline(always)]
fn transpose<I: Isa>(isa: I, pixels: [&[u8; VECTOR]; QUAD], offset: I::I8x16) -> [I::I8x16; QUAD] {
    let [a, b, c, d] = pixels.map(|codes| isa.i16x8_from_i32x4(isa.i32x4_from_i8x16(isa.i8x16_add(isa.i8x16_load(codes), offset))));
    let [ab_low, ab_high] = [isa.i16x8_interleave_low(a, b), isa.i16x8_interleave_high(a, b)].map(|pairs| isa.i32x4_from_i16x8(pairs));
    let [cd_low, cd_high] = [isa.i16x8_interleave_low(c, d), isa.i16x8_interleave_high(c, d)].map(|pairs| isa.i32x4_from_i16x8(pairs));
    [
        isa.i32x4_interleave_low(ab_low, cd_low),
        isa.i32x4_interleave_high(ab_low, cd_low),
        isa.i32x4_interleave_low(ab_high, cd_high),
        isa.i32x4_interleave_high(ab_high, cd_high),
    ]
    .map(|two| isa.i8x16_from_i32x4(two))
}

/// Bᵀ on one axis: rows [4,0,−5,0,1,0], [0,−4,−4,1,1,0], [0,4,−4,−1,1,0], [0,−2,−1,2,1,0], [0,2,−1,−2,1,0], [0,4,0,−5,0,1].
// Inlined where a lane operation is one instruction; the scalar module would grow by tens of kilobytes.
#[cfg_attr(target_feature = "simd128", inline(always))]
#[cfg_attr(not(target_feature = "simd128"), inline(never))]
fn bt<I: Isa>(isa: I, d: [I::I16x8; PATCH]) -> [I::I16x8; PATCH] {
    let add = |a, b| isa.i16x8_add(a, b);
    let sub = |a, b| isa.i16x8_sub(a, b);
    let four = |a| isa.i16x8_shl(a, 2);
    let (p, q) = (sub(d[4], four(d[2])), sub(d[3], four(d[1])));
    let (r, s) = (sub(d[4], d[2]), isa.i16x8_shl(sub(d[3], d[1]), 1));
    // 4·d0 − 5·d2 + d4 and 4·d1 − 5·d3 + d5 by the differences that are there already.
    let (first, last) = (add(four(sub(d[0], d[2])), r), sub(sub(d[5], d[3]), isa.i16x8_shl(s, 1)));
    [first, add(p, q), sub(p, q), add(r, s), sub(r, s), last]
}

/// V of a quad: the positions of `v` are `position_steps` apart.
#[inline(never)]
pub fn transform<I: Isa>(isa: I, layer: &Conv2d, codes: &[[Pair; POSITIONS]], v: &mut [TileStep], position_steps: usize) {
    let moved = isa.i16x8_splat(if layer.in_container == container::I8 { 128 * 36 } else { 0 });
    let stride = position_steps * size_of::<TileStep>();
    let v = v.as_flattened_mut().as_flattened_mut();
    // Outside of the loop: what clears 36 vectors, or copies them, is a call.
    let mut half = [[moved; PATCH]; PATCH];
    for (i, codes) in codes.iter().enumerate() {
        for x in 0..PATCH {
            let column = bt(isa, from_fn(|y| isa.i16x8_load_extend_u8x8(&codes[y * PATCH + x])));
            for (row, value) in half.iter_mut().zip(column) {
                row[x] = value;
            }
        }
        for (y, row) in half.iter().enumerate() {
            let mut values = bt(isa, *row);
            if y == CONSTANT.0 {
                values[CONSTANT.1] = isa.i16x8_sub(values[CONSTANT.1], moved);
            }
            let steps = mem::rows_mut::<16, PATCH>(v, y * PATCH * stride + i * size_of::<TileStep>(), stride);
            for (value, step) in values.iter().zip(steps) {
                isa.i16x8_store(*value, step);
            }
        }
    }
}
