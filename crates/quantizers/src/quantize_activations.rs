//! Activations to codes (SPEC 7.3). Buffers: reads input; writes state and codes. A unit is a block of rows.

use crate::blocks::Rows;
use crate::codes::Codes;
use crate::params::QuantizeActivations;
use crate::state::{interval_size, levels, quantizer, QUANTIZER_BYTES, WIDTHS};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION, MAX_TOTAL};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in, Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

impl QuantizeActivations {
    fn rows(&self) -> Rows {
        Rows { count: self.rows as usize, length: self.channels as usize }
    }

    /// `input` and `output` hold the same rows.
    #[inline(always)]
    fn quantize<I: Isa, const SIGNED: bool>(&self, isa: I, codes: Codes<I, SIGNED>, input: &[u8], output: &mut [u8]) {
        if self.channels == self.out_stride {
            return codes.quantize(isa, input, output);
        }
        let channels = self.channels as usize;
        for (from, to) in input.chunks_exact(channels * BYTES).zip(output.chunks_exact_mut(self.out_stride as usize)) {
            let (to, pad) = to.split_at_mut(channels);
            codes.quantize(isa, from, to);
            pad.fill(0);
        }
    }
}

impl Kernel for QuantizeActivations {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=MAX_TOTAL as i32; rows);
        fields_in!(self, 1..=MAX_DIMENSION; channels);
        fields_in!(self, self.channels..=MAX_DIMENSION; out_stride);
        field_holds!(is_total(&[self.rows, self.out_stride, BYTES as i32]); rows);
        fields_in!(self, WIDTHS; bits);
        fields_in!(self, 0..=1; is_signed);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let rows = self.rows as usize;
        Spans::new()
            .with(field!(input_offset), self.input_offset, rows * self.channels as usize * BYTES, Access::Read)
            .with(field!(state_offset), self.state_offset, QUANTIZER_BYTES, Access::Write)
            .with(field!(codes_offset), self.codes_offset, rows * self.out_stride as usize, Access::Write)
    }

    fn units(&self) -> usize {
        self.rows().blocks()
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        if units.is_empty() {
            return;
        }
        let levels = levels(self.bits, self.is_signed == 1);
        let step = interval_size(buffers.writes[0]) / levels;
        mem::write_f32(buffers.writes[0], quantizer::STEP, step);
        let rows = self.rows().of(units);
        let (row, stride) = (self.channels as usize * BYTES, self.out_stride as usize);
        let input = &buffers.reads[0][rows.start * row..rows.end * row];
        let output = &mut buffers.writes[1][rows.start * stride..rows.end * stride];
        if self.is_signed == 1 {
            self.quantize(isa, Codes::<I, true>::new(isa, step, levels), input, output);
        } else {
            self.quantize(isa, Codes::<I, false>::new(isa, step, levels), input, output);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::params::QuantizeActivations;
    use crate::testing::{hard_floats, Arena};
    use reference::quantizers::interval::Codes;

    #[test]
    fn equals_the_reference() {
        for (rows, channels, stride) in [(0, 3, 4), (1, 1, 4), (700, 4, 4), (9, 3, 3), (3, 16, 16), (300, 24, 32), (11, 10, 16), (2, 5000, 5008)] {
            for bits in 2..=8 {
                for is_signed in [false, true] {
                    for interval in [1.0f32, 0.113, f32::NAN] {
                        let x = hard_floats(rows * channels, bits + rows as u32);
                        let mut arena = Arena::new();
                        let (input_offset, state_offset, codes_offset) =
                            (arena.floats(&x), arena.floats(&[interval, 0.0, 1.0, 0.0]), arena.room(rows * stride));
                        arena.run(QuantizeActivations {
                            input_offset,
                            state_offset,
                            codes_offset,
                            rows: rows as i32,
                            channels: channels as i32,
                            out_stride: stride as i32,
                            bits: bits as i32,
                            is_signed: i32::from(is_signed),
                        });
                        let codes = if is_signed { Codes::symmetric(bits) } else { Codes::unsigned(bits) };
                        let at =
                            |row: usize, channel: usize| if channel < channels { codes.quantize(x[row * channels + channel], interval) } else { 0 };
                        let expected: Vec<u8> = (0..rows * stride).map(|i| at(i / stride, i % stride) as u8).collect();
                        assert!(arena.read(codes_offset, rows * stride) == expected, "{rows}×{channels}, {bits} bits, signed {is_signed}");
                    }
                }
            }
        }
    }
}
