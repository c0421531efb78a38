//! Softmax over the middle axis of [outer][length][inner] (SPEC 4.3). Buffers: reads input; writes output. A unit is one outer index.

use super::exp::exp;
use super::lanes::{larger, BYTES};
use crate::check::{field, field_holds, fields_in, is_total, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::SoftmaxF32;
use core::ops::Range;
use simd::{mem, Isa};

impl SoftmaxF32 {
    /// The line that starts at element `first` of the block and goes on every `inner` elements.
    fn line(&self, input: &[u8], output: &mut [u8], first: usize) {
        let places = || (0..self.length as usize).map(|i| (first + i * self.inner as usize) * BYTES);
        let greatest = places().map(|at| mem::read_f32(input, at)).fold(f32::NEG_INFINITY, larger);
        let mut sum = 0.0;
        for at in places() {
            let e = exp(mem::read_f32(input, at) - greatest);
            mem::write_f32(output, at, e);
            sum += e;
        }
        let reciprocal = 1.0 / sum;
        for at in places() {
            let e = mem::read_f32(output, at);
            mem::write_f32(output, at, e * reciprocal);
        }
    }
}

impl Kernel for SoftmaxF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; outer, length, inner);
        field_holds!(is_total(&[self.outer, self.length, self.inner, BYTES as i32]); outer);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = self.units() * self.length as usize * self.inner as usize * BYTES;
        Spans::new().with(field!(input_offset), self.input_offset, bytes, Access::Read).with(
            field!(output_offset),
            self.output_offset,
            bytes,
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        if self.length == 0 || self.inner == 0 {
            return 0;
        }
        self.outer as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let block = self.length as usize * self.inner as usize * BYTES;
        for unit in units {
            let input = &buffers.reads[0][unit * block..][..block];
            let output = &mut buffers.writes[0][unit * block..][..block];
            for first in 0..self.inner as usize {
                self.line(input, output, first);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::f32::testing::{check_all_units, floats, Arena};
    use crate::params::SoftmaxF32;
    use reference::softmax::softmax;

    #[test]
    fn equals_the_reference() {
        for (outer, length, inner) in [(1, 1, 1), (2, 10, 1), (3, 7, 5), (1, 0, 3)] {
            let count = outer * length * inner;
            let x: Vec<f32> = floats(count, 1).iter().map(|x| x * 40.0).collect();
            let mut arena = Arena::new();
            let (input_offset, output_offset) = (arena.floats(&x), arena.output(count));
            let params = SoftmaxF32 { input_offset, output_offset, outer: outer as i32, length: length as i32, inner: inner as i32 };
            let y = check_all_units(params, &arena, count);
            for line in 0..if length == 0 { 0 } else { outer * inner } {
                let places = || (0..length).map(|i| line / inner * length * inner + i * inner + line % inner);
                let expected = softmax(&places().map(|at| x[at]).collect::<Vec<_>>());
                for (at, expected) in places().zip(expected) {
                    assert_eq!(y[at].to_bits(), expected.to_bits());
                }
            }
        }
    }
}
