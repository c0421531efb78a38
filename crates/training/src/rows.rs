//! Panels of neighbouring channels, walked down the rows in blocks: what the kernels on [rows][channels] share.

use crate::panels::{is_whole, panels};
use core::ops::Range;
use kernels::f32::lanes::{load_some, store_some, BYTES, LANES};
use simd::{mem, Isa};

/// Rows of a block (SPEC 7.2): a sum over rows adds the sums of blocks in order, each from +0. A block of many channels stays in the second-level cache.
pub const BLOCK: usize = 64;
/// Exact sums of an integer convolution that fit i16.
pub const NARROW_SUMS: i32 = 2;
/// Exact sums of an integer convolution, i32.
pub const SUMS: i32 = 3;
/// f32.
pub const FLOATS: i32 = 4;

/// What is done with one panel of a block.
pub trait Panel {
    /// `V` vectors of channels from `first` on; `lanes` channels: all, but in the last panel.
    fn run<const V: usize>(&mut self, rows: Range<usize>, first: usize, lanes: usize);
}

/// Calls `panel` for all channels of each block of rows: panels of `V` vectors, then single vectors.
pub fn for_each_panel<const V: usize>(rows: usize, channels: usize, panel: &mut impl Panel) {
    for start in (0..rows).step_by(BLOCK) {
        let block = start..rows.min(start + BLOCK);
        let mut first = 0;
        while first + V * LANES <= channels {
            panel.run::<V>(block.clone(), first, V * LANES);
            first += V * LANES;
        }
        while first < channels {
            let lanes = LANES.min(channels - first);
            panel.run::<1>(block.clone(), first, lanes);
            first += lanes;
        }
    }
}

/// The channels of a panel: where several vectors stand side by side all of them, which the compiler then knows.
#[inline(always)]
pub const fn lanes_of<const V: usize>(lanes: usize) -> usize {
    if V > 1 {
        V * LANES
    } else {
        lanes
    }
}

/// The bytes of a panel in a row.
#[inline(always)]
pub fn part(bytes: &[u8], row: usize, stride: usize, first: usize, lanes: usize) -> &[u8] {
    &bytes[(row * stride + first) * BYTES..][..lanes * BYTES]
}

/// [`part`], to be written.
#[inline(always)]
pub fn part_mut(bytes: &mut [u8], row: usize, stride: usize, first: usize, lanes: usize) -> &mut [u8] {
    &mut bytes[(row * stride + first) * BYTES..][..lanes * BYTES]
}

/// The floats of a panel, +0 beyond the last.
#[inline(always)]
pub fn load<I: Isa, const V: usize>(isa: I, bytes: &[u8]) -> [I::F32x4; V] {
    match mem::panels::<16, V>(bytes).first() {
        Some(whole) => core::array::from_fn(|v| isa.f32x4_load(&whole[v])),
        None => core::array::from_fn(|_| load_some(isa, bytes)),
    }
}

/// Stores the floats of a panel.
#[inline(always)]
pub fn store<I: Isa, const V: usize>(isa: I, values: [I::F32x4; V], bytes: &mut [u8]) {
    match mem::panels_mut::<16, V>(bytes).first_mut() {
        Some(whole) => whole.iter_mut().zip(values).for_each(|(to, value)| isa.f32x4_store(value, to)),
        None => store_some(isa, values[0], bytes),
    }
}

/// `total += sum` for a panel in memory; the first block's sum is added to +0.
#[inline(always)]
pub fn add_to<I: Isa, const V: usize>(isa: I, is_first: bool, sums: [I::F32x4; V], total: &mut [u8]) {
    let before = if is_first { [isa.f32x4_splat(0.0); V] } else { load::<I, V>(isa, total) };
    store::<I, V>(isa, core::array::from_fn(|v| isa.f32x4_add(before[v], sums[v])), total);
}

/// What a batch norm reads: f32, or exact sums that are worth `scale` each.
#[derive(Clone, Copy)]
pub struct Source<'a, I: Isa> {
    bytes: &'a [u8],
    stride: usize,
    scale: I::F32x4,
}

