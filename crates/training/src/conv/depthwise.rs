//! Depthwise convolution: vectors over channels, weights [ky][kx][channel]. A unit is one row of output.

use super::geometry::{Geometry, Pixel};
use kernels::f32::lanes::{load_some, store_some, BYTES};
use simd::{mem, Isa};

/// Rows of all images.
pub fn units(geometry: &Geometry) -> usize {
    geometry.batch * geometry.rows.output as usize
}

/// One row of output.
pub fn run_unit<I: Isa>(isa: I, geometry: &Geometry, reads: [&[u8]; 3], output: &mut [u8], unit: usize) {
    let height = geometry.rows.output as usize;
    for x in 0..geometry.columns.output {
        let pixel = Pixel { image: unit / height, y: (unit % height) as i32, x };
        let output = &mut output[geometry.output_at(pixel) * BYTES..][..geometry.out_c * BYTES];
        for (block, output) in output.chunks_mut(4 * 16).enumerate() {
            let first = block * 16;
            if output.len() == 4 * 16 {
                run_channels::<I, 4>(isa, geometry, reads, pixel, first, output);
            } else {
                for (vector, output) in output.chunks_mut(16).enumerate() {
                    run_channels::<I, 1>(isa, geometry, reads, pixel, first + vector * 4, output);
                }
            }
        }
    }
}

/// `V` vectors of channels from `first` on; `output` may end within the last.
#[inline(always)]
fn run_channels<I: Isa, const V: usize>(isa: I, geometry: &Geometry, reads: [&[u8]; 3], pixel: Pixel, first: usize, output: &mut [u8]) {
    let [input, weights, bias] = reads;
    let bytes = output.len();
    let mut sums = [isa.f32x4_splat(0.0); V];
    let mut tap = first;
    for ky in 0..geometry.rows.kernel {
        let y = geometry.rows.at(pixel.y, ky);
        for kx in 0..geometry.columns.kernel {
            if let Some((y, x)) = y.zip(geometry.columns.at(pixel.x, kx)) {
                let input = &input[(geometry.input_at(pixel.image, y, x) + first) * BYTES..][..bytes];
                let weights = &weights[tap * BYTES..][..bytes];
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = isa.f32x4_add(*sum, isa.f32x4_mul(load(isa, input, v), load(isa, weights, v)));
                }
            }
            tap += geometry.in_c;
        }
    }
    for (v, output) in output.chunks_mut(16).enumerate() {
        let bias = if bias.is_empty() { sums[v] } else { isa.f32x4_add(sums[v], load(isa, &bias[first * BYTES..][..bytes], v)) };
        match <&mut [u8; 16]>::try_from(&mut *output) {
            Ok(whole) => isa.f32x4_store(bias, whole),
            Err(_) => store_some(isa, bias, output),
        }
    }
}

/// The `v`-th vector, zeros beyond the end.
#[inline(always)]
fn load<I: Isa>(isa: I, bytes: &[u8], v: usize) -> I::F32x4 {
    match mem::arrays::<16>(bytes).get(v) {
        Some(whole) => isa.f32x4_load(whole),
        None => load_some(isa, &bytes[v * 16..]),
    }
}
