//! Bᵀ·d·B: the 6×6 codes under a tile into its 36 positions, eight channels at a time.

use super::{PATCH, POSITIONS};
use crate::codes::{Container, LANES};
use core::array::from_fn;
use simd::{mem, Isa};

/// The codes under one tile: a slice of channels per pixel, row by row.
pub type Patch<'a> = [&'a [u8]; POSITIONS];

/// Bᵀ on one axis: rows [4,0,−5,0,1,0], [0,−4,−4,1,1,0], [0,4,−4,−1,1,0], [0,−2,−1,2,1,0], [0,2,−1,−2,1,0], [0,4,0,−5,0,1].
// Inlined where a lane operation is one instruction; the scalar module would grow by tens of kilobytes.
#[cfg_attr(target_feature = "simd128", inline(always))]
#[cfg_attr(not(target_feature = "simd128"), inline(never))]
fn bt<I: Isa>(isa: I, d: [I::I16x8; PATCH]) -> [I::I16x8; PATCH] {
    let add = |a, b| isa.i16x8_add(a, b);
    let sub = |a, b| isa.i16x8_sub(a, b);
    let four = |a| isa.i16x8_shl(a, 2);
    let five = |a| add(four(a), a);
    let (p, q) = (sub(d[4], four(d[2])), sub(d[3], four(d[1])));
    let (r, s) = (sub(d[4], d[2]), isa.i16x8_shl(sub(d[3], d[1]), 1));
    [add(sub(four(d[0]), five(d[2])), d[4]), add(p, q), sub(p, q), add(r, s), sub(r, s), add(sub(four(d[1]), five(d[3])), d[5])]
}

/// Eight channels of a tile.
#[inline(always)]
fn transform<I: Isa>(isa: I, load: impl Fn(usize) -> I::I16x8, mut store: impl FnMut(usize, I::I16x8)) {
    let mut half = [[isa.i16x8_splat(0); PATCH]; PATCH];
    for x in 0..PATCH {
        let column = bt(isa, from_fn(|y| load(y * PATCH + x)));
        for (row, value) in half.iter_mut().zip(column) {
            row[x] = value;
        }
    }
    for (y, row) in half.into_iter().enumerate() {
        for (x, value) in bt(isa, row).into_iter().enumerate() {
            store(y * PATCH + x, value);
        }
    }
}

/// Transforms every channel of a tile into i16 rows, one per position, `position_bytes` apart; the channels past the last are those of zeros.
pub fn transform_tile<I: Isa, C: Container>(isa: I, patch: &Patch, rows: &mut [u8], position_bytes: usize) {
    transform_whole::<I, C>(isa, patch, rows, position_bytes);
    let channels = patch[0].len();
    let whole = channels / LANES * LANES;
    if whole < channels {
        let rest = patch.map(|pixel| {
            let mut eight = [0; LANES];
            eight[..channels - whole].copy_from_slice(&pixel[whole..]);
            eight
        });
        transform_whole::<I, C>(isa, &from_fn(|pixel| &rest[pixel][..]), &mut rows[whole * 2..], position_bytes);
    }
}

/// The whole vectors of channels. A function of its own, so that the engine keeps the lanes in registers.
#[inline(never)]
fn transform_whole<I: Isa, C: Container>(isa: I, patch: &Patch, rows: &mut [u8], position_bytes: usize) {
    for c in (0..patch[0].len() / LANES * LANES).step_by(LANES) {
        let store = |position: usize, value| isa.i16x8_store(value, mem::array_mut(rows, position * position_bytes + c * 2));
        transform(isa, |pixel| load::<I, C>(isa, patch[pixel], c), store);
    }
}

/// Eight codes of a pixel; inlined as [`bt`] is.
#[cfg_attr(target_feature = "simd128", inline(always))]
#[cfg_attr(not(target_feature = "simd128"), inline(never))]
fn load<I: Isa, C: Container>(isa: I, pixel: &[u8], channel: usize) -> I::I16x8 {
    C::load(isa, pixel, channel)
}
