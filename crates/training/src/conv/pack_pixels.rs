//! The inputs of four output pixels, interleaved for the register tile.

use super::geometry::{Geometry, Pixel};
use kernels::f32::lanes::BYTES;
use kernels::f32::tile::ROWS;
use simd::{mem, Isa};

/// Floats of a row that [`pack_plane`] copies at the edge of the input.
const MOST_COLUMNS: usize = 16;

/// Bytes of the zeros that stand for padding: a row of the window.
pub fn zero_bytes(geometry: &Geometry) -> usize {
    geometry.columns.kernel as usize * geometry.group_inputs() * BYTES
}

/// What [`pack_tile`] reads.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The whole input.
    pub bytes: &'a [u8],
    /// [`zero_bytes`] of 0.
    pub zeros: &'a [u8],
    /// Whose channels.
    pub group: usize,
}

/// Writes the windows of four pixels of one phase as [ky][kx][input][4], without the taps between pixels.
pub fn pack_tile<I: Isa>(isa: I, geometry: &Geometry, inputs: Inputs<'_>, phase: [i32; 2], pixels: &[Pixel; ROWS], packed: &mut [u8]) {
    let channels = geometry.group_inputs();
    let width = geometry.columns.kernel;
    if is_plane(geometry) && pixels.windows(2).all(|two| two[1] == Pixel { x: two[0].x + 1, ..two[0] }) {
        return pack_plane(isa, geometry, inputs, pixels[0], packed);
    }
    let is_row = geometry.groups == 1 && geometry.columns.dilation == 1 && geometry.columns.input_dilation == 1;
    // All four windows lie inside from left to right: a row of a window is one run.
    let is_row = is_row && pixels.iter().all(|pixel| geometry.columns.at(pixel.x, 0).is_some() && geometry.columns.at(pixel.x, width - 1).is_some());
    let mut packed = packed;
    for ky in (0..geometry.rows.kernel).filter(|&ky| geometry.rows.is_tap(phase[0], ky)) {
        let step = if is_row { width } else { 1 };
        for kx in (0..width).step_by(step as usize).filter(|&kx| geometry.columns.is_tap(phase[1], kx)) {
            let length = channels * step as usize;
            let sources = pixels.map(|pixel| source(geometry, inputs, pixel, [ky, kx], length));
            let (run, rest) = packed.split_at_mut(length * ROWS * BYTES);
            interleave(isa, sources, run);
            packed = rest;
        }
    }
}

/// Whether what neighbouring pixels see under a tap are neighbouring floats, and a row of them fits [`pack_plane`].
#[inline(always)]
fn is_plane(geometry: &Geometry) -> bool {
    let [rows, columns] = [geometry.rows, geometry.columns];
    geometry.in_c == 1
        && [columns.stride, columns.dilation, columns.input_dilation, rows.input_dilation] == [1; 4]
        && columns.kernel as usize + ROWS - 1 <= MOST_COLUMNS
}

/// [`pack_tile`] of one channel, for four pixels side by side from `first` on: a tap of theirs is one vector of the input.
#[inline(always)]
fn pack_plane<I: Isa>(isa: I, geometry: &Geometry, inputs: Inputs<'_>, first: Pixel, packed: &mut [u8]) {
    let width = geometry.columns.kernel as usize;
    let length = width + ROWS - 1;
    let left = first.x - geometry.columns.pad;
    let inside = 0..geometry.columns.input;
    for (ky, taps) in mem::arrays_mut::<16>(packed).chunks_exact_mut(width).enumerate() {
        let mut edge = [[0; BYTES]; MOST_COLUMNS];
        let mut row = &edge.as_flattened()[..length * BYTES];
        if let Some(y) = geometry.rows.at(first.y, ky as i32) {
            let line = &inputs.bytes[geometry.input_at(first.image, y, 0) * BYTES..][..inside.end as usize * BYTES];
            if left >= 0 && left + length as i32 <= inside.end {
                row = &line[left as usize * BYTES..][..length * BYTES];
            } else {
                for (x, to) in (left..).zip(&mut edge[..length]) {
                    if inside.contains(&x) {
                        *to = *mem::array(line, x as usize * BYTES);
                    }
                }
                row = &edge.as_flattened()[..length * BYTES];
            }
        }
        for (kx, to) in taps.iter_mut().enumerate() {
            isa.f32x4_store(isa.f32x4_load(mem::array(row, kx * BYTES)), to);
        }
    }
}

/// `length` floats from the input under a tap, zeros in the padding.
#[inline(always)]
fn source<'a>(geometry: &Geometry, inputs: Inputs<'a>, pixel: Pixel, [ky, kx]: [i32; 2], length: usize) -> &'a [u8] {
    match (geometry.rows.at(pixel.y, ky), geometry.columns.at(pixel.x, kx)) {
        (Some(y), Some(x)) => {
            let first = geometry.input_at(pixel.image, y, x) + inputs.group * geometry.group_inputs();
            &inputs.bytes[first * BYTES..][..length * BYTES]
        }
        _ => &inputs.zeros[..length * BYTES],
    }
}

/// Four lists of equal length to [element][4].
#[inline(always)]
fn interleave<I: Isa>(isa: I, sources: [&[u8]; ROWS], packed: &mut [u8]) {
    let [a, b, c, d] = sources.map(mem::arrays::<16>);
    for ((((a, b), c), d), to) in a.iter().zip(b).zip(c).zip(d).zip(mem::panels_mut::<16, ROWS>(packed)) {
        let [a, b, c, d] = [a, b, c, d].map(|from| isa.i32x4_load(from));
        let low = [isa.i32x4_interleave_low(a, b), isa.i32x4_interleave_low(c, d)];
        let high = [isa.i32x4_interleave_high(a, b), isa.i32x4_interleave_high(c, d)];
        isa.i32x4_store(isa.i32x4_concat_low(low[0], low[1]), &mut to[0]);
        isa.i32x4_store(isa.i32x4_concat_high(low[0], low[1]), &mut to[1]);
        isa.i32x4_store(isa.i32x4_concat_low(high[0], high[1]), &mut to[2]);
        isa.i32x4_store(isa.i32x4_concat_high(high[0], high[1]), &mut to[3]);
    }
    let done = a.len() * 4;
    for (k, step) in mem::panels_mut::<BYTES, ROWS>(packed).iter_mut().enumerate().skip(done) {
        for (element, source) in step.iter_mut().zip(sources) {
            *element = *mem::array(source, k * BYTES);
        }
    }
}
