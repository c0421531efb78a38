//! Kernels that move elements.

use crate::bytes::{compare, from_i32, run, POISON};
use crate::seed::Seed;
use crate::Verdict;
use kernels::params::{Fill, Gather, LookupPixels, StridedCopy};
use simd::Isa;

fn codes(bytes: &[u8]) -> Vec<i32> {
    bytes.iter().map(|&byte| i32::from(byte)).collect()
}

/// Element distances and dimensions of a copy.
struct Walk {
    dims: [i32; 6],
    ins: [i32; 6],
    outs: [i32; 6],
    in_first: i32,
    out_first: i32,
    in_elements: i32,
    out_elements: i32,
}

impl Walk {
    fn params(&self, element_bytes: i32) -> StridedCopy {
        let (begin, out_begin) = (1000, 9000);
        let [dim0, dim1, dim2, dim3, dim4, dim5] = self.dims;
        let [in_stride0, in_stride1, in_stride2, in_stride3, in_stride4, in_stride5] = self.ins;
        let [out_stride0, out_stride1, out_stride2, out_stride3, out_stride4, out_stride5] = self.outs;
        StridedCopy {
            input_offset: begin + self.in_first * element_bytes,
            output_offset: out_begin + self.out_first * element_bytes,
            input_begin_offset: begin,
            input_end_offset: begin + self.in_elements * element_bytes,
            output_begin_offset: out_begin,
            output_end_offset: out_begin + self.out_elements * element_bytes,
            element_bytes,
            dim0,
            dim1,
            dim2,
            dim3,
            dim4,
            dim5,
            in_stride0,
            in_stride1,
            in_stride2,
            in_stride3,
            in_stride4,
            in_stride5,
            out_stride0,
            out_stride1,
            out_stride2,
            out_stride3,
            out_stride4,
            out_stride5,
        }
    }

    fn expected(&self, input: &[u8], size: usize) -> Vec<u8> {
        let mut output = vec![POISON; self.out_elements as usize * size];
        let total: i32 = self.dims.iter().product();
        for number in 0..total {
            let (mut rest, mut from, mut to) = (number, self.in_first, self.out_first);
            for axis in (0..6).rev() {
                from += rest % self.dims[axis] * self.ins[axis];
                to += rest % self.dims[axis] * self.outs[axis];
                rest /= self.dims[axis];
            }
            for byte in 0..size {
                output[to as usize * size + byte] = input[from as usize * size + byte];
            }
        }
        output
    }
}

fn walks() -> Vec<Walk> {
    let walk =
        |dims, ins, outs, in_first, out_first, in_elements, out_elements| Walk { dims, ins, outs, in_first, out_first, in_elements, out_elements };
    vec![
        // A row.
        walk([1, 1, 1, 1, 1, 7], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1], 0, 0, 7, 7),
        // [3, 4, 5] NCHW to NHWC with 4 channels.
        walk([1, 1, 1, 4, 5, 3], [0, 0, 0, 5, 1, 20], [0, 0, 0, 20, 4, 1], 0, 0, 60, 79),
        // Two matrices turned, with blocks of 4 × 4 and what is left of them.
        walk([1, 1, 1, 2, 9, 6], [0, 0, 0, 60, 1, 10], [0, 0, 0, 70, 7, 1], 0, 3, 119, 140),
        // Backwards, from the last element.
        walk([1, 1, 2, 1, 3, 4], [0, 0, -12, 0, -4, -1], [0, 0, 12, 0, 4, 1], 23, 0, 24, 24),
        // A constant, spread.
        walk([2, 1, 1, 2, 2, 3], [0, 0, 0, 0, 0, 0], [12, 0, 0, 6, 3, 1], 2, 1, 3, 25),
        // The inside of a padded image.
        walk([1, 1, 1, 1, 3, 4], [0, 0, 0, 0, 4, 1], [0, 0, 0, 0, 6, 1], 0, 7, 12, 30),
        // All six axes.
        walk([2, 2, 2, 2, 2, 2], [32, 16, 8, 4, 2, 1], [1, 2, 4, 8, 16, 32], 0, 0, 64, 64),
        // Nothing.
        walk([1, 0, 1, 1, 1, 5], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1], 0, 0, 0, 0),
    ]
}

