//! Gradients to symmetric codes by stochastic rounding (SPEC 7.3, 7.4). Buffers: reads gradient, random, channel clips; writes state, codes, channel steps.
//! One unit: what lay beyond the clip is counted in the same pass.

use crate::codes::number;
use crate::noise::Noise;
use crate::params::QuantizeGradient;
use crate::state::{clip_size, gradient, symmetric_levels, GRADIENT_BYTES, WIDTHS};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION, MAX_TOTAL};
use kernels::f32::lanes::{BYTES, LANES};
use kernels::{field, field_holds, fields_in, Access, BadParam, Buffers, Kernel, Reason, Spans};
use simd::{mem, Isa};

/// Codes that four blocks of noise are for.
const GROUP: usize = 32;
/// Vectors of a group.
const VECTORS: usize = GROUP / LANES;

/// The clip and the reciprocal of the step for every vector of a group.
#[derive(Clone, Copy)]
enum Clips<'a, I: Isa> {
    /// The same for all.
    One { clip: I::F32x4, reciprocal: I::F32x4 },
    /// Per channel: [`VECTORS`] vectors of each.
    Each { clips: &'a [[u8; 16]; VECTORS], reciprocals: &'a [[u8; 16]; VECTORS] },
}

impl<I: Isa> Clips<'_, I> {
    #[inline(always)]
    fn of(self, isa: I, vector: usize) -> [I::F32x4; 2] {
        match self {
            Self::One { clip, reciprocal } => [clip, reciprocal],
            Self::Each { clips, reciprocals } => [isa.f32x4_load(&clips[vector]), isa.f32x4_load(&reciprocals[vector])],
        }
    }
}

/// What is the same for all groups. `EIGHT`: codes of eight bits, which leave fifteen bits after the point.
#[derive(Clone, Copy)]
struct Rounding<I: Isa, const EIGHT: bool> {
    low: I::F32x4,
    high: I::F32x4,
    /// 1.5·2^(23 − bits after the point): added to a scaled gradient it rounds it to so many bits, and they are the low ones of the sum.
    point: I::F32x4,
}

impl<I: Isa, const EIGHT: bool> Rounding<I, EIGHT> {
    /// The high half of `point`'s bits, where sixteen bits are after the point: taken from eight codes at once.
    const OFFSET: i16 = if EIGHT { 0 } else { 0x4340 };

    #[inline(always)]
    fn new(isa: I, levels: f32) -> Self {
        let point = if EIGHT { 384.0 } else { 192.0 };
        Self { low: isa.f32x4_splat(-levels), high: isa.f32x4_splat(levels), point: isa.f32x4_splat(point) }
    }

    /// The noise of two vectors of a group from one word of its blocks: the low halves, then the high ones.
    #[inline(always)]
    fn noise(isa: I, word: I::I32x4) -> [I::I32x4; 2] {
        if EIGHT {
            [isa.i32x4_shr_u(isa.i32x4_shl(word, 16), 17), isa.i32x4_shr_u(word, 17)]
        } else {
            [isa.i32x4_and(word, isa.i32x4_splat(0xffff)), isa.i32x4_shr_u(word, 16)]
        }
    }

    /// Four codes and [`Self::OFFSET`].
    #[inline(always)]
    fn codes(&self, isa: I, scaled: I::F32x4, noise: I::I32x4) -> I::I32x4 {
        let bounded = isa.f32x4_relaxed_min(isa.f32x4_relaxed_max(number(isa, scaled), self.low), self.high);
        let sum = isa.i32x4_add(isa.i32x4_from_f32x4(isa.f32x4_add(bounded, self.point)), noise);
        if EIGHT {
            isa.i32x4_shr_s(isa.i32x4_sub(sum, isa.i32x4_from_f32x4(self.point)), 15)
        } else {
            isa.i32x4_shr_s(sum, 16)
        }
    }

    /// The codes of a group; `clipped` loses one for every gradient beyond its clip.
    #[inline(always)]
    fn group(&self, isa: I, from: &[[u8; 16]; VECTORS], words: [I::I32x4; 4], clips: Clips<'_, I>, to: &mut [u8; GROUP], clipped: &mut I::I32x4) {
        let offset = isa.i16x8_splat(Self::OFFSET);
        let mut eight = |word: usize| {
            let noise = Self::noise(isa, words[word]);
            let [a, b] = [0, 1].map(|half| {
                let index = 2 * word + half;
                let [clip, reciprocal] = clips.of(isa, index);
                let value = isa.f32x4_load(&from[index]);
                *clipped = isa.i32x4_add(*clipped, isa.f32x4_gt(isa.f32x4_abs(value), clip));
                self.codes(isa, isa.f32x4_mul(value, reciprocal), noise[half])
            });
            isa.i16x8_sub(isa.i16x8_narrow_i32x4_s(a, b), offset)
        };
        let codes = [isa.i8x16_narrow_i16x8_s(eight(0), eight(1)), isa.i8x16_narrow_i16x8_s(eight(2), eight(3))];
        for (codes, to) in codes.into_iter().zip(mem::arrays_mut::<16>(to)) {
            isa.i8x16_store(codes, to);
        }
    }
}

