//! Relu and Clip. Buffers: reads input; writes output.

use super::lanes::{byte_range, elementwise_range, elementwise_units, map, Bounds, BYTES};
use crate::check::{field, fields_in, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::ClampF32;
use core::ops::Range;
use simd::Isa;

impl Kernel for ClampF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = self.count as usize * BYTES;
        Spans::new().with(field!(input_offset), self.input_offset, bytes, Access::Read).with(
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
        let bounds = Bounds::from_bits(isa, self.lo_bits, self.hi_bits);
        let bytes = byte_range(elementwise_range(units, self.count));
        map(isa, &buffers.reads[0][bytes.clone()], &mut buffers.writes[0][bytes], |value| bounds.clamp(isa, value));
    }
}

#[cfg(test)]
mod tests {
    use crate::f32::testing::{check_all_units, floats, Arena};
    use crate::params::ClampF32;

    #[test]
    fn clamps_and_keeps_nan() {
        for count in [0, 1, 3, 4, 5, 4096, 4097] {
            let mut x = floats(count, 7);
            if let Some(first) = x.first_mut() {
                *first = f32::NAN;
            }
            let mut arena = Arena::new();
            let input_offset = arena.floats(&x);
            let output_offset = arena.output(count);
            let params = ClampF32 { input_offset, output_offset, count: count as i32, lo_bits: 0, hi_bits: 0.5f32.to_bits() as i32 };
            let y = check_all_units(params, &arena, count);
            for (x, y) in x.iter().zip(y) {
                assert!(if x.is_nan() { y.is_nan() } else { y == x.clamp(0.0, 0.5) }, "{x} became {y}");
            }
        }
    }
}
