//! Codes to floats (SPEC 1.3). Buffers: reads input; writes output.

use super::lanes::{byte_range, elementwise_range, elementwise_units, store_some, BYTES, LANES};
use crate::check::{container_range, element_bytes, field, fields_in, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{container, DequantizeF32};
use core::ops::Range;
use simd::{mem, Isa};

impl DequantizeF32 {
    /// Up to four codes, the rest 0.
    #[inline(always)]
    fn load<I: Isa>(&self, isa: I, input: &[u8]) -> I::I32x4 {
        let mut lanes = [0; LANES * BYTES];
        let codes = input.chunks_exact(element_bytes(self.in_container));
        for (code, lane) in codes.zip(mem::arrays_mut::<BYTES>(&mut lanes)) {
            let code = match self.in_container {
                container::U8 => i32::from(code[0]),
                container::I8 => i32::from(code[0] as i8),
                _ => i32::from(mem::read_i16(code, 0)),
            };
            *lane = code.to_le_bytes();
        }
        isa.i32x4_load(&lanes)
    }
}

impl Kernel for DequantizeF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        fields_in!(self, container::U8..=container::I16; in_container);
        fields_in!(self, container_range(self.in_container); zero_point);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let count = self.count as usize;
        Spans::new().with(field!(input_offset), self.input_offset, count * element_bytes(self.in_container), Access::Read).with(
            field!(output_offset),
            self.output_offset,
            count * BYTES,
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
        let scale = isa.f32x4_splat(f32::from_bits(self.scale_bits as u32));
        let zero_point = isa.i32x4_splat(self.zero_point);
        let elements = elementwise_range(units, self.count);
        let size = element_bytes(self.in_container);
        let input = &buffers.reads[0][elements.start * size..elements.end * size];
        let output = &mut buffers.writes[0][byte_range(elements)];
        for (from, to) in input.chunks(LANES * size).zip(output.chunks_mut(LANES * BYTES)) {
            let difference = isa.i32x4_sub(self.load(isa, from), zero_point);
            store_some(isa, isa.f32x4_mul(isa.f32x4_convert_i32x4_s(difference), scale), to);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::f32::testing::{check_all_units, Arena};
    use crate::params::{container, DequantizeF32};

    #[test]
    fn equals_the_reference_for_every_code() {
        for (in_container, zero_point, lo, hi) in [(container::U8, 128, 0, 255), (container::I8, -3, -128, 127), (container::I16, 0, -32767, 32767)] {
            let size = if in_container == container::I16 { 2 } else { 1 };
            let codes: Vec<i64> = (lo..=hi).collect();
            let bytes: Vec<u8> = codes.iter().flat_map(|code| code.to_le_bytes()[..size].to_vec()).collect();
            let mut arena = Arena::new();
            let params = DequantizeF32 {
                input_offset: arena.bytes(&bytes),
                output_offset: arena.output(codes.len()),
                count: codes.len() as i32,
                scale_bits: 0.0371f32.to_bits() as i32,
                zero_point,
                in_container,
            };
            let y = check_all_units(params, &arena, codes.len());
            for (code, y) in codes.iter().zip(y) {
                assert_eq!(reference::quantize::dequantize(*code, 0.0371, i64::from(zero_point)).to_bits(), y.to_bits());
            }
        }
    }
}
