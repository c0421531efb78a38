//! G·g·Gᵀ: a panel of 3×3 weights into its 36 positions. Weights rest as bytes, an eighth of what they become here: to transform them takes no longer than to
//! read eight times as much from memory.

use super::{PATCH, TAPS};
use crate::conv::gemm_4x8::PanelStep;
use core::array::from_fn;
use simd::{mem, Isa};

/// Two input channels of eight filters: for each tap the first four filters and the others.
pub type Filters = [[[u8; 8]; 2]; TAPS];

/// The scaled G on one axis: rows [6,0,0], [1,1,1], [1,−1,1], [1,2,4], [1,−2,4], [0,0,6].
// Inlined where a lane operation is one instruction; the scalar module would grow by tens of kilobytes.
#[cfg_attr(target_feature = "simd128", inline(always))]
#[cfg_attr(not(target_feature = "simd128"), inline(never))]
fn g<I: Isa>(isa: I, [a, b, c]: [I::I16x8; 3]) -> [I::I16x8; PATCH] {
    let add = |a, b| isa.i16x8_add(a, b);
    let sub = |a, b| isa.i16x8_sub(a, b);
    let six = isa.i16x8_splat(6);
    let (outer, twice) = (add(a, c), add(b, b));
    let outer4 = add(a, isa.i16x8_shl(c, 2));
    [isa.i16x8_mul(a, six), add(outer, b), sub(outer, b), add(outer4, twice), sub(outer4, twice), isa.i16x8_mul(c, six)]
}

/// U of a panel: the positions of `u` are `panel_steps` apart.
#[inline(never)]
pub fn transform_weights<I: Isa>(isa: I, filters: &[Filters], u: &mut [PanelStep], panel_steps: usize) {
    let stride = panel_steps * size_of::<PanelStep>();
    let u = u.as_flattened_mut().as_flattened_mut();
    for (i, taps) in filters.iter().enumerate() {
        for (side, first) in [0, 16].into_iter().enumerate() {
            let column = |x: usize| g(isa, from_fn(|y| isa.i16x8_load_extend_i8x8(&taps[y * 3 + x][side])));
            let [a, b, c] = [column(0), column(1), column(2)];
            let at = i * size_of::<PanelStep>() + first;
            // One after another, since a loop would keep a, b and c in memory.
            store(isa, [a[0], b[0], c[0]], u, at, stride);
            store(isa, [a[1], b[1], c[1]], u, at + PATCH * stride, stride);
            store(isa, [a[2], b[2], c[2]], u, at + 2 * PATCH * stride, stride);
            store(isa, [a[3], b[3], c[3]], u, at + 3 * PATCH * stride, stride);
            store(isa, [a[4], b[4], c[4]], u, at + 4 * PATCH * stride, stride);
            store(isa, [a[5], b[5], c[5]], u, at + 5 * PATCH * stride, stride);
        }
    }
}

/// Six positions of a row, the first of them at byte `at`.
#[cfg_attr(target_feature = "simd128", inline(always))]
#[cfg_attr(not(target_feature = "simd128"), inline(never))]
fn store<I: Isa>(isa: I, row: [I::I16x8; 3], u: &mut [u8], at: usize, stride: usize) {
    let [a, b, c, d, e, f] = g(isa, row);
    let [at_a, at_b, at_c, at_d, at_e, at_f] = mem::rows_mut::<16, PATCH>(u, at, stride);
    isa.i16x8_store(a, at_a);
    isa.i16x8_store(b, at_b);
    isa.i16x8_store(c, at_c);
    isa.i16x8_store(d, at_d);
    isa.i16x8_store(e, at_e);
    isa.i16x8_store(f, at_f);
}
