//! Tiles of layers that read up to 4 channels, which lie 4 apart: a row of the kernel is one run of bytes, gathered two taps at a time.
//!
//! The tile is the one of [`super::tile`]. Of i16: 2 steps per tap for 3 and 4 channels, 1 for fewer; channels that a pixel does not have bring
//! whatever lies there into a step, and their weights are 0. Of bytes: a step per tap, channels that a pixel does not have are 0.

use super::direct::steps_per_tap;
use super::gemm_4x8::{TileStep, ROWS};
use super::tile::transpose;
use crate::codes::Container;
use crate::params::Conv2d;
use core::array::from_fn;
use simd::dot::I16Dot;
use simd::{mem, Isa};

/// Bytes from one pixel to the next.
pub const PIXEL: usize = 4;
/// Taps that one load covers.
const TAPS: usize = 2;

/// Taps that one load covers where a step is the whole pixel.
const BYTE_TAPS: usize = 4;
/// Bytes of a load.
const VECTOR: usize = 16;

/// A row of the kernel in the padding, and one for each pixel of a tile that is partly there; rows of bytes are at least as long as a load.
pub fn border_bytes(kernel_w: usize) -> usize {
    (1 + ROWS) * kernel_w.max(BYTE_TAPS) * PIXEL
}

impl Conv2d {
    /// Whether [`pack_tile`] packs this layer.
    pub(super) fn reads_rows(&self) -> bool {
        self.in_c as usize <= PIXEL && self.in_stride as usize == PIXEL && self.kernel_w as usize >= TAPS && self.dilation_w == 1
    }
}

/// `super::tile::pack_tile` for layers that [`Conv2d::reads_rows`]. `border` begins with a row of zero points.
pub fn pack_tile<I: Isa, C: Container>(isa: I, layer: &Conv2d, input: &[u8], border: &mut [u8], first: usize, tile: &mut [TileStep]) {
    let last = layer.out_pixels() - 1;
    let pixels: [(usize, usize, usize); ROWS] = from_fn(|i| layer.place((first + i).min(last)));
    let (outside, gathered) = border.split_at_mut(layer.kernel_w as usize * PIXEL);
    let steps = tile.chunks_exact_mut(layer.kernel_w as usize * steps_per_tap::<I16Dot>(layer.in_c as usize));
    for (ky, steps) in steps.enumerate() {
        let rows = rows_under(layer, input, pixels, ky, outside, gathered);
        match layer.in_c {
            1 | 2 => pack_row::<I, C, 1>(isa, rows, steps),
            _ => pack_row::<I, C, 2>(isa, rows, steps),
        }
    }
}

/// The same for dot products of bytes, with `offset` added to each code.
#[inline(never)]
pub fn pack_byte_tile<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], border: &mut [u8], first: usize, tile: &mut [TileStep], offset: u8) {
    let row_steps = layer.kernel_w as usize;
    if let Some((begin, distance)) = inside(layer, first) {
        if layer.stride_w == 2 {
            pack_every_second(isa, layer, &input[begin..], tile, offset);
            return;
        }
        let line = (layer.kernel_w as usize).max(BYTE_TAPS) * PIXEL;
        for (ky, steps) in tile.chunks_exact_mut(row_steps).enumerate() {
            let row = &input[begin + ky * layer.in_w as usize * PIXEL..][..(ROWS - 1) * distance + line];
            pack_byte_row(isa, layer, [&row[..line], &row[distance..][..line], &row[2 * distance..][..line], &row[3 * distance..]], steps, offset);
        }
        return;
    }
    let last = layer.out_pixels() - 1;
    let pixels: [(usize, usize, usize); ROWS] = from_fn(|i| layer.place((first + i).min(last)));
    let (outside, gathered) = border.split_at_mut((layer.kernel_w as usize).max(BYTE_TAPS) * PIXEL);
    for (ky, steps) in tile.chunks_exact_mut(row_steps).enumerate() {
        let rows = rows_under(layer, input, pixels, ky, outside, gathered);
        pack_byte_row(isa, layer, rows, steps, offset);
    }
}

/// Where in the input the window of output pixel `first` begins, and the bytes from there to the next pixel's, if the four pixels from it on are
/// neighbours whose loads all lie inside: most are.
fn inside(layer: &Conv2d, first: usize) -> Option<(usize, usize)> {
    let (y, x, image) = layer.place(first);
    let (top, left) = (layer.rows().start(y), layer.columns().start(x));
    // `pack_every_second` reads one pixel more than the last tap.
    let taps = (layer.kernel_w + i32::from(layer.stride_w == 2)).max(BYTE_TAPS as i32);
    let is_inside = x + ROWS <= layer.out_w as usize
        && top >= 0
        && left >= 0
        && layer.dilation_h == 1
        && top + layer.kernel_h <= layer.in_h
        && layer.columns().start(x + ROWS - 1) + taps <= layer.in_w;
    is_inside.then(|| ((image + top as usize * layer.in_w as usize + left as usize) * PIXEL, layer.stride_w as usize * PIXEL))
}

