//! Back through [`crate::params::QuantizeWeights`] (SPEC 7.3). Buffers: reads weights, gradient, state; writes output, interval gradient. One unit.

use crate::blocks::Rows;
use crate::params::QuantizeWeightsBackward;
use crate::state::{QUANTIZER_BYTES, WIDTHS};
use crate::straight_through::{block_sum, Bounds, Slices, Source, StraightThrough, WIDE};
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::BYTES;
use kernels::{field, fields_in, Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

impl Kernel for QuantizeWeightsBackward {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        fields_in!(self, WIDTHS; bits);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = self.count as usize * BYTES;
        Spans::new()
            .with(field!(weights_offset), self.weights_offset, bytes, Access::Read)
            .with(field!(gradient_offset), self.gradient_offset, bytes, Access::Read)
            .with(field!(state_offset), self.state_offset, QUANTIZER_BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, bytes, Access::Write)
            .with(field!(interval_gradient_offset), self.interval_gradient_offset, BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        if units.is_empty() {
            return;
        }
        let [weights, gradient, state, ..] = buffers.reads;
        let [output, interval_gradient, ..] = &mut buffers.writes;
        let backward = StraightThrough::<I, true>::new(isa, state, self.bits, Bounds::none(isa));
        let mut total = 0.0;
        let block = Rows::FLAT * BYTES;
        for ((x, gradient), output) in weights.chunks(block).zip(gradient.chunks(block)).zip(output.chunks_mut(block)) {
            let slices = Slices { x, gradient, others: &[], output };
            total += block_sum(isa, backward.run::<false, WIDE>(isa, Source::Float, slices, isa.f32x4_splat(0.0)));
        }
        mem::write_f32(interval_gradient, 0, backward.interval_gradient(total));
    }
}

#[cfg(test)]
mod tests {
    use crate::params::QuantizeWeightsBackward;
    use crate::testing::{assert_same, floats, hard_floats, Arena};
    use reference::quantizers::interval::Codes;

    #[test]
    fn equals_the_reference() {
        for bits in 2..=8 {
            for (count, interval) in [(0, 1.0f32), (1, 0.2), (3, -0.7), (4096, 0.4), (9999, 0.05), (50, f32::NAN)] {
                for is_hard in [false, true] {
                    let w = if is_hard { hard_floats(count, 3) } else { floats(count, 3) };
                    let g = floats(count, 11);
                    let mut arena = Arena::new();
                    let params = QuantizeWeightsBackward {
                        weights_offset: arena.floats(&w),
                        gradient_offset: arena.floats(&g),
                        state_offset: arena.floats(&[interval, 0.0, 1.0, 0.0]),
                        output_offset: arena.room(count * 4),
                        interval_gradient_offset: arena.room(4),
                        count: count as i32,
                        bits,
                    };
                    arena.run(params);
                    let codes = Codes::symmetric(bits as u32);
                    let both: Vec<[f32; 2]> = w.iter().zip(&g).map(|(w, g)| codes.backward(*w, *g, interval)).collect();
                    let terms: Vec<f32> = both.iter().map(|both| both[1]).collect();
                    let dw: Vec<f32> = both.iter().map(|both| both[0]).collect();
                    assert_same(&arena.read_floats(params.output_offset, count), &dw, "dW");
                    let ds = codes.interval_gradient(&terms, 4096, 1, interval);
                    assert_same(&arena.read_floats(params.interval_gradient_offset, 1), &[ds], "ds");
                }
            }
        }
    }
}
