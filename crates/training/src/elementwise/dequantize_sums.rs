//! Exact sums to f32. Buffers: reads input, scales, bias; writes output. A unit is a run of rows.

use crate::params::DequantizeSums;
use crate::rows::{element_bytes, for_each_panel, lanes_of, load, part, part_mut, store, with_source, Panel, Source, NARROW_SUMS, SUMS};
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
    bias: &'a [u8],
    /// The row that panels count from.
    start: usize,
    channels: usize,
    output: &'a mut [u8],
}

impl<I: Isa, const CONTAINER: i32> Panel for Pass<'_, I, CONTAINER> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let isa = self.isa;
        let bias = (!self.bias.is_empty()).then(|| load::<I, V>(isa, part(self.bias, 0, 0, first, lanes)));
        for row in rows.start + self.start..rows.end + self.start {
            let mut x = self.source.load::<CONTAINER, V>(isa, row, first, lanes);
            if let Some(bias) = bias {
                x = core::array::from_fn(|v| isa.f32x4_add(x[v], bias[v]));
            }
            store(isa, x, part_mut(self.output, row, self.channels, first, lanes));
        }
    }
}

impl Kernel for DequantizeSums {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=(MAX_TOTAL / BYTES as i64) as i32; rows, channels, in_stride);
        fields_in!(self, NARROW_SUMS..=SUMS; in_container);
        field_holds!(self.in_stride >= self.channels; in_stride);
        field_holds!(is_total(&[self.rows, self.in_stride, BYTES as i32]); rows);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (rows, channels) = (self.rows as usize, self.channels as usize);
        let bias = if self.bias_offset == 0 { 0 } else { channels };
        Spans::new()
            .with(field!(input_offset), self.input_offset, rows * self.in_stride as usize * element_bytes(self.in_container), Access::Read)
            .with(field!(scale_a_offset), self.scale_a_offset, BYTES, Access::Read)
            .with(field!(scale_b_offset), self.scale_b_offset, BYTES, Access::Read)
            .with(field!(bias_offset), self.bias_offset, bias * BYTES, Access::Read)
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
        let [input, a, b, bias, ..] = buffers.reads;
        let (source, channels) = (Source::new(isa, input, self.in_stride, [a, b]), self.channels as usize);
        with_source!(self.in_container, CONTAINER => {
            let mut pass = Pass::<I, CONTAINER> { isa, source, bias, start: rows.start, channels, output: buffers.writes[0] };
            for_each_panel::<4>(rows.len(), channels, &mut pass);
        });
    }
}