impl<'a, I: Isa> Source<'a, I> {
    /// The scales are absent for floats.
    pub fn new(isa: I, bytes: &'a [u8], stride: i32, [a, b]: [&[u8]; 2]) -> Self {
        let scale = if a.is_empty() { 1.0 } else { mem::read_f32(a, 0) * mem::read_f32(b, 0) };
        Self { bytes, stride: stride as usize, scale: isa.f32x4_splat(scale) }
    }

    /// The values of a panel, which lie in `CONTAINER`.
    #[inline(always)]
    pub fn load<const CONTAINER: i32, const V: usize>(&self, isa: I, row: usize, first: usize, lanes: usize) -> [I::F32x4; V] {
        let worth = |sum: I::I32x4| isa.f32x4_mul(isa.f32x4_convert_i32x4_s(sum), self.scale);
        if CONTAINER == NARROW_SUMS {
            let bytes = element_bytes(CONTAINER);
            return load_narrow::<I, V>(isa, &self.bytes[(row * self.stride + first) * bytes..][..lanes * bytes]).map(worth);
        }
        let values = load::<I, V>(isa, part(self.bytes, row, self.stride, first, lanes));
        if CONTAINER == SUMS {
            values.map(|value| worth(isa.i32x4_from_f32x4(value)))
        } else {
            values
        }
    }

    /// Whether [`Source::panels`] walks it.
    #[inline(always)]
    pub const fn is_whole<const V: usize>(&self) -> bool {
        is_whole::<V>(self.stride)
    }

    /// [`panels`] of a source, whose vectors have `N` bytes.
    #[inline(always)]
    pub fn panels<const N: usize, const V: usize>(&self, rows: Range<usize>, first: usize) -> impl Iterator<Item = &'a [[u8; N]; V]> {
        panels::<N, V>(self.bytes, rows, self.stride, first)
    }

    /// The values of a panel of [`Source::panels`].
    #[inline(always)]
    pub fn values<const CONTAINER: i32, const N: usize, const V: usize>(&self, isa: I, panel: &[[u8; N]; V]) -> [I::F32x4; V] {
        let worth = |sum: I::I32x4| isa.f32x4_mul(isa.f32x4_convert_i32x4_s(sum), self.scale);
        core::array::from_fn(|v| match CONTAINER {
            NARROW_SUMS => worth(widened(isa, mem::array(&panel[v], 0))),
            SUMS => worth(isa.i32x4_load(mem::array(&panel[v], 0))),
            _ => isa.f32x4_load(mem::array(&panel[v], 0)),
        })
    }
}

/// Four i16 as i32.
#[inline(always)]
fn widened<I: Isa>(isa: I, four: &[u8; 8]) -> I::I32x4 {
    isa.i32x4_extend_low_i16x8_s(isa.i16x8_from_i32x4(isa.i32x4_from_i8x16(isa.i8x16_load64_zero(four))))
}

/// The i16 of a panel, widened, 0 beyond the last.
#[inline(always)]
fn load_narrow<I: Isa, const V: usize>(isa: I, bytes: &[u8]) -> [I::I32x4; V] {
    match mem::panels::<8, V>(bytes).first() {
        Some(whole) => core::array::from_fn(|v| widened(isa, &whole[v])),
        None => {
            let mut some = [0; 8];
            some[..bytes.len()].copy_from_slice(bytes);
            [widened(isa, &some); V]
        }
    }
}

/// The bytes of an element in a container that [`Source`] reads.
pub const fn element_bytes(container: i32) -> usize {
    if container == NARROW_SUMS {
        2
    } else {
        BYTES
    }
}

/// The bytes of the two scales of a container.
pub fn scale_bytes(container: i32) -> usize {
    if container == FLOATS {
        0
    } else {
        BYTES
    }
}

/// Runs `$body` with `$bytes` as the bytes of four elements of a container.
macro_rules! with_vector {
    ($container:expr, $bytes:ident => $body:expr) => {
        if $container == $crate::rows::NARROW_SUMS {
            const $bytes: usize = 8;
            $body
        } else {
            const $bytes: usize = 16;
            $body
        }
    };
}
pub(crate) use with_vector;

/// Runs `$body` with `$container` as a constant.
macro_rules! with_source {
    ($value:expr, $container:ident => $body:expr) => {
        match $value {
            $crate::rows::NARROW_SUMS => {
                const $container: i32 = $crate::rows::NARROW_SUMS;
                $body
            }
            $crate::rows::SUMS => {
                const $container: i32 = $crate::rows::SUMS;
                $body
            }
            _ => {
                const $container: i32 = $crate::rows::FLOATS;
                $body
            }
        }
    };
}
pub(crate) use with_source;

