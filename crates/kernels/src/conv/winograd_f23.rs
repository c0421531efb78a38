//! [`WinogradF23`]: exact integer Winograd F(2,3), 2×2 outputs from 4×4 codes with 16 products instead of 36.
//!
//! With G doubled everything is an integer, and the result is 4 times the sum: an exact division at the end, right while the product fits (on
//! the way sums may wrap). Codes 0..15 become V in −30..60 (codes −7..7 of gradients: −28..28), stored as V + 32 for the relaxed dot; weights −8..7 become U in
//! −72..72, an i8. The weights carry −32·ΣU for each position: what the accumulators start from.

mod multiply;

use self::multiply::multiply;
use super::epilogue::{with_epilogue, Epilogue};
use super::gemm_4x8::{PanelStep, COLUMNS, ROWS};
use super::layer::Layer;
use super::output::Columns;
use crate::check::{element_bytes, field_holds, fields_in};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::packed_channels;
use crate::params::{container, Conv2d, WinogradF23};
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Products of one tile: 4×4 positions.
pub const POSITIONS: usize = 16;
/// Channels that one vector of codes holds.
pub const CHANNELS: usize = 16;
/// The codes of [`CHANNELS`] channels.
type Vector = [u8; CHANNELS];
/// What makes V a second operand of the relaxed dot.
pub const OFFSET: i8 = 32;
/// Tiles of one unit of work: enough to make the panels of weights cheap to read.
const MOST_TILES: usize = 32;
/// Transformed codes of one block stay below this, so that they live in the second-level cache.
const BLOCK_BYTES: usize = 256 * 1024;

/// Steps that a panel takes per position: what the accumulators start from, then 4 channels each.
pub fn steps_per_position(in_c: usize) -> usize {
    1 + in_c.div_ceil(4)
}

/// Bytes of the panels `[out_c/8][16 positions][1 + in_c/4]` of 32 bytes.
pub fn panel_bytes(in_c: usize, out_c: usize) -> usize {
    packed_channels(out_c) / COLUMNS * POSITIONS * steps_per_position(in_c) * size_of::<PanelStep>()
}

impl WinogradF23 {
    /// Tiles of 2×2 outputs along each axis.
    fn image_tiles(&self) -> (usize, usize) {
        ((self.out_h as usize).div_ceil(2), (self.out_w as usize).div_ceil(2))
    }

    /// Tiles of all images: a block may hold those of several small ones.
    fn tiles(&self) -> usize {
        let (rows, columns) = self.image_tiles();
        self.batch as usize * rows * columns
    }

    /// Tiles of one unit of work, whole groups of [`ROWS`].
    fn block_tiles(&self) -> usize {
        (BLOCK_BYTES / (POSITIONS * self.in_c as usize)).clamp(1, MOST_TILES).min(self.tiles()).next_multiple_of(ROWS)
    }

    /// Bytes from the first channel of a row of codes to the last one of its last pixel.
    fn row_bytes(&self) -> usize {
        (self.in_w as usize - 1) * self.in_stride as usize + self.in_c as usize
    }

    /// Bytes of the transformed codes of a block, `[position][tile][in_c]`.
    fn codes_bytes(&self) -> usize {
        POSITIONS * self.block_tiles() * self.in_c as usize
    }
}

impl Kernel for WinogradF23 {
    fn check(&self) -> Result<(), BadParam> {
        self.layer().check_layer()?;
        fields_in!(self, 1..=1; groups, stride_h, stride_w, dilation_h, dilation_w);
        fields_in!(self, 3..=3; kernel_h, kernel_w);
        // Codes are all in 0..15, or those of gradients, all in −7..7.
        fields_in!(self, if self.in_container == container::I8 { -7..=15 } else { 0..=15 }; in_zero_point);
        field_holds!((self.in_c as usize).is_multiple_of(CHANNELS); in_c);
        field_holds!((self.in_stride as usize).is_multiple_of(CHANNELS); in_stride);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let layer = self.layer();
        let channels = packed_channels(layer.out_c as usize);
        Spans::new()
            .with(0, layer.input_offset, layer.input_bytes(layer.in_c as usize), Access::Read)
            .with(1, layer.weights_offset, panel_bytes(layer.in_c as usize, layer.out_c as usize), Access::Read)
            .with(2, layer.bias_offset, channels * 4, Access::Read)
            .with(3, layer.multiplier_offset, layer.multiplier_bytes(channels), Access::Read)
            .with(4, layer.output_offset, layer.output_elements(channels) * element_bytes(layer.out_container), Access::Write)
    }

