//! y = clamp((x − mean)·(inverse_std·γ) + β + residual). Buffers: reads input, scales, statistics, γ, β, residual; writes output. A unit is a run of rows.

use crate::panels::{is_whole, load_whole, panels, panels_mut, store_whole};
use crate::params::BatchNormApply;
use crate::rows::{
    check_rows, element_bytes, for_each_panel, lanes_of, load, part, part_mut, scale_bytes, store, with_source, with_vector, Bounds, Panel, Source,
};
use core::ops::Range;
use kernels::check::{is_total, MAX_TOTAL};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

/// Rows of a unit.
const UNIT: usize = 256;

struct Pass<'a, I: Isa, const CONTAINER: i32> {
    isa: I,
    source: Source<'a, I>,
    channels: usize,
    /// The row that panels count from.
    start: usize,
    statistics: &'a [u8],
    gamma: &'a [u8],
    beta: &'a [u8],
    residual: &'a [u8],
    bounds: Bounds<I>,
    output: &'a mut [u8],
}

impl<I: Isa, const CONTAINER: i32> Panel for Pass<'_, I, CONTAINER> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let (isa, channels) = (self.isa, self.channels);
        let mean = load::<I, V>(isa, part(self.statistics, 0, channels, first, lanes));
        let inverse_std = load::<I, V>(isa, part(self.statistics, 1, channels, first, lanes));
        let gamma = load::<I, V>(isa, part(self.gamma, 0, 0, first, lanes));
        let beta = load::<I, V>(isa, part(self.beta, 0, 0, first, lanes));
        let gain: [I::F32x4; V] = core::array::from_fn(|v| isa.f32x4_mul(inverse_std[v], gamma[v]));
        let rows = rows.start + self.start..rows.end + self.start;
        let bounds = self.bounds;
        let y_of = |x: [I::F32x4; V]| -> [I::F32x4; V] {
            core::array::from_fn(|v| isa.f32x4_add(isa.f32x4_mul(isa.f32x4_sub(x[v], mean[v]), gain[v]), beta[v]))
        };
        let add = |y: [I::F32x4; V], residual: [I::F32x4; V]| -> [I::F32x4; V] { core::array::from_fn(|v| isa.f32x4_add(y[v], residual[v])) };
        if self.source.is_whole::<V>() && is_whole::<V>(channels) {
            let (source, results) = (self.source, panels_mut::<V>(self.output, rows.clone(), channels, first));
            with_vector!(CONTAINER, N => {
                let results = source.panels::<N, V>(rows.clone(), first).zip(results);
                if self.residual.is_empty() {
                    for (x, to) in results {
                        store_whole(isa, y_of(source.values::<CONTAINER, N, V>(isa, x)).map(|y| bounds.clamp(isa, y)), to);
                    }
                } else {
                    for ((x, to), residual) in results.zip(panels::<16, V>(self.residual, rows, channels, first)) {
                        let y = add(y_of(source.values::<CONTAINER, N, V>(isa, x)), load_whole(isa, residual));
                        store_whole(isa, y.map(|y| bounds.clamp(isa, y)), to);
                    }
                }
            });
            return;
        }
        for row in rows {
            let mut y = y_of(self.source.load::<CONTAINER, V>(isa, row, first, lanes));
            if !self.residual.is_empty() {
                y = add(y, load::<I, V>(isa, part(self.residual, row, channels, first, lanes)));
            }
            store(isa, y.map(|y| bounds.clamp(isa, y)), part_mut(self.output, row, channels, first, lanes));
        }
    }
}

impl BatchNormApply {
    fn pass<I: Isa, const CONTAINER: i32>(&self, isa: I, buffers: &mut Buffers<'_>, rows: Range<usize>) {
        let [input, a, b, statistics, gamma, beta, residual, ..] = buffers.reads;
        let source = Source::new(isa, input, self.in_stride, [a, b]);
        let bounds = Bounds::from_bits(isa, self.lo_bits, self.hi_bits);
        let (channels, output) = (self.channels as usize, &mut *buffers.writes[0]);
        let mut pass = Pass::<I, CONTAINER> { isa, source, channels, start: rows.start, statistics, gamma, beta, residual, bounds, output };
        for_each_panel::<2>(rows.len(), channels, &mut pass);
    }
}

impl Kernel for BatchNormApply {
    fn check(&self) -> Result<(), BadParam> {
        check_rows!(self);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (rows, channels) = (self.rows as usize, self.channels as usize);
        let scale = scale_bytes(self.in_container);
        let residual = if self.residual_offset == 0 { 0 } else { rows * channels };
        Spans::new()
            .with(field!(input_offset), self.input_offset, rows * self.in_stride as usize * element_bytes(self.in_container), Access::Read)
            .with(field!(scale_a_offset), self.scale_a_offset, scale, Access::Read)
            .with(field!(scale_b_offset), self.scale_b_offset, scale, Access::Read)
            .with(field!(statistics_offset), self.statistics_offset, 2 * channels * BYTES, Access::Read)
            .with(field!(gamma_offset), self.gamma_offset, channels * BYTES, Access::Read)
            .with(field!(beta_offset), self.beta_offset, channels * BYTES, Access::Read)
            .with(field!(residual_offset), self.residual_offset, residual * BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, rows * channels * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        (self.rows as usize).div_ceil(UNIT)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let rows = (units.start * UNIT).min(self.rows as usize)..(units.end * UNIT).min(self.rows as usize);
        with_source!(self.in_container, CONTAINER => self.pass::<I, CONTAINER>(isa, buffers, rows));
    }
}
