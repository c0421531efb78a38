//! Gathers the codes under 4 output pixels into a tile `[K/2][4 pixels][2]` of i16 or `[K/4][4 pixels][4]` of bytes.
//!
//! K runs over (ky, kx, channel) with the channels rounded up to whole steps; the weights are packed in the same order. Layers of up to 4 channels with a
//! window are not packed: [`super::windows`].

use super::conv2d_relaxed::operand_container;
use super::gemm_4x8::{TileStep, ROWS};
use super::pointwise;
use crate::params::{container, dot, Conv2d};
use core::array::from_fn;
use simd::dot::{I16Dot, I7Dot, PairedDot, SDot, UsDot, W4Dot};
use simd::{mem, Dot, Isa};

/// Channels of one load of bytes.
const VECTOR: usize = 16;

/// How the codes under 4 output pixels become a tile of a dot product.
pub trait Tiles: Dot {
    /// Whether the module does without what only makes this one fast: pairs of i16 beside dot products of bytes, which few layers have; and all where vectors
    /// are arrays of numbers, which is to be small.
    const IS_RARE: bool = cfg!(all(target_arch = "wasm32", not(target_feature = "simd128")))
        || (!Self::ADDS && cfg!(all(target_feature = "relaxed-simd", not(feature = "train"))));

    /// Channels of a pixel that are read.
    fn channels_read(layer: &Conv2d) -> usize {
        layer.in_c as usize
    }

    /// What is added to a code, modulo 256, to make it one that the dot product reads.
    fn offset(_layer: &Conv2d) -> u8 {
        0
    }

    /// Packs the tile that starts at output pixel `first`. Past the last pixel the last one is repeated; the caller stores less. `outside`
    /// is [`Tiles::channels_read`] zero points: what a tap in the padding reads.
    fn pack_tile<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], outside: &[u8], first: usize, tile: &mut [TileStep], offset: u8);

    /// Packs the first of `tiles`, where more than one at a time are faster; returns how many.
    fn pack_pointwise<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], tiles: pointwise::Tiles<'_>, offset: u8) -> usize;
}

/// [`Tiles::pack_tile`] of pairs of i16. Not inlined: two dot products take it.
#[inline(never)]
fn pack_words<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], outside: &[u8], first: usize, tile: &mut [TileStep]) {
    let in_c = layer.in_c as usize;
    let words = Words::new(isa, layer.in_container);
    gather::<I16Dot>(layer, input, outside, in_c, first, tile, |codes, steps| pack_pairs(isa, words, codes, steps));
}

macro_rules! word_tiles {
    ($($dot:ident),*) => {
        $(
            impl Tiles for $dot {
                fn pack_tile<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], outside: &[u8], first: usize, tile: &mut [TileStep], _offset: u8) {
                    pack_words(isa, layer, input, outside, first, tile);
                }

                fn pack_pointwise<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], tiles: pointwise::Tiles<'_>, _offset: u8) -> usize {
                    if Self::IS_RARE {
                        return 0;
                    }
                    pointwise::pack_words(isa, layer, input, tiles)
                }
            }
        )*
    };
}

word_tiles!(I16Dot, PairedDot);

macro_rules! byte_tiles {
    ($($dot:ident: $number:ident),*) => {
        $(
            impl Tiles for $dot {
                fn channels_read(layer: &Conv2d) -> usize {
                    layer.whole_channels()
                }

                fn offset(layer: &Conv2d) -> u8 {
                    let is_moved = operand_container(dot::$number, layer.in_container) != layer.in_container;
                    if is_moved { 0x80 } else { 0 }
                }

                fn pack_tile<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], outside: &[u8], first: usize, tile: &mut [TileStep], offset: u8) {
                    pack_bytes(isa, layer, input, outside, first, tile, offset);
                }

                fn pack_pointwise<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], tiles: pointwise::Tiles<'_>, offset: u8) -> usize {
                    pointwise::pack_bytes(isa, layer, input, tiles, offset)
                }
            }
        )*
    };
}

byte_tiles!(I7Dot: I7, W4Dot: W4, UsDot: USDOT, SDot: SDOT);

/// [`Tiles::pack_tile`] of bytes, each with `offset` added.
#[inline(never)]
fn pack_bytes<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], outside: &[u8], first: usize, tile: &mut [TileStep], offset: u8) {
    let in_c = layer.in_c as usize;
    gather::<I7Dot>(layer, input, outside, layer.whole_channels(), first, tile, |codes, steps| pack_quads(isa, codes, in_c, steps, offset));
}

impl Conv2d {
    /// The channels of a pixel that byte tiles are loaded from: whole vectors, where pixels have room for them.
    fn whole_channels(&self) -> usize {
        let whole = (self.in_c as usize).next_multiple_of(VECTOR);
        if whole <= self.in_stride as usize {
            whole
        } else {
            self.in_c as usize
        }
    }
}

/// Walks the taps of 4 output pixels and hands `pack_tap` the first `channels` under each, and the steps of the tile that they go to.
#[inline(always)]
fn gather<D: Dot>(
    layer: &Conv2d,
    input: &[u8],
    outside: &[u8],
    channels: usize,
    first: usize,
    tile: &mut [TileStep],
    pack_tap: impl Fn([&[u8]; ROWS], &mut [TileStep]),
) {
    let last = layer.out_pixels() - 1;
    let (rows, columns) = (layer.rows(), layer.columns());
    let (in_w, in_c, in_stride) = (layer.in_w as usize, layer.in_c as usize, layer.in_stride as usize);
    let pixels: [(usize, usize, usize); ROWS] = from_fn(|i| layer.place((first + i).min(last)));
    let mut steps = tile.chunks_exact_mut(in_c.div_ceil(D::STEP));
    for ky in 0..layer.kernel_h as usize {
        let lines = pixels.map(|(y, _, image)| rows.element(y, ky).map(|y| image + y * in_w));
        for kx in 0..layer.kernel_w as usize {
            let codes: [&[u8]; ROWS] = from_fn(|i| match (lines[i], columns.element(pixels[i].1, kx)) {
                (Some(line), Some(x)) => &input[(line + x) * in_stride..][..channels],
                _ => outside,
            });
            if let Some(steps) = steps.next() {
                pack_tap(codes, steps);
            }
        }
    }
}