    fn units(&self) -> usize {
        self.tiles().div_ceil(self.block_tiles())
    }

    fn scratch_bytes(&self) -> usize {
        self.row_bytes() + self.codes_bytes() + POSITIONS * self.block_tiles() * size_of::<PanelStep>()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let layer = self.layer();
        with_epilogue!(isa, layer.requantization(), form => run(isa, self, form, buffers, units, scratch));
    }
}

/// The tiles of one unit of work.
struct Block<'a, I: Isa> {
    isa: I,
    layer: &'a Conv2d,
    /// Number of the first tile.
    first: usize,
    /// Tiles of this block.
    count: usize,
    /// Tiles that its buffers hold.
    room: usize,
}

fn run<I: Isa, F: Epilogue<I>>(isa: I, kernel: &WinogradF23, form: F, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
    let layer = &kernel.layer();
    let room = kernel.block_tiles();
    let (outside, scratch) = scratch.split_at_mut(kernel.row_bytes());
    outside.fill(layer.in_zero_point as u8);
    let outside = mem::arrays::<CHANNELS>(outside);
    let (codes, sums) = scratch.split_at_mut(kernel.codes_bytes());
    let sums = &mut mem::panels_mut::<16, 2>(sums)[..POSITIONS * room];
    let [input, weights, bias, multipliers, ..] = buffers.reads;
    let steps = steps_per_position(layer.in_c as usize);
    for unit in units {
        let first = unit * room;
        let block = Block { isa, layer, first, count: room.min(kernel.tiles() - first), room };
        block.transform_codes(input, outside, codes);
        for (index, panel) in mem::panels::<16, 2>(weights).chunks_exact(POSITIONS * steps).enumerate() {
            let operands = codes.chunks_exact(room * layer.in_c as usize).zip(panel.chunks_exact(steps));
            for ((codes, panel), sums) in operands.zip(sums.chunks_exact_mut(room)) {
                multiply(isa, layer.in_c as usize, codes, panel, &mut sums[..block.count.next_multiple_of(ROWS)]);
            }
            block.store(&Columns::new(isa, layer, &form, index, bias, multipliers), sums, &mut *buffers.writes[0]);
        }
    }
}

/// Where a tile lies: row and column of its first output pixel, and its image.
#[derive(Clone, Copy)]
struct Corner {
    y: usize,
    x: usize,
    image: usize,
}