/// The same where neighbours of the output are two pixels of the input apart, and `input` begins with what the first tap reads: a tap of four of them is
/// every second of eight pixels.
#[inline(always)]
fn pack_every_second<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], tile: &mut [TileStep], offset: u8) {
    let (width, line) = (layer.kernel_w as usize, layer.in_w as usize * PIXEL);
    let offsets = isa.i8x16_splat(offset as i8);
    let channels = channel_mask(isa, layer);
    let mut steps = tile.iter_mut();
    for ky in 0..layer.kernel_h as usize {
        let row = &input[ky * line..][..(width - 1) * PIXEL + 2 * VECTOR];
        for (kx, step) in steps.by_ref().take(width).enumerate() {
            let eight: &[u8; 2 * VECTOR] = mem::array(row, kx * PIXEL);
            let [a, b] = [0, VECTOR].map(|at| isa.i32x4_from_i8x16(isa.i8x16_load(mem::array(eight, at))));
            // One shuffle, once it is compiled.
            let every_second = isa.i32x4_interleave_low(isa.i32x4_interleave_low(a, b), isa.i32x4_interleave_high(a, b));
            let codes = isa.i32x4_from_i8x16(isa.i8x16_add(isa.i8x16_from_i32x4(every_second), offsets));
            isa.i32x4_store(isa.i32x4_and(codes, channels), mem::array_mut(step.as_flattened_mut(), 0));
        }
    }
}

/// Ones in the bytes of the channels that a pixel has.
#[inline(always)]
fn channel_mask<I: Isa>(isa: I, layer: &Conv2d) -> I::I32x4 {
    isa.i32x4_splat((u32::MAX >> (8 * (PIXEL - layer.in_c as usize))) as i32)
}

/// A row of the kernel: four taps of each pixel at a time. A last group of fewer is the end of the last four, or the beginning of the only four.
#[inline(always)]
fn pack_byte_row<I: Isa>(isa: I, layer: &Conv2d, rows: [&[u8]; ROWS], steps: &mut [TileStep], offset: u8) {
    let offsets = isa.i8x16_splat(offset as i8);
    let channels = channel_mask(isa, layer);
    let store = |tap: I::I32x4, step: &mut TileStep| isa.i32x4_store(tap, mem::array_mut(step.as_flattened_mut(), 0));
    for (i, steps) in steps.chunks_mut(BYTE_TAPS).enumerate() {
        let at = (i * BYTE_TAPS).min(rows[0].len() / PIXEL - BYTE_TAPS);
        let codes = rows.map(|row| {
            let codes = isa.i8x16_add(isa.i8x16_load(mem::array::<16>(row, at * PIXEL)), offsets);
            isa.i32x4_and(isa.i32x4_from_i8x16(codes), channels)
        });
        let [a, b, c, d] = transpose(isa, codes);
        let taps = match i * BYTE_TAPS - at {
            0 => [a, b, c, d],
            1 => [b, c, d, d],
            2 => [c, d, d, d],
            _ => [d; BYTE_TAPS],
        };
        for (tap, step) in taps.into_iter().zip(steps) {
            store(tap, step);
        }
    }
}

/// What lies under row `ky` of the kernel for each pixel of a tile.
#[inline(always)]
fn rows_under<'a>(
    layer: &Conv2d,
    input: &'a [u8],
    pixels: [(usize, usize, usize); ROWS],
    ky: usize,
    outside: &'a [u8],
    gathered: &'a mut [u8],
) -> [&'a [u8]; ROWS] {
    let mut own = gathered.chunks_exact_mut(outside.len());
    pixels.map(|(y, x, image)| match (layer.rows().element(y, ky), own.next()) {
        (Some(y), Some(own)) => row(layer, input, image + y * layer.in_w as usize, x, own),
        _ => outside,
    })
}

/// The pixels of the input row that starts at pixel `line` under the kernel of output column `x`: as they lie there, or gathered in `own` where some are in the
/// padding.
fn row<'a>(layer: &Conv2d, input: &'a [u8], line: usize, x: usize, own: &'a mut [u8]) -> &'a [u8] {
    let columns = layer.columns();
    let start = columns.start(x);
    let taps = (own.len() / PIXEL) as i32;
    if start >= 0 && start + taps <= layer.in_w {
        return &input[(line + start as usize) * PIXEL..][..own.len()];
    }
    // Taps past the kernel are read by no step.
    for (kx, pixel) in own.chunks_exact_mut(PIXEL).take(layer.kernel_w as usize).enumerate() {
        match columns.element(x, kx) {
            Some(x) => pixel.copy_from_slice(&input[(line + x) * PIXEL..][..PIXEL]),
            None => pixel.fill(layer.in_zero_point as u8),
        }
    }
    own
}

/// The taps of a row of the kernel, `PAIRS` steps each. A last single tap is the second of the last two.
#[inline(always)]
fn pack_row<I: Isa, C: Container, const PAIRS: usize>(isa: I, rows: [&[u8]; ROWS], steps: &mut [TileStep]) {
    let last = rows[0].len() - TAPS * PIXEL;
    for (i, steps) in steps.chunks_mut(TAPS * PAIRS).enumerate() {
        let at = (i * TAPS * PIXEL).min(last);
        let pairs = rows.map(|row| isa.i32x4_from_i16x8(C::load(isa, mem::array::<8>(row, at), 0)));
        let [a, b, c, d] = transpose(isa, pairs);
        let taps = if steps.len() == PAIRS { [[c, d]; TAPS] } else { [[a, b], [c, d]] };
        for (steps, tap) in steps.chunks_exact_mut(PAIRS).zip(taps) {
            for (step, pairs) in steps.iter_mut().zip(tap) {
                isa.i32x4_store(pairs, mem::array_mut(step.as_flattened_mut(), 0));
            }
        }
    }
}
