//! From sums to codes, eight channels of some pixels at a time. Microkernels store sums and nothing else: the first-level cache holds them until they
//! are read again here, and so no form of requantization needs registers, or a copy, of the loop that multiplies.

use super::epilogue::{with_epilogue, Epilogue, Requantized};
use super::gemm_4x8::ROWS;
use super::output::Columns;
use crate::kernel::Buffers;
use crate::params::{container, form, Conv2d};
use crate::requant::{Form, Q15Bounded, Q15Left, Q15Right};
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
    let is_narrow = layer.out_container != container::I16;
    let sums = &sums[..pixels.len()];
    let first = pixels.start;
    let panel = Panel { isa, layer, index, multipliers };
    let done = match spec.form {
        form::Q15 if spec.shift >= 1 && is_narrow => with_shift!(spec.shift, SHIFT in [1, 2, 3, 4, 5, 6, 7, 8] => {
            panel.fours::<true, _>(Q15Right::<I, SHIFT>::new(isa, &spec), first, sums, output)
        }),
        form::Q15 if spec.shift >= 1 => with_shift!(spec.shift, SHIFT in [3, 4, 5] => {
            panel.fours::<false, _>(Q15Right::<I, SHIFT>::new(isa, &spec), first, sums, output)
        }),
        form::Q15 if layer.bias_bound().is_some() && is_narrow => panel.fours::<true, _>(Q15Bounded::new(isa, &spec), first, sums, output),
        form::Q15 if layer.bias_bound().is_some() => panel.fours::<false, _>(Q15Bounded::new(isa, &spec), first, sums, output),
        form::Q15 if is_narrow => panel.fours::<true, _>(Q15Left::new(isa, &spec), first, sums, output),
        form::Q15 => panel.fours::<false, _>(Q15Left::new(isa, &spec), first, sums, output),
        _ => false,
    };
    if !done {
        with_epilogue!(spec, form => one_by_one(isa, &Columns::new(isa, layer, &form, index, multipliers), spec.rounding(), first, sums, output));
    }
}

/// Eight channels of a layer.
#[derive(Clone, Copy)]
struct Panel<'a, I: Isa> {
    isa: I,
    layer: &'a Conv2d,
    index: usize,
    multipliers: &'a [u8],
}

impl<I: Isa> Panel<'_, I> {
    /// [`fours`] by `form`.
    #[inline(always)]
    fn fours<const BYTES: bool, F: Form<I>>(&self, form: F, first: usize, sums: &[Eight], output: &mut [u8]) -> bool {
        let form = Requantized(form);
        fours::<BYTES, _, _>(self.isa, &Columns::new(self.isa, self.layer, &form, self.index, self.multipliers), first, sums, output)
    }
}

/// The pixels from `first` on, four at a time, as codes of 8 bits (BYTES) or of 16; `false`, and nothing, where fewer than eight channels or four pixels are stored.
/// The last four may be among those before: they are stored again.
#[inline(never)]
fn fours<const BYTES: bool, I: Isa, F: Form<I>>(
    isa: I,
    columns: &Columns<'_, I, Requantized<F>>,
    first: usize,
    sums: &[Eight],
    output: &mut [u8],
) -> bool {
    if !columns.is_whole() || sums.len() < ROWS {
        return false;
    }
    let form = columns.form();
    let columns = columns.with(&form);
    let last = sums.len() - ROWS;
    for pixel in (0..sums.len()).step_by(ROWS) {
        let pixel = pixel.min(last);
        let four: &[Eight; ROWS] = sums[pixel..].first_chunk().expect("four pixels");
        let four = four.map(|eight| eight.map(|sums| isa.i32x4_load(&sums)));
        if BYTES {
            columns.store_four(first + pixel, four, output);
        } else {
            columns.store_four_words(first + pixel, four, output);
        }
    }
    true
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
pub fn initial<I: Isa>(isa: I, layer: &Conv2d, index: usize, bias: &[u8]) -> [I::I32x4; 2] {
    let rounding = isa.i32x4_splat(layer.requantization().rounding());
    let bound = layer.bias_bound().unwrap_or(i32::MAX);
    let (least, most) = (isa.i32x4_splat(-bound), isa.i32x4_splat(bound));
    let bounded = |four: [u8; 16]| isa.i32x4_min_s(isa.i32x4_max_s(isa.i32x4_load(&four), least), most);
    mem::panels::<16, 2>(bias).get(index).map_or([rounding; 2], |bias| bias.map(|four| isa.i32x4_add(bounded(four), rounding)))
}
