//! The microkernel of layers whose windows lie side by side ([`super::windows`]): 4 pixels by 8 output channels, by any dot product.

use super::finish::{finish, initial, Eight};
use super::gemm_4x8::{PanelStep, TileStep, ROWS};
use crate::kernel::Buffers;
use crate::params::Conv2d;
use core::ops::Range;
use core::slice::ChunksExact;
use simd::{mem, Dot, Isa};

/// Every panel of weights against the windows of `pixels`. `room` is for the windows' sums, a step for four of them, for a panel's sums, and to widen a panel.
#[inline(always)]
pub fn multiply<I: Isa, D: Dot>(
    isa: I,
    layer: &Conv2d,
    buffers: &mut Buffers<'_>,
    (windows, pixels): (&[u8], Range<usize>),
    steps: usize,
    room: (&mut [TileStep], &mut [Eight], &mut [PanelStep]),
) {
    let [_, weights, bias, ..] = buffers.reads;
    let (pixel_sums, sums, widened) = room;
    let windows = windows.chunks_exact(windows.len() / pixels.len().div_ceil(ROWS));
    if D::SUMS {
        window_sums(isa, windows.clone(), steps, pixel_sums);
    }
    for (index, packed) in weights.chunks_exact(steps * D::STEP * D::CHANNELS).enumerate() {
        let initial = initial(isa, layer, index, bias);
        multiply_windows::<I, D>(isa, initial, (windows.clone(), pixel_sums), D::panel(isa, packed, widened), sums);
        finish(isa, layer, index, buffers, sums, pixels.clone());
    }
}

/// The sums of the windows' codes that `steps` multiply, four windows at a time.
fn window_sums<I: Isa>(isa: I, windows: ChunksExact<'_, u8>, steps: usize, sums: &mut [TileStep]) {
    let ones = isa.i8x16_splat(1);
    for (windows, stored) in windows.zip(sums) {
        let mut sums = [isa.i32x4_splat(0); ROWS];
        for codes in steps_of(windows).take(steps) {
            for (sum, codes) in sums.iter_mut().zip(codes) {
                *sum = isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(isa.i8x16_load32_splat(codes), ones, *sum);
            }
        }
        for (stored, sum) in stored.iter_mut().zip(sums) {
            isa.i8x16_store32_low(isa.i8x16_from_i32x4(sum), stored);
        }
    }
}

/// The sums of a panel's eight channels under every window, four at a time. `pixel_sums` are the [`window_sums`] of dot products that want them. A function of
/// its own, so that the engine keeps the accumulators in registers.
#[inline(never)]
fn multiply_windows<I: Isa, D: Dot>(
    isa: I,
    initial: [I::I32x4; 2],
    (windows, pixel_sums): (ChunksExact<'_, u8>, &[TileStep]),
    panel: &[PanelStep],
    sums: &mut [Eight],
) {
    for ((windows, pixel_sums), stored) in windows.zip(pixel_sums).zip(sums.as_chunks_mut::<ROWS>().0) {
        let mut sums = [initial; ROWS];
        for (codes, [low, high]) in steps_of(windows).zip(panel) {
            let (low, high) = (D::weights(isa, low), D::weights(isa, high));
            for (sum, codes) in sums.iter_mut().zip(codes) {
                let codes = D::activations(isa, codes);
                *sum = [D::step(isa, sum[0], codes, low), D::step(isa, sum[1], codes, high)];
            }
        }
        if D::SUMS {
            for (sums, sum) in sums.iter_mut().zip(pixel_sums) {
                *sums = sums.map(|acc| D::flush(isa, acc, sum));
            }
        }
        for (stored, [low, high]) in stored.iter_mut().zip(sums) {
            isa.i32x4_store(low, &mut stored[0]);
            isa.i32x4_store(high, &mut stored[1]);
        }
    }
}

/// The windows of four pixels, step by step.
#[inline(always)]
fn steps_of(windows: &[u8]) -> impl Iterator<Item = [&[u8; 4]; ROWS]> {
    let (upper, lower) = windows.split_at(windows.len() / 2);
    let ([a, b], [c, d]) = (halves(upper), halves(lower));
    a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| [a, b, c, d])
}

#[inline(always)]
fn halves(windows: &[u8]) -> [&[[u8; 4]]; 2] {
    let (upper, lower) = windows.split_at(windows.len() / 2);
    [mem::arrays(upper), mem::arrays(lower)]
}
