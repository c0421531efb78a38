//! What the tests of this crate share: an arena of bytes, and a run that tries every way of splitting the units.

use core::ops::Range;
use kernels::f32::testing::floats;
use kernels::kernel::MAX_SPANS;
use kernels::{Access, Buffers, Kernel};
use simd::{mem, Portable};

/// Bytes at addresses, 64-byte aligned like the real ones. Address 0 holds nothing.
#[derive(Clone)]
pub struct Arena {
    memory: Vec<u8>,
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
        self.bytes(&floats.iter().flat_map(|float| float.to_le_bytes()).collect::<Vec<_>>())
    }

    /// Adds integers and returns their address.
    pub fn ints(&mut self, ints: &[i32]) -> i32 {
        self.bytes(&ints.iter().flat_map(|int| int.to_le_bytes()).collect::<Vec<_>>())
    }

    /// Room for `count` words, filled with what no kernel may depend on.
    pub fn room(&mut self, count: usize) -> i32 {
        self.bytes(&vec![0xcd; count * 4])
    }

    /// Floats at an address.
    pub fn floats_at(&self, address: i32, count: usize) -> Vec<f32> {
        mem::arrays::<4>(&self.memory[address as usize..][..count * 4]).iter().map(|float| f32::from_le_bytes(*float)).collect()
    }

    /// Integers at an address.
    pub fn ints_at(&self, address: i32, count: usize) -> Vec<i32> {
        mem::arrays::<4>(&self.memory[address as usize..][..count * 4]).iter().map(|int| i32::from_le_bytes(*int)).collect()
    }

    /// Runs all units at once, and again one by one from the last to the first: both must leave the same bytes.
    pub fn run(&mut self, params: impl Kernel) {
        params.check().expect("parameters that the kernel accepts");
        let mut apart = self.clone();
        self.run_ranges(params, core::iter::once(0..params.units()));
        apart.run_ranges(params, (0..params.units()).rev().map(|unit| unit..unit + 1));
        assert!(self.memory == apart.memory, "units run apart give other results");
    }

    fn run_ranges(&mut self, params: impl Kernel, ranges: impl IntoIterator<Item = Range<usize>>) {
        let spans = params.spans();
        let spans = spans.as_slice();
        for (index, span) in spans.iter().enumerate() {
            for other in spans[..index].iter().filter(|other| span.access == Access::Write || other.access == Access::Write) {
                let apart = span.offset + span.bytes <= other.offset || other.offset + other.bytes <= span.offset;
                assert!(apart || span.bytes == 0 || other.bytes == 0, "fields {} and {} overlap", span.field, other.field);
            }
        }
        let mut written: Vec<Vec<u8>> = Vec::new();
        let mut reads: [&[u8]; MAX_SPANS] = [&[]; MAX_SPANS];
        let mut read = 0;
        for span in spans {
            let slice = if span.bytes == 0 { &[] } else { &self.memory[span.offset..span.offset + span.bytes] };
            match span.access {
                Access::Write => written.push(slice.to_vec()),
                Access::Read => {
                    reads[read] = slice;
                    read += 1;
                }
            }
        }
        let mut writes: [&mut [u8]; MAX_SPANS] = Default::default();
        for (write, bytes) in writes.iter_mut().zip(&mut written) {
            *write = bytes;
        }
        let mut scratch = vec![0xff; params.scratch_bytes()];
        let mut buffers = Buffers { reads, writes };
        for range in ranges {
            params.run(Portable, &mut buffers, range, &mut scratch);
        }
        for (span, bytes) in spans.iter().filter(|span| span.access == Access::Write).zip(written) {
            if !bytes.is_empty() {
                self.memory[span.offset..span.offset + span.bytes].copy_from_slice(&bytes);
            }
        }
    }
}

/// Whether two lists of floats hold the same bits; says where not.
pub fn assert_bits(actual: &[f32], expected: &[f32], what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!(a.to_bits() == e.to_bits(), "{what}: element {index} is {a:e}, not {e:e}");
    }
}

/// Random parameters, sound ones with some words replaced and wild ones: whatever `check` accepts has spans and units without a panic.
pub fn fuzz<K: Kernel>(words: usize, sound: &[i32], from_words: impl Fn(&[i32]) -> Option<K>) {
    let wild = [0, 1, -1, 2, 3, 7, 64, 1 << 12, 1 << 24, (1 << 24) + 1, i32::MAX, i32::MIN, i32::MAX - 3];
    assert_eq!(sound.len(), words);
    assert!(from_words(sound).expect("enough words").check().is_ok(), "the parameters to start from are sound");
    let random = floats(words * 3 * 2_000, 77);
    let pick = |x: f32, n: usize| (x.to_bits() >> 3) as usize % n;
    for round in random.chunks_exact(words * 3) {
        let mut params = sound.to_vec();
        for i in 0..words {
            let changes = 1 + pick(round[0], 4);
            if pick(round[3 * i], words) < changes {
                params[i] = wild[pick(round[3 * i + 1], wild.len())];
            }
        }
        let kernel = from_words(&params).expect("enough words");
        if kernel.check().is_ok() {
            let _ = (kernel.spans(), kernel.units(), kernel.scratch_bytes());
        }
    }
}
