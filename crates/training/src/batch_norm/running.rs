//! The statistics of evaluation. Buffers: reads running; writes statistics. One unit.

use super::statistics::inverse_std;
use crate::params::BatchNormRunning;
use core::ops::Range;
use kernels::check::MAX_DIMENSION;
use kernels::f32::lanes::BYTES;
use kernels::{field, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

impl Kernel for BatchNormRunning {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=MAX_DIMENSION; channels);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = 2 * self.channels as usize * BYTES;
        Spans::new().with(field!(running_offset), self.running_offset, bytes, Access::Read).with(
            field!(statistics_offset),
            self.statistics_offset,
            bytes,
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        for _ in units {
            let (means, variances) = buffers.reads[0].split_at(self.channels as usize * BYTES);
            let (mean_output, inverse_output) = buffers.writes[0].split_at_mut(means.len());
            mean_output.copy_from_slice(means);
            for (variance, output) in mem::arrays::<BYTES>(variances).iter().zip(mem::arrays_mut::<BYTES>(inverse_output)) {
                *output = inverse_std(f32::from_le_bytes(*variance), f32::from_bits(self.epsilon_bits as u32)).to_le_bytes();
            }
        }
    }
}
