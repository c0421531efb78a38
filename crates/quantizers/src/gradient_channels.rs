//! Maximum, deviation and weight of the tails of every channel (SPEC 7.3). Buffers: reads gradient; writes output. One unit.

use crate::params::GradientChannels;
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION, MAX_TOTAL};
use kernels::f32::lanes::{load_some, store_some, BYTES, LANES};
use kernels::f32::sqrt::sqrt;
use kernels::{field, field_holds, fields_in, Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// Rows whose f32 sum goes to the f64 total.
const BLOCK_ROWS: usize = 256;
const VECTOR: usize = LANES * BYTES;

/// `into[c] = combine(into[c], row[c], with[c])` for every channel of every row.
#[inline(always)]
fn fold<I: Isa>(isa: I, rows: &[u8], with: &[u8], into: &mut [u8], combine: impl Fn(I::F32x4, I::F32x4, I::F32x4) -> I::F32x4) {
    let whole = into.len() / VECTOR * VECTOR;
    for row in rows.chunks_exact(into.len()) {
        let vectors = mem::arrays::<16>(row).iter().zip(mem::arrays::<16>(with));
        for ((from, with), to) in vectors.zip(mem::arrays_mut::<16>(into)) {
            isa.f32x4_store(combine(isa.f32x4_load(to), isa.f32x4_load(from), isa.f32x4_load(with)), to);
        }
        if whole < row.len() {
            let value = combine(load_some(isa, &into[whole..]), load_some(isa, &row[whole..]), load_some(isa, &with[whole..]));
            store_some(isa, value, &mut into[whole..]);
        }
    }
}

/// f32 sums of blocks and f64 sums of all, per channel.
struct Sums<'a> {
    block: &'a mut [u8],
    total: &'a mut [u8],
}

impl Sums<'_> {
    /// `write(channel, Σ term(g, with[channel]))`.
    #[inline(always)]
    fn run<I: Isa>(&mut self, isa: I, input: &[u8], with: &[u8], term: impl Fn(I::F32x4, I::F32x4) -> I::F32x4, mut write: impl FnMut(usize, f64)) {
        self.total.fill(0);
        for rows in input.chunks(self.block.len() * BLOCK_ROWS) {
            self.block.fill(0);
            fold(isa, rows, with, self.block, |sum, value, with| isa.f32x4_add(sum, term(value, with)));
            for (total, sum) in mem::arrays_mut::<8>(self.total).iter_mut().zip(mem::arrays::<BYTES>(self.block)) {
                *total = (f64::from_le_bytes(*total) + f64::from(f32::from_le_bytes(*sum))).to_le_bytes();
            }
        }
        for (channel, total) in mem::arrays::<8>(self.total).iter().enumerate() {
            write(channel, f64::from_le_bytes(*total));
        }
    }
}

impl Kernel for GradientChannels {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=MAX_DIMENSION; channels);
        fields_in!(self, 1..=MAX_TOTAL as i32; rows);
        field_holds!(is_total(&[self.rows, self.channels, BYTES as i32]); rows);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (rows, channels) = (self.rows as usize, self.channels as usize);
        Spans::new().with(field!(gradient_offset), self.gradient_offset, rows * channels * BYTES, Access::Read).with(
            field!(output_offset),
            self.output_offset,
            3 * channels * BYTES,
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        1
    }

    /// f32 sums, f64 sums.
    fn scratch_bytes(&self) -> usize {
        self.channels as usize * 3 * BYTES
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        if units.is_empty() {
            return;
        }
        let (input, row) = (buffers.reads[0], self.channels as usize * BYTES);
        let (maximum, rest) = buffers.writes[0].split_at_mut(row);
        let (deviation, beyond) = rest.split_at_mut(row);
        let (block, total) = scratch[..3 * row].split_at_mut(row);
        let mut sums = Sums { block, total };
        let rows = f64::from(self.rows);

        // The mean stands where the deviation will, the variance where the maximum will.
        maximum.fill(0);
        sums.run(isa, input, maximum, |value, _| value, |channel, sum| mem::write_f32(deviation, channel * BYTES, (sum / rows) as f32));
        let squares = |value: I::F32x4, mean: I::F32x4| {
            let difference = isa.f32x4_sub(value, mean);
            isa.f32x4_mul(difference, difference)
        };
        let divisor = (rows - 1.0).max(1.0);
        sums.run(isa, input, deviation, squares, |channel, sum| mem::write_f32(maximum, channel * BYTES, (sum / divisor) as f32));
        for (deviation, variance) in mem::arrays_mut::<BYTES>(deviation).iter_mut().zip(mem::arrays::<BYTES>(maximum)) {
            *deviation = sqrt(f32::from_le_bytes(*variance)).to_le_bytes();
        }

        // Without their signs floats are ordered as integers are.
        maximum.fill(0);
        fold(isa, input, deviation, maximum, |most, value, _| {
            let bits = isa.i32x4_from_f32x4(isa.f32x4_abs(value));
            isa.f32x4_from_i32x4(isa.i32x4_max_s(isa.i32x4_from_f32x4(most), bits))
        });
        // Counts are i32 in the lanes.
        beyond.fill(0);
        fold(isa, input, deviation, beyond, |count, value, deviation| {
            let is_beyond = isa.f32x4_gt(isa.f32x4_abs(value), deviation);
            isa.f32x4_from_i32x4(isa.i32x4_sub(isa.i32x4_from_f32x4(count), is_beyond))
        });
        for count in mem::arrays_mut::<BYTES>(beyond) {
            *count = (i32::from_le_bytes(*count) as f32 / self.rows as f32).to_le_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::params::GradientChannels;
    use crate::testing::{assert_same, floats, Arena};
    use reference::quantizers::statistics::channel;

    #[test]
    fn equals_the_reference() {
        for (rows, channels) in [(1, 1), (2, 3), (255, 4), (257, 10), (1000, 16)] {
            let mut g = floats(rows * channels, 5);
            g[0] = 0.25;
            let mut arena = Arena::new();
            let params = GradientChannels {
                gradient_offset: arena.floats(&g),
                output_offset: arena.room(3 * channels * 4),
                rows: rows as i32,
                channels: channels as i32,
            };
            arena.run(params);
            let got = arena.read_floats(params.output_offset, 3 * channels);
            for c in 0..channels {
                let column: Vec<f32> = g.iter().skip(c).step_by(channels).copied().collect();
                assert_same(&[got[c], got[channels + c], got[2 * channels + c]], &channel(&column), "channel");
            }
        }
    }

    /// Nothing lies beyond the deviation of a channel without gradients.
    #[test]
    fn a_dead_channel() {
        let g: Vec<f32> = (0..300).map(|i| if i % 3 == 1 { 0.0 } else { i as f32 }).collect();
        let mut arena = Arena::new();
        let params = GradientChannels { gradient_offset: arena.floats(&g), output_offset: arena.room(36), rows: 100, channels: 3 };
        arena.run(params);
        assert_eq!([1, 4, 7].map(|i| arena.read_floats(params.output_offset, 9)[i]), [0.0; 3]);
    }

    /// A uniform variable lies beyond its deviation with probability 1 − 1/√3.
    #[test]
    fn a_uniform_channel() {
        let g: Vec<f32> = (0..10_001).map(|i| i as f32 / 5000.0 - 1.0).collect();
        let [maximum, deviation, beyond] = channel(&g);
        assert_eq!(maximum, 1.0);
        assert!((deviation - (1.0f32 / 3.0).sqrt()).abs() < 1e-3 && (beyond - 0.4226).abs() < 1e-3);
    }
}
