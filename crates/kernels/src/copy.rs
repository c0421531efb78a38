//! Kernels that move elements without looking at them: [`StridedCopy`], [`Fill`] and [`Gather`].

use crate::check::{field_holds, fields_in, is_total, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{Fill, Gather, StridedCopy};
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Axes of a [`StridedCopy`].
const AXES: usize = 6;
/// Of these, the inner ones that one unit of work walks.
const INNER: usize = 2;
/// Bytes of a pixel of up to four channels.
const PIXEL: usize = 4;
/// Bytes of the largest element.
const WORD: usize = 4;
/// Elements of a [`Fill`] in one unit of work.
const FILL_BLOCK: usize = 4096;

/// Sizes of elements.
fn is_element(bytes: i32) -> bool {
    matches!(bytes, 1 | 2 | 4)
}

impl StridedCopy {
    fn dims(&self) -> [i32; AXES] {
        [self.dim0, self.dim1, self.dim2, self.dim3, self.dim4, self.dim5]
    }

    fn in_strides(&self) -> [i32; AXES] {
        [self.in_stride0, self.in_stride1, self.in_stride2, self.in_stride3, self.in_stride4, self.in_stride5]
    }

    fn out_strides(&self) -> [i32; AXES] {
        [self.out_stride0, self.out_stride1, self.out_stride2, self.out_stride3, self.out_stride4, self.out_stride5]
    }

    fn is_empty(&self) -> bool {
        self.dims().contains(&0)
    }

    /// Whether every element that starts from byte `offset` by `strides` lies inside [begin, end).
    fn stays_inside(&self, offset: i32, strides: [i32; AXES], begin: i32, end: i32) -> bool {
        let size = i64::from(self.element_bytes);
        let (mut lowest, mut highest) = (i64::from(offset as u32), i64::from(offset as u32) + size);
        for (dim, stride) in self.dims().into_iter().zip(strides) {
            // At most 2^31 · 2^31 per axis: far from overflow once capped.
            let reach = (i64::from(dim) - 1).saturating_mul(i64::from(stride)).clamp(-(1 << 40), 1 << 40) * size;
            lowest += reach.min(0);
            highest += reach.max(0);
        }
        lowest >= i64::from(begin as u32) && highest <= i64::from(end as u32)
    }

    /// Element distances of an outer index: (input, output).
    fn outer(&self, unit: usize) -> (isize, isize) {
        let (dims, ins, outs) = (self.dims(), self.in_strides(), self.out_strides());
        let (mut rest, mut input, mut output) = (unit, 0, 0);
        for axis in (0..AXES - INNER).rev() {
            let index = (rest % dims[axis] as usize) as isize;
            rest /= dims[axis] as usize;
            input += index * ins[axis] as isize;
            output += index * outs[axis] as isize;
        }
        (input, output)
    }
}

impl Kernel for StridedCopy {
    fn check(&self) -> Result<(), BadParam> {
        field_holds!(is_element(self.element_bytes); element_bytes);
        fields_in!(self, 0..=i32::MAX; dim0, dim1, dim2, dim3, dim4, dim5);
        field_holds!(is_total(&self.dims()); dim0);
        field_holds!(self.input_begin_offset as u32 <= self.input_end_offset as u32; input_end_offset);
        field_holds!(self.output_begin_offset as u32 <= self.output_end_offset as u32; output_end_offset);
        if self.is_empty() {
            return Ok(());
        }
        let (input, output) = (self.in_strides(), self.out_strides());
        field_holds!(self.stays_inside(self.input_offset, input, self.input_begin_offset, self.input_end_offset); input_offset);
        field_holds!(self.stays_inside(self.output_offset, output, self.output_begin_offset, self.output_end_offset); output_offset);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = |begin: i32, end: i32| (end as u32 - begin as u32) as usize;
        let input = bytes(self.input_begin_offset, self.input_end_offset);
        let output = bytes(self.output_begin_offset, self.output_end_offset);
        Spans::new().with(2, self.input_begin_offset, input, Access::Read).with(4, self.output_begin_offset, output, Access::Write)
    }

    /// Indices of the four outer axes.
    fn units(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        self.dims()[..AXES - INNER].iter().map(|&dim| dim as usize).product()
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        if units.is_empty() {
            return;
        }
        let (input, output) = (buffers.reads[0], &mut *buffers.writes[0]);
        match self.element_bytes {
            1 => copy_units::<I, 1>(isa, self, input, output, units),
            2 => copy_units::<I, 2>(isa, self, input, output, units),
            _ => copy_units::<I, 4>(isa, self, input, output, units),
        }
    }
}

fn copy_units<I: Isa, const N: usize>(isa: I, copy: &StridedCopy, input: &[u8], output: &mut [u8], units: Range<usize>) {
    let [.., rows, columns] = copy.dims();
    let [.., in_row, in_column] = copy.in_strides();
    let [.., out_row, out_column] = copy.out_strides();
    let from = (copy.input_offset as u32 - copy.input_begin_offset as u32) as isize;
    let to = (copy.output_offset as u32 - copy.output_begin_offset as u32) as isize;
    let size = N as isize;
    for unit in units {
        let (in_outer, out_outer) = copy.outer(unit);
        for row in 0..rows as isize {
            let source = from + (in_outer + row * in_row as isize) * size;
            let target = to + (out_outer + row * out_row as isize) * size;
            if in_column == 1 && out_column == 1 {
                let bytes = columns as usize * N;
                output[target as usize..][..bytes].copy_from_slice(&input[source as usize..][..bytes]);
                continue;
            }
            if row == 0 && N == 1 && [in_row, out_row, out_column] == [1, PIXEL as i32, 1] && columns <= PIXEL as i32 && in_column > 0 {
                interleave(&input[source as usize..], in_column as usize, &mut output[target as usize..], rows as usize, columns as usize);
                break;
            }
            // Training turns activations at every step; the modules of inference stay smaller without.
            let is_matrix = cfg!(feature = "train") && N == WORD && in_row == 1 && out_column == 1 && in_column > 0 && out_row > 0;
            if row == 0 && is_matrix {
                let strides = [in_column as usize, out_row as usize];
                transpose(isa, &input[source as usize..], &mut output[target as usize..], strides, [rows as usize, columns as usize]);
                break;
            }
            for column in 0..columns as isize {
                let element = *mem::array::<N>(input, (source + column * in_column as isize * size) as usize);
                *mem::array_mut::<N>(output, (target + column * out_column as isize * size) as usize) = element;
            }
        }
    }
}

/// `rows` × `columns` words, neighbours along a row `strides[0]` words apart in the input, rows `strides[1]` in the output: 4 × 4 at a time.
#[inline(never)]
fn transpose<I: Isa>(isa: I, input: &[u8], output: &mut [u8], strides: [usize; 2], [rows, columns]: [usize; 2]) {
    let from = |row: usize, column: usize| (column * strides[0] + row) * WORD;
    let to = |row: usize, column: usize| (row * strides[1] + column) * WORD;
    let (whole_rows, whole_columns) = (rows / 4 * 4, columns / 4 * 4);
    for row in (0..whole_rows).step_by(4) {
        for column in (0..whole_columns).step_by(4) {
            let [a, b, c, d] = from_fn(|i| isa.i32x4_load(mem::array(input, from(row, column + i))));
            let (ab, cd) = (isa.i32x4_interleave_low(a, b), isa.i32x4_interleave_low(c, d));
            let (ab_high, cd_high) = (isa.i32x4_interleave_high(a, b), isa.i32x4_interleave_high(c, d));
            let turned = [
                isa.i32x4_concat_low(ab, cd),
                isa.i32x4_concat_high(ab, cd),
                isa.i32x4_concat_low(ab_high, cd_high),
                isa.i32x4_concat_high(ab_high, cd_high),
            ];
            for (i, four) in turned.into_iter().enumerate() {
                isa.i32x4_store(four, mem::array_mut(output, to(row + i, column)));
            }
        }
    }
    for row in 0..rows {
        for column in if row < whole_rows { whole_columns } else { 0 }..columns {
            *mem::array_mut::<WORD>(output, to(row, column)) = *mem::array(input, from(row, column));
        }
    }
}

/// Planes of `count` bytes, `distance` apart, as the first channels of pixels of four bytes: how a picture in ONNX axes enters a network.
fn interleave(input: &[u8], distance: usize, output: &mut [u8], count: usize, channels: usize) {
    for channel in 0..channels {
        let plane = &input[channel * distance..][..count];
        let (most, last) = plane.split_at(count - 1);
        for (pixel, &code) in output.as_chunks_mut::<PIXEL>().0.iter_mut().zip(most) {
            pixel[channel] = code;
        }
        // The last pixel ends where its last channel does.
        output[(count - 1) * PIXEL + channel] = last[0];
    }
}

impl Kernel for Fill {
    fn check(&self) -> Result<(), BadParam> {
        field_holds!(is_element(self.element_bytes); element_bytes);
        fields_in!(self, 0..=(MAX_TOTAL / 4) as i32; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Spans::new().with(0, self.output_offset, self.count as usize * self.element_bytes as usize, Access::Write)
    }

    fn units(&self) -> usize {
        (self.count as usize).div_ceil(FILL_BLOCK)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let bytes = self.value.to_le_bytes();
        let size = self.element_bytes as usize;
        // Elements of 1, 2 and 4 bytes repeat after 16, which is one store.
        let mut pattern = [0; 16];
        for element in pattern.chunks_exact_mut(size) {
            element.copy_from_slice(&bytes[..size]);
        }
        for block in buffers.writes[0].chunks_mut(FILL_BLOCK * size).skip(units.start).take(units.len()) {
            let (stores, rest) = block.as_chunks_mut::<16>();
            for store in stores {
                isa.i8x16_store(isa.i8x16_load(&pattern), store);
            }
            rest.copy_from_slice(&pattern[..rest.len()]);
        }
    }
}

impl Kernel for Gather {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=i32::MAX; outer, axis_length, block_bytes, count);
        field_holds!(is_total(&[self.outer, self.block_bytes]); outer);
        field_holds!(is_total(&[self.outer, self.axis_length, self.block_bytes]); axis_length);
        field_holds!(is_total(&[self.outer, self.count, self.block_bytes]); count);
        field_holds!(is_total(&[self.count, 4]); count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let row = self.outer as usize * self.block_bytes as usize;
        Spans::new()
            .with(0, self.input_offset, row * self.axis_length as usize, Access::Read)
            .with(1, self.indices_offset, self.count as usize * 4, Access::Read)
            .with(2, self.output_offset, row * self.count as usize, Access::Write)
    }

    /// Outer rows.
    fn units(&self) -> usize {
        self.outer as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    /// An index outside the axis, which only a wrong graph has, gives zeros.
    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let [input, indices, ..] = buffers.reads;
        let (block, count) = (self.block_bytes as usize, self.count as usize);
        if block == 0 || count == 0 {
            return;
        }
        for row in units {
            let source = &input[row * self.axis_length as usize * block..][..self.axis_length as usize * block];
            let target = &mut buffers.writes[0][row * count * block..][..count * block];
            for (target, index) in target.chunks_exact_mut(block).zip(mem::arrays::<4>(indices)) {
                let index = i32::from_le_bytes(*index);
                let index = if index < 0 { i64::from(index) + i64::from(self.axis_length) } else { i64::from(index) };
                match usize::try_from(index).ok().and_then(|index| source.chunks_exact(block).nth(index)) {
                    Some(source) => target.copy_from_slice(source),
                    None => target.fill(0),
                }
            }
        }
    }
}
