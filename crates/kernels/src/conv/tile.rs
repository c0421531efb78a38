//! Gathers the codes under 4 output pixels into a tile `[K/2][4 pixels][2]` of i16 for [`gemm_4x8`](super::gemm_4x8).
//!
//! K runs over (ky, kx, channel) with the channels rounded up to a pair; `PackConv2d` orders the weights alike.

use super::gemm_4x8::{TileStep, ROWS};
use super::stem;
use crate::codes::Container;
use crate::params::Conv2d;
use core::array::from_fn;
use simd::{mem, Isa};

/// Steps of a tile that one kernel position takes.
pub fn steps_per_tap(in_c: usize) -> usize {
    in_c.div_ceil(2)
}

impl Conv2d {
    /// Channels of a pixel that are read.
    pub(super) fn channels_read(&self) -> usize {
        if self.reads_rows() {
            stem::PIXEL
        } else {
            self.in_c as usize
        }
    }

    /// Bytes that stand for what lies in the padding.
    pub(super) fn border_bytes(&self) -> usize {
        if self.reads_rows() {
            stem::border_bytes(self.kernel_w as usize)
        } else {
            self.in_c as usize
        }
    }
}

/// Packs the tile that starts at output pixel `first`. Past the last pixel the last one is repeated; the caller stores less.
///
/// `border` is [`Conv2d::border_bytes`] of zero points: what a tap in the padding reads.
pub fn pack_tile<I: Isa, C: Container>(isa: I, layer: &Conv2d, input: &[u8], border: &mut [u8], first: usize, tile: &mut [TileStep]) {
    if layer.reads_rows() {
        return stem::pack_tile::<I, C>(isa, layer, input, border, first, tile);
    }
    let outside = &*border;
    let last = layer.out_pixels() - 1;
    let (rows, columns) = (layer.rows(), layer.columns());
    let out_w = layer.out_w as usize;
    let (in_w, in_c, in_stride) = (layer.in_w as usize, layer.in_c as usize, layer.in_stride as usize);
    let pixels: [(usize, usize); ROWS] = from_fn(|i| ((first + i).min(last) / out_w, (first + i).min(last) % out_w));
    let mut steps = tile.chunks_exact_mut(steps_per_tap(in_c));
    for ky in 0..layer.kernel_h as usize {
        let lines = pixels.map(|(y, _)| rows.element(y, ky));
        for kx in 0..layer.kernel_w as usize {
            let codes: [&[u8]; ROWS] = from_fn(|i| match (lines[i], columns.element(pixels[i].1, kx)) {
                (Some(y), Some(x)) => &input[(y * in_w + x) * in_stride..][..in_c],
                _ => outside,
            });
            if let Some(steps) = steps.next() {
                pack_tap::<I, C>(isa, codes, steps);
            }
        }
    }
}

/// The channels of four pixels under one tap: eight at a time as four pairs, transposed; the rest pair by pair.
#[inline(always)]
fn pack_tap<I: Isa, C: Container>(isa: I, codes: [&[u8]; ROWS], steps: &mut [TileStep]) {
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = codes.map(|row| row.as_chunks::<8>());
    let (quads, rest) = steps.as_chunks_mut::<4>();
    let whole = a.len();
    for ((((quad, a), b), c), d) in quads.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let pairs = [a, b, c, d].map(|eight| isa.i32x4_from_i16x8(C::load(isa, eight, 0)));
        for (step, pairs) in quad.iter_mut().zip(transpose(isa, pairs)) {
            isa.i32x4_store(pairs, mem::array_mut(step.as_flattened_mut(), 0));
        }
    }
    // The rest of 8 channels may still fill a quad of pairs: then it is not in `rest`.
    let tail = if quads.len() > whole { &mut quads[whole][..] } else { rest };
    for (i, step) in tail.iter_mut().enumerate() {
        for (pair, row) in step.iter_mut().zip([a_rest, b_rest, c_rest, d_rest]) {
            *pair = pair_of::<C>(row, 2 * i);
        }
    }
}

/// The codes at `at` and after it; 0 past the end, where the weight is 0 too.
#[inline(always)]
fn pair_of<C: Container>(row: &[u8], at: usize) -> [u8; 4] {
    let even = C::read(row, at) as i16;
    let odd = if at + 1 < row.len() { C::read(row, at + 1) as i16 } else { 0 };
    let ([a, b], [c, d]) = (even.to_le_bytes(), odd.to_le_bytes());
    [a, b, c, d]
}

/// Transposes 4×4 lanes.
#[inline(always)]
pub(super) fn transpose<I: Isa>(isa: I, [a, b, c, d]: [I::I32x4; 4]) -> [I::I32x4; 4] {
    let (ab_low, cd_low) = (isa.i32x4_interleave_low(a, b), isa.i32x4_interleave_low(c, d));
    let (ab_high, cd_high) = (isa.i32x4_interleave_high(a, b), isa.i32x4_interleave_high(c, d));
    [
        isa.i32x4_concat_low(ab_low, cd_low),
        isa.i32x4_concat_high(ab_low, cd_low),
        isa.i32x4_concat_low(ab_high, cd_high),
        isa.i32x4_concat_high(ab_high, cd_high),
    ]
}