/// Checks rows, channels and the container that a kernel reads.
macro_rules! check_rows {
    ($params:expr) => {
        fields_in!($params, 1..=(MAX_TOTAL / BYTES as i64) as i32; rows, channels, in_stride);
        fields_in!($params, $crate::rows::NARROW_SUMS..=$crate::rows::FLOATS; in_container);
        field_holds!($params.in_stride >= $params.channels; in_stride);
        field_holds!(is_total(&[$params.rows, $params.in_stride, BYTES as i32]); rows);
    };
}
pub(crate) use check_rows;

/// A gradient that counts where lo < y < hi.
#[derive(Clone, Copy)]
pub struct Masked<'a, I: Isa> {
    gradient: &'a [u8],
    /// y; empty: no bounds.
    output: &'a [u8],
    channels: usize,
    lo: I::F32x4,
    hi: I::F32x4,
}

/// Whether the bounds hold for everything, so that y need not be read.
pub fn is_unbounded(lo_bits: i32, hi_bits: i32) -> bool {
    let [lo, hi] = [lo_bits, hi_bits].map(|bits| f32::from_bits(bits as u32));
    lo == f32::NEG_INFINITY && hi == f32::INFINITY
}

impl<'a, I: Isa> Masked<'a, I> {
    /// `output` is empty where [`is_unbounded`].
    pub fn new(isa: I, gradient: &'a [u8], output: &'a [u8], channels: i32, [lo, hi]: [i32; 2]) -> Self {
        let [lo, hi] = [lo, hi].map(|bits| isa.f32x4_splat(f32::from_bits(bits as u32)));
        Self { gradient, output, channels: channels as usize, lo, hi }
    }

    /// The gradient of a panel.
    #[inline(always)]
    pub fn load<const V: usize>(&self, isa: I, row: usize, first: usize, lanes: usize) -> [I::F32x4; V] {
        let gradient = load::<I, V>(isa, part(self.gradient, row, self.channels, first, lanes));
        if self.output.is_empty() {
            return gradient;
        }
        let output = load::<I, V>(isa, part(self.output, row, self.channels, first, lanes));
        core::array::from_fn(|v| mask(isa, gradient[v], output[v], [self.lo, self.hi]))
    }

    /// [`panels`] of the gradient, if all of it counts and they can be walked.
    #[inline(always)]
    pub fn panels<const V: usize>(&self, rows: Range<usize>, first: usize) -> Option<impl Iterator<Item = &'a [[u8; 16]; V]>> {
        (self.output.is_empty() && is_whole::<V>(self.channels)).then(|| panels::<16, V>(self.gradient, rows, self.channels, first))
    }
}

/// Bounds that replace only what lies beyond them: a NaN stays, and so does a −0 at a bound of 0.
#[derive(Clone, Copy)]
pub struct Bounds<I: Isa> {
    lo: I::F32x4,
    hi: I::F32x4,
}

impl<I: Isa> Bounds<I> {
    /// From the bits of two floats.
    pub fn from_bits(isa: I, lo: i32, hi: i32) -> Self {
        let [lo, hi] = [lo, hi].map(|bits| isa.f32x4_splat(f32::from_bits(bits as u32)));
        Self { lo, hi }
    }

    /// The nearest floats within the bounds.
    #[inline(always)]
    pub fn clamp(&self, isa: I, value: I::F32x4) -> I::F32x4 {
        isa.f32x4_pmin(isa.f32x4_pmax(value, self.lo), self.hi)
    }
}

/// `gradient` where lo < output < hi, else +0.
#[inline(always)]
pub fn mask<I: Isa>(isa: I, gradient: I::F32x4, output: I::F32x4, [lo, hi]: [I::F32x4; 2]) -> I::F32x4 {
    let inside = isa.i32x4_and(isa.f32x4_gt(output, lo), isa.f32x4_gt(hi, output));
    isa.f32x4_from_i32x4(isa.i32x4_and(isa.i32x4_from_f32x4(gradient), inside))
}
