//! Weights into the layouts of the convolutions.

use crate::check::{field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::codes::padded;
use crate::conv::conv2d_relaxed::operand_zero_point;
use crate::conv::gemm_4x8::COLUMNS;
use crate::conv::reach::{panel_bytes, Reach};
use crate::conv::winograd_f43::TAPS;
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{container, dot, PackConv2d, PackConv2dRelaxed, PackDepthwise};
use core::ops::Range;
use simd::dot::{I16Dot, I7Dot};
use simd::{mem, Dot, Isa};

/// Channels of the packed bias and multipliers: whole panels.
pub const fn packed_channels(out_c: usize) -> usize {
    padded(out_c)
}

/// Bytes of the panels `[out_c/8][K/2][8][2]` of i8 that [`PackConv2d`] writes, K = kernel positions · (in_c rounded up to even), or to in_c ≤ 4 the
/// whole window rounded up.
pub fn packed_conv2d_bytes(in_c: usize, out_c: usize, kernel_h: usize, kernel_w: usize) -> usize {
    panel_bytes::<I16Dot>(in_c, out_c, kernel_h, kernel_w)
}

/// Bytes of the panels `[out_c/8][K/4][8][4]` of bytes that [`PackConv2dRelaxed`] writes, the same for every dot product.
pub fn packed_conv2d_relaxed_bytes(in_c: usize, out_c: usize, kernel_h: usize, kernel_w: usize) -> usize {
    panel_bytes::<I7Dot>(in_c, out_c, kernel_h, kernel_w)
}

/// Bytes of the i16 `[tap][channels padded to 8]` that [`PackDepthwise`] writes.
pub fn packed_depthwise_bytes(channels: usize, kernel_h: usize, kernel_w: usize) -> usize {
    packed_channels(channels) * kernel_h * kernel_w * 2
}

/// Bytes of the panels `[out_c/8][in_c/2][9][8][2]`, in_c rounded up to a multiple of 8, that `PackWinogradF43` writes.
pub fn packed_winograd_f43_bytes(in_c: usize, out_c: usize) -> usize {
    packed_channels(out_c) * TAPS * padded(in_c)
}

/// The checks that the packers share, on any of their types.
macro_rules! check_packing {
    ($pack:expr, $in_c:expr) => {{
        fields_in!($pack, 1..=MAX_DIMENSION; in_c, out_c, kernel_h, kernel_w);
        fields_in!($pack, -128..=255; in_zero_point);
        field_holds!(is_total(&[$pack.kernel_h, $pack.kernel_w, $in_c + 1, $pack.out_c + 7, 2]); out_c);
        field_holds!([0, 1, $pack.out_c].contains(&$pack.multiplier_count); multiplier_count);
    }};
}

pub(crate) use check_packing;

/// The spans that the packers share.
macro_rules! packing_spans {
    ($pack:expr, $weights:expr, $packed:expr) => {{
        let channels = packed_channels($pack.out_c as usize) * 4;
        let bias = if $pack.bias_offset == 0 { 0 } else { $pack.out_c as usize * 4 };
        Spans::new()
            .with($crate::field!(weights_offset), $pack.weights_offset, $weights, Access::Read)
            .with($crate::field!(bias_offset), $pack.bias_offset, bias, Access::Read)
            .with($crate::field!(multiplier_offset), $pack.multiplier_offset, $pack.multiplier_count as usize * 4, Access::Read)
            .with($crate::field!(packed_weights_offset), $pack.packed_weights_offset, $packed, Access::Write)
            .with($crate::field!(packed_bias_offset), $pack.packed_bias_offset, channels, Access::Write)
            .with($crate::field!(packed_multiplier_offset), $pack.packed_multiplier_offset, channels, Access::Write)
    }};
}

pub(crate) use packing_spans;

/// The weights of one output channel; none past the last channel.
pub(crate) fn filter(weights: &[u8], channel: usize, filter_bytes: usize) -> Option<&[u8]> {
    weights.chunks_exact(filter_bytes).nth(channel)
}

/// Writes bias and multiplier of one channel: −zp·Σw goes into the bias, because the kernels multiply the raw codes (SPEC 2.4).
/// Channels past the last one get zeros, one multiplier goes to every channel.
pub(crate) fn pack_channel(buffers: &mut Buffers<'_>, channel: usize, filter: Option<&[u8]>, zero_point: i32) {
    let [_, bias, multipliers, ..] = buffers.reads;
    let sum = filter.unwrap_or(&[]).iter().fold(0i32, |sum, &weight| sum.wrapping_add(i32::from(weight as i8)));
    let given = mem::arrays::<4>(bias).get(channel).map_or(0, |bias| i32::from_le_bytes(*bias));
    let folded = given.wrapping_sub(zero_point.wrapping_mul(sum));
    mem::write_i32(buffers.writes[1], channel * 4, folded);
    let multipliers = mem::arrays::<4>(multipliers);
    let index = if multipliers.len() == 1 { 0 } else { channel };
    let multiplier = multipliers.get(index).filter(|_| filter.is_some());
    mem::write_i32(buffers.writes[2], channel * 4, multiplier.map_or(0, |b| i32::from_le_bytes(*b)));
}

impl Kernel for PackConv2d {
    fn check(&self) -> Result<(), BadParam> {
        check_packing!(self, self.in_c);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (in_c, out_c) = (self.in_c as usize, self.out_c as usize);
        let (kernel_h, kernel_w) = (self.kernel_h as usize, self.kernel_w as usize);
        packing_spans!(self, in_c * out_c * kernel_h * kernel_w, packed_conv2d_bytes(in_c, out_c, kernel_h, kernel_w))
    }

    /// Panels.
    fn units(&self) -> usize {
        packed_channels(self.out_c as usize) / COLUMNS
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let filters = Filters { in_c: self.in_c as usize, taps: self.kernel_h as usize * self.kernel_w as usize, zero_point: self.in_zero_point };
        pack_panels::<I16Dot>(buffers, filters, units, 0);
    }
}

/// The weights of a convolution without groups.
#[derive(Clone, Copy)]
pub(crate) struct Filters {
    pub in_c: usize,
    pub taps: usize,
    pub zero_point: i32,
}

impl Filters {
    /// The weight of element `k` of K, of which each kernel position takes `reach`; 0 where there is none.
    pub fn weight(&self, filter: Option<&[u8]>, reach: usize, k: usize) -> i8 {
        let (tap, channel) = (k / reach, k % reach);
        filter.filter(|_| channel < self.in_c && tap < self.taps).map_or(0, |filter| filter[channel * self.taps + tap] as i8)
    }
}

/// Writes the panels of `D` in `units`, `offset` added to each weight, and packs bias and multipliers. Where there is no channel the weight is 0.
fn pack_panels<D: Dot>(buffers: &mut Buffers<'_>, filters: Filters, units: Range<usize>, offset: i8) {
    let Filters { in_c, taps, zero_point } = filters;
    let Reach { tap, steps } = Reach::new::<D>(in_c, taps);
    for channel in units.start * COLUMNS..units.end * COLUMNS {
        let (panel, column) = (channel / COLUMNS, channel % COLUMNS);
        let filter = filter(buffers.reads[0], channel, in_c * taps);
        for step in 0..steps {
            for lane in 0..D::STEP {
                let weight = filters.weight(filter, tap, step * D::STEP + lane);
                buffers.writes[0][((panel * steps + step) * COLUMNS + column) * D::STEP + lane] = weight.wrapping_add(offset) as u8;
            }
        }
        pack_channel(buffers, channel, filter, zero_point);
    }
}

impl Kernel for PackConv2dRelaxed {
    fn check(&self) -> Result<(), BadParam> {
        check_packing!(self, self.in_c);
        fields_in!(self, container::U8..=container::I8; in_container);
        fields_in!(self, dot::I7..=dot::SDOT; dot);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (in_c, out_c) = (self.in_c as usize, self.out_c as usize);
        let (kernel_h, kernel_w) = (self.kernel_h as usize, self.kernel_w as usize);
        packing_spans!(self, in_c * out_c * kernel_h * kernel_w, packed_conv2d_relaxed_bytes(in_c, out_c, kernel_h, kernel_w))
    }

    /// Panels.
    fn units(&self) -> usize {
        packed_channels(self.out_c as usize) / COLUMNS
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let zero_point = operand_zero_point(self.dot, self.in_container, self.in_zero_point);
        let filters = Filters { in_c: self.in_c as usize, taps: self.kernel_h as usize * self.kernel_w as usize, zero_point };
        // Every dot product takes its steps of four bytes alike; only what is stored for a weight differs.
        let offset = if self.dot == dot::W4 { 8 } else { 0 };
        pack_panels::<I7Dot>(buffers, filters, units, offset);
    }
}

impl Kernel for PackDepthwise {
    fn check(&self) -> Result<(), BadParam> {
        check_packing!(self, 1);
        field_holds!(self.in_c == self.out_c; in_c);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (channels, kernel_h, kernel_w) = (self.out_c as usize, self.kernel_h as usize, self.kernel_w as usize);
        packing_spans!(self, channels * kernel_h * kernel_w, packed_depthwise_bytes(channels, kernel_h, kernel_w))
    }

    /// Channels, padding included.
    fn units(&self) -> usize {
        packed_channels(self.out_c as usize)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let (channels, taps) = (packed_channels(self.out_c as usize), self.kernel_h as usize * self.kernel_w as usize);
        for channel in units {
            let filter = filter(buffers.reads[0], channel, taps);
            for tap in 0..taps {
                let weight = filter.map_or(0, |filter| i16::from(filter[tap] as i8));
                mem::write_i16(buffers.writes[0], (tap * channels + channel) * 2, weight);
            }
            pack_channel(buffers, channel, filter, self.in_zero_point);
        }
    }
}
