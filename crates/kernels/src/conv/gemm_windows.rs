//! The microkernel of layers whose windows lie side by side ([`super::windows`]): 4 pixels by 8 output channels, by any dot product.

use super::finish::{finish, initial, Eight};
use super::gemm_4x8::{PanelStep, ROWS};
use crate::kernel::Buffers;
use crate::params::Conv2d;
use core::ops::Range;
use core::slice::ChunksExact;
use simd::{mem, Dot, Isa};

/// Every panel of weights against the windows of `pixels`. There is room for a panel's sums, and to widen it.
#[inline(always)]
pub fn multiply<I: Isa, D: Dot>(
    isa: I,
    layer: &Conv2d,
    buffers: &mut Buffers<'_>,
    (windows, pixels): (&[u8], Range<usize>),
    steps: usize,
    (sums, widened): (&mut [Eight], &mut [PanelStep]),
) {
    let [_, weights, bias, ..] = buffers.reads;
    let windows = windows.chunks_exact(windows.len() / pixels.len().div_ceil(ROWS));
    for (index, packed) in weights.chunks_exact(steps * D::STEP * D::CHANNELS).enumerate() {
        let initial = initial(isa, layer, index, bias);
        multiply_windows::<I, D>(isa, initial, windows.clone(), D::panel(isa, packed, widened), sums);
        finish(isa, layer, index, buffers, sums, pixels.clone());
    }
}

/// The sums of a panel's eight channels under every window, four at a time. A function of
/// its own, so that the engine keeps the accumulators in registers.
#[inline(never)]
fn multiply_windows<I: Isa, D: Dot>(isa: I, initial: [I::I32x4; 2], windows: ChunksExact<'_, u8>, panel: &[PanelStep], sums: &mut [Eight]) {
    for (windows, stored) in windows.zip(sums.as_chunks_mut::<ROWS>().0) {
        let mut sums = [initial; ROWS];
        for (codes, [low, high]) in steps_of(windows).zip(panel) {
            let (low, high) = (D::weights(isa, low), D::weights(isa, high));
            for (sum, codes) in sums.iter_mut().zip(codes) {
                let codes = D::activations(isa, codes);
                *sum = [D::step(isa, sum[0], codes, low), D::step(isa, sum[1], codes, high)];
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
