//! Mean and 1/√(variance + ε). Buffers: reads input, scales; writes statistics, running. Scratch: what values are shifted by. One unit.

use crate::params::BatchNormStatistics;
use crate::rows::{
    add_to, check_rows, element_bytes, for_each_panel, lanes_of, load, part, part_mut, scale_bytes, store, with_source, with_vector, Panel, Source,
};
use core::ops::Range;
use kernels::check::{is_total, MAX_TOTAL};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// Values are shifted by the mean of this many rows, so that the squares do not cancel.
const SHIFT_ROWS: usize = 16;

struct Pass<'a, I: Isa, const CONTAINER: i32> {
    isa: I,
    source: Source<'a, I>,
    channels: usize,
    /// f32 [channels].
    shift: &'a mut [u8],
    /// Σ d and Σ d², f32 [2][channels].
    totals: &'a mut [u8],
}

impl<I: Isa, const CONTAINER: i32> Pass<'_, I, CONTAINER> {
    fn find_shift<const V: usize>(&mut self, rows: usize, first: usize, lanes: usize) {
        let isa = self.isa;
        let rows = rows.min(SHIFT_ROWS);
        let mut sums = [isa.f32x4_splat(0.0); V];
        for row in 0..rows {
            let x = self.source.load::<CONTAINER, V>(isa, row, first, lanes);
            sums = core::array::from_fn(|v| isa.f32x4_add(sums[v], x[v]));
        }
        let count = isa.f32x4_splat(rows as f32);
        store::<I, V>(isa, sums.map(|sum| isa.f32x4_div(sum, count)), part_mut(self.shift, 0, 0, first, lanes));
    }
}

impl<I: Isa, const CONTAINER: i32> Panel for Pass<'_, I, CONTAINER> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let isa = self.isa;
        let is_first = rows.start == 0;
        if is_first {
            self.find_shift::<V>(rows.end, first, lanes);
        }
        let shift = load::<I, V>(isa, part(self.shift, 0, 0, first, lanes));
        let mut sums = [[isa.f32x4_splat(0.0); V]; 2];
        let mut add = |x: [I::F32x4; V]| {
            for v in 0..V {
                let d = isa.f32x4_sub(x[v], shift[v]);
                sums[0][v] = isa.f32x4_add(sums[0][v], d);
                sums[1][v] = isa.f32x4_add(sums[1][v], isa.f32x4_mul(d, d));
            }
        };
        if self.source.is_whole::<V>() {
            let source = self.source;
            with_vector!(CONTAINER, N => source.panels::<N, V>(rows, first).for_each(|x| add(source.values::<CONTAINER, N, V>(isa, x))));
        } else {
            rows.for_each(|row| add(self.source.load::<CONTAINER, V>(isa, row, first, lanes)));
        }
        for (which, sums) in sums.into_iter().enumerate() {
            add_to(isa, is_first, sums, part_mut(self.totals, which, self.channels, first, lanes));
        }
    }
}

impl BatchNormStatistics {
    fn pass<I: Isa, const CONTAINER: i32>(&self, isa: I, buffers: &mut Buffers<'_>, scratch: &mut [u8]) {
        let [input, a, b, ..] = buffers.reads;
        let channels = self.channels as usize;
        let source = Source::new(isa, input, self.in_stride, [a, b]);
        let shift = &mut scratch[..channels * BYTES];
        let mut pass = Pass::<I, CONTAINER> { isa, source, channels, shift, totals: buffers.writes[0] };
        for_each_panel::<4>(self.rows as usize, channels, &mut pass);
    }

    /// Totals to statistics, and the running ones.
    fn finish(&self, buffers: &mut Buffers<'_>, shift: &[u8]) {
        let (rows, channels) = (self.rows as f32, self.channels as usize);
        let [momentum, epsilon] = [self.momentum_bits, self.epsilon_bits].map(|bits| f32::from_bits(bits as u32));
        let unbiased = rows / (self.rows - 1).max(1) as f32;
        let [statistics, running, ..] = &mut buffers.writes;
        for channel in 0..channels {
            let [first, second] = [channel * BYTES, (channels + channel) * BYTES];
            let offset = mem::read_f32(statistics, first) / rows;
            let mean = mem::read_f32(shift, first) + offset;
            let variance = mem::read_f32(statistics, second) / rows - offset * offset;
            // Rounding may leave less than nothing; a NaN stays.
            let variance = if variance < 0.0 { 0.0 } else { variance };
            mem::write_f32(statistics, first, mean);
            mem::write_f32(statistics, second, inverse_std(variance, epsilon));
            if !running.is_empty() {
                for (at, value) in [(first, mean), (second, variance * unbiased)] {
                    mem::write_f32(running, at, (1.0 - momentum) * mem::read_f32(running, at) + momentum * value);
                }
            }
        }
    }
}

/// 1/√(variance + ε).
pub fn inverse_std(variance: f32, epsilon: f32) -> f32 {
    1.0 / kernels::f32::sqrt::sqrt(variance + epsilon)
}

impl Kernel for BatchNormStatistics {
    fn check(&self) -> Result<(), BadParam> {
        check_rows!(self);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let statistics = 2 * self.channels as usize * BYTES;
        let scale = scale_bytes(self.in_container);
        Spans::new()
            .with(
                field!(input_offset),
                self.input_offset,
                self.rows as usize * self.in_stride as usize * element_bytes(self.in_container),
                Access::Read,
            )
            .with(field!(scale_a_offset), self.scale_a_offset, scale, Access::Read)
            .with(field!(scale_b_offset), self.scale_b_offset, scale, Access::Read)
            .with(field!(statistics_offset), self.statistics_offset, statistics, Access::Write)
            .with(field!(running_offset), self.running_offset, if self.running_offset == 0 { 0 } else { statistics }, Access::Write)
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        self.channels as usize * BYTES
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        for _ in units {
            with_source!(self.in_container, CONTAINER => self.pass::<I, CONTAINER>(isa, buffers, scratch));
            self.finish(buffers, scratch);
        }
    }
}
