//! Interleaves codes of rows for dot products over pixels: `[quad of channels][position][4 channels][lanes]`, 16 bytes each.

use crate::codes::{Container, I8};
use core::array::from_fn;
use simd::dot::{I16Dot, I7Dot, SDot, UsDot};
use simd::{Dot, Isa};

/// The most lanes: rows that one step of a dot product multiplies.
pub const MOST_LANES: usize = 4;
/// Channels that one vector of codes holds: four quads.
pub const CHANNELS: usize = 16;
/// Channels of a quad.
pub const QUAD: usize = 4;

/// What lies outside a row.
static OUTSIDE: [u8; CHANNELS] = [0; CHANNELS];

/// A dot product over pixels: [`Dot::STEP`] rows at a time.
pub trait Lanes: Dot {
    /// Sixteen channels of a pixel of each row as four quads `[4 channels][lanes]`. `moved` is added to every byte.
    fn quads<I: Isa, C: Container>(isa: I, pixels: [&[u8; CHANNELS]; MOST_LANES], moved: I::I8x16) -> [I::I32x4; 4];
}

impl Lanes for I16Dot {
    #[inline(always)]
    fn quads<I: Isa, C: Container>(isa: I, [a, b, ..]: [&[u8; CHANNELS]; MOST_LANES], _moved: I::I8x16) -> [I::I32x4; 4] {
        let [[a0, b0], [a1, b1]] = [0, 8].map(|at| [a, b].map(|codes| C::load(isa, codes, at)));
        let halves = [
            isa.i16x8_interleave_low(a0, b0),
            isa.i16x8_interleave_high(a0, b0),
            isa.i16x8_interleave_low(a1, b1),
            isa.i16x8_interleave_high(a1, b1),
        ];
        halves.map(|pairs| isa.i32x4_from_i16x8(pairs))
    }
}

macro_rules! byte_lanes {
    ($($dot:ident),*) => {
        $(
            impl Lanes for $dot {
                #[inline(always)]
                fn quads<I: Isa, C: Container>(isa: I, pixels: [&[u8; CHANNELS]; MOST_LANES], moved: I::I8x16) -> [I::I32x4; 4] {
                    interleave(isa, pixels.map(|codes| isa.i8x16_add(isa.i8x16_load(codes), moved)))
                }
            }
        )*
    };
}

byte_lanes!(I7Dot, UsDot, SDot);

/// Four vectors of sixteen bytes as four quads `[4 bytes][4 vectors]`.
#[inline(always)]
pub fn interleave<I: Isa>(isa: I, [a, b, c, d]: [I::I8x16; 4]) -> [I::I32x4; 4] {
    let words = |bytes: I::I8x16| isa.i16x8_from_i32x4(isa.i32x4_from_i8x16(bytes));
    let (ab_low, cd_low) = (words(isa.i8x16_interleave_low(a, b)), words(isa.i8x16_interleave_low(c, d)));
    let (ab_high, cd_high) = (words(isa.i8x16_interleave_high(a, b)), words(isa.i8x16_interleave_high(c, d)));
    let quads = [
        isa.i16x8_interleave_low(ab_low, cd_low),
        isa.i16x8_interleave_high(ab_low, cd_low),
        isa.i16x8_interleave_low(ab_high, cd_high),
        isa.i16x8_interleave_high(ab_high, cd_high),
    ];
    quads.map(|quad| isa.i32x4_from_i16x8(quad))
}

/// Which codes of rows a line is made of: sixteen channels, `count` of which exist, of positions `step` bytes apart.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Byte of the first channel of the first position in its row; wraps below 0 where the line starts in the padding.
    pub first: usize,
    /// Bytes from one position to the next.
    pub step: usize,
    /// Channels that exist; the others are 0.
    pub count: usize,
    /// What is added to every code.
    pub moved: i8,
}

/// Writes a line of the four quads. What lies outside a row is 0, `moved` added.
#[inline(never)]
pub fn pack_line<I: Isa, D: Lanes, C: Container>(isa: I, rows: [&[u8]; MOST_LANES], line: Line, quads: [&mut [[u8; 16]]; 4]) {
    let moved = isa.i8x16_splat(line.moved);
    let [a, b, c, d] = quads;
    let mut at = line.first;
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let packed = if line.count >= CHANNELS {
            D::quads::<I, C>(isa, rows.map(|row| row.get(at..).and_then(|codes| codes.first_chunk()).unwrap_or(&OUTSIDE)), moved)
        } else {
            let some: [[u8; CHANNELS]; MOST_LANES] = from_fn(|lane| some_codes(rows[lane], at, line.count));
            D::quads::<I, C>(isa, from_fn(|lane| &some[lane]), moved)
        };
        for (bytes, quad) in [a, b, c, d].into_iter().zip(packed) {
            isa.i32x4_store(quad, bytes);
        }
        at = at.wrapping_add(line.step);
    }
}

/// The first channels of a pixel, and 0.
fn some_codes(row: &[u8], at: usize, count: usize) -> [u8; CHANNELS] {
    let mut codes = [0; CHANNELS];
    if let Some(found) = row.get(at..).and_then(|row| row.get(..count)) {
        codes[..count].copy_from_slice(found);
    }
    codes
}

/// [`pack_line`] of gradient codes: two panels of eight channels `[position][8 channels][lanes]`.
#[inline(never)]
pub fn pack_panels<I: Isa, D: Lanes>(isa: I, rows: [&[u8]; MOST_LANES], line: Line, panels: [&mut [[[u8; 16]; 2]]; 2]) {
    let nothing = isa.i8x16_splat(0);
    let [a, b] = panels;
    let mut at = line.first;
    for (a, b) in a.iter_mut().zip(b) {
        let some: [[u8; CHANNELS]; MOST_LANES];
        let pixels: [&[u8; CHANNELS]; MOST_LANES] = if line.count >= CHANNELS {
            rows.map(|row| row.get(at..).and_then(|codes| codes.first_chunk()).unwrap_or(&OUTSIDE))
        } else {
            some = from_fn(|lane| some_codes(rows[lane], at, line.count));
            from_fn(|lane| &some[lane])
        };
        let [a0, a1, b0, b1] = D::quads::<I, I8>(isa, pixels, nothing);
        for (bytes, quad) in a.iter_mut().zip([a0, a1]).chain(b.iter_mut().zip([b0, b1])) {
            isa.i32x4_store(quad, bytes);
        }
        at = at.wrapping_add(line.step);
    }
}

/// Splits the memory of four quads.
pub fn four(quads: &mut [[u8; 16]], length: usize) -> [&mut [[u8; 16]]; 4] {
    let (ab, cd) = quads.split_at_mut(2 * length);
    let ((a, b), (c, d)) = (ab.split_at_mut(length), cd.split_at_mut(length));
    [a, b, c, d]
}