/// The table of [`Clips::Each`] in scratch: clips, then reciprocals, each of `stride` channels and one group more, so that none wraps.
struct ChannelTable<'a> {
    clips: &'a [u8],
    reciprocals: &'a [u8],
    stride: usize,
}

impl<'a> ChannelTable<'a> {
    fn bytes(stride: usize) -> usize {
        2 * (stride + GROUP) * BYTES
    }

    fn fill(scratch: &'a mut [u8], stride: usize, clips: &[u8], levels: f32, steps: &mut [u8]) -> Self {
        let (all, reciprocals) = scratch[..Self::bytes(stride)].split_at_mut((stride + GROUP) * BYTES);
        for i in 0..stride + GROUP {
            let channel = i % stride * BYTES;
            // Codes of pad channels are those of gradients 0, whatever they are divided by.
            let clip = if channel < clips.len() { clip_size(mem::read_f32(clips, channel)) } else { 1.0 };
            let step = clip / levels;
            mem::write_f32(all, i * BYTES, clip);
            mem::write_f32(reciprocals, i * BYTES, 1.0 / step);
            if i * BYTES < clips.len() {
                mem::write_f32(steps, i * BYTES, step);
            }
        }
        Self { clips: all, reciprocals, stride }
    }

    #[inline(always)]
    fn at<I: Isa>(&self, position: usize) -> Clips<'_, I> {
        let byte = position % self.stride * BYTES;
        let eight = |table: &'a [u8]| &mem::panels::<16, VECTORS>(&table[byte..byte + GROUP * BYTES])[0];
        Clips::Each { clips: eight(self.clips), reciprocals: eight(self.reciprocals) }
    }
}

impl QuantizeGradient {
    fn positions(&self) -> usize {
        self.rows as usize * self.out_stride as usize
    }

    /// The gradients of a group, 0 for pad channels and past the end.
    fn gather(&self, input: &[u8], position: usize) -> [[u8; 16]; VECTORS] {
        let (channels, stride) = (self.channels as usize, self.out_stride as usize);
        let mut group = [[0; 16]; VECTORS];
        let bytes = group.as_flattened_mut();
        for (i, position) in (position..(position + GROUP).min(self.positions())).enumerate() {
            let (row, channel) = (position / stride, position % stride);
            if channel < channels {
                let from = (row * channels + channel) * BYTES;
                bytes[i * BYTES..(i + 1) * BYTES].copy_from_slice(&input[from..from + BYTES]);
            }
        }
        group
    }

