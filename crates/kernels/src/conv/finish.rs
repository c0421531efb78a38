//! From sums to codes, eight channels of some pixels at a time. Microkernels store sums and nothing else: the first-level cache holds them until they
//! are read again here, and so no form of requantization needs registers, or a copy, of the loop that multiplies.

use super::epilogue::{with_epilogue, Epilogue};
use super::gemm_4x8::{COLUMNS, ROWS};
use super::output::Columns;
use crate::kernel::Buffers;
use crate::params::{container, form, Conv2d};
use crate::requant::{Bounded, Form, Left, Q15End, Right, Shift, Q15};
use core::ops::Range;
use simd::{mem, Isa};

/// The sums of eight channels of one pixel.
pub type Eight = [[u8; 16]; 2];

/// Runs `$body` with `$s` standing for `$shift` where it is one of those listed, and for 0 otherwise.
macro_rules! with_shift {
    ($shift:expr, $s:ident in [$($listed:literal),*] => $body:expr) => {
        match $shift {
            $( $listed => { const $s: u32 = $listed; $body } )*
            _ => { const $s: u32 = 0; $body }
        }
    };
}

/// Stores what becomes of `sums`, which started from [`initial`], of `pixels` and the channels of panel `index`.
#[inline(never)]
pub fn finish<I: Isa>(isa: I, layer: &Conv2d, index: usize, buffers: &mut Buffers<'_>, sums: &[Eight], pixels: Range<usize>) {
    let spec = layer.requantization();
    let multipliers = buffers.reads[3];
    let output = &mut *buffers.writes[0];
    let sums = &sums[..pixels.len()];
    let first = pixels.start;
    if spec.form == form::Q15 && sums.len() >= ROWS && Ready::<I>::is_whole(layer, index) {
        let ready = Ready::new(isa, layer, index, multipliers);
        let (is_narrow, is_bounded) = (layer.out_container != container::I16, layer.bias_bound().is_some());
        match (is_narrow, is_bounded) {
            (true, _) if spec.shift >= 1 => with_shift!(spec.shift, SHIFT in [1, 2, 3, 4, 5, 6, 7, 8] => {
                fours::<true, I, Right<I, SHIFT>>(isa, &ready, first, sums, output);
            }),
            (false, _) if spec.shift >= 1 => with_shift!(spec.shift, SHIFT in [3, 4, 5] => {
                fours::<false, I, Right<I, SHIFT>>(isa, &ready, first, sums, output);
            }),
            (true, true) => with_shift!(-spec.shift, LEFT in [5, 6] => fours::<true, I, Bounded<I, LEFT>>(isa, &ready, first, sums, output)),
            (false, true) => with_shift!(-spec.shift, LEFT in [5, 6] => fours::<false, I, Bounded<I, LEFT>>(isa, &ready, first, sums, output)),
            (true, false) => fours::<true, I, Left<I>>(isa, &ready, first, sums, output),
            (false, false) => fours::<false, I, Left<I>>(isa, &ready, first, sums, output),
        }
        return;
    }
    with_epilogue!(spec, form => one_by_one(isa, &Columns::new(isa, layer, &form, index, multipliers), spec.rounding(), first, sums, output));
}

/// Eight output channels, all of which are stored, and what their codes need beside a shift.
#[derive(Clone, Copy)]
pub struct Ready<I: Isa> {
    isa: I,
    shift: i32,
    end: Q15End<I>,
    multipliers: I::I16x8,
    stride: usize,
    channel: usize,
}

impl<I: Isa> Ready<I> {
    /// Whether all channels of panel `index` are stored.
    pub fn is_whole(layer: &Conv2d, index: usize) -> bool {
        layer.out_stride as usize >= (index + 1) * COLUMNS
    }

    /// Panel `index` of a layer whose form is Q15.
    pub fn new(isa: I, layer: &Conv2d, index: usize, multipliers: &[u8]) -> Self {
        // None of a panel that is only room.
        let [low, high] = mem::panels::<16, 2>(multipliers).get(index).copied().unwrap_or_default();
        Self {
            isa,
            shift: layer.shift,
            end: Q15End::new(isa, &layer.requantization()),
            multipliers: isa.i16x8_narrow_i32x4_s(isa.i32x4_load(&low), isa.i32x4_load(&high)),
            stride: layer.out_stride as usize,
            channel: index * COLUMNS,
        }
    }

