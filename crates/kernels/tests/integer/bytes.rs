//! Runs a kernel on buffers of exactly the size it asks for, so that a byte too far is a panic.

use kernels::{Access, Buffers, Kernel};
use simd::Isa;

/// What written buffers and scratch hold before a kernel runs.
pub const POISON: u8 = 0xA5;

pub fn from_i32(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

pub fn from_i8(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().map(|&number| number as i8 as u8).collect()
}

/// Runs the units in the given ranges and returns the written buffers. Reads are cut to what the kernel says it reads.
fn run_ranges<K: Kernel, I: Isa>(isa: I, kernel: &K, reads: &[&[u8]], ranges: &[std::ops::Range<usize>]) -> Vec<Vec<u8>> {
    let spans = kernel.spans();
    let of = |access| spans.as_slice().iter().filter(move |span| span.access == access);
    let mut written: Vec<Vec<u8>> = of(Access::Write).map(|span| vec![POISON; span.bytes]).collect();
    let mut given = of(Access::Read).zip(reads).map(|(span, bytes)| &bytes[..span.bytes]);
    let mut slices = written.iter_mut();
    let mut buffers = Buffers {
        reads: std::array::from_fn(|_| given.next().unwrap_or(&[])),
        writes: std::array::from_fn(|_| slices.next().map_or(&mut [][..], |bytes| &mut bytes[..])),
    };
    let mut scratch = vec![POISON; kernel.scratch_bytes()];
    for range in ranges {
        kernel.run(isa, &mut buffers, range.clone(), &mut scratch);
    }
    written
}

/// The written buffers. The units run in one go and, backwards, one by one; both must agree.
pub fn run<K: Kernel, I: Isa>(isa: I, kernel: &K, reads: &[&[u8]]) -> Vec<Vec<u8>> {
    kernel.check().expect("the kernel takes its parameters");
    let units = kernel.units();
    let whole = run_ranges(isa, kernel, reads, std::slice::from_ref(&(0..units)));
    let single: Vec<_> = (0..units).rev().map(|unit| unit..unit + 1).collect();
    assert_eq!(run_ranges(isa, kernel, reads, &single), whole, "units are not independent");
    whole
}

/// `Ok` if the codes are the expected ones.
pub fn compare(what: &str, found: &[i32], expected: &[i32]) -> crate::Verdict {
    if found.len() != expected.len() {
        return Err(format!("{what}: {} codes instead of {}", found.len(), expected.len()));
    }
    match found.iter().zip(expected).position(|(found, expected)| found != expected) {
        None => Ok(()),
        Some(at) => Err(format!("{what}: code {at} is {} instead of {}", found[at], expected[at])),
    }
}
