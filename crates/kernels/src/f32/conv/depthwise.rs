//! Depthwise convolution, a channel at a time: vectors run over neighbouring outputs of a row, tiles over four rows.
//!
//! The input rows under a block of output rows are copied once with their padding, taken apart into the columns of each remainder by `stride_w` (a
//! phase). So a tap of neighbouring outputs reads neighbouring floats whatever the stride.

use crate::check::is_total;
use crate::f32::lanes::{store_some, Bounds, BYTES, LANES};
use crate::kernel::Buffers;
use crate::params::ConvF32;
use core::ops::Range;
use simd::{mem, Isa};

/// Floats under a block of output rows: they stay in the first-level cache.
const BLOCK_FLOATS: usize = 6144;
/// Rows of a tile: its sums depend on one another no more than the adders can hide.
const ROWS: usize = 4;
/// Windows and strides beyond this are left to the convolution of any kind, which copies only what taps read.
const MOST: i32 = 64;

/// How the input under a block of output rows is copied.
#[derive(Clone, Copy)]
pub struct Lines {
    /// Output rows of a block.
    rows: usize,
    /// Input rows under it.
    count: usize,
    /// Floats of a phase of a row: what whole vectors of outputs read.
    phase: usize,
    /// Floats of a row.
    line: usize,
    taps: usize,
}

impl Lines {
    /// The copies, and where each tap reads.
    pub(super) fn scratch_bytes(&self) -> usize {
        (self.count * self.line + self.taps) * BYTES
    }
}

/// What is the same for all outputs of a channel.
struct Channel<'a> {
    weights: &'a [[u8; BYTES]],
    bias: Option<f32>,
}

impl ConvF32 {
    /// How a depthwise convolution copies its input; `None` for any other convolution, and where windows or strides are too large.
    pub(super) fn lines(&self) -> Option<Lines> {
        let span = |kernel: i32, dilation: i32| i64::from(kernel - 1) * i64::from(dilation);
        let spans = [span(self.kernel_h, self.dilation_h), span(self.kernel_w, self.dilation_w)];
        let is_small = spans.iter().all(|&span| span < i64::from(MOST)) && self.stride_h.max(self.stride_w) <= MOST;
        let is_depthwise = self.groups == self.in_c && self.groups == self.out_c;
        if !is_depthwise || !is_small || !is_total(&[ROWS as i32 * MOST, self.stride_w, self.out_w + 2 * MOST, BYTES as i32]) {
            return None;
        }
        let [height, width] = spans.map(|span| span as usize);
        let phase = (self.out_w as usize).next_multiple_of(LANES) + width / self.stride_w as usize;
        let (line, stride) = (self.stride_w as usize * phase, self.stride_h as usize);
        let rows = (BLOCK_FLOATS / (line * stride)).max(ROWS).min(self.out_h as usize).next_multiple_of(ROWS);
        Some(Lines { rows, count: (rows - 1) * stride + height + 1, phase, line, taps: (self.kernel_h * self.kernel_w) as usize })
    }

    fn blocks(&self, lines: &Lines) -> usize {
        (self.out_h as usize).div_ceil(lines.rows)
    }

    /// Blocks of rows of a channel, of all channels, of all images.
    pub(super) fn depthwise_units(&self, lines: &Lines) -> usize {
        (self.batch * self.in_c) as usize * self.blocks(lines)
    }

    /// Blocks of rows, channel after channel.
    pub(super) fn run_depthwise<I: Isa>(&self, isa: I, lines: &Lines, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let [input, weights, bias, ..] = buffers.reads;
        let (taps, copies) = scratch.split_at_mut(lines.taps * BYTES);
        let (taps, copies) = (mem::arrays_mut(taps), &mut copies[..lines.count * lines.line * BYTES]);
        self.place_taps(lines, taps);
        // Padding beside a row stays where it is; only rows of padding are filled again.
        copies.fill(0);
        let blocks = self.blocks(lines);
        for unit in units {
            let (plane, first) = (unit / blocks, unit % blocks * lines.rows);
            let number = plane % self.in_c as usize;
            let channel = Channel {
                weights: &mem::arrays(&weights[number * lines.taps * BYTES..])[..lines.taps],
                bias: (!bias.is_empty()).then(|| mem::read_f32(bias, number * BYTES)),
            };
            self.copy_rows(isa, lines, &input[plane * self.plane() * BYTES..][..self.plane() * BYTES], first, copies);
            let (rows, width) = (lines.rows.min(self.out_h as usize - first), self.out_w as usize * BYTES);
            let output = &mut buffers.writes[0][plane * self.pixels() * BYTES + first * width..][..rows * width];
            for y in (0..rows).step_by(ROWS) {
                let under = &copies[y * self.stride_h as usize * lines.line * BYTES..];
                self.run_rows(isa, lines, taps, &channel, under, &mut output[y * width..]);
            }
        }
    }

