//! Depthwise 3×3 with stride 1 or 2 along a row: four outputs at a time, so that an input column is read and widened once for all of them.
//!
//! Dot products of i16 pairs want two taps side by side. Rows 0 and 1 of a column are one pair; row 2 goes with row 2 of the next column, and
//! the third column's with nothing: nine taps are five pairs.

use super::epilogue::{with_epilogue, Epilogue};
use crate::codes::{padded, with_container, Container, I8, LANES, U8};
use crate::kernel::Buffers;
use crate::params::{container, form, Conv2d};
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Outputs of one tile, neighbours in a row.
const OUTPUTS: usize = 4;
/// Input columns under a tile of stride 2; stride 1 uses fewer.
const MOST_COLUMNS: usize = columns_of(2);
/// Pairs of taps: rows 0 and 1 of the three columns, row 2 of columns 0 and 1, row 2 of column 2.
const PAIRS: usize = 5;

/// Input columns under a tile.
const fn columns_of(stride: usize) -> usize {
    (OUTPUTS - 1) * stride + 3
}

/// The pairs of weights of eight channels: each as its low and its high four channels.
type Weights = [[[u8; 16]; 2]; PAIRS];
/// The sums of eight channels of a tile.
type Sums = [[[u8; 16]; 2]; OUTPUTS];
/// The pixels under a tile, [column][row][eight channels].
type Pixels<'a> = [[&'a [[u8; LANES]]; 3]; MOST_COLUMNS];

/// Weights and sums of `channels`, and a pixel of zero points.
pub fn scratch_bytes(channels: usize) -> usize {
    channels / LANES * (size_of::<Weights>() + size_of::<Sums>()) + channels
}

/// Rows `units` of the output. The layer's kernel is 3×3 without dilation, `stride_w` 1 or 2, and its pixels have room for whole vectors.
pub fn run<I: Isa>(isa: I, layer: &Conv2d, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
    let channels = padded(layer.in_c as usize);
    let groups = channels / LANES;
    let (outside, scratch) = scratch.split_at_mut(channels);
    let (weights, sums) = scratch.split_at_mut(groups * size_of::<Weights>());
    let weights = &mut mem::panels_mut::<16, 2>(weights).as_chunks_mut::<PAIRS>().0[..groups];
    let sums = &mut mem::panels_mut::<16, 2>(sums).as_chunks_mut::<OUTPUTS>().0[..groups];
    outside.fill(layer.in_zero_point as u8);
    pair_weights(isa, buffers.reads[1], weights);
    for y in units {
        for x in (0..layer.out_w as usize).step_by(OUTPUTS) {
            let outputs = Outputs { first: y * layer.out_w as usize + x, count: OUTPUTS.min(layer.out_w as usize - x) };
            let pixels = locate(layer, buffers.reads[0], outside, outputs.first);
            match (layer.in_container, layer.stride_w) {
                (container::U8, 1) => tile::<I, U8, 1>(isa, &pixels, weights, sums),
                (container::U8, _) => tile::<I, U8, 2>(isa, &pixels, weights, sums),
                (_, 1) => tile::<I, I8, 1>(isa, &pixels, weights, sums),
                _ => tile::<I, I8, 2>(isa, &pixels, weights, sums),
            }
            let spec = layer.requantization();
            with_container!(layer.out_container, O => {
                with_epilogue!(isa, spec, form => finish::<I, O, _>(isa, layer, form, buffers, sums, outputs));
            });
        }
    }
}

/// The pixels of the output that a tile makes.
#[derive(Clone, Copy)]
struct Outputs {
    first: usize,
    count: usize,
}

/// Pairs the packed weights `[tap][channels]`.
fn pair_weights<I: Isa>(isa: I, packed: &[u8], paired: &mut [Weights]) {
    let bytes = paired.len() * LANES * 2;
    for (group, weights) in paired.iter_mut().enumerate() {
        let tap = |row: usize, column: usize| isa.i16x8_load(mem::array(packed, (row * 3 + column) * bytes + group * LANES * 2));
        let nothing = isa.i16x8_splat(0);
        let pairs = [(tap(0, 0), tap(1, 0)), (tap(0, 1), tap(1, 1)), (tap(0, 2), tap(1, 2)), (tap(2, 0), tap(2, 1)), (tap(2, 2), nothing)];
        for ([low, high], (a, b)) in weights.iter_mut().zip(pairs) {
            isa.i16x8_store(isa.i16x8_interleave_low(a, b), low);
            isa.i16x8_store(isa.i16x8_interleave_high(a, b), high);
        }
    }
}

/// The pixels under the tile at output `pixel`; those in the padding are `outside`.
fn locate<'a>(layer: &Conv2d, input: &'a [u8], outside: &'a [u8], pixel: usize) -> Pixels<'a> {
    let (y, x, image) = layer.place(pixel);
    let first = layer.columns().start(x);
    let lines: [Option<usize>; 3] = from_fn(|ky| layer.rows().element(y, ky).map(|row| image + row * layer.in_w as usize));
    from_fn(|i| {
        let column = first + i as i32;
        let inside = column >= 0 && column < layer.in_w;
        lines.map(|line| {
            let pixel = match line {
                Some(line) if inside => &input[(line + column as usize) * layer.in_stride as usize..][..outside.len()],
                _ => outside,
            };
            mem::arrays::<LANES>(pixel)
        })
    })
}