pub fn strided<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(12);
    for walk in walks() {
        for element_bytes in [1, 2, 4] {
            let bytes: Vec<u8> = (0..walk.in_elements * element_bytes).map(|_| random.next() as u8).collect();
            let params = walk.params(element_bytes);
            let written = run(isa, &params, &[&bytes]);
            compare(&format!("{params:?}"), &codes(&written[0]), &codes(&walk.expected(&bytes, element_bytes as usize)))?;
        }
    }
    Ok(())
}

pub fn fill<I: Isa>(isa: I) -> Verdict {
    for element_bytes in [1, 2, 4] {
        for count in [0, 1, 2, 4095, 4096, 4097] {
            for value in [0, -1, 0x1234_5678, i32::MIN] {
                let params = Fill { count, element_bytes, value, ..Fill::default() };
                let expected = value.to_le_bytes()[..element_bytes as usize].repeat(count as usize);
                compare(&format!("{params:?}"), &codes(&run(isa, &params, &[])[0]), &codes(&expected))?;
            }
        }
    }
    Ok(())
}

/// Indices from the front, from the end, and outside, which give zeros.
pub fn gather<I: Isa>(isa: I) -> Verdict {
    let input: Vec<u8> = (1..=30).collect();
    for indices in [vec![], vec![0], vec![4, 0, -1, -5, 2, 2], vec![5, -6, i32::MAX, i32::MIN, 1]] {
        let params = Gather { outer: 2, axis_length: 5, block_bytes: 3, count: indices.len() as i32, ..Gather::default() };
        let mut expected = Vec::new();
        for row in input.chunks_exact(15) {
            for &index in &indices {
                let at = if index < 0 { index.wrapping_add(5) } else { index };
                let block = usize::try_from(at).ok().filter(|&at| at < 5).map_or(&[0; 3][..], |at| &row[at * 3..][..3]);
                expected.extend_from_slice(block);
            }
        }
        compare(&format!("{params:?}"), &codes(&run(isa, &params, &[&input, &from_i32(&indices)])[0]), &codes(&expected))?;
    }
    Ok(())
}

/// SPEC 5.1: every byte through every table, channels swapped.
pub fn lookup<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(13);
    let tables: Vec<u8> = (0..4 * 256).map(|_| random.next() as u8).collect();
    for (pixels, in_channels, sources, out_stride) in [
        (0, 3, vec![0], 4),
        (1, 1, vec![0], 1),
        (256, 1, vec![0], 4),
        (2049, 3, vec![2, 1, 0], 4),
        (300, 4, vec![3, 0, 1, 2], 4),
        (300, 3, vec![1, 1], 16),
    ] {
        let mut input: Vec<u8> = (0..pixels * in_channels).map(|_| random.next() as u8).collect();
        input.iter_mut().zip(0..=255).for_each(|(byte, every)| *byte = every);
        let source = |i: usize| sources.get(i).copied().unwrap_or(0);
        let params = LookupPixels {
            pixels,
            in_channels,
            out_channels: sources.len() as i32,
            out_stride,
            source0: source(0),
            source1: source(1),
            source2: source(2),
            source3: source(3),
            ..LookupPixels::default()
        };
        let written = &run(isa, &params, &[&input, &tables])[0];
        let mut expected = vec![i32::from(POISON); written.len()];
        for (pixel, bytes) in input.chunks_exact(in_channels as usize).enumerate() {
            for (channel, &source) in sources.iter().enumerate() {
                let byte = usize::from(bytes[source as usize]);
                expected[pixel * out_stride as usize + channel] = i32::from(tables[channel * 256 + byte]);
            }
        }
        compare(&format!("{params:?}"), &codes(written), &expected)?;
    }
    Ok(())
}
