//! Depthwise 3×3, an input column at a time: each ends one sum, goes on with another and begins a third, eight channels of each.
//!
//! The rows under a block of the output are copied once with their padding, as the codes that the products read, so that nothing else knows of either.
//! What a column and a product are is up to [`Products`].

use super::finish::{finish, initial, Eight};
use crate::check::is_total;
use crate::codes::{padded, LANES};
use crate::kernel::Buffers;
use crate::params::Conv2d;
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Rows and columns of the kernel.
pub const KERNEL: usize = 3;
/// A block of rows of the output has up to so many pixels times its stride: with fewer, what is done once for eight channels of a block would show; the rows of the
/// input under more would leave the first-level cache.
const BLOCK_PIXELS: usize = 224;
/// Rows of a block at most.
const MOST_ROWS: usize = 16;
/// Input rows under a block at most: those of stride 2.
const MOST_LINES: usize = (MOST_ROWS - 1) * 2 + KERNEL;
/// Bytes of a load, a store and a vector of codes.
const VECTOR: usize = 16;

/// The image, by its first pixel, and the row that a line holds.
type Held = [Option<(usize, i32)>; MOST_LINES];
/// The sums of eight channels.
pub type Sums<I> = [<I as Isa>::I32x4; 2];
/// Packed weights of eight channels are so many of these; each for the low and the high four channels.
pub type Pair = [[u8; VECTOR]; 2];

/// How a column is multiplied: the weights of eight channels in registers.
pub trait Products<I: Isa>: Copy {
    /// [`Pair`]s of packed weights.
    const PAIRS: usize;
    /// Three rows of a column, eight channels of each, as the products read them.
    type Column: Copy;

    /// Packs the weights of eight channels, `[row][column]`.
    fn pack(isa: I, taps: [[I::I16x8; KERNEL]; KERNEL], packed: &mut [Pair]);
    /// Loads what [`Products::pack`] wrote.
    fn load(isa: I, packed: &[Pair]) -> Self;
    /// The column that begins with byte `at` of each line; `pixel` bytes behind it lies the next one, or anything.
    fn column(isa: I, lines: [&[u8]; KERNEL], at: usize, pixel: usize) -> Self::Column;
    /// `sums` + the products of the `index`-th column of the kernel.
    fn add(self, isa: I, sums: Sums<I>, column: Self::Column, index: usize) -> Sums<I>;
    /// What moved codes bring into the sums, to be taken away: all weights, times how far codes were moved.
    fn moved(self, isa: I) -> Sums<I>;
}

/// A layer, and how its input is copied.
#[derive(Clone, Copy)]
pub struct Columns {
    pub layer: Conv2d,
    /// What is added to a code, modulo 256.
    pub offset: u8,
    /// The bits of a code that are kept: what lies past the last channel is anything, and may be more than products read.
    pub mask: u8,
    /// Output rows of a block.
    rows: usize,
    /// Input rows under it, and lines to copy them to.
    lines: usize,
}

/// Neighbouring rows of the output of one image.
#[derive(Clone, Copy)]
struct Block {
    /// The first of them, in the image.
    y: usize,
    rows: usize,
    /// Its first pixel, counted over all images.
    pixel: usize,
    /// The first pixel of the image in the input.
    image: usize,
}

impl Columns {
    /// Whether lines and sums of a block are together below a tensor's size.
    pub fn is_sound(layer: &Conv2d) -> bool {
        is_total(&[layer.out_w.max(BLOCK_PIXELS as i32) + 1 + KERNEL as i32, 16, layer.in_stride])
    }

    /// With the codes `offset` and `mask` ask for.
    pub fn new(layer: Conv2d, offset: u8, mask: u8) -> Self {
        let rows = if layer.stride_h <= 2 { BLOCK_PIXELS / (layer.stride_h * layer.out_w) as usize } else { 1 };
        let rows = rows.clamp(1, MOST_ROWS).min(layer.out_h as usize);
        Self { layer, offset, mask, rows, lines: (rows - 1) * layer.stride_h as usize + KERNEL }
    }

    /// Blocks of an image.
    fn blocks(&self) -> usize {
        (self.layer.out_h as usize).div_ceil(self.rows)
    }

    /// Blocks of rows of the output.
    pub fn units(&self) -> usize {
        self.layer.batch as usize * self.blocks()
    }

    /// Pixels under a row of the output, and the one that [`Products::column`] may read behind them.
    fn line_pixels(&self) -> usize {
        (self.layer.out_w as usize - 1) * self.layer.stride_w as usize + KERNEL + 1
    }

    fn line_bytes(&self) -> usize {
        self.line_pixels() * self.layer.in_stride as usize
    }

