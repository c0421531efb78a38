//! How |G|/max is distributed (SPEC 7.3). Buffers: reads gradient, state; writes output. One unit.

use crate::params::GradientHistogram;
use crate::state::{gradient, GRADIENT_BYTES};
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::{load_some, BYTES, LANES};
use kernels::{field, fields_in, Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// More bins tell nothing more.
pub const MAX_BINS: i32 = 1 << 16;

/// The bins of four gradients.
#[inline(always)]
fn bins<I: Isa>(isa: I, values: I::F32x4, scale: I::F32x4, last: I::I32x4) -> [usize; LANES] {
    let bins = isa.i32x4_trunc_sat_f32x4_s(isa.f32x4_mul(isa.f32x4_abs(values), scale));
    let mut lanes = [0; LANES * BYTES];
    // Whoever wrote a maximum below 0 gets bin 0, not a trap.
    isa.i32x4_store(isa.i32x4_max_s(isa.i32x4_min_s(bins, last), isa.i32x4_splat(0)), &mut lanes);
    [0, 1, 2, 3].map(|lane| mem::read_i32(&lanes, lane * BYTES) as usize)
}

impl Kernel for GradientHistogram {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        fields_in!(self, 1..=MAX_BINS; bins);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Spans::new()
            .with(field!(gradient_offset), self.gradient_offset, self.count as usize * BYTES, Access::Read)
            .with(field!(state_offset), self.state_offset, GRADIENT_BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, self.bins as usize * BYTES, Access::Write)
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
        let [input, state, ..] = buffers.reads;
        let counts = &mut *buffers.writes[0];
        counts.fill(0);
        let counts = mem::arrays_mut::<BYTES>(counts);
        let mut count = |bin: usize| counts[bin] = (i32::from_le_bytes(counts[bin]) + 1).to_le_bytes();
        let scale = isa.f32x4_splat(self.bins as f32 / mem::read_f32(state, gradient::MAXIMUM));
        let last = isa.i32x4_splat(self.bins - 1);
        let vectors = mem::arrays::<16>(input);
        for from in vectors {
            bins(isa, isa.f32x4_load(from), scale, last).into_iter().for_each(&mut count);
        }
        let rest = &input[vectors.len() * LANES * BYTES..];
        bins(isa, load_some(isa, rest), scale, last).into_iter().take(rest.len() / BYTES).for_each(&mut count);
    }
}

#[cfg(test)]
mod tests {
    use crate::params::GradientHistogram;
    use crate::testing::{floats, hard_floats, Arena};
    use reference::quantizers::statistics::{histogram, maximum};
    use simd::mem;

    #[test]
    fn equals_the_reference() {
        for (count, bins) in [(0, 5), (1, 1), (1000, 7), (999, 2048)] {
            for g in [floats(count, 1), hard_floats(count, 2), vec![0.0; count]] {
                let most = maximum(&g);
                let mut arena = Arena::new();
                let params = GradientHistogram {
                    gradient_offset: arena.floats(&g),
                    state_offset: arena.floats(&[most, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
                    output_offset: arena.room(bins * 4),
                    count: count as i32,
                    bins: bins as i32,
                };
                arena.run(params);
                let counts: Vec<i32> = (0..bins).map(|bin| mem::read_i32(arena.read(params.output_offset, bins * 4), bin * 4)).collect();
                assert_eq!(counts, histogram(&g, most, bins));
                assert_eq!(counts.iter().sum::<i32>(), count as i32);
            }
        }
    }

    /// The maximum is a word in the arena: nothing that it holds may reach beyond the bins.
    #[test]
    fn any_maximum_has_a_bin() {
        for most in [-1.0, -0.0, f32::NAN, f32::NEG_INFINITY, -1e-40] {
            let g = hard_floats(100, 1);
            let mut arena = Arena::new();
            let (gradient_offset, state_offset, output_offset) = (arena.floats(&g), arena.floats(&[most; 8]), arena.room(12));
            arena.run(GradientHistogram { gradient_offset, state_offset, output_offset, count: 100, bins: 3 });
            assert_eq!((0..3).map(|bin| mem::read_i32(arena.read(output_offset, 12), bin * 4)).sum::<i32>(), 100);
        }
    }
}
