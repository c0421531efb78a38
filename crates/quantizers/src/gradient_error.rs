//! How far the codes are from the gradients (SPEC 7.3), for reports. Buffers: reads gradient, codes, state, threshold; writes output. One unit.

use crate::params::GradientError;
use crate::state::{gradient, GRADIENT_BYTES};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION, MAX_TOTAL};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in, Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

impl Kernel for GradientError {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=MAX_TOTAL as i32; rows);
        fields_in!(self, 1..=MAX_DIMENSION; channels);
        fields_in!(self, self.channels..=MAX_DIMENSION; codes_stride);
        field_holds!(is_total(&[self.rows, self.codes_stride, BYTES as i32]); rows);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let rows = self.rows as usize;
        Spans::new()
            .with(field!(gradient_offset), self.gradient_offset, rows * self.channels as usize * BYTES, Access::Read)
            .with(field!(codes_offset), self.codes_offset, rows * self.codes_stride as usize, Access::Read)
            .with(field!(state_offset), self.state_offset, GRADIENT_BYTES, Access::Read)
            .with(field!(threshold_offset), self.threshold_offset, BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, 6 * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        if units.is_empty() {
            return;
        }
        let [input, codes, state, threshold, ..] = buffers.reads;
        let (step, threshold) = (mem::read_f32(state, gradient::STEP), mem::read_f32(threshold, 0));
        let (mut large, mut all) = ([0f64; 3], [0f64; 3]);
        let rows = input.chunks_exact(self.channels as usize * BYTES).zip(codes.chunks_exact(self.codes_stride as usize));
        for (value, code) in rows.flat_map(|(row, codes)| mem::arrays::<BYTES>(row).iter().zip(codes)) {
            let value = f32::from_le_bytes(*value);
            let difference = f64::from(value) - f64::from(f32::from(*code as i8) * step);
            let terms = [difference * difference, f64::from(value) * f64::from(value), 1.0];
            all = [0, 1, 2].map(|i| all[i] + terms[i]);
            if value.abs() >= threshold {
                large = [0, 1, 2].map(|i| large[i] + terms[i]);
            }
        }
        for (i, sum) in large.into_iter().chain(all).enumerate() {
            mem::write_f32(buffers.writes[0], i * BYTES, sum as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::params::GradientError;
    use crate::testing::{assert_same, floats, Arena};
    use reference::quantizers::statistics::error;

    #[test]
    fn equals_the_reference() {
        for (rows, channels, stride) in [(0, 2, 4), (3, 3, 4), (50, 16, 16), (20, 10, 16)] {
            let mut g = floats(rows * channels, 5);
            // Exactly at the threshold counts as large.
            for (g, tie) in g.iter_mut().step_by(7).zip([0.3, -0.3].into_iter().cycle()) {
                *g = tie;
            }
            let codes: Vec<i8> = (0..rows * stride).map(|i| (i * 37 % 15) as i8 - 7).collect();
            let step = 0.013f32;
            let mut arena = Arena::new();
            let params = GradientError {
                gradient_offset: arena.floats(&g),
                codes_offset: arena.bytes(&codes.iter().map(|code| *code as u8).collect::<Vec<u8>>()),
                state_offset: arena.floats(&[0.0, 0.0, step, 0.0, 0.0, 0.0, 0.0, 0.0]),
                threshold_offset: arena.floats(&[0.3]),
                output_offset: arena.room(24),
                rows: rows as i32,
                channels: channels as i32,
                codes_stride: stride as i32,
            };
            arena.run(params);
            let pairs: Vec<(f32, f32)> =
                g.iter().enumerate().map(|(i, g)| (*g, f32::from(codes[i / channels * stride + i % channels]) * step)).collect();
            assert_same(&arena.read_floats(params.output_offset, 6), &error(&pairs, 0.3), "error");
        }
    }
}
