//! Sum of two broadcast tensors. Buffers: reads a, b; writes output. A unit is one row along the last axis.

use super::lanes::{zip, Bounds, BYTES};
use crate::check::{field, field_holds, fields_in, is_total, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::AddF32;
use core::ops::Range;
use simd::{mem, Isa};

const RANK: usize = 6;

impl AddF32 {
    fn dims(&self) -> [i32; RANK] {
        [self.dim0, self.dim1, self.dim2, self.dim3, self.dim4, self.dim5]
    }

    fn a_strides(&self) -> [i32; RANK] {
        [self.a_stride0, self.a_stride1, self.a_stride2, self.a_stride3, self.a_stride4, self.a_stride5]
    }

    fn b_strides(&self) -> [i32; RANK] {
        [self.b_stride0, self.b_stride1, self.b_stride2, self.b_stride3, self.b_stride4, self.b_stride5]
    }

    /// Elements from the first to the last one read.
    fn extent(&self, strides: [i32; RANK]) -> i64 {
        if self.dims().contains(&0) {
            return 0;
        }
        1 + self.dims().iter().zip(strides).map(|(&size, stride)| i64::from(size - 1) * i64::from(stride)).sum::<i64>()
    }

    fn elements(&self) -> usize {
        self.dims().iter().map(|&size| size as usize).fold(1, usize::saturating_mul)
    }

    /// First elements of a row in a and b.
    fn row_starts(&self, row: usize) -> [usize; 2] {
        let mut rest = row;
        let mut starts = [0, 0];
        for axis in (0..RANK - 1).rev() {
            let size = self.dims()[axis] as usize;
            starts[0] += rest % size * self.a_strides()[axis] as usize;
            starts[1] += rest % size * self.b_strides()[axis] as usize;
            rest /= size;
        }
        starts
    }
}

/// One row: `a` and `b` start at its first elements.
#[inline(always)]
fn add_row<I: Isa>(isa: I, a: (&[u8], i32), b: (&[u8], i32), bounds: &Bounds<I>, output: &mut [u8]) {
    let bytes = output.len();
    let sum = |a, b| bounds.clamp(isa, isa.f32x4_add(a, b));
    match ((a.0, a.1), (b.0, b.1)) {
        ((a, 1), (b, 1)) => zip(isa, &a[..bytes], &b[..bytes], output, sum),
        ((a, 1), (b, 0)) => {
            let b = isa.f32x4_load32_splat(mem::array(b, 0));
            super::lanes::map(isa, &a[..bytes], output, |a| sum(a, b));
        }
        ((a, 0), (b, 1)) => {
            let a = isa.f32x4_load32_splat(mem::array(a, 0));
            super::lanes::map(isa, &b[..bytes], output, |b| sum(a, b));
        }
        ((a, a_stride), (b, b_stride)) => {
            for (i, element) in mem::arrays_mut::<BYTES>(output).iter_mut().enumerate() {
                let a = isa.f32x4_load32_splat(mem::array(a, i * a_stride as usize * BYTES));
                let b = isa.f32x4_load32_splat(mem::array(b, i * b_stride as usize * BYTES));
                super::lanes::store_some(isa, sum(a, b), element);
            }
        }
    }
}

impl Kernel for AddF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=i32::MAX; dim0, dim1, dim2, dim3, dim4, dim5);
        fields_in!(self, 0..=i32::MAX; a_stride0, a_stride1, a_stride2, a_stride3, a_stride4, a_stride5);
        fields_in!(self, 0..=i32::MAX; b_stride0, b_stride1, b_stride2, b_stride3, b_stride4, b_stride5);
        let [dim0, dim1, dim2, dim3, dim4, dim5] = self.dims();
        field_holds!(is_total(&[dim0, dim1, dim2, dim3, dim4, dim5, BYTES as i32]); dim0);
        field_holds!(self.extent(self.a_strides()) <= MAX_TOTAL / BYTES as i64; a_stride0);
        field_holds!(self.extent(self.b_strides()) <= MAX_TOTAL / BYTES as i64; b_stride0);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Spans::new()
            .with(field!(a_offset), self.a_offset, self.extent(self.a_strides()) as usize * BYTES, Access::Read)
            .with(field!(b_offset), self.b_offset, self.extent(self.b_strides()) as usize * BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, self.elements() * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        if self.dims().contains(&0) {
            return 0;
        }
        self.elements() / self.dim5 as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let bounds = Bounds::from_bits(isa, self.lo_bits, self.hi_bits);
        let length = self.dim5 as usize * BYTES;
        for row in units {
            let [a, b] = self.row_starts(row);
            let (a, b) = (&buffers.reads[0][a * BYTES..], &buffers.reads[1][b * BYTES..]);
            let output = &mut buffers.writes[0][row * length..][..length];
            add_row(isa, (a, self.a_stride5), (b, self.b_stride5), &bounds, output);
        }
    }
}

#[cfg(test)]
mod tests;
