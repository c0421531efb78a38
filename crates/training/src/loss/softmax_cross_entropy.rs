//! Mean cross entropy of softmax. Buffers: reads logits, labels; writes gradient, result. One unit: the loss is one sum.

use super::log::log;
use crate::params::SoftmaxCrossEntropy;
use core::ops::Range;
use kernels::check::{is_total, MAX_TOTAL};
use kernels::f32::exp::exp;
use kernels::f32::lanes::{larger, BYTES};
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// What one row adds.
struct Row {
    loss: f32,
    is_right: bool,
}

impl SoftmaxCrossEntropy {
    /// One row of logits; the gradient may be absent.
    fn row(&self, logits: &[u8], label: i32, gradient: &mut [u8]) -> Row {
        let values = || mem::arrays::<BYTES>(logits).iter().map(|bytes| f32::from_le_bytes(*bytes));
        let greatest = values().fold(f32::NEG_INFINITY, larger);
        let (mut sum, mut offsets) = (0.0f32, 0.0f32);
        for (i, x) in values().enumerate() {
            let e = exp(x - greatest);
            sum += e;
            offsets += x - greatest;
            if !gradient.is_empty() {
                mem::write_f32(gradient, i * BYTES, e);
            }
        }
        let smoothing = f32::from_bits(self.smoothing_bits as u32);
        self.finish_gradient(gradient, label, 1.0 / sum, smoothing);
        let Some(x) = usize::try_from(label).ok().and_then(|label| values().nth(label)) else {
            return Row { loss: f32::NAN, is_right: false };
        };
        let log_sum = log(sum);
        let loss = (1.0 - smoothing) * (log_sum - (x - greatest)) + smoothing * (log_sum - offsets / self.classes as f32);
        let is_right = x == greatest && values().take(label as usize).all(|other| other < greatest);
        Row { loss, is_right }
    }

    /// e to (e/Σe − target)/rows.
    fn finish_gradient(&self, gradient: &mut [u8], label: i32, reciprocal: f32, smoothing: f32) {
        let even = smoothing / self.classes as f32;
        let scale = 1.0 / self.rows as f32;
        for (i, element) in mem::arrays_mut::<BYTES>(gradient).iter_mut().enumerate() {
            let probability = f32::from_le_bytes(*element) * reciprocal;
            let target = if i as i32 == label { (1.0 - smoothing) + even } else { even };
            *element = ((probability - target) * scale).to_le_bytes();
        }
    }
}

impl Kernel for SoftmaxCrossEntropy {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=(MAX_TOTAL / BYTES as i64) as i32; rows, classes);
        field_holds!(is_total(&[self.rows, self.classes, BYTES as i32]); rows);
        field_holds!((0.0..=1.0).contains(&f32::from_bits(self.smoothing_bits as u32)); smoothing_bits);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let rows = self.rows as usize * BYTES;
        let logits = rows * self.classes as usize;
        Spans::new()
            .with(field!(logits_offset), self.logits_offset, logits, Access::Read)
            .with(field!(labels_offset), self.labels_offset, rows, Access::Read)
            .with(field!(gradient_offset), self.gradient_offset, if self.gradient_offset == 0 { 0 } else { logits }, Access::Write)
            .with(field!(result_offset), self.result_offset, 2 * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let bytes = self.classes as usize * BYTES;
        let [logits, labels, ..] = buffers.reads;
        let [gradient, result, ..] = &mut buffers.writes;
        for _ in units {
            let (mut loss, mut right) = (0.0f64, 0);
            for (row, logits) in logits.chunks_exact(bytes).enumerate() {
                let gradient = if gradient.is_empty() { &mut [] } else { &mut gradient[row * bytes..][..bytes] };
                let row = self.row(logits, mem::read_i32(labels, row * BYTES), gradient);
                loss += f64::from(row.loss);
                right += i32::from(row.is_right);
            }
            mem::write_f32(result, 0, (loss / f64::from(self.rows)) as f32);
            mem::write_f32(result, BYTES, right as f32);
        }
    }
}
