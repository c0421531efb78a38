//! Mean over the middle axis of [outer][length][inner] (SPEC 4.1). Buffers: reads input; writes output. A unit is one outer index.

use super::lanes::BYTES;
use crate::check::{field, field_holds, fields_in, is_total, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::MeanF32;
use core::ops::Range;
use simd::{mem, Isa};

impl Kernel for MeanF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; outer, inner);
        fields_in!(self, 1..=(MAX_TOTAL / BYTES as i64) as i32; length);
        field_holds!(is_total(&[self.outer, self.length, self.inner, BYTES as i32]); outer);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let output = self.outer as usize * self.inner as usize * BYTES;
        Spans::new().with(field!(input_offset), self.input_offset, output * self.length as usize, Access::Read).with(
            field!(output_offset),
            self.output_offset,
            output,
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        self.outer as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let (length, inner) = (self.length as usize, self.inner as usize);
        let reciprocal = 1.0 / self.length as f32;
        for unit in units {
            let block = &buffers.reads[0][unit * length * inner * BYTES..];
            for j in 0..inner {
                let sum = (0..length).map(|i| mem::read_f32(block, (i * inner + j) * BYTES)).fold(0.0, |sum, x| sum + x);
                mem::write_f32(buffers.writes[0], (unit * inner + j) * BYTES, sum * reciprocal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::f32::testing::{check_all_units, floats, Arena};
    use crate::params::MeanF32;
    use reference::f32_sums::average_f32;

    #[test]
    fn equals_the_reference() {
        for (outer, length, inner) in [(1, 1, 1), (2, 10, 1), (3, 7, 5), (0, 3, 3)] {
            let x = floats(outer * length * inner, 1);
            let mut arena = Arena::new();
            let (input_offset, output_offset) = (arena.floats(&x), arena.output(outer * inner));
            let params = MeanF32 { input_offset, output_offset, outer: outer as i32, length: length as i32, inner: inner as i32 };
            let y = check_all_units(params, &arena, outer * inner);
            for (index, y) in y.iter().enumerate() {
                let line: Vec<f32> = (0..length).map(|i| x[(index / inner * length + i) * inner + index % inner]).collect();
                assert_eq!(average_f32(&line, length as f32).to_bits(), y.to_bits());
            }
        }
    }
}
