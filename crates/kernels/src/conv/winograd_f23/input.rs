//! Bᵀ·d·B: the 4×4 codes under a tile into its 16 positions, sixteen channels at a time.

use super::block::Block;
use super::grid::{class, Corner, PerClass};
use super::products::Products;
use super::{Vector, CHANNELS, POSITIONS};
use crate::conv::gemm_4x8::ROWS;
use crate::params::Conv2d;
use core::array::from_fn;
use core::hint::black_box;
use simd::{mem, Isa};

impl<D: Products> Block<'_, D> {
    /// Writes V of every tile, moved as the products want it, at the positions that it has; after the last one come zeros.
    pub fn transform_codes<I: Isa>(&self, isa: I, input: &[u8], outside: &[Vector], codes: &mut [u8]) {
        let chunks = self.layer.in_c as usize / CHANNELS;
        let codes = mem::arrays_mut::<CHANNELS>(codes);
        let mut first = self.tiles.start;
        while first < self.tiles.end {
            let corner = self.grid.corner(first);
            let run = first..self.tiles.end.min(first + self.grid.columns - corner.x / 2);
            let rows = self.rows_under(corner, input, outside);
            let slots = self.grid.count(self.tiles.start..first);
            (0..chunks).for_each(|chunk| self.transform_run(isa, rows, corner, chunk, run.len(), slots, codes));
            first = run.end;
        }
        // Tiles go in groups: no sum is made of what memory held before.
        let (ends, length) = (self.grid.count(self.tiles.clone()), codes.len() / POSITIONS);
        for (position, codes) in codes.chunks_exact_mut(length).enumerate() {
            codes[ends[class(position)] * chunks * D::VECTORS..][..(ROWS - 1) * chunks * D::VECTORS].as_flattened_mut().fill(0);
        }
    }

    /// The four rows of codes under a tile, `outside` in the padding.
    fn rows_under<'b>(&self, corner: Corner, input: &'b [u8], outside: &'b [Vector]) -> [&'b [Vector]; 4] {
        let (in_h, line) = (self.layer.in_h as usize, self.layer.in_w as usize * self.layer.in_stride as usize);
        from_fn(|i| {
            // Rows above the image wrap beyond it.
            let y = (corner.y + i).wrapping_sub(self.layer.pad_top as usize);
            if y < in_h {
                &mem::arrays::<CHANNELS>(&input[(corner.image * in_h + y) * line..])[..outside.len()]
            } else {
                outside
            }
        })
    }

    /// Sixteen channels of a run of neighbouring tiles, whose places in each class are from `slots` on: of the four columns under one, the next has two.
    #[inline(never)]
    #[allow(clippy::too_many_arguments, reason = "one call, in the function above")]
    fn transform_run<I: Isa>(&self, isa: I, rows: [&[Vector]; 4], corner: Corner, chunk: usize, tiles: usize, slots: PerClass, codes: &mut [Vector]) {
        let Conv2d { in_w, in_c, in_stride, pad_left, in_zero_point, .. } = *self.layer;
        let (vectors, step) = (in_c as usize / CHANNELS * D::VECTORS, in_stride as usize / CHANNELS);
        // One length for all rows and one for all positions, checked once.
        let row_vectors = rows[0].len();
        let rows = rows.map(|row| &row[..row_vectors]);
        let length = codes.len() / POSITIONS;
        let mut positions = codes.chunks_exact_mut(length);
        let mut positions: [&mut [Vector]; POSITIONS] = from_fn(|_| &mut positions.next().unwrap_or_default()[..length]);
        // V8 would make a constant that it knows anew at each of 16 stores.
        let (offset, padding) = (black_box(isa.i8x16_splat(D::OFFSET)), transform(isa, [isa.i8x16_splat(in_zero_point as i8); 4]));
        // Columns left of the image wrap beyond it.
        let mut at_column = corner.x.wrapping_sub(pad_left as usize);
        let mut column = || {
            let at = at_column.wrapping_mul(step).wrapping_add(chunk);
            let is_inside = at_column < in_w as usize && at < row_vectors;
            at_column = at_column.wrapping_add(1);
            if is_inside {
                transform(isa, rows.map(|row| isa.i8x16_load(&row[at])))
            } else {
                padding
            }
        };
        let write = |positions: &mut [&mut [Vector]], at: PerClass, v: [I::I8x16; 4]| {
            for ((position, at), v) in positions.iter_mut().zip(at).zip(v) {
                D::store(isa, isa.i8x16_add(v, offset), &mut position[at..at + D::VECTORS]);
            }
        };
        let is_high = self.grid.is_whole(corner)[1];
        let mut left = [column(), column()];
        for i in 0..tiles {
            let right = [column(), column()];
            let [at, wide_at, high_at, both_at] = slots.map(|slot| (slot + i) * vectors + chunk * D::VECTORS);
            // The first class has all tiles, and so the last place.
            if at + D::VECTORS > length {
                return;
            }
            for row in 0..3 {
                // Where a tile has no last column, the next one takes that place.
                let v = transform(isa, [left[0][row], left[1][row], right[0][row], right[1][row]]);
                write(&mut positions[row * 4..][..4], [at, at, at, wide_at.min(at)], v);
            }
            if is_high {
                let v = transform(isa, [left[0][3], left[1][3], right[0][3], right[1][3]]);
                write(&mut positions[12..], [high_at.min(at), high_at.min(at), high_at.min(at), both_at.min(at)], v);
            }
            left = right;
        }
    }
}

/// Bᵀ on one axis, Bᵀ = [1, 0, −1, 0], [0, 1, 1, 0], [0, −1, 1, 0], [0, 1, 0, −1].
#[inline(always)]
fn transform<I: Isa>(isa: I, [a, b, c, d]: [I::I8x16; 4]) -> [I::I8x16; 4] {
    [isa.i8x16_sub(a, c), isa.i8x16_add(b, c), isa.i8x16_sub(c, b), isa.i8x16_sub(b, d)]
}
