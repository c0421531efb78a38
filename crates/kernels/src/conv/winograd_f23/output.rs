//! Aᵀ·M·A, the exact division and the requantization: sixteen output channels of every tile of a block.

use super::block::{Block, Corner};
use super::products::Products;
use super::TileSums;
use crate::codes::{store_first, store_sixteen, LANES};
use crate::conv::epilogue::{self, Epilogue};
use crate::requant::Form;
use core::array::from_fn;
use simd::Isa;

/// What becomes of the sums of sixteen channels.
pub trait Tail<I: Isa>: Copy {
    /// Eight channels of a pixel.
    type Eight: Copy;

    /// Of four times the sums.
    fn finish(&self, isa: I, half: usize, sums: [I::I32x4; 2]) -> Self::Eight;
    /// Stores sixteen channels of a pixel.
    fn store(&self, isa: I, pixel: usize, eights: [Self::Eight; 2], output: &mut [u8]);
}

/// Codes by a form of requantization that divides by 4.
#[derive(Clone, Copy)]
pub struct Codes<I: Isa, F: Form<I>> {
    /// The form.
    pub form: F,
    /// Of both halves.
    pub multipliers: [F::Multipliers; 2],
    /// Container of the output.
    pub container: i32,
    /// Where pixels lie.
    pub place: Place,
}

/// A form after a division by 4.
#[derive(Clone, Copy)]
pub struct Quartered<F>(pub F);

/// The sums themselves.
#[derive(Clone, Copy)]
pub struct Sums {
    /// I32, or I16 if they fit.
    pub container: i32,
    /// Where pixels lie.
    pub place: Place,
}

/// Elements of the output: where a pixel begins and how much of it is stored.
#[derive(Clone, Copy)]
pub struct Place {
    /// Of the first channel of pixel 0.
    pub first: usize,
    /// Between pixels.
    pub stride: usize,
    /// Channels of each half.
    pub stored: [usize; 2],
}

impl<I: Isa, F: Form<I>> Form<I> for Quartered<F> {
    type Multipliers = F::Multipliers;

    #[inline(always)]
    fn preload(self, isa: I, bias: I::I32x4) -> I::I32x4 {
        self.0.preload(isa, bias)
    }

    #[inline(always)]
    fn multipliers(self, isa: I, low: I::I32x4, high: I::I32x4) -> F::Multipliers {
        self.0.multipliers(isa, low, high)
    }

    #[inline(always)]
    fn finish(self, isa: I, low: I::I32x4, high: I::I32x4, b: F::Multipliers) -> I::I16x8 {
        self.0.finish(isa, isa.i32x4_shr_s(low, 2), isa.i32x4_shr_s(high, 2), b)
    }
}

impl<I: Isa, F: Form<I>> Tail<I> for Codes<I, F> {
    type Eight = I::I16x8;

    #[inline(always)]
    fn finish(&self, isa: I, half: usize, [low, high]: [I::I32x4; 2]) -> I::I16x8 {
        self.form.finish(isa, low, high, self.multipliers[half])
    }

    #[inline(always)]
    fn store(&self, isa: I, pixel: usize, eights: [I::I16x8; 2], output: &mut [u8]) {
        let at = self.place.first + pixel * self.place.stride;
        if self.place.stored[1] == LANES {
            store_sixteen(isa, self.container, eights, output, at);
        } else {
            store_some(isa, self.container, self.place.stored, eights, output, at);
        }
    }
}

/// Fewer than sixteen channels. One function for the four pixels of a tile: it is large, and few layers need it.
#[inline(never)]
fn store_some<I: Isa>(isa: I, container: i32, [first, second]: [usize; 2], eights: [I::I16x8; 2], output: &mut [u8], at: usize) {
    store_first(isa, container, eights[0], first, output, at);
    if second > 0 {
        store_first(isa, container, eights[1], second, output, at + LANES);
    }
}

impl<I: Isa> Tail<I> for Sums {
    type Eight = [I::I32x4; 2];

    #[inline(always)]
    fn finish(&self, isa: I, _half: usize, sums: [I::I32x4; 2]) -> [I::I32x4; 2] {
        sums.map(|sum| isa.i32x4_shr_s(sum, 2))
    }

    #[inline(always)]
    fn store(&self, isa: I, pixel: usize, eights: [[I::I32x4; 2]; 2], output: &mut [u8]) {
        let at = self.place.first + pixel * self.place.stride;
        let [first, second] = self.place.stored;
        epilogue::Sums.store(isa, self.container, eights[0], (), first, output, at);
        if second > 0 {
            epilogue::Sums.store(isa, self.container, eights[1], (), second, output, at + LANES);
        }
    }
}

impl<I: Isa, D: Products> Block<'_, I, D> {
    /// The inverse transform of every tile, and what the tail makes of it.
    #[inline(never)]
    pub fn store<T: Tail<I>>(&self, tail: &T, sums: &[TileSums], output: &mut [u8]) {
        let (isa, tail) = (self.isa, *tail);
        let (out_h, out_w) = (self.layer.out_h as usize, self.layer.out_w as usize);
        for (Corner { y, x, image }, sums) in self.corners().zip(sums) {
            let halves = [0, 1].map(|half| {
                let [low, high] =
                    [0, 1].map(|four| inverse(isa, from_fn(|row| from_fn(|column| isa.i32x4_load(&sums[row * 4 + column][half][four])))));
                from_fn(|pixel| tail.finish(isa, half, [low[pixel], high[pixel]]))
            });
            let [first, second]: [[T::Eight; 4]; 2] = halves;
            let at = (image * out_h + y) * out_w + x;
            let (is_wide, is_high) = (x + 1 < out_w, y + 1 < out_h);
            tail.store(isa, at, [first[0], second[0]], output);
            if is_wide {
                tail.store(isa, at + 1, [first[1], second[1]], output);
            }
            if is_high {
                tail.store(isa, at + out_w, [first[2], second[2]], output);
            }
            if is_wide && is_high {
                tail.store(isa, at + out_w + 1, [first[3], second[3]], output);
            }
        }
    }
}

/// Aᵀ M A, Aᵀ = [1, 1, 1, 0], [0, 1, −1, −1]: the four pixels of a tile.
#[inline(always)]
fn inverse<I: Isa>(isa: I, m: [[I::I32x4; 4]; 4]) -> [I::I32x4; 4] {
    let pair = |[a, b, c, d]: [I::I32x4; 4]| [isa.i32x4_add(isa.i32x4_add(a, b), c), isa.i32x4_sub(isa.i32x4_sub(b, c), d)];
    let columns: [[I::I32x4; 2]; 4] = from_fn(|column| pair(m.map(|row| row[column])));
    let [above, below] = [0, 1].map(|row| pair(columns.map(|column| column[row])));
    [above[0], above[1], below[0], below[1]]
}
