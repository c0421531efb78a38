//! Batch norm (SPEC 4.2). Buffers: reads input, gamma, beta, mean, variance; writes output. A unit is one channel of one image.

use super::lanes::{map, BYTES};
use super::sqrt::sqrt;
use crate::check::{field, field_holds, fields_in, is_total, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::BatchNormF32;
use core::ops::Range;
use simd::{mem, Isa};

impl BatchNormF32 {
    /// g and h of one channel.
    fn factors(&self, buffers: &Buffers<'_>, channel: usize) -> [f32; 2] {
        let [gamma, beta, mean, variance] = [1, 2, 3, 4].map(|read| mem::read_f32(buffers.reads[read], channel * BYTES));
        let g = gamma * (1.0 / sqrt(variance + f32::from_bits(self.epsilon_bits as u32)));
        [g, beta - mean * g]
    }
}

impl Kernel for BatchNormF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; outer, channels, inner);
        field_holds!(is_total(&[self.outer, self.channels, self.inner, BYTES as i32]); outer);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = self.units() * self.inner as usize * BYTES;
        let channels = self.channels as usize * BYTES;
        Spans::new()
            .with(field!(input_offset), self.input_offset, bytes, Access::Read)
            .with(field!(gamma_offset), self.gamma_offset, channels, Access::Read)
            .with(field!(beta_offset), self.beta_offset, channels, Access::Read)
            .with(field!(mean_offset), self.mean_offset, channels, Access::Read)
            .with(field!(variance_offset), self.variance_offset, channels, Access::Read)
            .with(field!(output_offset), self.output_offset, bytes, Access::Write)
    }

    fn units(&self) -> usize {
        if self.inner == 0 {
            return 0;
        }
        self.outer as usize * self.channels as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let length = self.inner as usize * BYTES;
        for unit in units {
            let [g, h] = self.factors(buffers, unit % self.channels as usize).map(|factor| isa.f32x4_splat(factor));
            let bytes = unit * length..(unit + 1) * length;
            let output = &mut buffers.writes[0][bytes.clone()];
            map(isa, &buffers.reads[0][bytes], output, |x| isa.f32x4_add(isa.f32x4_mul(x, g), h));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::f32::testing::{check_all_units, floats, Arena};
    use crate::params::BatchNormF32;
    use reference::batch_norm::{batch_norm, batch_norm_factors};

    #[test]
    fn equals_the_reference() {
        for (outer, channels, inner) in [(1, 1, 1), (2, 3, 5), (1, 4, 49), (2, 2, 0)] {
            let count = outer * channels * inner;
            let x = floats(count, 1);
            let [gamma, beta, mean] = [2, 3, 4].map(|seed| floats(channels, seed));
            let variance: Vec<f32> = floats(channels, 5).iter().map(|v| v.abs()).collect();
            let mut arena = Arena::new();
            let params = BatchNormF32 {
                input_offset: arena.floats(&x),
                gamma_offset: arena.floats(&gamma),
                beta_offset: arena.floats(&beta),
                mean_offset: arena.floats(&mean),
                variance_offset: arena.floats(&variance),
                output_offset: arena.output(count),
                outer: outer as i32,
                channels: channels as i32,
                inner: inner as i32,
                epsilon_bits: 1e-5f32.to_bits() as i32,
            };
            let y = check_all_units(params, &arena, count);
            for (i, (x, y)) in x.iter().zip(y).enumerate() {
                let c = i / inner % channels;
                let factors = batch_norm_factors(gamma[c], beta[c], mean[c], variance[c], 1e-5);
                assert_eq!(batch_norm(*x, factors).to_bits(), y.to_bits());
            }
        }
    }
}
