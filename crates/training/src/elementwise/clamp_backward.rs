//! The gradient where lo < y < hi. Buffers: reads gradient, y; writes the input's gradient. A unit is a run of elements.

use crate::params::ClampBackward;
use crate::rows::mask;
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::{byte_range, elementwise_range, elementwise_units, zip, BYTES};
use kernels::{field, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

impl Kernel for ClampBackward {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = self.count as usize * BYTES;
        Spans::new()
            .with(field!(gradient_offset), self.gradient_offset, bytes, Access::Read)
            .with(field!(output_offset), self.output_offset, bytes, Access::Read)
            .with(field!(input_gradient_offset), self.input_gradient_offset, bytes, Access::Write)
    }

    fn units(&self) -> usize {
        elementwise_units(self.count)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let bytes = byte_range(elementwise_range(units, self.count));
        let bounds = [self.lo_bits, self.hi_bits].map(|bits| isa.f32x4_splat(f32::from_bits(bits as u32)));
        let [gradient, output, ..] = buffers.reads;
        let input_gradient = &mut buffers.writes[0][bytes.clone()];
        zip(isa, &gradient[bytes.clone()], &output[bytes], input_gradient, |g, y| mask(isa, g, y, bounds));
    }
}