    /// Bytes of scratch: the input rows under a block, the weights, and the sums of a block and eight channels.
    fn scratch(&self, pairs: usize) -> [usize; 3] {
        let groups = (self.layer.in_c as usize).div_ceil(LANES);
        [self.lines * self.line_bytes(), groups * pairs * size_of::<Pair>(), self.rows * self.layer.out_w as usize * size_of::<Eight>()]
    }

    /// Scratch for products with so many [`Products::PAIRS`].
    pub fn scratch_bytes(&self, pairs: usize) -> usize {
        self.scratch(pairs).iter().sum()
    }

    /// [`Kernel::run`](crate::Kernel::run).
    pub fn run<I: Isa, P: Products<I>>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let [line_bytes, weight_bytes, sum_bytes] = self.scratch(P::PAIRS);
        let (lines, scratch) = scratch.split_at_mut(line_bytes);
        let (weights, sums) = scratch.split_at_mut(weight_bytes);
        let (weights, sums) = (mem::panels_mut::<VECTOR, 2>(weights), mem::panels_mut::<VECTOR, 2>(&mut sums[..sum_bytes]));
        pack_weights::<I, P>(isa, buffers.reads[1], weights);
        self.fill_padding(lines);
        let mut held = [None; MOST_LINES];
        for unit in units {
            let block = self.block(unit);
            self.load_rows(isa, buffers.reads[0], block, lines, &mut held);
            if self.layer.stride_w == 1 {
                self.run_block::<I, P, 1>(isa, buffers, block, lines, weights, sums);
            } else {
                self.run_block::<I, P, 2>(isa, buffers, block, lines, weights, sums);
            }
        }
    }

    fn block(&self, unit: usize) -> Block {
        let (image, y) = (unit / self.blocks(), unit % self.blocks() * self.rows);
        let (height, width) = (self.layer.out_h as usize, self.layer.out_w as usize);
        Block { y, rows: self.rows.min(height - y), pixel: (image * height + y) * width, image: image * self.layer.in_pixels() }
    }

    /// A zero point as the products read it.
    fn outside(&self) -> u8 {
        (self.layer.in_zero_point as u8).wrapping_add(self.offset)
    }

    /// Pixels of a line before those of the input, and the input's.
    fn spread(&self) -> [usize; 2] {
        let left = (self.layer.pad_left as usize).min(self.line_pixels());
        [left, (self.layer.in_w as usize).min(self.line_pixels() - left)]
    }

    /// Fills what no row is copied to: whole lines would take longer than to copy to them.
    fn fill_padding(&self, lines: &mut [u8]) {
        let ([left, pixels], stride) = (self.spread(), self.layer.in_stride as usize);
        for line in lines.chunks_exact_mut(self.line_bytes()) {
            line[..left * stride].fill(self.outside());
            line[(left + pixels) * stride..].fill(self.outside());
        }
    }

    /// The line for an input row, which may lie in the padding: lines are taken by turns, so that what two blocks share is held from the first.
    fn line_of(&self, row: i32) -> usize {
        row.rem_euclid(self.lines as i32) as usize
    }

    /// Makes sure that the rows under `block` lie in `lines`.
    fn load_rows<I: Isa>(&self, isa: I, input: &[u8], block: Block, lines: &mut [u8], held: &mut Held) {
        let layer = &self.layer;
        let rows = layer.rows();
        let last = rows.start(block.y + block.rows - 1) + KERNEL as i32;
        for row in rows.start(block.y)..last {
            let line = self.line_of(row);
            if held[line] != Some((block.image, row)) {
                let inside = (0..layer.in_h).contains(&row).then(|| (block.image + row as usize * layer.in_w as usize) * layer.in_stride as usize);
                let line_bytes = &mut lines[line * self.line_bytes()..][..self.line_bytes()];
                self.load_row(isa, inside.map(|at| &input[at..]), line_bytes);
                held[line] = Some((block.image, row));
            }
        }
    }

    /// Copies the row that `source` begins with between the padding of `line`; without one, fills in zero points.
    fn load_row<I: Isa>(&self, isa: I, source: Option<&[u8]>, line: &mut [u8]) {
        let stride = self.layer.in_stride as usize;
        let [left, pixels] = self.spread();
        if pixels == 0 {
            return;
        }
        let target = &mut line[left * stride..][..(pixels - 1) * stride + padded(self.layer.in_c as usize)];
        let (offset, mask) = (self.offset, self.mask);
        let Some(source) = source else {
            target.fill(self.outside());
            return;
        };
        let source = &source[..target.len()];
        if (offset, mask) == (0, 0xFF) {
            target.copy_from_slice(source);
            return;
        }
        let (to, to_rest) = target.as_chunks_mut::<VECTOR>();
        let (from, from_rest) = source.as_chunks::<VECTOR>();
        let offsets = isa.i8x16_splat(offset as i8);
        let masks = isa.i32x4_splat(i32::from_le_bytes([mask; 4]));
        for (to, from) in to.iter_mut().zip(from) {
            let codes = isa.i8x16_add(isa.i8x16_load(from), offsets);
            isa.i8x16_store(isa.i8x16_from_i32x4(isa.i32x4_and(isa.i32x4_from_i8x16(codes), masks)), to);
        }
        for (to, from) in to_rest.iter_mut().zip(from_rest) {
            *to = from.wrapping_add(offset) & mask;
        }
    }

    /// A block, eight channels at a time. A function of its own: by which dot product of bytes is the same code in WebAssembly, and there but once.
    #[inline(never)]
    fn run_block<I: Isa, P: Products<I>, const STRIDE: usize>(
        &self,
        isa: I,
        buffers: &mut Buffers<'_>,
        block: Block,
        lines: &[u8],
        weights: &[Pair],
        sums: &mut [Eight],
    ) {
        let layer = &self.layer;
        let width = layer.out_w as usize;
        let (first, bytes) = (self.line_of(layer.rows().start(block.y)), self.line_bytes());
        let line = |row: usize, index: usize| {
            let line = first + row;
            let line = if line < self.lines { line } else { line - self.lines };
            &lines[line * bytes..][index * LANES..bytes]
        };
        for (index, weights) in weights.chunks_exact(P::PAIRS).enumerate() {
            let mut initial = initial(isa, layer, index, buffers.reads[2]);
            if self.offset != 0 {
                let moved = P::load(isa, weights).moved(isa);
                initial = from_fn(|half| isa.i32x4_sub(initial[half], moved[half]));
            }
            for y in 0..block.rows {
                let row = Row { lines: from_fn(|ky| line(y * layer.stride_h as usize + ky, index)), pixel: layer.in_stride as usize, weights };
                row_sums::<I, P, STRIDE>(isa, initial, row, &mut sums[y * width..][..width]);
            }
            finish(isa, layer, index, buffers, sums, block.pixel..block.pixel + block.rows * width);
        }
    }
}

