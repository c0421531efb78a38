//! [`LookupPixels`]: bytes of a picture to codes (SPEC 5.1).

use crate::check::{field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::LookupPixels;
use core::ops::Range;
use simd::Isa;

/// Entries of one table: one per byte.
const TABLE: usize = 256;
/// Pixels of one unit of work.
const BLOCK: usize = 1024;

impl LookupPixels {
    fn sources(&self) -> [i32; 4] {
        [self.source0, self.source1, self.source2, self.source3]
    }
}

impl Kernel for LookupPixels {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=i32::MAX; pixels);
        fields_in!(self, 1..=4; in_channels, out_channels);
        fields_in!(self, self.out_channels..=MAX_DIMENSION; out_stride);
        field_holds!(is_total(&[self.pixels, self.in_channels]); pixels);
        field_holds!(is_total(&[self.pixels, self.out_stride]); out_stride);
        fields_in!(self, 0..self.in_channels; source0);
        field_holds!(self.out_channels < 2 || (0..self.in_channels).contains(&self.source1); source1);
        field_holds!(self.out_channels < 3 || (0..self.in_channels).contains(&self.source2); source2);
        field_holds!(self.out_channels < 4 || (0..self.in_channels).contains(&self.source3); source3);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (pixels, out_channels) = (self.pixels as usize, self.out_channels as usize);
        let output = if pixels == 0 { 0 } else { (pixels - 1) * self.out_stride as usize + out_channels };
        Spans::new()
            .with(0, self.input_offset, pixels * self.in_channels as usize, Access::Read)
            .with(1, self.tables_offset, out_channels * TABLE, Access::Read)
            .with(2, self.output_offset, output, Access::Write)
    }

    fn units(&self) -> usize {
        (self.pixels as usize).div_ceil(BLOCK)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let [input, tables, ..] = buffers.reads;
        let pixels = input.chunks_exact(self.in_channels as usize).zip(buffers.writes[0].chunks_mut(self.out_stride as usize));
        for (bytes, codes) in pixels.skip(units.start * BLOCK).take(units.len() * BLOCK) {
            for ((code, table), source) in codes.iter_mut().zip(tables.chunks_exact(TABLE)).zip(self.sources()) {
                *code = table[usize::from(bytes[source as usize])];
            }
        }
    }
}
