//! Mean of squared differences. Buffers: reads prediction, target; writes gradient, result. One unit: the loss is one sum.

use crate::params::MeanSquaredError;
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::{zip, BYTES};
use kernels::{field, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

impl Kernel for MeanSquaredError {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=(MAX_TOTAL / BYTES as i64) as i32; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = self.count as usize * BYTES;
        Spans::new()
            .with(field!(prediction_offset), self.prediction_offset, bytes, Access::Read)
            .with(field!(target_offset), self.target_offset, bytes, Access::Read)
            .with(field!(gradient_offset), self.gradient_offset, if self.gradient_offset == 0 { 0 } else { bytes }, Access::Write)
            .with(field!(result_offset), self.result_offset, 2 * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let [prediction, target, ..] = buffers.reads;
        let [gradient, result, ..] = &mut buffers.writes;
        let scale = isa.f32x4_splat(2.0 / self.count as f32);
        for _ in units {
            let mut sum = 0.0f64;
            for (p, t) in mem::arrays::<BYTES>(prediction).iter().zip(mem::arrays::<BYTES>(target)) {
                let difference = f32::from_le_bytes(*p) - f32::from_le_bytes(*t);
                sum += f64::from(difference * difference);
            }
            if !gradient.is_empty() {
                zip(isa, prediction, target, gradient, |p, t| isa.f32x4_mul(isa.f32x4_sub(p, t), scale));
            }
            mem::write_f32(result, 0, (sum / f64::from(self.count)) as f32);
            mem::write_f32(result, BYTES, 0.0);
        }
    }
}