/// The `in_c` channels of four pixels as bytes: sixteen at a time as four groups of four, transposed. A rest is loaded like the others where the
/// pixels have room for it, else group by group.
#[inline(always)]
fn pack_quads<I: Isa>(isa: I, codes: [&[u8]; ROWS], in_c: usize, steps: &mut [TileStep], offset: u8) {
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = codes.map(|row| row.as_chunks::<VECTOR>());
    let offsets = isa.i8x16_splat(offset as i8);
    let load = |codes: &[u8; VECTOR]| isa.i32x4_from_i8x16(isa.i8x16_add(isa.i8x16_load(codes), offsets));
    let (fours, rest) = steps.as_chunks_mut::<4>();
    let whole = in_c / VECTOR;
    let (full, partial) = fours.split_at_mut(whole);
    for ((((four, a), b), c), d) in full.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        for (step, groups) in four.iter_mut().zip(transpose(isa, [load(a), load(b), load(c), load(d)])) {
            isa.i32x4_store(groups, mem::array_mut(step.as_flattened_mut(), 0));
        }
    }
    // The rest of 16 channels may still fill four groups: then it is not in `rest`.
    let tail = if partial.is_empty() { rest } else { partial.as_flattened_mut() };
    if tail.is_empty() {
        return;
    }
    if let ([.., a], [.., b], [.., c], [.., d], true) = (a, b, c, d, a.len() > whole) {
        let mask = isa.i32x4_from_i8x16(isa.i8x16_load(mem::array(&MASKS, VECTOR - in_c % VECTOR)));
        let groups = [a, b, c, d].map(|codes| isa.i32x4_and(load(codes), mask));
        for (step, groups) in tail.iter_mut().zip(transpose(isa, groups)) {
            isa.i32x4_store(groups, mem::array_mut(step.as_flattened_mut(), 0));
        }
        return;
    }
    for (i, step) in tail.iter_mut().enumerate() {
        for (group, row) in step.iter_mut().zip([a_rest, b_rest, c_rest, d_rest]) {
            // 0 past the last channel, so that whatever the weights hold there adds nothing.
            *group = from_fn(|lane| row.get(4 * i + lane).map_or(0, |code| code.wrapping_add(offset)));
        }
    }
}

/// Sixteen ones and sixteen zeros: the 16 bytes from 16 − n on keep the first n of a vector.
const MASKS: [u8; 2 * VECTOR] = {
    let mut masks = [0; 2 * VECTOR];
    let mut i = 0;
    while i < VECTOR {
        masks[i] = 0xFF;
        i += 1;
    }
    masks
};

/// Codes of either container as i16, by one text for both.
#[derive(Clone, Copy)]
pub(super) struct Words<I: Isa> {
    /// What makes a code one of 0..255, and what that adds.
    flip: I::I32x4,
    moved: I::I16x8,
    container: i32,
}

impl<I: Isa> Words<I> {
    pub(super) fn new(isa: I, container: i32) -> Self {
        let flip = if container == container::U8 { 0 } else { 0x80 };
        Self { flip: isa.i32x4_splat(i32::from_le_bytes([flip; 4])), moved: isa.i16x8_splat(i16::from(flip)), container }
    }

    /// Eight codes.
    #[inline(always)]
    pub(super) fn eight(self, isa: I, codes: &[u8; 8]) -> I::I32x4 {
        let bytes = isa.i32x4_xor(isa.i32x4_from_i8x16(isa.i8x16_load64_zero(codes)), self.flip);
        isa.i32x4_from_i16x8(isa.i16x8_sub(isa.i16x8_extend_low_i8x16_u(isa.i8x16_from_i32x4(bytes)), self.moved))
    }

    /// The code at `at`; 0 past the end, where the weight is 0 too.
    fn one(self, codes: &[u8], at: usize) -> i16 {
        codes.get(at).map_or(0, |&code| if self.container == container::U8 { i16::from(code) } else { i16::from(code as i8) })
    }
}

/// The channels of four pixels as i16: eight at a time as four pairs, transposed; the rest pair by pair.
#[inline(always)]
fn pack_pairs<I: Isa>(isa: I, words: Words<I>, codes: [&[u8]; ROWS], steps: &mut [TileStep]) {
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = codes.map(|row| row.as_chunks::<8>());
    let (quads, rest) = steps.as_chunks_mut::<4>();
    let whole = a.len();
    for ((((quad, a), b), c), d) in quads.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let pairs = [a, b, c, d].map(|eight| words.eight(isa, eight));
        for (step, pairs) in quad.iter_mut().zip(transpose(isa, pairs)) {
            isa.i32x4_store(pairs, mem::array_mut(step.as_flattened_mut(), 0));
        }
    }
    // The rest of 8 channels may still fill a quad of pairs: then it is not in `rest`.
    let tail = if quads.len() > whole { &mut quads[whole][..] } else { rest };
    for (i, step) in tail.iter_mut().enumerate() {
        for (pair, row) in step.iter_mut().zip([a_rest, b_rest, c_rest, d_rest]) {
            let ([a, b], [c, d]) = (words.one(row, 2 * i).to_le_bytes(), words.one(row, 2 * i + 1).to_le_bytes());
            *pair = [a, b, c, d];
        }
    }
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