/// Packs the weights `[tap][channels]`, which are i16.
fn pack_weights<I: Isa, P: Products<I>>(isa: I, packed: &[u8], weights: &mut [Pair]) {
    let bytes = weights.len() / P::PAIRS * LANES * 2;
    for (group, weights) in weights.chunks_exact_mut(P::PAIRS).enumerate() {
        let tap = |ky: usize, kx: usize| isa.i16x8_load(mem::array(packed, (ky * KERNEL + kx) * bytes + group * LANES * 2));
        P::pack(isa, from_fn(|ky| from_fn(|kx| tap(ky, kx))), weights);
    }
}

/// What a row of the output reads: three lines from the channels' first byte on, `pixel` bytes from one pixel to the next.
#[derive(Clone, Copy)]
struct Row<'a> {
    lines: [&'a [u8]; KERNEL],
    pixel: usize,
    weights: &'a [Pair],
}

/// The sums of a row and eight channels. A function of its own, so that the engine keeps weights and sums in registers.
#[inline(never)]
fn row_sums<I: Isa, P: Products<I>, const STRIDE: usize>(isa: I, initial: Sums<I>, row: Row<'_>, sums: &mut [Eight]) {
    let products = P::load(isa, row.weights);
    // One length for all: one check of a column's place is enough for three lines.
    let [first, second, third] = row.lines;
    let lines = [first, &second[..first.len()], &third[..first.len()]];
    let column = |column: usize| P::column(isa, lines, column * row.pixel, row.pixel);
    let store = |sums: Sums<I>, stored: &mut Eight| {
        isa.i32x4_store(sums[0], &mut stored[0]);
        isa.i32x4_store(sums[1], &mut stored[1]);
    };
    let mut next = products.add(isa, initial, column(0), 0);
    if STRIDE == 2 {
        for (x, stored) in sums.iter_mut().enumerate() {
            let last = column(2 * x + 2);
            store(products.add(isa, products.add(isa, next, column(2 * x + 1), 1), last, 2), stored);
            next = products.add(isa, initial, last, 0);
        }
        return;
    }
    let codes = column(1);
    let mut after = products.add(isa, initial, codes, 0);
    next = products.add(isa, next, codes, 1);
    for (x, stored) in sums.iter_mut().enumerate() {
        let codes = column(x + 2);
        store(products.add(isa, next, codes, 2), stored);
        next = products.add(isa, after, codes, 1);
        after = products.add(isa, initial, codes, 0);
    }
}
