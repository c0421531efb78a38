//! How many elements are no finite number. Buffers: reads input; writes output. One unit.

use crate::params::CountNonFinite;
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::{load_some, BYTES};
use kernels::{field, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// −1 in the lanes that are NaN or infinite: only there x − x is no 0.
#[inline(always)]
fn non_finite<I: Isa>(isa: I, x: I::F32x4) -> I::I32x4 {
    isa.f32x4_ne(isa.f32x4_sub(x, x), isa.f32x4_splat(0.0))
}

fn count<I: Isa>(isa: I, input: &[u8]) -> i32 {
    let vectors = mem::arrays::<16>(input);
    let mut counts = isa.i32x4_splat(0);
    for vector in vectors {
        counts = isa.i32x4_sub(counts, non_finite(isa, isa.f32x4_load(vector)));
    }
    counts = isa.i32x4_sub(counts, non_finite(isa, load_some(isa, &input[vectors.len() * 16..])));
    let mut lanes = [0; 16];
    isa.i32x4_store(counts, &mut lanes);
    mem::arrays::<BYTES>(&lanes).iter().map(|lane| i32::from_le_bytes(*lane)).sum()
}

impl Kernel for CountNonFinite {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Spans::new().with(field!(input_offset), self.input_offset, self.count as usize * BYTES, Access::Read).with(
            field!(output_offset),
            self.output_offset,
            BYTES,
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
            mem::write_i32(buffers.writes[0], 0, count(isa, buffers.reads[0]));
        }
    }
}
