//! Weights to symmetric codes (SPEC 7.3). Buffers: reads weights; writes state and codes. A unit is a block of weights.

use crate::codes::Codes;
use crate::params::QuantizeWeights;
use crate::state::{interval_size, quantizer, symmetric_levels, QUANTIZER_BYTES, WIDTHS};
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::{byte_range, elementwise_range, elementwise_units, BYTES};
use kernels::{field, fields_in, Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

impl Kernel for QuantizeWeights {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        fields_in!(self, WIDTHS; bits);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let count = self.count as usize;
        Spans::new()
            .with(field!(weights_offset), self.weights_offset, count * BYTES, Access::Read)
            .with(field!(state_offset), self.state_offset, QUANTIZER_BYTES, Access::Write)
            .with(field!(codes_offset), self.codes_offset, count, Access::Write)
    }

    fn units(&self) -> usize {
        elementwise_units(self.count)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        if units.is_empty() {
            return;
        }
        let levels = symmetric_levels(self.bits);
        let step = interval_size(buffers.writes[0]) / levels;
        mem::write_f32(buffers.writes[0], quantizer::STEP, step);
        let weights = elementwise_range(units, self.count);
        let codes = Codes::<I, true>::new(isa, step, levels);
        codes.quantize(isa, &buffers.reads[0][byte_range(weights.clone())], &mut buffers.writes[1][weights]);
    }
}

#[cfg(test)]
mod tests {
    use crate::params::QuantizeWeights;
    use crate::testing::{hard_floats, Arena};
    use reference::quantizers::interval::Codes;

    #[test]
    fn equals_the_reference() {
        for bits in 2..=8 {
            for interval in [1.0f32, 0.37, -2.5, 0.0, 1e30, f32::INFINITY, f32::NAN] {
                for count in [0, 1, 15, 16, 21, 4096, 8201] {
                    let w = hard_floats(count, bits as u32 + count as u32);
                    let mut arena = Arena::new();
                    let (weights_offset, state_offset, codes_offset) =
                        (arena.floats(&w), arena.floats(&[interval, 7.0, 1.0, 3.0]), arena.room(count));
                    arena.run(QuantizeWeights { weights_offset, state_offset, codes_offset, count: count as i32, bits });
                    let codes = Codes::symmetric(bits as u32);
                    let expected: Vec<u8> = w.iter().map(|w| codes.quantize(*w, interval) as u8).collect();
                    assert!(arena.read(codes_offset, count) == expected, "{bits} bits, interval {interval}, {count}");
                    let state = arena.read_floats(state_offset, 4);
                    if count > 0 {
                        crate::testing::assert_same(&state, &[interval, codes.step(interval), 1.0, 3.0], "state");
                    }
                }
            }
        }
    }

    /// §1.3 of the paper's code: s·(2·rnd(clip((w/s + 1)/2)·n)/n − 1), n = 2^b − 2.
    #[test]
    fn codes_are_those_of_the_paper() {
        let (s, bits) = (0.7f32, 4);
        let codes = Codes::symmetric(bits);
        for i in -1000..1000 {
            let w = i as f32 * 0.001;
            let n = 14.0f64;
            let t = ((f64::from(w) / f64::from(s) + 1.0) / 2.0).clamp(0.0, 1.0) * n;
            // Ties of t go by the parity of the other code; and near them f32 may differ.
            if (t.fract() - 0.5).abs() > 1e-4 {
                let paper = f64::from(s) * (2.0 * t.round() / n - 1.0);
                let ours = f64::from(codes.quantize(w, s)) * f64::from(codes.step(s));
                assert!((paper - ours).abs() < 1e-6, "{w}: {ours}, not {paper}");
            }
        }
    }
}
