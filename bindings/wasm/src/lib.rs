//! The wasm module of dyadic: numeric exports only (DESIGN §3.9). Each checks, calls and returns a status; none computes.
//!
//! Addresses are byte addresses in linear memory, as u32 bits in an i32. A status is 0, or 1 with the reason in the error record.

#![cfg_attr(target_arch = "wasm32", no_std)]

mod arena;
mod dispatch;
mod error;
mod known_answer;

use arena::{Arena, Region};
use dispatch::Share;
use kernels::f32::non_finite;
use kernels::{pack, Access, Spans};
use wasm_bindgen::prelude::wasm_bindgen;

/// The version of SPEC.md that the kernels follow.
#[wasm_bindgen]
pub fn spec_version() -> i32 {
    1
}

/// Which flavour this module is: 0 scalar, 1 simd128, 2 relaxed.
#[wasm_bindgen]
pub fn flavour() -> i32 {
    i32::from(cfg!(target_feature = "simd128")) + i32::from(cfg!(target_feature = "relaxed-simd"))
}

/// One relaxed dot product of `a` in all lanes of the first operand and `b`, 0 to 255, in all lanes of the second: how an engine answers for a `b`
/// beyond 127 tells which instruction it uses. 0 if the lanes disagree, and in the other flavours, which have no such instruction.
#[wasm_bindgen]
pub fn relaxed_dot(a: i32, b: i32) -> i32 {
    if cfg!(target_feature = "relaxed-simd") {
        simd::dot::relaxed_answer(simd::Native::default(), a as i8, b as i8)
    } else {
        0
    }
}

/// Grows the memory at its end by at least `bytes` and gives their address, 0 if the host has no more. Consecutive calls give consecutive
/// regions, as long as nobody else grows the memory.
#[wasm_bindgen]
pub fn reserve(bytes: i32) -> i32 {
    arena::reserve(bytes as u32 as usize).map_or(0, |address| address as i32)
}

/// Address of the error record: step, kernel number, field index, reason (`kernels::Reason`), four i32.
#[wasm_bindgen]
pub fn error_address() -> i32 {
    error::address() as i32
}

/// Runs rows [first, last) of a step table; each row is a kernel number and the address of its parameters. This worker does its share of the
/// units of every step. Float kernels are refused.
#[wasm_bindgen]
pub fn run_integer(table: i32, first: i32, last: i32, worker: i32, workers: i32, scratch: i32, scratch_length: i32) -> i32 {
    let share = Share { worker, workers };
    error::status(dispatch::run_integer(table, first..last, share, Region::from_words(scratch, scratch_length)))
}

/// Runs rows [first, last) of a step table whose kernels may use floating point.
#[wasm_bindgen]
pub fn run_float(table: i32, first: i32, last: i32, scratch: i32, scratch_length: i32) -> i32 {
    error::status(dispatch::run_float(table, first..last, Region::from_words(scratch, scratch_length)))
}

/// How many of `count` floats at `address` are NaN or infinite, −1 if they do not lie in the arena.
#[wasm_bindgen]
pub fn count_non_finite(address: i32, count: i32) -> i32 {
    let floats = Spans::new().with(0, address, (count as u32 as usize).saturating_mul(4), Access::Read);
    let lent = Arena::enter()
        .lend(&floats, Region::from_words(0, 0))
        .map(|(buffers, _)| non_finite::count_non_finite(simd::Native::default(), buffers.reads[0]));
    lent.unwrap_or(-1)
}

/// The scratch bytes that rows [first, last) need, −1 with an error record if one of them is refused.
#[wasm_bindgen]
pub fn scratch_bytes(table: i32, first: i32, last: i32) -> i32 {
    match dispatch::scratch_bytes(table, first..last) {
        Ok(bytes) => bytes as i32,
        Err(refusal) => {
            error::status(Err(refusal));
            -1
        }
    }
}

