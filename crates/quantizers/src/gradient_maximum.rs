//! max|G| (SPEC 7.3). Buffers: reads gradient; writes state. One unit.

use crate::params::GradientMaximum;
use crate::state::{gradient, GRADIENT_BYTES};
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::{BYTES, LANES};
use kernels::{field, fields_in, Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// All but the sign.
const SIZE: i32 = i32::MAX;
/// The NaN that is written, whichever NaN was read.
const NAN: i32 = 0x7fc0_0000;
const INFINITY: i32 = 0x7f80_0000;

/// The largest |g|. Without their signs floats are ordered as integers are, NaN above all others.
#[inline(never)]
fn maximum<I: Isa>(isa: I, gradient: &[u8]) -> f32 {
    let size = isa.i32x4_splat(SIZE);
    let mut most = [isa.i32x4_splat(0); 4];
    let panels = mem::panels::<16, 4>(gradient);
    for panel in panels {
        for (most, from) in most.iter_mut().zip(panel) {
            *most = isa.i32x4_max_s(*most, isa.i32x4_and(isa.i32x4_load(from), size));
        }
    }
    let [a, b, c, d] = most;
    let mut lanes = [0; LANES * BYTES];
    isa.i32x4_store(isa.i32x4_max_s(isa.i32x4_max_s(a, b), isa.i32x4_max_s(c, d)), &mut lanes);
    let rest = mem::arrays::<BYTES>(&gradient[panels.len() * 64..]);
    let bits = mem::arrays::<BYTES>(&lanes).iter().chain(rest).map(|bytes| i32::from_le_bytes(*bytes) & SIZE).fold(0, i32::max);
    f32::from_bits(if bits > INFINITY { NAN } else { bits } as u32)
}

impl Kernel for GradientMaximum {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Spans::new().with(field!(gradient_offset), self.gradient_offset, self.count as usize * BYTES, Access::Read).with(
            field!(state_offset),
            self.state_offset,
            GRADIENT_BYTES,
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        if !units.is_empty() {
            mem::write_f32(buffers.writes[0], gradient::MAXIMUM, maximum(isa, buffers.reads[0]));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::params::GradientMaximum;
    use crate::testing::{assert_same, floats, hard_floats, Arena};
    use reference::quantizers::statistics::maximum;

    #[test]
    fn equals_the_reference() {
        for count in [0, 1, 3, 16, 37, 1000] {
            for g in [floats(count, 1), hard_floats(count, 2), vec![-0.0; count], vec![f32::NEG_INFINITY; count]] {
                let mut arena = Arena::new();
                let params = GradientMaximum { gradient_offset: arena.floats(&g), state_offset: arena.floats(&[9.0; 8]), count: count as i32 };
                arena.run(params);
                assert_same(&arena.read_floats(params.state_offset, 2), &[maximum(&g), 9.0], "maximum");
            }
        }
    }
}
