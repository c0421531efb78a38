//! Aᵀ·m·A, the exact division, bias and requantization: the 36 sums of a tile into 4×4 codes of eight output channels.

use super::multiply::Sums;
use super::{PATCH, POSITIONS, TILE};
use crate::codes::store_first;
use crate::conv::gemm_4x8::COLUMNS;
use crate::params::Conv2d;
use crate::requant::Form;
use core::array::from_fn;
use simd::{mem, Isa};

/// 9⁻¹ modulo 2^32.
const NINTH: i32 = 0x38E3_8E39;

/// Aᵀ on one axis with its columns scaled: rows [6,4,4,1,1,0], [0,4,−4,2,−2,0], [0,4,4,4,4,0], [0,4,−4,8,−8,24].
// Inlined where a lane operation is one instruction; the scalar module would grow by tens of kilobytes.
#[cfg_attr(target_feature = "simd128", inline(always))]
#[cfg_attr(not(target_feature = "simd128"), inline(never))]
fn at<I: Isa>(isa: I, m: [I::I32x4; PATCH]) -> [I::I32x4; TILE] {
    let add = |a, b| isa.i32x4_add(a, b);
    let sub = |a, b| isa.i32x4_sub(a, b);
    let shl = |a, k| isa.i32x4_shl(a, k);
    let three = |a| add(a, shl(a, 1));
    let (sum12, difference12) = (shl(add(m[1], m[2]), 2), shl(sub(m[1], m[2]), 2));
    let (sum34, difference34) = (add(m[3], m[4]), sub(m[3], m[4]));
    let (first, last) = (three(shl(m[0], 1)), three(shl(m[5], 3)));
    [
        add(add(first, sum12), sum34),
        add(difference12, shl(difference34, 1)),
        add(sum12, shl(sum34, 2)),
        add(add(difference12, shl(difference34, 3)), last),
    ]
}

/// Sums of 4×4 outputs, eight channels each.
type Outputs<I> = [[[<I as Isa>::I32x4; 2]; TILE]; TILE];

/// Y of four channels, half 0 or 1 of eight: 576·Y, divided.
#[inline(always)]
fn four_channels<I: Isa>(isa: I, sums: &[Sums; POSITIONS], row: usize, half: usize, outputs: &mut Outputs<I>) {
    let zero = isa.i32x4_splat(0);
    let mut columns = [[zero; PATCH]; TILE];
    for x in 0..PATCH {
        let column = at(isa, from_fn(|y| isa.i32x4_load(&sums[y * PATCH + x][row][half])));
        for (row, value) in columns.iter_mut().zip(column) {
            row[x] = value;
        }
    }
    let ninth = isa.i32x4_splat(NINTH);
    for (line, row) in outputs.iter_mut().zip(columns) {
        for (output, sum) in line.iter_mut().zip(at(isa, row)) {
            output[half] = isa.i32x4_shr_s(isa.i32x4_mul(sum, ninth), 6);
        }
    }
}

/// Y of the tile in row `row` of its four. One function for all forms of requantization: it is large.
#[inline(never)]
fn transform<I: Isa>(isa: I, sums: &[Sums; POSITIONS], row: usize, outputs: &mut Outputs<I>) {
    four_channels(isa, sums, row, 0, outputs);
    four_channels(isa, sums, row, 1, outputs);
}

/// The part of a tile that lies in the image.
#[derive(Clone, Copy)]
pub struct Place {
    /// Its first row and column of the output.
    pub first: [usize; 2],
    /// How many rows and columns there are, at most 4.
    pub size: [usize; 2],
}

impl Place {
    /// The tile number `tile`, row by row.
    pub fn of(layer: &Conv2d, tile: usize) -> Self {
        let (height, width) = (layer.out_h as usize, layer.out_w as usize);
        let across = width.div_ceil(TILE);
        let (y, x) = (tile / across * TILE, tile % across * TILE);
        Self { first: [y, x], size: [TILE.min(height - y), TILE.min(width - x)] }
    }
}

/// Eight output channels: what is added after the division, and where their codes go.
pub struct Columns<'a, I: Isa, F: Form<I>> {
    isa: I,
    layer: &'a Conv2d,
    form: F,
    initial: [I::I32x4; 2],
    multipliers: F::Multipliers,
    channel: usize,
    stored: usize,
}

impl<'a, I: Isa, F: Form<I>> Columns<'a, I, F> {
    /// The channels from `8 · index` on.
    pub fn new(isa: I, layer: &'a Conv2d, form: F, index: usize, bias: &[u8], multipliers: &[u8]) -> Self {
        let four = |bytes: &[u8], i: usize| match mem::arrays::<16>(bytes).get(2 * index + i) {
            Some(four) => isa.i32x4_load(four),
            None => isa.i32x4_splat(0),
        };
        let channel = index * COLUMNS;
        Self {
            isa,
            layer,
            form,
            initial: [form.preload(isa, four(bias, 0)), form.preload(isa, four(bias, 1))],
            multipliers: form.multipliers(isa, four(multipliers, 0), four(multipliers, 1)),
            channel,
            stored: COLUMNS.min(layer.out_stride as usize - channel),
        }
    }

    /// The codes of the tile in row `row` of its four.
    #[inline(never)]
    pub fn tile(&self, sums: &[Sums], row: usize, place: Place, output: &mut [u8]) {
        let isa = self.isa;
        let Some(sums) = sums.first_chunk::<POSITIONS>() else { return };
        let mut outputs = [[[isa.i32x4_splat(0); 2]; TILE]; TILE];
        transform(isa, sums, row, &mut outputs);
        let [first_y, first_x] = place.first;
        for (y, outputs) in outputs.iter().enumerate().take(place.size[0]) {
            let line = (first_y + y) * self.layer.out_w as usize + first_x;
            for (x, &[low, high]) in outputs.iter().enumerate().take(place.size[1]) {
                let [low, high] = [isa.i32x4_add(low, self.initial[0]), isa.i32x4_add(high, self.initial[1])];
                let codes = self.form.finish(isa, low, high, self.multipliers);
                let at = (line + x) * self.layer.out_stride as usize + self.channel;
                store_first(isa, self.layer.out_container, codes, self.stored, output, at);
            }
        }
    }
}
