//! What the tests of this crate share: an arena, kernels run on it, and seeded floats.

use kernels::{Access, Buffers, Kernel};
use simd::{mem, Portable};

/// Bytes at addresses, 64-byte aligned like the real one. Address 0 holds nothing.
pub struct Arena(Vec<u8>);

impl Arena {
    pub fn new() -> Self {
        Self(vec![0; 64])
    }

    /// Adds bytes and returns their address.
    pub fn bytes(&mut self, bytes: &[u8]) -> i32 {
        let address = self.0.len().next_multiple_of(64);
        self.0.resize(address, 0);
        self.0.extend_from_slice(bytes);
        address as i32
    }

    /// Adds floats and returns their address.
    pub fn floats(&mut self, floats: &[f32]) -> i32 {
        self.bytes(&floats.iter().flat_map(|float| float.to_le_bytes()).collect::<Vec<u8>>())
    }

    /// Adds integers and returns their address.
    pub fn words(&mut self, words: &[i32]) -> i32 {
        self.bytes(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>())
    }

    /// Room for so many bytes, none of them 0.
    pub fn room(&mut self, count: usize) -> i32 {
        self.bytes(&vec![0xcd; count])
    }

    pub fn read(&self, address: i32, count: usize) -> &[u8] {
        &self.0[address as usize..][..count]
    }

    pub fn read_floats(&self, address: i32, count: usize) -> Vec<f32> {
        mem::arrays::<4>(self.read(address, count * 4)).iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    /// Runs all units at once, and again one by one from the last to the first: both must leave the same bytes.
    pub fn run(&mut self, kernel: impl Kernel) {
        kernel.check().expect("parameters that the kernel accepts");
        let before = self.0.clone();
        self.units(kernel, std::iter::once(0..kernel.units()));
        let once = std::mem::replace(&mut self.0, before);
        self.units(kernel, (0..kernel.units()).rev().map(|unit| unit..unit + 1));
        assert!(once == self.0, "units run apart give other results");
    }

    fn units(&mut self, kernel: impl Kernel, ranges: impl IntoIterator<Item = std::ops::Range<usize>>) {
        let spans = kernel.spans();
        let slice = |span: &kernels::Span| if span.bytes == 0 { vec![] } else { self.0[span.offset..span.offset + span.bytes].to_vec() };
        let of = |access| spans.as_slice().iter().filter(move |span| span.access == access);
        let read: Vec<_> = of(Access::Read).map(slice).collect();
        let mut written: Vec<_> = of(Access::Write).map(slice).collect();
        let mut buffers = Buffers { reads: [&[]; kernels::kernel::MAX_SPANS], writes: Default::default() };
        for (to, from) in buffers.reads.iter_mut().zip(&read) {
            *to = from;
        }
        for (to, from) in buffers.writes.iter_mut().zip(&mut written) {
            *to = from;
        }
        let mut scratch = vec![0xff; kernel.scratch_bytes()];
        for range in ranges {
            kernel.run(Portable, &mut buffers, range, &mut scratch);
        }
        for (span, bytes) in of(Access::Write).zip(&written) {
            self.0[span.offset..span.offset + span.bytes].copy_from_slice(bytes);
        }
    }
}

pub use kernels::f32::testing::floats;

/// Floats that hurt, then seeded ones of many magnitudes, ties among them.
pub fn hard_floats(count: usize, seed: u32) -> Vec<f32> {
    let special = [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 1e-40, -1e-40, 3e9, 0.5, -0.5];
    let ties = (-40..40).map(|i| i as f32 * 0.0625);
    let mut all: Vec<f32> = special.into_iter().chain(ties).chain(floats(count, seed).iter().map(|x| x * 3.0)).collect();
    // Other ones first for every seed; a list of 92 or more has them all.
    all[..92].rotate_left(seed as usize * 7 % 92);
    all.truncate(count);
    all
}

/// Equal, or both no number.
pub fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

pub fn assert_same(got: &[f32], expected: &[f32], what: &str) {
    assert_eq!(got.len(), expected.len());
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        assert!(same(*a, *b), "{what}: element {i} is {a:e}, not {b:e}");
    }
}
