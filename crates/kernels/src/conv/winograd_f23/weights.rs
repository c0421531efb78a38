//! U = (2G) g (2G)ᵀ: a panel of 3×3 weights into its 16 positions. Weights rest as nibbles, a quarter or an eighth of what they become here: to transform them
//! takes less than to read as much from memory.

use super::products::Products;
use super::{Vector, CENTRE, CHANNELS, POSITIONS, START_BYTES};
use crate::conv::gemm_4x8::{PanelStep, COLUMNS};
use crate::pack::packed_channels;
use core::array::from_fn;
use core::hint::black_box;
use simd::{mem, Isa};

/// Weights of a filter under one channel.
pub const TAPS: usize = 9;
/// The corners of 4×4 positions. One pixel of a tile contains each, the second and the third with a minus.
pub const CORNERS: [usize; 4] = [0, 3, 12, 15];
/// Bytes of what the sums of the corners start from, before the weights of a panel.
pub const HEAD_BYTES: usize = CORNERS.len() * size_of::<PanelStep>();
/// Weights that lie together, one in the low nibble of a byte and one in the high nibble: 16 of each, for every tap.
pub type Nibbles = [Vector; TAPS];
/// What a weight is moved by, to be a nibble.
pub const MOVED: i8 = 8;

/// Bytes of a panel as it rests: its head and `[in_c/4][9][16]`.
pub fn panel_bytes(in_c: usize) -> usize {
    HEAD_BYTES + COLUMNS * in_c / (2 * CHANNELS) * size_of::<Nibbles>()
}

/// Bytes of the panels `[out_c/8]`.
pub fn packed_bytes(in_c: usize, out_c: usize) -> usize {
    packed_channels(out_c) / COLUMNS * panel_bytes(in_c)
}

/// Bytes of a transformed panel at one position: `[in_c/step][8]` steps of the dot product.
pub fn weight_bytes<D: Products>(in_c: usize) -> usize {
    COLUMNS * in_c * D::VECTORS
}

/// Writes what the sums of each position start from, before its weights: a head at the corners, and `centre` where all pixels of a tile meet.
pub fn write_starts<I: Isa>(isa: I, panel: &[u8], centre: [I::I32x4; 2], u: &mut [u8], stride: usize) {
    let (heads, zero) = (mem::panels::<16, 2>(&panel[..HEAD_BYTES]), [isa.i32x4_splat(0); 2]);
    for (position, u) in u.chunks_exact_mut(stride).enumerate() {
        let corner = CORNERS.iter().position(|&corner| corner == position);
        let head = corner.and_then(|corner| heads.get(corner)).map_or(zero, |head| head.map(|four| isa.i32x4_load(&four)));
        let start = if position == CENTRE { centre } else { head };
        for (four, stored) in start.into_iter().zip(mem::arrays_mut::<16>(u)) {
            isa.i32x4_store(four, stored);
        }
    }
}

/// Writes U of a panel: its positions are `stride` bytes apart.
#[inline(never)]
pub fn transform_weights<I: Isa, D: Products>(isa: I, panel: &[u8], u: &mut [u8], stride: usize) {
    // V8 would make a constant that it knows anew wherever it is used: three instructions.
    let (nibble, moved) = black_box((isa.i32x4_splat(0x0F0F_0F0F), isa.i8x16_splat(MOVED)));
    let weights = |bits| isa.i8x16_sub(isa.i8x16_from_i32x4(isa.i32x4_and(bits, nibble)), moved);
    let load = |tap: &Vector| isa.i32x4_from_i8x16(isa.i8x16_load(tap));
    let u = &mut u[START_BYTES..];
    for (some, packed) in mem::panels::<CHANNELS, TAPS>(&panel[HEAD_BYTES..]).chunks(SOME).enumerate() {
        // A loop for each nibble, since a vector of both would live through the transform of the first.
        for (i, packed) in packed.iter().enumerate() {
            let at = 2 * (some * SOME + i) * D::VECTORS * CHANNELS;
            transform::<I, D>(isa, |tap| weights(load(&packed[tap])), u, at, stride);
        }
        for (i, packed) in packed.iter().enumerate() {
            let at = (2 * (some * SOME + i) + 1) * D::VECTORS * CHANNELS;
            transform::<I, D>(isa, |tap| weights(isa.i32x4_shr_u(load(&packed[tap]), 4)), u, at, stride);
        }
    }
}

/// Pairs of vectors at a time.
const SOME: usize = 16;

/// Sixteen weights at each tap into the vectors at byte `at` of each position.
#[inline(always)]
fn transform<I: Isa, D: Products>(isa: I, tap: impl Fn(usize) -> I::I8x16, u: &mut [u8], at: usize, stride: usize) {
    let [a, b, c]: [[I::I8x16; 4]; 3] = from_fn(|column| g(isa, [tap(column), tap(3 + column), tap(6 + column)]));
    // One after another, since a loop would keep a, b and c in memory.
    store::<I, D>(isa, [a[0], b[0], c[0]], u, at, stride);
    store::<I, D>(isa, [a[1], b[1], c[1]], u, at + 4 * stride, stride);
    store::<I, D>(isa, [a[2], b[2], c[2]], u, at + 8 * stride, stride);
    store::<I, D>(isa, [a[3], b[3], c[3]], u, at + 12 * stride, stride);
}

/// Four positions of a row, the first of them at byte `at`.
#[inline(always)]
fn store<I: Isa, D: Products>(isa: I, row: [I::I8x16; 3], u: &mut [u8], at: usize, stride: usize) {
    let row = g(isa, row).map(|weights| D::vectors(isa, weights));
    for part in 0..D::VECTORS {
        for (position, vectors) in mem::rows_mut::<CHANNELS, 4>(u, at + part * CHANNELS, stride).into_iter().zip(row) {
            isa.i8x16_store(vectors[part], position);
        }
    }
}

/// 2G on one axis, 2G = [2, 0, 0], [1, 1, 1], [1, −1, 1], [0, 0, 2]. Nothing saturates; but of a plain sum of equals LLVM makes a shift, which bytes do not have.
#[inline(always)]
fn g<I: Isa>(isa: I, [a, b, c]: [I::I8x16; 3]) -> [I::I8x16; 4] {
    let outer = isa.i8x16_add(a, c);
    [isa.i8x16_add_sat_s(a, a), isa.i8x16_add(outer, b), isa.i8x16_sub(outer, b), isa.i8x16_add_sat_s(c, c)]
}

/// The sum of U over the channels of a filter, `taps` being the sums of its weights.
pub fn transformed_sums(taps: [i32; TAPS]) -> [i32; POSITIONS] {
    let four = |[a, b, c]: [i32; 3]| {
        let outer = a.wrapping_add(c);
        [a.wrapping_mul(2), outer.wrapping_add(b), outer.wrapping_sub(b), c.wrapping_mul(2)]
    };
    let columns: [[i32; 4]; 3] = from_fn(|column| four([taps[column], taps[3 + column], taps[6 + column]]));
    let rows: [[i32; 4]; 4] = from_fn(|row| four(columns.map(|column| column[row])));
    from_fn(|position| rows[position / 4][position % 4])
}
