//! clamp(a + b). Buffers: reads a, b; writes output. A unit is a run of elements.

use crate::params::AddElements;
use crate::rows::Bounds;
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::{byte_range, elementwise_range, elementwise_units, zip, BYTES};
use kernels::{field, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

impl Kernel for AddElements {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = self.count as usize * BYTES;
        Spans::new().with(field!(a_offset), self.a_offset, bytes, Access::Read).with(field!(b_offset), self.b_offset, bytes, Access::Read).with(
            field!(output_offset),
            self.output_offset,
            bytes,
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        elementwise_units(self.count)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let bytes = byte_range(elementwise_range(units, self.count));
        let bounds = Bounds::from_bits(isa, self.lo_bits, self.hi_bits);
        let [a, b, ..] = buffers.reads;
        let output = &mut buffers.writes[0][bytes.clone()];
        zip(isa, &a[bytes.clone()], &b[bytes], output, |a, b| bounds.clamp(isa, isa.f32x4_add(a, b)));
    }
}