impl<I: Isa> Block<'_, I> {
    /// The corners of the tiles, in order. Divisions would take as long as half of a tile.
    fn corners(&self) -> impl Iterator<Item = Corner> {
        let (out_h, out_w) = (self.layer.out_h as usize, self.layer.out_w as usize);
        let (rows, columns) = (out_h.div_ceil(2), out_w.div_ceil(2));
        let (row, column) = (self.first / columns, self.first % columns);
        let first = Corner { y: row % rows * 2, x: column * 2, image: row / rows };
        let following = move |&Corner { y, x, image }: &Corner| {
            Some(match (x + 2 < out_w, y + 2 < out_h) {
                (true, _) => Corner { y, x: x + 2, image },
                (_, true) => Corner { y: y + 2, x: 0, image },
                _ => Corner { y: 0, x: 0, image: image + 1 },
            })
        };
        core::iter::successors(Some(first), following).take(self.count)
    }

    /// Writes V + 32 of every tile; up to a whole group of tiles the last one is repeated, so that no sum is made of what memory held before.
    fn transform_codes(&self, input: &[u8], outside: &[Vector], codes: &mut [u8]) {
        let (vectors, out_w) = (self.layer.in_c as usize / CHANNELS, self.layer.out_w as usize);
        let positions = self.room * vectors;
        let codes = &mut mem::arrays_mut::<CHANNELS>(codes)[..POSITIONS * positions];
        let mut done = 0;
        for (i, corner) in self.corners().enumerate() {
            if i == done {
                done = self.count.min(i + (out_w - corner.x).div_ceil(2));
                let rows = self.rows_under(corner, input, outside);
                (0..vectors).for_each(|chunk| self.transform_run(rows, corner.x, chunk, i..done, codes));
            }
        }
        for position in codes.chunks_exact_mut(positions) {
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
        let (vectors, step) = (in_c as usize / CHANNELS, in_stride as usize / CHANNELS);
        // One length for all rows and one for all positions, checked once.
        let row_vectors = rows[0].len();
        let rows = rows.map(|row| &row[..row_vectors]);
        let length = codes.len() / POSITIONS;
        let mut positions = codes.chunks_exact_mut(length);
        let mut positions: [&mut [Vector]; POSITIONS] = from_fn(|_| &mut positions.next().unwrap_or_default()[..length]);
        let (offset, padding) = (isa.i8x16_splat(OFFSET), transform(isa, [isa.i8x16_splat(in_zero_point as i8); 4]));
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
            let at = i * vectors + chunk;
            if at >= length {
                return;
            }
            for row in 0..4 {
                let v = transform(isa, [left[0][row], left[1][row], right[0][row], right[1][row]]);
                for (position, v) in positions[row * 4..][..4].iter_mut().zip(v) {
                    isa.i8x16_store(isa.i8x16_add(v, offset), &mut position[at]);
                }
            }
            left = right;
        }
    }

    /// The inverse transform of every tile, and what the epilogue makes of it.
    #[inline(never)]
    fn store<F: Epilogue<I>>(&self, columns: &Columns<'_, I, F>, sums: &[PanelStep], output: &mut [u8]) {
        let (out_h, out_w) = (self.layer.out_h as usize, self.layer.out_w as usize);
        let positions: [&[PanelStep]; POSITIONS] = from_fn(|position| &sums[position * self.room..][..self.count]);
        for (i, Corner { y, x, image }) in (0..self.count).zip(self.corners()) {
            let [low, high] = [0, 1].map(|half| {
                let at = |position: usize| self.isa.i32x4_load(&positions[position][i][half]);
                self.inverse(from_fn(|row| from_fn(|column| at(row * 4 + column))), columns.initial[half])
            });
            let first = (image * out_h + y) * out_w + x;
            for (row, (low, high)) in low.into_iter().zip(high).enumerate() {
                for (column, (low, high)) in low.into_iter().zip(high).enumerate() {
                    if y + row < out_h && x + column < out_w {
                        columns.store(first + row * out_w + column, [low, high], output);
                    }
                }
            }
        }
    }

    /// Aᵀ M A / 4 + initial, Aᵀ = [1, 1, 1, 0], [0, 1, −1, −1].
    #[inline(always)]
    fn inverse(&self, m: [[I::I32x4; 4]; 4], initial: I::I32x4) -> [[I::I32x4; 2]; 2] {
        let isa = self.isa;
        let pair = |[a, b, c, d]: [I::I32x4; 4]| [isa.i32x4_add(isa.i32x4_add(a, b), c), isa.i32x4_sub(isa.i32x4_sub(b, c), d)];
        let columns: [[I::I32x4; 2]; 4] = from_fn(|column| pair(m.map(|row| row[column])));
        from_fn(|row| pair(columns.map(|column| column[row])).map(|sum| isa.i32x4_add(isa.i32x4_shr_s(sum, 2), initial)))
    }
}

/// Bᵀ on one axis, Bᵀ = [1, 0, −1, 0], [0, 1, 1, 0], [0, −1, 1, 0], [0, 1, 0, −1].
#[inline(always)]
fn transform<I: Isa>(isa: I, [a, b, c, d]: [I::I8x16; 4]) -> [I::I8x16; 4] {
    [isa.i8x16_sub(a, c), isa.i8x16_add(b, c), isa.i8x16_sub(c, b), isa.i8x16_sub(b, d)]
}
