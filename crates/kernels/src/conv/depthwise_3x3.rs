//! Depthwise 3×3 by dot products of pairs of i16: rows 0 and 1 of a column are one pair; row 2 goes with row 2 of the next column, and in the last
//! column of the kernel with nothing. Nine taps are five pairs.

use super::depthwise_columns::{Columns, Pair, Products, Sums, KERNEL};
use crate::codes::padded;
use crate::kernel::Buffers;
use crate::params::{container, Conv2d};
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Rows 0 and 1 of the three columns, row 2 of columns 0 and 1, row 2 of column 2.
const PAIRS: usize = 5;

/// The layer as `depthwise_columns` does it; `None` for another window than 3×3, or where a vector of eight channels may leave a pixel.
pub fn columns(layer: Conv2d) -> Option<Columns> {
    let is_3x3 = [layer.kernel_h, layer.kernel_w, layer.dilation_h, layer.dilation_w] == [3, 3, 1, 1] && (1..=2).contains(&layer.stride_w);
    let fits = layer.in_stride as usize >= padded(layer.in_c as usize) && Columns::is_sound(&layer);
    // Products read unsigned codes.
    let offset = if layer.in_container == container::U8 { 0 } else { 0x80 };
    (is_3x3 && fits).then(|| Columns::new(layer, offset, 0xFF))
}

/// Bytes of scratch.
pub fn scratch_bytes(columns: &Columns) -> usize {
    columns.scratch_bytes(PAIRS)
}

/// Blocks of rows.
pub fn run<I: Isa>(isa: I, columns: &Columns, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
    columns.run::<I, Words<I>>(isa, buffers, units, scratch);
}

/// The pairs of weights.
#[derive(Clone, Copy)]
struct Words<I: Isa>([[I::I16x8; 2]; PAIRS]);

impl<I: Isa> Products<I> for Words<I> {
    const PAIRS: usize = PAIRS;
    /// Rows 0 and 1; row 2 and that of the next column.
    type Column = [[I::I16x8; 2]; 2];

    fn pack(isa: I, [top, middle, bottom]: [[I::I16x8; KERNEL]; KERNEL], packed: &mut [Pair]) {
        let nothing = isa.i16x8_splat(0);
        let pairs = [[top[0], middle[0]], [top[1], middle[1]], [top[2], middle[2]], [bottom[0], bottom[1]], [bottom[2], nothing]];
        for (bytes, [a, b]) in packed.iter_mut().zip(pairs) {
            let [low, high] = pair(isa, a, b);
            isa.i16x8_store(low, &mut bytes[0]);
            isa.i16x8_store(high, &mut bytes[1]);
        }
    }

    #[inline(always)]
    fn load(isa: I, packed: &[Pair]) -> Self {
        let pairs: &[Pair; PAIRS] = packed.first_chunk().expect("packed weights");
        Self(pairs.map(|pair| pair.map(|four| isa.i16x8_load(&four))))
    }

    #[inline(always)]
    fn column(isa: I, [first, second, third]: [&[u8]; KERNEL], at: usize, pixel: usize) -> [[I::I16x8; 2]; 2] {
        let load = |line: &[u8], at: usize| isa.i16x8_load_extend_u8x8(mem::array(line, at));
        [pair(isa, load(first, at), load(second, at)), pair(isa, load(third, at), load(third, at + pixel))]
    }

    #[inline(always)]
    fn add(self, isa: I, sums: Sums<I>, [upper, lower]: [[I::I16x8; 2]; 2], index: usize) -> Sums<I> {
        let add = |sums: Sums<I>, codes: [I::I16x8; 2], weights: [I::I16x8; 2]| -> Sums<I> {
            from_fn(|half| isa.i32x4_add(sums[half], isa.i32x4_dot_i16x8_s(codes[half], weights[half])))
        };
        let sums = add(sums, upper, self.0[index]);
        match index {
            0 => add(sums, lower, self.0[3]),
            2 => add(sums, lower, self.0[4]),
            _ => sums,
        }
    }

    /// Codes were moved by +128.
    fn moved(self, isa: I) -> Sums<I> {
        let ones = isa.i16x8_splat(1);
        from_fn(|half| {
            let sums = self.0.iter().fold(isa.i32x4_splat(0), |sums, pair| isa.i32x4_add(sums, isa.i32x4_dot_i16x8_s(pair[half], ones)));
            isa.i32x4_shl(sums, 7)
        })
    }
}

/// Two taps of eight channels side by side: the low and the high four channels.
#[inline(always)]
fn pair<I: Isa>(isa: I, a: I::I16x8, b: I::I16x8) -> [I::I16x8; 2] {
    [isa.i16x8_interleave_low(a, b), isa.i16x8_interleave_high(a, b)]
}
