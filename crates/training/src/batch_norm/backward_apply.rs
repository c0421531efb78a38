//! dx = γ·inverse_std·(g − dβ/N − (x − mean)·(dγ/N·inverse_std)). Buffers: reads gradient, y, input, scales, statistics, γ, sums; writes dx, the residual's
//! gradient, max|dx|. One unit: the maximum needs all rows.

use crate::panels::{is_whole, load_whole, panels_mut, store_whole};
use crate::params::BatchNormBackwardApply;
use crate::rows::{
    check_rows, element_bytes, for_each_panel, is_unbounded, lanes_of, load, part, part_mut, scale_bytes, store, with_source, with_vector, Masked,
    Panel, Source,
};
use core::ops::Range;
use kernels::check::{is_total, MAX_TOTAL};
use kernels::f32::lanes::{BYTES, LANES};
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

struct Pass<'a, I: Isa, const CONTAINER: i32> {
    isa: I,
    source: Source<'a, I>,
    gradient: Masked<'a, I>,
    /// The gradient lies where dx goes.
    is_in_place: bool,
    /// 1/N would round once more: sums are divided.
    count: I::F32x4,
    channels: usize,
    statistics: &'a [u8],
    gamma: &'a [u8],
    sums: &'a [u8],
    input_gradient: &'a mut [u8],
    residual_gradient: &'a mut [u8],
    /// The bits of |dx|, which order like the numbers, a NaN above all.
    maximum: I::I32x4,
}

/// What a panel needs of its channels.
struct Factors<I: Isa, const V: usize> {
    mean: [I::F32x4; V],
    gain: [I::F32x4; V],
    mean_gradient: [I::F32x4; V],
    slope: [I::F32x4; V],
}

impl<I: Isa, const CONTAINER: i32> Pass<'_, I, CONTAINER> {
    #[inline(always)]
    fn factors<const V: usize>(&self, first: usize, lanes: usize) -> Factors<I, V> {
        let (isa, channels) = (self.isa, self.channels);
        let row = |bytes, row| load::<I, V>(isa, part(bytes, row, channels, first, lanes));
        let (inverse_std, gamma) = (row(self.statistics, 1), row(self.gamma, 0));
        let [dgamma, dbeta] = [0, 1].map(|which| row(self.sums, which).map(|sum| isa.f32x4_div(sum, self.count)));
        Factors {
            mean: row(self.statistics, 0),
            gain: core::array::from_fn(|v| isa.f32x4_mul(gamma[v], inverse_std[v])),
            mean_gradient: dbeta,
            slope: core::array::from_fn(|v| isa.f32x4_mul(dgamma[v], inverse_std[v])),
        }
    }
}

impl<'a, I: Isa, const CONTAINER: i32> Pass<'a, I, CONTAINER> {
    /// Those of a panel, if they lie elsewhere and all of them count.
    #[inline(always)]
    fn gradients<const V: usize>(&self, rows: Range<usize>, first: usize) -> Option<impl Iterator<Item = &'a [[u8; 16]; V]>> {
        if self.is_in_place {
            None
        } else {
            self.gradient.panels::<V>(rows, first)
        }
    }
}

impl<I: Isa, const CONTAINER: i32> Panel for Pass<'_, I, CONTAINER> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let (isa, channels) = (self.isa, self.channels);
        let f = self.factors::<V>(first, lanes);
        let mut maximum = self.maximum;
        let magnitude = isa.i32x4_splat(i32::MAX);
        let mut dx_of = |g: [I::F32x4; V], x: [I::F32x4; V]| -> [I::F32x4; V] {
            let dx = core::array::from_fn(|v| {
                let along = isa.f32x4_mul(isa.f32x4_sub(x[v], f.mean[v]), f.slope[v]);
                isa.f32x4_mul(isa.f32x4_sub(isa.f32x4_sub(g[v], f.mean_gradient[v]), along), f.gain[v])
            });
            for dx in dx {
                maximum = isa.i32x4_max_s(maximum, isa.i32x4_and(isa.i32x4_from_f32x4(dx), magnitude));
            }
            dx
        };
        let is_whole = self.source.is_whole::<V>() && is_whole::<V>(channels) && self.residual_gradient.is_empty();
        if self.is_in_place && is_whole {
            let (source, places) = (self.source, panels_mut::<V>(self.input_gradient, rows.clone(), channels, first));
            with_vector!(CONTAINER, N => {
                for (x, place) in source.panels::<N, V>(rows, first).zip(places) {
                    store_whole(isa, dx_of(load_whole(isa, place), source.values::<CONTAINER, N, V>(isa, x)), place);
                }
            });
        } else if let (true, Some(gradients)) = (is_whole, self.gradients::<V>(rows.clone(), first)) {
            let (source, results) = (self.source, panels_mut::<V>(self.input_gradient, rows.clone(), channels, first));
            with_vector!(CONTAINER, N => {
                let inputs = source.panels::<N, V>(rows, first);
                for ((g, x), dx) in gradients.zip(inputs).zip(results) {
                    store_whole(isa, dx_of(load_whole(isa, g), source.values::<CONTAINER, N, V>(isa, x)), dx);
                }
            });
        } else {
            for row in rows {
                let place = part_mut(self.input_gradient, row, channels, first, lanes);
                let g = if self.is_in_place { load::<I, V>(isa, place) } else { self.gradient.load::<V>(isa, row, first, lanes) };
                let x = self.source.load::<CONTAINER, V>(isa, row, first, lanes);
                store(isa, dx_of(g, x), place);
                if !self.residual_gradient.is_empty() {
                    store(isa, g, part_mut(self.residual_gradient, row, channels, first, lanes));
                }
            }
        }
        self.maximum = maximum;
    }
}

