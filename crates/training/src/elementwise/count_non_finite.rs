//! How many elements are no finite number. Buffers: reads input; writes output. One unit.

use crate::params::CountNonFinite;
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::BYTES;
use kernels::f32::non_finite::count_non_finite;
use kernels::{field, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

impl Kernel for CountNonFinite {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Spans::new().with(field!(input_offset), self.input_offset, self.count as usize * BYTES, Access::Read).with(
            field!(output_offset),
            self.output_offset,
            BYTES,
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        for _ in units {
            mem::write_i32(buffers.writes[0], 0, count_non_finite(isa, buffers.reads[0]));
        }
    }
}
