//! Eight output channels: where their codes or sums go.

use super::epilogue::Epilogue;
use super::gemm_4x8::COLUMNS;
use crate::params::Conv2d;
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

    /// Stores what becomes of the sums of one pixel, `initial` included.
    #[inline(always)]
    pub fn store(&self, pixel: usize, sums: [I::I32x4; 2], output: &mut [u8]) {
        let at = pixel * self.layer.out_stride as usize + self.channel;
        self.form.store(self.isa, self.layer.out_container, sums, self.multipliers, self.stored, output, at);
    }
}
