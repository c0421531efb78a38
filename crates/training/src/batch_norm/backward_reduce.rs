//! dγ and dβ. Buffers: reads gradient, y, input, scales, statistics; writes sums. One unit.

use crate::panels::load_whole;
use crate::params::BatchNormBackwardReduce;
use crate::rows::{
    add_to, check_rows, element_bytes, for_each_panel, is_unbounded, lanes_of, load, part, part_mut, scale_bytes, store, with_source, with_vector,
    Masked, Panel, Source, BLOCK,
};
use core::ops::Range;
use kernels::check::{is_total, MAX_TOTAL};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

struct Pass<'a, I: Isa, const CONTAINER: i32> {
    isa: I,
    source: Source<'a, I>,
    gradient: Masked<'a, I>,
    rows: usize,
    channels: usize,
    statistics: &'a [u8],
    sums: &'a mut [u8],
}

impl<I: Isa, const CONTAINER: i32> Pass<'_, I, CONTAINER> {
    /// Σ g·(x − mean) becomes dγ.
    fn finish<const V: usize>(&mut self, first: usize, lanes: usize) {
        let isa = self.isa;
        let inverse_std = load::<I, V>(isa, part(self.statistics, 1, self.channels, first, lanes));
        let total = part_mut(self.sums, 0, 0, first, lanes);
        let sums = load::<I, V>(isa, total);
        store::<I, V>(isa, core::array::from_fn(|v| isa.f32x4_mul(sums[v], inverse_std[v])), total);
    }
}

impl<I: Isa, const CONTAINER: i32> Panel for Pass<'_, I, CONTAINER> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let isa = self.isa;
        let (is_first, is_last) = (rows.start == 0, rows.end == self.rows);
        debug_assert!(rows.len() <= BLOCK);
        let mean = load::<I, V>(isa, part(self.statistics, 0, 0, first, lanes));
        let mut sums = [[isa.f32x4_splat(0.0); V]; 2];
        let mut add = |g: [I::F32x4; V], x: [I::F32x4; V]| {
            for v in 0..V {
                sums[0][v] = isa.f32x4_add(sums[0][v], isa.f32x4_mul(g[v], isa.f32x4_sub(x[v], mean[v])));
                sums[1][v] = isa.f32x4_add(sums[1][v], g[v]);
            }
        };
        match self.gradient.panels::<V>(rows.clone(), first) {
            Some(gradients) if self.source.is_whole::<V>() => {
                let source = self.source;
                with_vector!(CONTAINER, N => {
                    gradients.zip(source.panels::<N, V>(rows, first)).for_each(|(g, x)| add(load_whole(isa, g), source.values::<CONTAINER, N, V>(isa, x)))
                });
            }
            _ => rows.for_each(|row| add(self.gradient.load::<V>(isa, row, first, lanes), self.source.load::<CONTAINER, V>(isa, row, first, lanes))),
        }
        for (which, sums) in sums.into_iter().enumerate() {
            add_to(isa, is_first, sums, part_mut(self.sums, which, self.channels, first, lanes));
        }
        if is_last {
            self.finish::<V>(first, lanes);
        }
    }
}

impl BatchNormBackwardReduce {
    fn pass<I: Isa, const CONTAINER: i32>(&self, isa: I, buffers: &mut Buffers<'_>) {
        let [gradient, output, input, a, b, statistics, ..] = buffers.reads;
        let source = Source::new(isa, input, self.in_stride, [a, b]);
        let gradient = Masked::new(isa, gradient, output, self.channels, [self.lo_bits, self.hi_bits]);
        let (rows, channels) = (self.rows as usize, self.channels as usize);
        let mut pass = Pass::<I, CONTAINER> { isa, source, gradient, rows, channels, statistics, sums: buffers.writes[0] };
        for_each_panel::<2>(rows, channels, &mut pass);
    }
}

impl Kernel for BatchNormBackwardReduce {
    fn check(&self) -> Result<(), BadParam> {
        check_rows!(self);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (rows, channels) = (self.rows as usize, self.channels as usize);
        let scale = scale_bytes(self.in_container);
        let output = if is_unbounded(self.lo_bits, self.hi_bits) { 0 } else { rows * channels };
        Spans::new()
            .with(field!(gradient_offset), self.gradient_offset, rows * channels * BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, output * BYTES, Access::Read)
            .with(field!(input_offset), self.input_offset, rows * self.in_stride as usize * element_bytes(self.in_container), Access::Read)
            .with(field!(scale_a_offset), self.scale_a_offset, scale, Access::Read)
            .with(field!(scale_b_offset), self.scale_b_offset, scale, Access::Read)
            .with(field!(statistics_offset), self.statistics_offset, 2 * channels * BYTES, Access::Read)
            .with(field!(sums_offset), self.sums_offset, 2 * channels * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        for _ in units {
            with_source!(self.in_container, CONTAINER => self.pass::<I, CONTAINER>(isa, buffers));
        }
    }
}