    /// Stores the codes of four pixels from `pixel` on, of 8 bits (BYTES) or of 16.
    #[inline(always)]
    pub fn store<const BYTES: bool, S: Shift<I>>(&self, form: Q15<I, S>, pixel: usize, sums: [[I::I32x4; 2]; ROWS], output: &mut [u8]) {
        let (isa, at) = (self.isa, pixel * self.stride + self.channel);
        if BYTES {
            let [a, b, c, d] = sums;
            let (upper, lower) = (form.finish_bytes(isa, [a, b], self.multipliers), form.finish_bytes(isa, [c, d], self.multipliers));
            let [a, b, c, d] = mem::rows_mut::<COLUMNS, ROWS>(output, at, self.stride);
            isa.i8x16_store64_low(upper, a);
            isa.i8x16_store64_high(upper, b);
            isa.i8x16_store64_low(lower, c);
            isa.i8x16_store64_high(lower, d);
        } else {
            let rows = mem::rows_mut::<16, ROWS>(output, at * 2, self.stride * 2);
            for ([low, high], row) in sums.into_iter().zip(rows) {
                isa.i16x8_store(form.finish(isa, low, high, self.multipliers), row);
            }
        }
    }

    /// The form by a shift that suits it.
    #[inline(always)]
    pub fn form<S: Shift<I>>(&self) -> Q15<I, S> {
        Q15::of(self.isa, self.shift, self.end)
    }
}

/// The pixels from `first` on, of which there are four or more, four at a time. The last four may be among those before: they are stored again.
#[inline(never)]
fn fours<const BYTES: bool, I: Isa, S: Shift<I>>(isa: I, ready: &Ready<I>, first: usize, sums: &[Eight], output: &mut [u8]) {
    // A copy of one's own: in a loop that stores, the engine need not read it again after each store.
    let ready = *ready;
    let form = ready.form::<S>();
    let last = sums.len() - ROWS;
    for pixel in (0..sums.len()).step_by(ROWS) {
        let pixel = pixel.min(last);
        let four: &[Eight; ROWS] = sums[pixel..].first_chunk().expect("four pixels");
        let four = four.map(|eight| eight.map(|sums| isa.i32x4_load(&sums)));
        ready.store::<BYTES, S>(form, first + pixel, four, output);
    }
}

/// Any pixels, columns and forms; these want sums without the rounding of [`initial`].
#[inline(never)]
fn one_by_one<I: Isa, F: Epilogue<I>>(isa: I, columns: &Columns<'_, I, F>, rounding: i32, first: usize, sums: &[Eight], output: &mut [u8]) {
    let form = columns.form();
    let columns = columns.with(&form);
    let rounding = isa.i32x4_splat(rounding);
    for (pixel, eight) in (first..).zip(sums) {
        columns.store(pixel, eight.map(|sums| isa.i32x4_sub(isa.i32x4_load(&sums), rounding)), output);
    }
}

/// What the sums of panel `index` start from: the bias, no larger than it matters, and the rounding where the form wants it.
#[inline(never)]
pub fn initial<I: Isa>(isa: I, layer: &Conv2d, index: usize, bias: &[u8]) -> [I::I32x4; 2] {
    let rounding = isa.i32x4_splat(layer.requantization().rounding());
    let bound = layer.bias_bound().unwrap_or(i32::MAX);
    let (least, most) = (isa.i32x4_splat(-bound), isa.i32x4_splat(bound));
    let bounded = |four: [u8; 16]| isa.i32x4_min_s(isa.i32x4_max_s(isa.i32x4_load(&four), least), most);
    mem::panels::<16, 2>(bias).get(index).map_or([rounding; 2], |bias| bias.map(|four| isa.i32x4_add(bounded(four), rounding)))
}