/// `Σ a·w` of a tile for every group of eight channels. A function of its own, so that the engine keeps the sums in registers.
#[inline(never)]
fn tile<I: Isa, C: Container, const STRIDE: usize>(isa: I, pixels: &Pixels<'_>, weights: &[Weights], sums: &mut [Sums]) {
    let groups = weights.len();
    let sums = &mut sums[..groups];
    // One length for all, checked once.
    let pixels: Pixels<'_> = pixels.map(|rows| rows.map(|pixel| &pixel[..groups]));
    for group in 0..groups {
        let [first, second, third, below, corner] = weights[group].map(|[low, high]| [isa.i16x8_load(&low), isa.i16x8_load(&high)]);
        let load = |column: usize, row: usize| C::load(isa, &pixels[column][row][group], 0);
        let mut tile = [[isa.i32x4_splat(0); 2]; OUTPUTS];
        let mut row = load(0, 2);
        // Spelled out: LLVM leaves a loop over columns rolled, and then every sum lives in memory.
        macro_rules! columns {
            ($($column:literal)*) => {
                $(
                    if $column < columns_of(STRIDE) {
                        let upper = pair(isa, load($column, 0), load($column, 1));
                        // The last column has no next one; its pair meets a weight of 0 there.
                        let next = if $column + 1 < columns_of(STRIDE) { load($column + 1, 2) } else { row };
                        let lower = pair(isa, row, next);
                        row = next;
                        outputs!($column, upper, lower; 0 1 2 3);
                    }
                )*
            };
        }
        macro_rules! outputs {
            ($column:literal, $upper:ident, $lower:ident; $($output:literal)*) => {
                $(
                    match ($column as usize).wrapping_sub($output * STRIDE) {
                        0 => {
                            add(isa, &mut tile[$output], $upper, first);
                            add(isa, &mut tile[$output], $lower, below);
                        }
                        1 => add(isa, &mut tile[$output], $upper, second),
                        2 => {
                            add(isa, &mut tile[$output], $upper, third);
                            add(isa, &mut tile[$output], $lower, corner);
                        }
                        _ => {}
                    }
                )*
            };
        }
        columns!(0 1 2 3 4 5 6 7 8);
        for (bytes, sum) in sums[group].as_flattened_mut().iter_mut().zip(tile.as_flattened()) {
            isa.i32x4_store(*sum, bytes);
        }
    }
}

/// Two taps of eight channels side by side: the low and the high four channels.
#[inline(always)]
fn pair<I: Isa>(isa: I, a: I::I16x8, b: I::I16x8) -> [I::I16x8; 2] {
    [isa.i16x8_interleave_low(a, b), isa.i16x8_interleave_high(a, b)]
}

/// Adds the products of a pair of taps.
#[inline(always)]
fn add<I: Isa>(isa: I, sum: &mut [I::I32x4; 2], codes: [I::I16x8; 2], weights: [I::I16x8; 2]) {
    sum[0] = isa.i32x4_add(sum[0], isa.i32x4_dot_i16x8_s(codes[0], weights[0]));
    sum[1] = isa.i32x4_add(sum[1], isa.i32x4_dot_i16x8_s(codes[1], weights[1]));
}

/// The codes of a tile. Apart from [`tile`], so that there are not as many
/// tiles as forms: the bias may as well come last.
#[inline(never)]
fn finish<I: Isa, O: Container, F: Epilogue<I>>(isa: I, layer: &Conv2d, ready: F, buffers: &mut Buffers<'_>, sums: &[Sums], outputs: Outputs) {
    let [_, _, bias, multipliers, ..] = buffers.reads;
    let output = &mut *buffers.writes[0];
    let (bias, multipliers) = (mem::panels::<16, 2>(bias), mem::panels::<16, 2>(multipliers));
    // `O` knows the containers of codes only.
    let container = if cfg!(feature = "train") && layer.form == form::RAW { layer.out_container } else { O::NUMBER };
    for (group, sums) in sums.iter().enumerate() {
        let four =
            |numbers: &[[[u8; 16]; 2]]| numbers.get(group).map_or([isa.i32x4_splat(0); 2], |[low, high]| [isa.i32x4_load(low), isa.i32x4_load(high)]);
        let initial = four(bias).map(|bias| ready.preload(isa, bias));
        let [low, high] = four(multipliers);
        let b = ready.multipliers(isa, low, high);
        let channel = group * LANES;
        let stored = LANES.min(layer.out_stride as usize - channel);
        for (i, [low, high]) in sums.iter().enumerate().take(outputs.count) {
            let sums = [isa.i32x4_add(isa.i32x4_load(low), initial[0]), isa.i32x4_add(isa.i32x4_load(high), initial[1])];
            let at = (outputs.first + i) * layer.out_stride as usize + channel;
            ready.store(isa, container, sums, b, stored, output, at);
        }
    }
}
