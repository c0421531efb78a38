//! What the tests of this folder share: an arena of bytes and a run that tries every way of splitting the units.

use crate::kernel::{Access, Buffers, Kernel, MAX_SPANS};
use simd::{mem, Portable};
use std::{vec, vec::Vec};

/// Bytes at addresses, 64-byte aligned like the real one. Address 0 holds nothing.
pub struct Arena {
    memory: Vec<u8>,
}

impl Default for Arena {
    fn default() -> Self {
        Self::new()
    }
}

impl Arena {
    /// Nothing in it yet.
    pub fn new() -> Self {
        Self { memory: vec![0; 64] }
    }

    /// Adds bytes and returns their address.
    pub fn bytes(&mut self, bytes: &[u8]) -> i32 {
        let address = self.memory.len().next_multiple_of(64);
        self.memory.resize(address, 0);
        self.memory.extend_from_slice(bytes);
        address as i32
    }

    /// Adds floats and returns their address.
    pub fn floats(&mut self, floats: &[f32]) -> i32 {
        let bytes: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
        self.bytes(&bytes)
    }

    /// Room for `count` floats.
    pub fn output(&mut self, count: usize) -> i32 {
        self.output_bytes(count * 4)
    }

    /// Room for bytes.
    pub fn output_bytes(&mut self, count: usize) -> i32 {
        self.bytes(&vec![0xcd; count])
    }
}

/// Seeded floats in [−1, 1) of many magnitudes.
pub fn floats(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_769) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    (0..count).map(|_| (next() as i32 as f32 / 2_147_483_648.0) * (0.5f32).powi((next() % 8) as i32)).collect()
}

/// Runs all units at once, and one by one from the last to the first: both must give the same bytes, which are returned as floats.
pub fn check_all_units(params: impl Kernel, arena: &Arena, count: usize) -> Vec<f32> {
    let bytes = check_all_units_bytes(params, arena, count * 4);
    mem::arrays::<4>(&bytes).iter().map(|float| f32::from_le_bytes(*float)).collect()
}

/// [`check_all_units`] of any output.
pub fn check_all_units_bytes(params: impl Kernel, arena: &Arena, bytes: usize) -> Vec<u8> {
    params.check().expect("parameters that the kernel accepts");
    let mut once = vec![0xcd; bytes];
    run(params, arena, &mut once, core::iter::once(0..params.units()));
    let mut apart = vec![0x35; bytes];
    run(params, arena, &mut apart, (0..params.units()).rev().map(|unit| unit..unit + 1));
    assert_eq!(once, apart, "units run apart give other results");
    once
}

fn run(params: impl Kernel, arena: &Arena, output: &mut [u8], ranges: impl IntoIterator<Item = core::ops::Range<usize>>) {
    let spans = params.spans();
    let mut reads: [&[u8]; MAX_SPANS] = [&[]; MAX_SPANS];
    let inputs = spans.as_slice().iter().filter(|span| span.access == Access::Read);
    for (read, span) in reads.iter_mut().zip(inputs) {
        *read = if span.bytes == 0 { &[] } else { &arena.memory[span.offset..span.offset + span.bytes] };
    }
    let written: Vec<_> = spans.as_slice().iter().filter(|span| span.access == Access::Write).collect();
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].bytes, output.len());
    let mut writes: [&mut [u8]; MAX_SPANS] = Default::default();
    writes[0] = output;
    let mut scratch = vec![0xff; params.scratch_bytes()];
    let mut buffers = Buffers { reads, writes };
    for range in ranges {
        params.run(Portable, &mut buffers, range, &mut scratch);
    }
}