    /// Where each tap of the first output reads, in bytes.
    fn place_taps(&self, lines: &Lines, taps: &mut [[u8; BYTES]]) {
        let places = (0..self.kernel_h).flat_map(|ky| (0..self.kernel_w).map(move |kx| [ky * self.dilation_h, kx * self.dilation_w]));
        for (tap, [y, x]) in taps.iter_mut().zip(places) {
            let at = y as usize * lines.line + (x % self.stride_w) as usize * lines.phase + (x / self.stride_w) as usize;
            *tap = ((at * BYTES) as u32).to_le_bytes();
        }
    }

    /// The input rows under a block that begins with row `first` of the output; padding is +0 (SPEC 4.1).
    fn copy_rows<I: Isa>(&self, isa: I, lines: &Lines, input: &[u8], first: usize, copies: &mut [u8]) {
        let top = first as i32 * self.stride_h - self.pad_top;
        let (width, stride, left) = (self.in_w as usize, self.stride_w as usize, self.pad_left as usize);
        let line = lines.line * BYTES;
        for (_, copy) in (top..).zip(copies.chunks_exact_mut(line)).filter(|(row, _)| !(0..self.in_h).contains(row)) {
            copy.fill(0);
        }
        let (outside, inside) = (top.min(0).unsigned_abs() as usize, top.max(0) as usize * width * BYTES);
        for phase in 0..stride {
            // The first column of the phase that is not padding.
            let at = left.saturating_sub(phase).div_ceil(stride);
            let column = at * stride + phase - left;
            if at >= lines.phase || column >= width || inside >= input.len() {
                continue;
            }
            let copies = copies.chunks_exact_mut(line).skip(outside);
            for (source, copy) in input[inside..].chunks_exact(width * BYTES).zip(copies) {
                copy_every(isa, stride, &source[column * BYTES..], &mut copy[(phase * lines.phase + at) * BYTES..(phase + 1) * lines.phase * BYTES]);
            }
        }
    }

    /// Rows of outputs, [`ROWS`] or as many as `output` holds; `under` begins with what the first tap of the first one reads.
    #[inline(never)]
    fn run_rows<I: Isa>(&self, isa: I, lines: &Lines, taps: &[[u8; BYTES]], channel: &Channel<'_>, under: &[u8], output: &mut [u8]) {
        let bounds = Bounds::from_bits(isa, self.lo_bits, self.hi_bits);
        let step = self.stride_h as usize * lines.line * BYTES;
        // From the right, since the last outputs of a row are stored as whole vectors: what they leave in the next row is replaced then.
        for x in (0..self.out_w as usize).step_by(LANES).rev() {
            let mut sums = sums(isa, taps, channel.weights, &under[x * BYTES..], step);
            if let Some(bias) = channel.bias {
                sums = sums.map(|sum| isa.f32x4_add(sum, isa.f32x4_splat(bias)));
            }
            for (sum, row) in sums.into_iter().zip(0..) {
                let Some(to) = output.get_mut((row * self.out_w as usize + x) * BYTES..) else { break };
                let sum = bounds.clamp(isa, sum);
                match to.first_chunk_mut() {
                    Some(four) => isa.f32x4_store(sum, four),
                    None => store_some(isa, sum, to),
                }
            }
        }
    }
}

/// Σ weight · input over the taps in order, of four neighbouring outputs of each row; rows begin `step` bytes apart.
#[inline(always)]
fn sums<I: Isa>(isa: I, taps: &[[u8; BYTES]], weights: &[[u8; BYTES]], under: &[u8], step: usize) -> [I::F32x4; ROWS] {
    let mut sums = [isa.f32x4_splat(0.0); ROWS];
    for (weight, tap) in weights.iter().zip(taps) {
        let weight = isa.f32x4_load32_splat(weight);
        let vectors = mem::rows::<16, ROWS>(under, u32::from_le_bytes(*tap) as usize, step);
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            *sum = isa.f32x4_add(*sum, isa.f32x4_mul(weight, isa.f32x4_load(vector)));
        }
    }
    sums
}

/// Every `stride`-th float of `source`, from its first, as far as both go.
#[inline(always)]
fn copy_every<I: Isa>(isa: I, stride: usize, source: &[u8], target: &mut [u8]) {
    let mut done = 0;
    match stride {
        1 => {
            for (to, from) in mem::arrays_mut::<16>(target).iter_mut().zip(mem::arrays::<16>(source)) {
                isa.f32x4_store(isa.f32x4_load(from), to);
                done += LANES;
            }
        }
        2 => {
            let load = |four: &[u8; 16]| isa.i32x4_load(four);
            for (to, [low, high]) in mem::arrays_mut::<16>(target).iter_mut().zip(mem::panels::<16, 2>(source)) {
                let (low, high) = (load(low), load(high));
                let halves = [isa.i32x4_interleave_low(low, high), isa.i32x4_interleave_high(low, high)];
                isa.i32x4_store(isa.i32x4_interleave_low(halves[0], halves[1]), to);
                done += LANES;
            }
        }
        _ => {}
    }
    while let (Some(to), Some(from)) = (target.get_mut(done * BYTES..), source.get(done * stride * BYTES..)) {
        let (Some(to), Some(from)) = (to.first_chunk_mut::<BYTES>(), from.first_chunk::<BYTES>()) else { return };
        *to = *from;
        done += 1;
    }
}
