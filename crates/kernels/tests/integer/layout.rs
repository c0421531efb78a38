//! Codes in ONNX axes to NHWC bytes and back.

use crate::bytes::POISON;
use kernels::check::element_bytes;
use kernels::params::container;

/// The channel stride that a Program gives a value (DESIGN §3.4).
pub fn channel_stride(channels: usize) -> usize {
    if channels <= 4 {
        4
    } else {
        channels.next_multiple_of(16)
    }
}

/// The range of a container.
pub fn range(container: i32) -> [i32; 2] {
    let range = kernels::check::container_range(container);
    [*range.start(), *range.end()]
}

fn write(bytes: &mut [u8], kind: i32, at: usize, code: i32) {
    match kind {
        container::I32 => bytes[at * 4..][..4].copy_from_slice(&code.to_le_bytes()),
        container::I16 => bytes[at * 2..][..2].copy_from_slice(&(code as i16).to_le_bytes()),
        _ => bytes[at] = code as u8,
    }
}

fn read(bytes: &[u8], kind: i32, at: usize) -> i32 {
    match kind {
        container::U8 => i32::from(bytes[at]),
        container::I8 => i32::from(bytes[at] as i8),
        container::I32 => i32::from_le_bytes(bytes[at * 4..][..4].try_into().expect("four bytes")),
        _ => i32::from(i16::from_le_bytes([bytes[at * 2], bytes[at * 2 + 1]])),
    }
}

/// [C, pixels] to [pixels, stride]; pad channels are poisoned.
pub fn to_nhwc(codes: &[i32], kind: i32, channels: usize, stride: usize) -> Vec<u8> {
    let pixels = codes.len() / channels;
    let mut bytes = vec![POISON; pixels * stride * element_bytes(kind)];
    for (at, &code) in codes.iter().enumerate() {
        write(&mut bytes, kind, at % pixels * stride + at / pixels, code);
    }
    bytes
}

/// [pixels, stride], which may stop after the last channel of the last pixel, to [C, pixels].
pub fn from_nhwc(bytes: &[u8], kind: i32, channels: usize, stride: usize, pixels: usize) -> Vec<i32> {
    (0..channels * pixels).map(|at| read(bytes, kind, at % pixels * stride + at / pixels)).collect()
}

/// Codes in a row.
pub fn to_row(codes: &[i32], kind: i32) -> Vec<u8> {
    to_nhwc(codes, kind, 1, 1)
}

/// Every code of a row.
pub fn from_row(bytes: &[u8], kind: i32) -> Vec<i32> {
    from_nhwc(bytes, kind, 1, 1, bytes.len() / element_bytes(kind))
}
