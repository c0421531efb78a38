//! dW of a depthwise convolution: vectors over channels, in the blocks of pixels of the other weight gradients.

use super::geometry::Geometry;
use super::weight_gradient::BLOCK;
use kernels::f32::lanes::BYTES;
use simd::{mem, Isa};

/// Sums of a block and totals, each [ky][kx][channel].
pub fn scratch_bytes(geometry: &Geometry) -> usize {
    2 * geometry.window() * geometry.in_c * BYTES
}

/// All channels.
pub fn run<I: Isa>(isa: I, geometry: &Geometry, reads: [&[u8]; 2], output: &mut [u8], scratch: &mut [u8]) {
    let taps = geometry.window() * geometry.in_c * BYTES;
    let (sums, rest) = scratch.split_at_mut(taps);
    let totals = &mut rest[..taps];
    totals.fill(0);
    for first in (0..geometry.pixels()).step_by(BLOCK) {
        sums.fill(0);
        add_block(isa, geometry, reads, first, sums);
        add(isa, totals, sums);
    }
    for (at, total) in mem::arrays::<BYTES>(totals).iter().enumerate() {
        let (tap, channel) = (at / geometry.in_c, at % geometry.in_c);
        *mem::array_mut::<BYTES>(output, (channel * geometry.window() + tap) * BYTES) = *total;
    }
}

fn add<I: Isa>(isa: I, totals: &mut [u8], sums: &[u8]) {
    let whole = mem::arrays::<16>(sums).len() * 16;
    for (total, sum) in mem::arrays_mut::<16>(totals).iter_mut().zip(mem::arrays::<16>(sums)) {
        isa.f32x4_store(isa.f32x4_add(isa.f32x4_load(total), isa.f32x4_load(sum)), total);
    }
    for at in (whole..sums.len()).step_by(BYTES) {
        mem::write_f32(totals, at, mem::read_f32(totals, at) + mem::read_f32(sums, at));
    }
}

fn add_block<I: Isa>(isa: I, geometry: &Geometry, [input, gradient]: [&[u8]; 2], first: usize, sums: &mut [u8]) {
    let bytes = geometry.in_c * BYTES;
    let mut pixel = geometry.pixel(first);
    for gradient in gradient.chunks_exact(bytes).skip(first).take(BLOCK) {
        for (tap, sums) in sums.chunks_exact_mut(bytes).enumerate() {
            let (ky, kx) = (tap as i32 / geometry.columns.kernel, tap as i32 % geometry.columns.kernel);
            if let Some((y, x)) = geometry.rows.at(pixel.y, ky).zip(geometry.columns.at(pixel.x, kx)) {
                let input = &input[geometry.input_at(pixel.image, y, x) * BYTES..][..bytes];
                multiply_add(isa, input, gradient, sums);
            }
        }
        pixel = geometry.next(pixel);
    }
}

#[inline(always)]
fn multiply_add<I: Isa>(isa: I, a: &[u8], b: &[u8], sums: &mut [u8]) {
    let whole = mem::arrays::<16>(a).len() * 16;
    for ((a, b), sum) in mem::arrays::<16>(a).iter().zip(mem::arrays::<16>(b)).zip(mem::arrays_mut::<16>(sums)) {
        let product = isa.f32x4_mul(isa.f32x4_load(a), isa.f32x4_load(b));
        isa.f32x4_store(isa.f32x4_add(isa.f32x4_load(sum), product), sum);
    }
    for at in (whole..a.len()).step_by(BYTES) {
        mem::write_f32(sums, at, mem::read_f32(sums, at) + mem::read_f32(a, at) * mem::read_f32(b, at));
    }
}
