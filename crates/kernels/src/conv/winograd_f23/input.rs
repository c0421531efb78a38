//! Bᵀ·d·B: the 4×4 codes under a tile into its 16 positions, sixteen channels at a time.

use super::block::{Block, Corner};
use super::products::Products;
use super::{Vector, CHANNELS, POSITIONS};
use crate::conv::gemm_4x8::ROWS;
use crate::params::Conv2d;
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

impl<I: Isa, D: Products> Block<'_, I, D> {
    /// Writes V of every tile, moved as the products want it; up to a whole group of tiles the last one is repeated, so that no sum is made of what memory held before.
    pub fn transform_codes(&self, input: &[u8], outside: &[Vector], codes: &mut [u8]) {
        let (chunks, out_w) = (self.layer.in_c as usize / CHANNELS, self.layer.out_w as usize);
        let vectors = chunks * D::VECTORS;
        let codes = mem::arrays_mut::<CHANNELS>(codes);
        let mut done = 0;
        for (i, corner) in self.corners().enumerate() {
            if i == done {
                done = self.count.min(i + (out_w - corner.x).div_ceil(2));
                let rows = self.rows_under(corner, input, outside);
                (0..chunks).for_each(|chunk| self.transform_run(rows, corner.x, chunk, i..done, codes));
            }
        }
        let position_vectors = codes.len() / POSITIONS;
        for position in codes.chunks_exact_mut(position_vectors) {
            let (tiles, padding) = position.split_at_mut(self.count * vectors);
            let last = &tiles[tiles.len() - vectors..];
            padding[..(self.count.next_multiple_of(ROWS) - self.count) * vectors]
                .chunks_exact_mut(vectors)
                .for_each(|tile| tile.copy_from_slice(last));
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

    /// Sixteen channels of a run of neighbouring tiles: of the four columns under one, the next has two.
    #[inline(never)]
    fn transform_run(&self, rows: [&[Vector]; 4], x: usize, chunk: usize, tiles: Range<usize>, codes: &mut [Vector]) {
        let isa = self.isa;
        let Conv2d { in_w, in_c, in_stride, pad_left, in_zero_point, .. } = *self.layer;
        let (vectors, step) = (in_c as usize / CHANNELS * D::VECTORS, in_stride as usize / CHANNELS);
        // One length for all rows and one for all positions, checked once.
        let row_vectors = rows[0].len();
        let rows = rows.map(|row| &row[..row_vectors]);
        let length = codes.len() / POSITIONS;
        let mut positions = codes.chunks_exact_mut(length);
        let mut positions: [&mut [Vector]; POSITIONS] = from_fn(|_| &mut positions.next().unwrap_or_default()[..length]);
        let (offset, padding) = (isa.i8x16_splat(D::OFFSET), transform(isa, [isa.i8x16_splat(in_zero_point as i8); 4]));
        // Columns left of the image wrap beyond it.
        let mut at_column = x.wrapping_sub(pad_left as usize);
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
        let mut left = [column(), column()];
        for i in tiles {
            let right = [column(), column()];
            let at = i * vectors + chunk * D::VECTORS;
            if at + D::VECTORS > length {
                return;
            }
            for row in 0..4 {
                let v = transform(isa, [left[0][row], left[1][row], right[0][row], right[1][row]]);
                for (position, v) in positions[row * 4..][..4].iter_mut().zip(v) {
                    D::store(isa, isa.i8x16_add(v, offset), &mut position[at..at + D::VECTORS]);
                }
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
