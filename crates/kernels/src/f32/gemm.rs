//! Matrix product (SPEC 3.2 on floats, in the order of 4.1): `clamp(alpha·Σ_k a·b + beta·c0)`.
//!
//! Buffers: reads a, b, bias; writes output, [batch][m][n] row-major. A unit is one matrix and a run of tiles of 8 columns.

use super::lanes::{Bounds, BYTES, LANES};
use super::tile::{self, COLUMNS, PANEL_STEP, ROWS};
use crate::check::{field, field_holds, fields_in, is_total, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::GemmF32;
use core::ops::Range;
use simd::{mem, Isa};

/// Elements from the first to the last of an array of these sizes and strides; 0 if a size is.
fn extent(axes: &[(i32, i32)]) -> i64 {
    if axes.iter().any(|&(size, _)| size == 0) {
        return 0;
    }
    1 + axes.iter().map(|&(size, stride)| i64::from(size - 1) * i64::from(stride)).sum::<i64>()
}

impl GemmF32 {
    fn extents(&self) -> [i64; 3] {
        let bias = extent(&[(self.batch, self.bias_batch), (self.m, self.bias_row), (self.n, self.bias_column)]);
        [
            extent(&[(self.batch, self.a_batch), (self.m, self.a_row), (self.k, self.a_column)]),
            extent(&[(self.batch, self.b_batch), (self.k, self.b_row), (self.n, self.b_column)]),
            if self.bias_offset == 0 { 0 } else { bias },
        ]
    }

    fn units_per_matrix(&self) -> usize {
        (self.n as usize).div_ceil(COLUMNS).div_ceil(tile::panels_per_unit(self.k as usize))
    }

    /// Columns from `first` on as [k][8], +0 beyond the last.
    fn pack_panel(&self, b: &[u8], first: usize, panel: &mut [u8]) {
        let (row, column) = (self.b_row as usize, self.b_column as usize);
        let width = COLUMNS.min(self.n as usize - first);
        for (k, step) in mem::arrays_mut::<PANEL_STEP>(panel).iter_mut().enumerate() {
            let at = k * row + first * column;
            if column == 1 && width == COLUMNS {
                *step = *mem::array(b, at * BYTES);
                continue;
            }
            for (j, element) in mem::arrays_mut::<BYTES>(step).iter_mut().enumerate() {
                *element = if j < width { *mem::array(b, (at + j * column) * BYTES) } else { [0; BYTES] };
            }
        }
    }

    /// beta·c0 of the eight columns from `first` on in row `i`.
    fn bias_row<I: Isa>(&self, isa: I, bias: &[u8], i: usize, first: usize) -> [I::F32x4; 2] {
        let mut row = [0; PANEL_STEP];
        let width = COLUMNS.min(self.n as usize - first);
        for (j, element) in mem::arrays_mut::<BYTES>(&mut row)[..width].iter_mut().enumerate() {
            *element = *mem::array(bias, (i * self.bias_row as usize + (first + j) * self.bias_column as usize) * BYTES);
        }
        let beta = isa.f32x4_splat(f32::from_bits(self.beta_bits as u32));
        let halves = mem::arrays::<16>(&row);
        [0, 1].map(|half| isa.f32x4_mul(beta, isa.f32x4_load(&halves[half])))
    }

    /// `M` rows from `i` on, over the panels of columns from `first` on.
    fn run_rows<I: Isa, const M: usize>(&self, isa: I, packed: (&[u8], &[u8]), bias: &[u8], i: usize, first: usize, output: &mut [u8]) {
        let (rows, panels) = packed;
        let bounds = Bounds::from_bits(isa, self.lo_bits, self.hi_bits);
        let alpha = isa.f32x4_splat(f32::from_bits(self.alpha_bits as u32));
        let (n, depth) = (self.n as usize, self.k as usize);
        let count = (n - first).div_ceil(COLUMNS).min(tile::panels_per_unit(depth));
        for index in 0..count {
            let from = first + index * COLUMNS;
            let to = (from + COLUMNS).min(n);
            let panel = &panels[index * depth * PANEL_STEP..][..depth * PANEL_STEP];
            let sums = tile::sums::<I, M>(isa, rows, panel);
            for (m, row) in sums.into_iter().enumerate() {
                let mut row = row.map(|half| isa.f32x4_mul(alpha, half));
                if !bias.is_empty() {
                    let bias = self.bias_row(isa, bias, i + m, from);
                    row = [isa.f32x4_add(row[0], bias[0]), isa.f32x4_add(row[1], bias[1])];
                }
                let start = (i + m) * n;
                tile::store_row(isa, row, &bounds, &mut output[(start + from) * BYTES..(start + to) * BYTES]);
            }
        }
    }

    fn run_unit<I: Isa>(&self, isa: I, reads: [&[u8]; 3], output: &mut [u8], unit: usize, scratch: &mut [u8]) {
        let depth = self.k as usize;
        let matrix = unit / self.units_per_matrix();
        let panels = tile::panels_per_unit(depth);
        let first = unit % self.units_per_matrix() * panels * COLUMNS;
        let from = |bytes, stride: i32| slice_from(bytes, matrix * stride as usize);
        let (a, b, bias) = (from(reads[0], self.a_batch), from(reads[1], self.b_batch), from(reads[2], self.bias_batch));
        let (m, n) = (self.m as usize, self.n as usize);
        let output = &mut output[matrix * m * n * BYTES..];
        let (rows, packed) = scratch.split_at_mut(depth * ROWS * BYTES);
        let panels = panels.min((n - first).div_ceil(COLUMNS));
        for index in 0..panels {
            self.pack_panel(b, first + index * COLUMNS, &mut packed[index * depth * PANEL_STEP..][..depth * PANEL_STEP]);
        }
        let (row_stride, column_stride) = (self.a_row as usize * BYTES, self.a_column as usize * BYTES);
        let mut i = 0;
        while i < m {
            let source = slice_from(a, i * self.a_row as usize);
            if m - i >= ROWS {
                tile::pack_rows::<ROWS>(source, row_stride, column_stride, rows);
                self.run_rows::<I, ROWS>(isa, (rows, packed), bias, i, first, output);
                i += ROWS;
            } else {
                let rows = &mut rows[..depth * BYTES];
                tile::pack_rows::<1>(source, row_stride, column_stride, rows);
                self.run_rows::<I, 1>(isa, (rows, packed), bias, i, first, output);
                i += 1;
            }
        }
    }
}

/// The floats from the `first` on; none where the buffer is absent.
fn slice_from(bytes: &[u8], first: usize) -> &[u8] {
    &bytes[(first * BYTES).min(bytes.len())..]
}

impl Kernel for GemmF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=i32::MAX; batch, m, n, k, a_batch, a_row, a_column, b_batch, b_row, b_column, bias_batch, bias_row, bias_column);
        let total = MAX_TOTAL / BYTES as i64;
        let [a, b, bias] = self.extents();
        field_holds!(a <= total; a_row);
        field_holds!(b <= total; b_row);
        field_holds!(bias <= total; bias_row);
        field_holds!(is_total(&[self.batch, self.m, self.n, BYTES as i32]); n);
        field_holds!(is_total(&[self.k, (ROWS * BYTES + PANEL_STEP) as i32]); k);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let [a, b, bias] = self.extents().map(|elements| elements as usize * BYTES);
        let output = if self.units() == 0 { 0 } else { (self.batch * self.m * self.n) as usize };
        Spans::new()
            .with(field!(a_offset), self.a_offset, a, Access::Read)
            .with(field!(b_offset), self.b_offset, b, Access::Read)
            .with(field!(bias_offset), self.bias_offset, bias, Access::Read)
            .with(field!(output_offset), self.output_offset, output * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        if self.m == 0 {
            return 0;
        }
        self.batch as usize * self.units_per_matrix()
    }

    fn scratch_bytes(&self) -> usize {
        tile::scratch_bytes(self.k as usize)
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let [a, b, bias, ..] = buffers.reads;
        for unit in units {
            self.run_unit(isa, [a, b, bias], buffers.writes[0], unit, scratch);
        }
    }
}

const _: () = assert!(COLUMNS == 2 * LANES, "a tile is two vectors wide");

#[cfg(test)]
mod tests;