/// Bytes of the weights that `PackConv2d` writes, −1 if a size is below 1 or they fit no memory.
#[wasm_bindgen]
pub fn packed_conv2d_bytes(in_c: i32, out_c: i32, kernel_h: i32, kernel_w: i32) -> i32 {
    packed_size(in_c, out_c, kernel_h, kernel_w, pack::packed_conv2d_bytes)
}

/// Bytes of the weights that `PackConv2dRelaxed` writes, −1 if a size is below 1 or they fit no memory.
#[wasm_bindgen]
pub fn packed_conv2d_relaxed_bytes(in_c: i32, out_c: i32, kernel_h: i32, kernel_w: i32) -> i32 {
    packed_size(in_c, out_c, kernel_h, kernel_w, pack::packed_conv2d_relaxed_bytes)
}

/// Bytes of the weights that `PackConv2dPaired` writes, −1 if a size is below 1 or they fit no memory.
#[wasm_bindgen]
pub fn packed_conv2d_paired_bytes(in_c: i32, out_c: i32, kernel_h: i32, kernel_w: i32) -> i32 {
    packed_size(in_c, out_c, kernel_h, kernel_w, kernels::pack_paired::packed_conv2d_paired_bytes)
}

/// Bytes of the weights that `PackWinogradF23` writes, −1 if a size is below 1 or they fit no memory.
#[wasm_bindgen]
pub fn packed_winograd_f23_bytes(in_c: i32, out_c: i32) -> i32 {
    packed_size(in_c, out_c, 4, 4, |in_c, out_c, _, _| kernels::conv::winograd_f23::weights::packed_bytes(in_c, out_c))
}

/// Bytes of the weights that `PackDepthwise` writes, −1 if a size is below 1 or they fit no memory.
#[wasm_bindgen]
pub fn packed_depthwise_bytes(channels: i32, kernel_h: i32, kernel_w: i32) -> i32 {
    packed_size(1, channels, kernel_h, kernel_w, |_, channels, kernel_h, kernel_w| pack::packed_depthwise_bytes(channels, kernel_h, kernel_w))
}

/// Bytes of the weights that `PackWinogradF43` writes, −1 if a size is below 1 or they fit no memory.
#[wasm_bindgen]
pub fn packed_winograd_f43_bytes(in_c: i32, out_c: i32) -> i32 {
    // Both sides are padded to eight, more than `packed_size` leaves room for: so its limit is put on the padded sizes.
    let whole = |channels: i32| channels.saturating_add(7) / 8 * 8;
    packed_size(whole(in_c), whole(out_c), 3, 3, |in_c, out_c, _, _| pack::packed_winograd_f43_bytes(in_c, out_c))
}

/// Channels of the packed bias and multipliers for `out_c` output channels, −1 if `out_c` is below 1 or they fit no memory.
#[wasm_bindgen]
pub fn packed_channels(out_c: i32) -> i32 {
    packed_size(1, out_c, 1, 1, |_, out_c, _, _| pack::packed_channels(out_c))
}

/// `size` of four dimensions that are at least 1 and whose product leaves room for the padding of every panel.
fn packed_size(in_c: i32, out_c: i32, kernel_h: i32, kernel_w: i32, size: impl Fn(usize, usize, usize, usize) -> usize) -> i32 {
    const LARGEST: i64 = 1 << 26;
    let dimensions = [in_c, out_c, kernel_h, kernel_w];
    let product = dimensions.iter().try_fold(1i64, |product, &dimension| Some(product * i64::from(dimension)).filter(|&product| product <= LARGEST));
    if product.is_none() || dimensions.iter().any(|&dimension| dimension < 1) {
        return -1;
    }
    let [in_c, out_c, kernel_h, kernel_w] = dimensions.map(|dimension| dimension as usize);
    i32::try_from(size(in_c, out_c, kernel_h, kernel_w)).unwrap_or(-1)
}

/// What a small convolution gives for `seed`. The caller compares it with the committed answer, and refuses a wrong engine.
#[wasm_bindgen]
pub fn known_answer(seed: i32) -> i32 {
    known_answer::known_answer(seed)
}

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