impl BatchNormBackwardApply {
    /// dx over the gradient: half the memory, and none that has to be fetched to be written.
    fn is_in_place(&self) -> bool {
        self.gradient_offset == self.input_gradient_offset
    }

    fn pass<I: Isa, const CONTAINER: i32>(&self, isa: I, buffers: &mut Buffers<'_>) {
        let [gradient, output, input, a, b, statistics, gamma, sums, ..] = buffers.reads;
        let [input_gradient, residual_gradient, maximum, ..] = &mut buffers.writes;
        let (rows, channels) = (self.rows as usize, self.channels as usize);
        let mut pass = Pass::<I, CONTAINER> {
            isa,
            source: Source::new(isa, input, self.in_stride, [a, b]),
            gradient: Masked::new(isa, gradient, output, self.channels, [self.lo_bits, self.hi_bits]),
            is_in_place: self.is_in_place(),
            count: isa.f32x4_splat(self.rows as f32),
            channels,
            statistics,
            gamma,
            sums,
            input_gradient,
            residual_gradient,
            maximum: isa.i32x4_splat(0),
        };
        for_each_panel::<2>(rows, channels, &mut pass);
        if !maximum.is_empty() {
            let mut lanes = [0; LANES * BYTES];
            isa.i32x4_store(pass.maximum, &mut lanes);
            mem::write_i32(maximum, 0, mem::arrays::<BYTES>(&lanes).iter().map(|lane| i32::from_le_bytes(*lane)).fold(0, i32::max));
        }
    }
}

impl Kernel for BatchNormBackwardApply {
    fn check(&self) -> Result<(), BadParam> {
        check_rows!(self);
        field_holds!(!self.is_in_place() || is_unbounded(self.lo_bits, self.hi_bits) && self.residual_gradient_offset == 0; input_gradient_offset);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (rows, channels) = (self.rows as usize, self.channels as usize);
        let scale = scale_bytes(self.in_container);
        let output = if is_unbounded(self.lo_bits, self.hi_bits) { 0 } else { rows * channels };
        let residual = if self.residual_gradient_offset == 0 { 0 } else { rows * channels };
        Spans::new()
            .with(field!(gradient_offset), self.gradient_offset, if self.is_in_place() { 0 } else { rows * channels * BYTES }, Access::Read)
            .with(field!(output_offset), self.output_offset, output * BYTES, Access::Read)
            .with(field!(input_offset), self.input_offset, rows * self.in_stride as usize * element_bytes(self.in_container), Access::Read)
            .with(field!(scale_a_offset), self.scale_a_offset, scale, Access::Read)
            .with(field!(scale_b_offset), self.scale_b_offset, scale, Access::Read)
            .with(field!(statistics_offset), self.statistics_offset, 2 * channels * BYTES, Access::Read)
            .with(field!(gamma_offset), self.gamma_offset, channels * BYTES, Access::Read)
            .with(field!(sums_offset), self.sums_offset, 2 * channels * BYTES, Access::Read)
            .with(field!(input_gradient_offset), self.input_gradient_offset, rows * channels * BYTES, Access::Write)
            .with(field!(residual_gradient_offset), self.residual_gradient_offset, residual * BYTES, Access::Write)
            .with(field!(maximum_offset), self.maximum_offset, if self.maximum_offset == 0 { 0 } else { BYTES }, Access::Write)
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
