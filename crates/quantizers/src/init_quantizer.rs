//! The published start of a learned interval (SPEC 7.3). Buffers: reads input; writes state. One unit.

use crate::params::{init, InitQuantizer};
use crate::state::{quantizer, QUANTIZER_BYTES};
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::{lanes::BYTES, sqrt::sqrt};
use kernels::{field, fields_in, Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// √(1 − 2/π): the standard deviation of the absolute value of a normal variable of deviation 1.
const HALF_NORMAL: f32 = 0.602_810_3;

/// The standard deviation with divisor count − 1, as `torch.std`.
fn deviation(input: &[u8], count: f64) -> f32 {
    let values = || mem::arrays::<BYTES>(input).iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes)));
    let mean = values().fold(0.0, |sum, x| sum + x) / count;
    let squares = values().fold(0.0, |sum, x| sum + (x - mean) * (x - mean));
    sqrt((squares / (count - 1.0).max(1.0)) as f32)
}

impl Kernel for InitQuantizer {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=(MAX_TOTAL / BYTES as i64) as i32; count);
        fields_in!(self, init::SIGNED..=init::UNSIGNED; mode);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Spans::new().with(field!(input_offset), self.input_offset, self.count as usize * BYTES, Access::Read).with(
            field!(state_offset),
            self.state_offset,
            QUANTIZER_BYTES,
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
        let state = &mut *buffers.writes[0];
        if units.is_empty() || mem::read_f32(state, quantizer::INITIALISED) != 0.0 {
            return;
        }
        let three = 3.0 * deviation(buffers.reads[0], f64::from(self.count));
        let interval = if self.mode == init::SIGNED { three } else { three / HALF_NORMAL };
        if interval.is_finite() {
            mem::write_f32(state, quantizer::INTERVAL, if interval == 0.0 { 1.0 } else { interval });
            mem::write_f32(state, quantizer::INITIALISED, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::params::{init, InitQuantizer};
    use crate::testing::{floats, Arena};
    use reference::quantizers::interval::initial_interval;

    fn start(x: &[f32], state: [f32; 4], mode: i32) -> Vec<f32> {
        let mut arena = Arena::new();
        let (input_offset, state_offset) = (arena.floats(x), arena.floats(&state));
        arena.run(InitQuantizer { input_offset, state_offset, count: x.len() as i32, mode });
        arena.read_floats(state_offset, 4)
    }

    #[test]
    fn equals_the_reference() {
        for count in [1, 2, 5, 1000] {
            let x = floats(count, count as u32);
            for (mode, is_signed) in [(init::SIGNED, true), (init::UNSIGNED, false)] {
                let interval = initial_interval(&x, is_signed).expect("finite");
                assert_eq!(start(&x, [0.0, 9.0, 0.0, 0.0], mode), [interval, 9.0, 1.0, 0.0]);
            }
        }
    }

    /// −1, 0, 1, 2 have mean 0.5 and squares 5, so deviation √(5/3).
    #[test]
    fn the_published_start() {
        let x = [-1.0, 0.0, 1.0, 2.0];
        assert!((start(&x, [0.0; 4], init::SIGNED)[0] - 3.872_983_3).abs() < 1e-6);
        assert!((start(&x, [0.0; 4], init::UNSIGNED)[0] - 3.872_983_3 / (1.0f32 - 2.0 / core::f32::consts::PI).sqrt()).abs() < 1e-5);
    }

    #[test]
    fn happens_once_and_needs_numbers() {
        assert_eq!(start(&[1.0, 2.0], [5.0, 0.0, 1.0, 0.0], init::SIGNED), [5.0, 0.0, 1.0, 0.0]);
        assert_eq!(start(&[1.0, f32::NAN], [0.0; 4], init::SIGNED), [0.0; 4]);
        assert_eq!(start(&[f32::INFINITY, 1.0], [0.0; 4], init::SIGNED), [0.0; 4]);
        assert_eq!(start(&[0.0; 9], [0.0; 4], init::UNSIGNED), [1.0, 0.0, 1.0, 0.0]);
    }
}
