//! Eight output channels: where their codes or sums go.

use super::epilogue::{Epilogue, Requantized};
use super::gemm_4x8::COLUMNS;
use crate::params::Conv2d;
use crate::requant::Form;
use simd::{mem, Isa};

/// A panel of the output, and the requantization of its channels made ready.
#[derive(Clone, Copy)]
pub struct Columns<'a, I: Isa, F: Epilogue<I>> {
    isa: I,
    layer: &'a Conv2d,
    form: &'a F,
    multipliers: F::Multipliers,
    channel: usize,
    stored: usize,
}

impl<'a, I: Isa, F: Epilogue<I>> Columns<'a, I, F> {
    /// The panel number `index`.
    pub fn new(isa: I, layer: &'a Conv2d, form: &'a F, index: usize, multipliers: &[u8]) -> Self {
        let four = |i: usize| mem::arrays::<16>(multipliers).get(2 * index + i).map_or(isa.i32x4_splat(0), |four| isa.i32x4_load(four));
        let channel = index * COLUMNS;
        Self {
            isa,
            layer,
            form,
            multipliers: form.multipliers(isa, four(0), four(1)),
            channel,
            stored: COLUMNS.min(layer.out_stride as usize - channel),
        }
    }

    /// The form, which [`Columns::with`] takes back once it is a copy of one's own.
    #[inline(always)]
    pub fn form(&self) -> F {
        *self.form
    }

    /// The same columns with the form in the caller's own frame: in a loop that stores, the engine need not read it again after each store.
    #[inline(always)]
    pub fn with<'b>(&self, form: &'b F) -> Columns<'b, I, F>
    where
        'a: 'b,
    {
        Columns { form, ..*self }
    }

    /// Whether all eight channels are stored.
    #[inline(always)]
    pub fn is_whole(&self) -> bool {
        self.stored == COLUMNS
    }

    /// Stores what becomes of the sums of one pixel, `initial` included.
    #[inline(always)]
    pub fn store(&self, pixel: usize, sums: [I::I32x4; 2], output: &mut [u8]) {
        let at = pixel * self.layer.out_stride as usize + self.channel;
        self.form.store(self.isa, self.layer.out_container, sums, self.multipliers, self.stored, output, at);
    }
}

impl<I: Isa, F: Form<I>> Columns<'_, I, Requantized<F>> {
    /// [`Columns::store`] of four pixels in a row as bytes, where the columns are whole.
    #[inline(always)]
    pub fn store_four(&self, pixel: usize, [a, b, c, d]: [[I::I32x4; 2]; 4], output: &mut [u8]) {
        let stride = self.layer.out_stride as usize;
        let codes = |pair| self.form.0.finish_bytes(self.isa, pair, self.multipliers);
        let (upper, lower) = (codes([a, b]), codes([c, d]));
        let [a, b, c, d] = mem::rows_mut::<COLUMNS, 4>(output, pixel * stride + self.channel, stride);
        self.isa.i8x16_store64_low(upper, a);
        self.isa.i8x16_store64_high(upper, b);
        self.isa.i8x16_store64_low(lower, c);
        self.isa.i8x16_store64_high(lower, d);
    }

    /// The same as i16.
    #[inline(always)]
    pub fn store_four_words(&self, pixel: usize, sums: [[I::I32x4; 2]; 4], output: &mut [u8]) {
        let stride = self.layer.out_stride as usize;
        let rows = mem::rows_mut::<16, 4>(output, (pixel * stride + self.channel) * 2, stride * 2);
        for ([low, high], row) in sums.into_iter().zip(rows) {
            self.isa.i16x8_store(self.form.0.finish(self.isa, low, high, self.multipliers), row);
        }
    }
}