    /// All codes; how many gradients were clipped. A function of its own for each kind of clips: in one for all there are too few registers.
    #[inline(never)]
    fn quantize<'a, I: Isa, const EIGHT: bool>(
        &self,
        isa: I,
        input: &[u8],
        noise: &Noise,
        clips: impl Fn(usize) -> Clips<'a, I>,
        codes: &mut [u8],
    ) -> I::I32x4 {
        let rounding = Rounding::<I, EIGHT>::new(isa, symmetric_levels(self.bits));
        let mut clipped = isa.i32x4_splat(0);
        let mut blocks = Self::first_blocks(isa);
        let whole = if self.channels == self.out_stride { mem::panels::<16, VECTORS>(input) } else { &[] };
        let (dense, rest) = codes.split_at_mut(whole.len() * GROUP);
        for ((from, to), index) in whole.iter().zip(mem::arrays_mut::<GROUP>(dense)).zip(0..) {
            rounding.group(isa, from, noise.words(isa, blocks), clips(index * GROUP), to, &mut clipped);
            blocks = isa.i32x4_add(blocks, isa.i32x4_splat(LANES as i32));
        }
        self.quantize_rest(isa, (rounding, noise), whole.len() * GROUP, input, clips, rest, clipped)
    }

    /// The blocks of the first group.
    #[inline(always)]
    fn first_blocks<I: Isa>(isa: I) -> I::I32x4 {
        let mut lanes = [0; 16];
        for lane in 1..LANES {
            mem::write_i32(&mut lanes, lane * BYTES, lane as i32);
        }
        isa.i32x4_load(&lanes)
    }

    /// Codes from `position` on, whose rows have pad channels or whose group is not whole.
    #[inline(never)]
    #[allow(clippy::too_many_arguments, reason = "the state of a loop")]
    fn quantize_rest<'a, I: Isa, const EIGHT: bool>(
        &self,
        isa: I,
        (rounding, noise): (Rounding<I, EIGHT>, &Noise),
        position: usize,
        input: &[u8],
        clips: impl Fn(usize) -> Clips<'a, I>,
        codes: &mut [u8],
        mut clipped: I::I32x4,
    ) -> I::I32x4 {
        for (to, index) in codes.chunks_mut(GROUP).zip(0..) {
            let position = position + index * GROUP;
            let blocks = isa.i32x4_add(Self::first_blocks(isa), isa.i32x4_splat((position / GROUP * LANES) as i32));
            let mut whole = [0; GROUP];
            let from = self.gather(input, position);
            rounding.group(isa, &from, noise.words(isa, blocks), clips(position), &mut whole, &mut clipped);
            to.copy_from_slice(&whole[..to.len()]);
        }
        clipped
    }

    #[inline(always)]
    fn by_clips<I: Isa, const EIGHT: bool>(&self, isa: I, buffers: &mut Buffers<'_>, scratch: &mut [u8]) -> I::I32x4 {
        let [input, random, channel_clips, ..] = buffers.reads;
        let [state, codes, channel_steps, ..] = &mut buffers.writes;
        let noise = Noise::new([0, 4].map(|at| mem::read_i32(random, at)), self.layer, mem::read_i32(random, 8));
        let levels = symmetric_levels(self.bits);
        let clip = clip_size(mem::read_f32(state, gradient::CLIP));
        mem::write_f32(state, gradient::STEP, clip / levels);
        if self.channel_clips_offset == 0 {
            let one = Clips::One { clip: isa.f32x4_splat(clip), reciprocal: isa.f32x4_splat(1.0 / (clip / levels)) };
            self.quantize::<I, EIGHT>(isa, input, &noise, |_| one, codes)
        } else {
            let table = ChannelTable::fill(scratch, self.out_stride as usize, channel_clips, levels, channel_steps);
            self.quantize::<I, EIGHT>(isa, input, &noise, |position| table.at(position), codes)
        }
    }
}

impl Kernel for QuantizeGradient {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=MAX_TOTAL as i32; rows);
        fields_in!(self, 1..=MAX_DIMENSION; channels);
        fields_in!(self, self.channels..=MAX_DIMENSION; out_stride);
        // A vector of four lies within one row.
        field_holds!(self.out_stride % LANES as i32 == 0 || self.out_stride == self.channels && self.channel_clips_offset == 0; out_stride);
        field_holds!(is_total(&[self.rows, self.out_stride, BYTES as i32]); rows);
        fields_in!(self, WIDTHS; bits);
        if (self.channel_clips_offset == 0) != (self.channel_steps_offset == 0) {
            return Err(BadParam { field: field!(channel_steps_offset), reason: Reason::OutOfRange });
        }
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (rows, channels) = (self.rows as usize, self.channels as usize);
        let clips = if self.channel_clips_offset == 0 { 0 } else { channels * BYTES };
        Spans::new()
            .with(field!(gradient_offset), self.gradient_offset, rows * channels * BYTES, Access::Read)
            .with(field!(random_offset), self.random_offset, 16, Access::Read)
            .with(field!(channel_clips_offset), self.channel_clips_offset, clips, Access::Read)
            .with(field!(state_offset), self.state_offset, GRADIENT_BYTES, Access::Write)
            .with(field!(codes_offset), self.codes_offset, self.positions(), Access::Write)
            .with(field!(channel_steps_offset), self.channel_steps_offset, clips, Access::Write)
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        if self.channel_clips_offset == 0 {
            0
        } else {
            ChannelTable::bytes(self.out_stride as usize)
        }
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        if units.is_empty() {
            return;
        }
        let clipped = if self.bits == 8 { self.by_clips::<I, true>(isa, buffers, scratch) } else { self.by_clips::<I, false>(isa, buffers, scratch) };
        let mut lanes = [0; 16];
        isa.i32x4_store(clipped, &mut lanes);
        let count: i32 = -mem::arrays::<4>(&lanes).iter().map(|lane| i32::from_le_bytes(*lane)).sum::<i32>();
        let state = &mut *buffers.writes[0];
        mem::write_f32(state, gradient::CLIPPED, count as f32);
        mem::write_f32(state, gradient::COUNT, (self.rows * self.channels) as f32);
    }
}

#[cfg(test)]
mod tests;
