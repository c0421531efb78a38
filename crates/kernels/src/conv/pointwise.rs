//! Tiles of layers in which every output pixel reads the input pixel of the same number: all of a block in one loop, which knows of no window.

use super::gemm_4x8::{TileStep, ROWS};
use super::tile::{transpose, Words};
use crate::params::Conv2d;
use simd::{mem, Isa};

/// Steps that a vector of a pixel's codes holds.
const STEPS: usize = 4;

impl Conv2d {
    /// Whether every output pixel reads the input pixel of the same number.
    fn is_pointwise(&self) -> bool {
        [self.kernel_h, self.kernel_w, self.stride_h, self.stride_w, self.pad_top, self.pad_left] == [1, 1, 1, 1, 0, 0]
            && [self.in_h, self.in_w] == [self.out_h, self.out_w]
    }
}

/// Tiles of `length`, the first of which begins with output pixel `first`.
pub struct Tiles<'a> {
    pub first: usize,
    pub length: usize,
    pub tiles: &'a mut [TileStep],
}

/// Packs the first of `tiles`, four codes a step, each with `offset` added, and returns how many.
#[inline(never)]
pub fn pack_bytes<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], tiles: Tiles<'_>, offset: u8) -> usize {
    let offsets = isa.i8x16_splat(offset as i8);
    pack::<I, 16>(isa, layer, input, tiles, |codes| isa.i32x4_from_i8x16(isa.i8x16_add(isa.i8x16_load(codes), offsets)))
}

/// The same of two codes a step, as i16.
#[inline(never)]
pub fn pack_words<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], tiles: Tiles<'_>) -> usize {
    let words = Words::new(isa, layer.in_container);
    pack::<I, 8>(isa, layer, input, tiles, |codes| words.eight(isa, codes))
}

/// None where the layer is another, or where steps hold more than codes. Not those at the end, where pixels, or codes behind one that are loaded with
/// it, are missing.
#[inline(always)]
fn pack<I: Isa, const VECTOR: usize>(isa: I, layer: &Conv2d, input: &[u8], tiles: Tiles<'_>, load: impl Fn(&[u8; VECTOR]) -> I::I32x4) -> usize {
    let (in_c, stride, step) = (layer.in_c as usize, layer.in_stride as usize, VECTOR / STEPS);
    if !layer.is_pointwise() || !in_c.is_multiple_of(step) {
        return 0;
    }
    let read = (ROWS - 1) * stride + in_c.next_multiple_of(VECTOR);
    let pixels = (input.len() + stride).saturating_sub(read) / stride;
    let whole = (pixels.saturating_sub(tiles.first)).div_ceil(ROWS).min((layer.out_pixels() - tiles.first) / ROWS);
    for (tile, at) in tiles.tiles.chunks_exact_mut(tiles.length).take(whole).zip((tiles.first * stride..).step_by(ROWS * stride)) {
        let (fours, rest) = tile[..in_c / step].as_chunks_mut::<STEPS>();
        let mut at = at;
        let mut vectors = || {
            let rows = mem::rows::<VECTOR, ROWS>(input, at, stride);
            at += VECTOR;
            transpose(isa, rows.map(&load))
        };
        for four in fours {
            for (step, codes) in four.iter_mut().zip(vectors()) {
                isa.i32x4_store(codes, mem::array_mut(step.as_flattened_mut(), 0));
            }
        }
        if !rest.is_empty() {
            for (step, codes) in rest.iter_mut().zip(vectors()) {
                isa.i32x4_store(codes, mem::array_mut(step.as_flattened_mut(), 0));
            }
        }
    }
    whole.min(tiles.tiles.len() / tiles.length)
}
