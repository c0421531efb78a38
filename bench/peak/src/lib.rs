//! Register loops: how many multiply-accumulates a second one core can do with an instruction when nothing else is in the way.
//!
//! Frozen: `npm run bench` reports kernels as a share of these, so a change here changes every share ever reported. All operands
//! stay in registers: loops that load theirs came out at half of this, below what real kernels reach, and would flatter those.

#[cfg(target_feature = "relaxed-simd")]
use core::arch::wasm32::i32x4_relaxed_dot_i8x16_i7x16_add;
use core::arch::wasm32::{f32x4_add, f32x4_mul, f32x4_splat, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_splat, v128};
use core::hint::black_box;

/// Independent accumulators: with two more vectors they fill the 16 registers of SSE and AVX.
const SUMS: usize = 12;

/// `i32x4.dot_i16x8_s` and an i32 addition, 12 of each per iteration.
///
/// Each sum takes its operand from the next one, so that no product is the same twice and none can be moved out of the loop.
#[no_mangle]
pub extern "C" fn i16_dot(iterations: u32, seed: i32) -> i32 {
    let operands = black_box([i32x4_splat(seed), i32x4_splat(seed + 1)]);
    let mut sums = black_box([i32x4_splat(seed); SUMS]);
    for _ in 0..iterations {
        for i in 0..SUMS {
            sums[i] = i32x4_add(
                sums[i],
                i32x4_dot_i16x8(operands[i % 2], sums[(i + 1) % SUMS]),
            );
        }
    }
    checksum(&sums)
}

/// Multiply-accumulates of one iteration of [`i16_dot`]: 8 lanes per dot product.
#[no_mangle]
pub extern "C" fn i16_dot_macs() -> u32 {
    SUMS as u32 * 8
}

/// `i32x4.relaxed_dot_i8x16_i7x16_add_s`, 12 per iteration. Every sum goes on from itself, so that nothing can be moved out of the loop.
#[cfg(target_feature = "relaxed-simd")]
#[no_mangle]
pub extern "C" fn relaxed_dot(iterations: u32, seed: i32) -> i32 {
    let operands = black_box([i32x4_splat(seed), i32x4_splat(seed + 1)]);
    let mut sums = black_box([i32x4_splat(seed); SUMS]);
    for _ in 0..iterations {
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum = i32x4_relaxed_dot_i8x16_i7x16_add(operands[i % 2], operands[(i + 1) % 2], *sum);
        }
    }
    checksum(&sums)
}

/// Multiply-accumulates of one iteration of [`relaxed_dot`]: 16 lanes per dot product.
#[cfg(target_feature = "relaxed-simd")]
#[no_mangle]
pub extern "C" fn relaxed_dot_macs() -> u32 {
    SUMS as u32 * 16
}

/// `f32x4.mul` and `f32x4.add`, 12 of each per iteration, as [`i16_dot`] takes its operands. The factors keep every sum a normal number near its start.
#[no_mangle]
pub extern "C" fn f32_mul_add(iterations: u32, seed: i32) -> i32 {
    let factors = black_box([f32x4_splat(1e-9), f32x4_splat(-1e-9)]);
    let mut sums = black_box([f32x4_splat(seed as f32); SUMS]);
    for _ in 0..iterations {
        for i in 0..SUMS {
            sums[i] = f32x4_add(sums[i], f32x4_mul(factors[i % 2], sums[(i + 1) % SUMS]));
        }
    }
    checksum(&sums)
}

/// Multiply-accumulates of one iteration of [`f32_mul_add`]: 4 lanes per product.
#[no_mangle]
pub extern "C" fn f32_mul_add_macs() -> u32 {
    SUMS as u32 * 4
}

fn checksum(sums: &[v128; SUMS]) -> i32 {
    let total = sums
        .iter()
        .fold(i32x4_splat(0), |total, &sum| i32x4_add(total, sum));
    i32x4_extract_lane::<0>(total) ^ i32x4_extract_lane::<1>(total)
}
