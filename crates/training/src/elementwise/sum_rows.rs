//! Sums over rows, in blocks. Buffers: reads input; writes output. One unit.

use crate::params::SumRows;
use crate::rows::{add_to, for_each_panel, lanes_of, load, part, part_mut, Panel};
use core::ops::Range;
use kernels::check::{is_total, MAX_TOTAL};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::Isa;

struct Pass<'a, I: Isa> {
    isa: I,
    input: &'a [u8],
    channels: usize,
    output: &'a mut [u8],
}

impl<I: Isa> Panel for Pass<'_, I> {
    #[inline(never)]
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize) {
        let lanes = lanes_of::<V>(lanes);
        let isa = self.isa;
        let is_first = rows.start == 0;
        let mut sums = [isa.f32x4_splat(0.0); V];
        for row in rows {
            let x = load::<I, V>(isa, part(self.input, row, self.channels, first, lanes));
            sums = core::array::from_fn(|v| isa.f32x4_add(sums[v], x[v]));
        }
        add_to(isa, is_first, sums, part_mut(self.output, 0, 0, first, lanes));
    }
}

impl Kernel for SumRows {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=(MAX_TOTAL / BYTES as i64) as i32; rows, channels);
        field_holds!(is_total(&[self.rows, self.channels, BYTES as i32]); rows);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let output = self.channels as usize * BYTES;
        Spans::new().with(field!(input_offset), self.input_offset, self.rows as usize * output, Access::Read).with(
            field!(output_offset),
            self.output_offset,
            output,
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
        for _ in units {
            let channels = self.channels as usize;
            let mut pass = Pass { isa, input: buffers.reads[0], channels, output: buffers.writes[0] };
            for_each_panel::<4>(self.rows as usize, channels, &mut pass);
        }
    }
}
