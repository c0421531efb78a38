//! Floats to codes (SPEC 1.3). Buffers: reads input; writes output.

use super::lanes::{byte_range, elementwise_range, elementwise_units, load_some, BYTES, LANES};
use crate::check::{container_range, element_bytes, field, field_holds, fields_in, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{container, QuantizeF32};
use core::ops::Range;
use simd::{mem, Isa};

/// 1.5 · 2^23: between 2^23 and 2^24 neighbouring floats are 1 apart, so adding this rounds to the nearest integer, ties to even (it is even itself),
/// and leaves the integer in the low bits. One addition, where nearest and trunc_sat are a dozen instructions in V8.
const MAGIC: f32 = 12_582_912.0;

/// Codes of one store of bytes.
const WHOLE: usize = 16;

/// How many of these floats make whole stores.
fn elements_of(floats: &[u8]) -> usize {
    floats.len() / BYTES / WHOLE * WHOLE
}

impl QuantizeF32 {
    /// Four codes as i32 lanes. Clamped before it is rounded: the bounds are integers, so the order makes no difference, and within them (at most
    /// 2^17, bounds and zero point being of 16 bits) the addition of [`MAGIC`] is exact.
    #[inline(always)]
    fn codes<I: Isa>(&self, isa: I, reciprocal: I::F32x4, x: I::F32x4) -> I::I32x4 {
        let scaled = isa.f32x4_mul(x, reciprocal);
        // NaN becomes 0: clamp(zeroPoint).
        let is_nan = isa.f32x4_ne(scaled, scaled);
        let number = isa.f32x4_from_i32x4(isa.i32x4_andnot(isa.i32x4_from_f32x4(scaled), is_nan));
        let bound = |code: i32| isa.f32x4_splat((code - self.zero_point) as f32);
        let bounded = isa.f32x4_relaxed_min(isa.f32x4_relaxed_max(number, bound(self.lo)), bound(self.hi));
        let rounded = isa.i32x4_from_f32x4(isa.f32x4_add(bounded, isa.f32x4_splat(MAGIC)));
        isa.i32x4_sub(rounded, isa.i32x4_splat(MAGIC.to_bits() as i32 - self.zero_point))
    }

    /// Writes up to four codes.
    #[inline(always)]
    fn store<I: Isa>(&self, isa: I, codes: I::I32x4, output: &mut [u8]) {
        let mut lanes = [0; LANES * BYTES];
        isa.i32x4_store(codes, &mut lanes);
        let size = element_bytes(self.out_container);
        for (code, to) in mem::arrays::<BYTES>(&lanes).iter().zip(output.chunks_exact_mut(size)) {
            to.copy_from_slice(&code[..size]);
        }
    }
}

impl Kernel for QuantizeF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        fields_in!(self, container::U8..=container::I16; out_container);
        fields_in!(self, container_range(self.out_container); zero_point, lo, hi);
        field_holds!(self.lo <= self.hi; hi);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let count = self.count as usize;
        Spans::new().with(field!(input_offset), self.input_offset, count * BYTES, Access::Read).with(
            field!(output_offset),
            self.output_offset,
            count * element_bytes(self.out_container),
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
        let reciprocal = isa.f32x4_splat(1.0 / f32::from_bits(self.scale_bits as u32));
        let elements = elementwise_range(units, self.count);
        let size = element_bytes(self.out_container);
        let output = &mut buffers.writes[0][elements.start * size..elements.end * size];
        let input = &buffers.reads[0][byte_range(elements)];
        let whole = if size == 1 { elements_of(input) } else { 0 };
        let (sixteens, input) = input.split_at(whole * BYTES);
        let (bytes, output) = output.split_at_mut(whole);
        for (from, to) in mem::arrays::<{ WHOLE * BYTES }>(sixteens).iter().zip(mem::arrays_mut::<WHOLE>(bytes)) {
            let four = |i: usize| self.codes(isa, reciprocal, isa.f32x4_load(mem::array(from, i * LANES * BYTES)));
            let (low, high) = (isa.i16x8_narrow_i32x4_s(four(0), four(1)), isa.i16x8_narrow_i32x4_s(four(2), four(3)));
            let signed = self.out_container == container::I8;
            isa.i8x16_store(if signed { isa.i8x16_narrow_i16x8_s(low, high) } else { isa.i8x16_narrow_i16x8_u(low, high) }, to);
        }
        for (from, to) in input.chunks(LANES * BYTES).zip(output.chunks_mut(LANES * size)) {
            let codes = self.codes(isa, reciprocal, load_some(isa, from));
            self.store(isa, codes, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::f32::testing::{check_all_units_bytes, floats, Arena};
    use crate::params::{container, QuantizeF32};

    #[test]
    fn equals_the_reference() {
        let mut x: Vec<f32> = floats(4100, 3).iter().map(|x| x * 30.0).collect();
        let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 0.0, -0.0, 1e-40, 3e9, -3e9];
        x[..special.len()].copy_from_slice(&special);
        // Ties in both directions, for scales that are powers of two.
        x.extend((-600..600).map(|i| i as f32 * 0.0625));
        for (out_container, zero_point, lo, hi) in [(container::U8, 3, 0, 255), (container::I8, -5, -100, 127), (container::I16, 0, -32767, 32767)] {
            for scale in [0.125f32, 0.0371, 1e-6] {
                for count in [0, 1, 5, x.len()] {
                    let mut arena = Arena::new();
                    let size = if out_container == container::I16 { 2 } else { 1 };
                    let params = QuantizeF32 {
                        input_offset: arena.floats(&x[..count]),
                        output_offset: arena.output_bytes(count * size),
                        count: count as i32,
                        scale_bits: scale.to_bits() as i32,
                        zero_point,
                        out_container,
                        lo,
                        hi,
                    };
                    let codes = check_all_units_bytes(params, &arena, count * size);
                    for (x, code) in x.iter().zip(codes.chunks_exact(size)) {
                        let expected = reference::quantize::quantize(*x, scale, i64::from(zero_point), [i64::from(lo), i64::from(hi)]);
                        assert_eq!(&expected.to_le_bytes()[..size], code, "{x}");
                    }
                }
            }
        }
    }
}
