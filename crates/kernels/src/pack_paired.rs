//! [`PackConv2dPaired`]: weights into the panels of pairs of `conv::conv2d_paired`.

use crate::check::{field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::conv::gemm_4x8::COLUMNS;
use crate::conv::reach::{panel_bytes, Reach};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::{check_packing, filter, pack_channel, packed_channels, packing_spans, Filters};
use crate::params::PackConv2dPaired;
use core::ops::Range;
use simd::dot::PairedDot;
use simd::{mem, Dot, Isa};

/// Bytes of the panels `[out_c/16][K/2][8][2]` of pairs of weights that [`PackConv2dPaired`] writes.
pub fn packed_conv2d_paired_bytes(in_c: usize, out_c: usize, kernel_h: usize, kernel_w: usize) -> usize {
    panel_bytes::<PairedDot>(in_c, out_c, kernel_h, kernel_w)
}

impl Kernel for PackConv2dPaired {
    fn check(&self) -> Result<(), BadParam> {
        check_packing!(self, self.in_c);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (in_c, out_c) = (self.in_c as usize, self.out_c as usize);
        let (kernel_h, kernel_w) = (self.kernel_h as usize, self.kernel_w as usize);
        packing_spans!(self, in_c * out_c * kernel_h * kernel_w, packed_conv2d_paired_bytes(in_c, out_c, kernel_h, kernel_w))
    }

    /// Panels.
    fn units(&self) -> usize {
        (self.out_c as usize).div_ceil(PairedDot::CHANNELS)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let filters = Filters { in_c: self.in_c as usize, taps: self.kernel_h as usize * self.kernel_w as usize, zero_point: self.in_zero_point };
        let padded = packed_channels(self.out_c as usize);
        for panel in units {
            let first = panel * PairedDot::CHANNELS;
            for low in first..first + COLUMNS {
                pack_pairs(buffers, filters, low);
                for channel in [low, low + COLUMNS].into_iter().filter(|&channel| channel < padded) {
                    pack_channel(buffers, channel, filter(buffers.reads[0], channel, filters.in_c * filters.taps), filters.zero_point);
                }
            }
        }
    }
}

/// Writes the pairs of the channel `low` and of that 8 after it.
fn pack_pairs(buffers: &mut Buffers<'_>, filters: Filters, low: usize) {
    let Filters { in_c, taps, .. } = filters;
    let Reach { tap, steps } = Reach::new::<PairedDot>(in_c, taps);
    let both = [low, low + COLUMNS].map(|channel| filter(buffers.reads[0], channel, in_c * taps));
    let (panel, column) = (low / PairedDot::CHANNELS, low % PairedDot::CHANNELS);
    for step in 0..steps {
        for lane in 0..PairedDot::STEP {
            let [low, high] = both.map(|filter| filters.weight(filter, tap, step * PairedDot::STEP + lane));
            let element = ((panel * steps + step) * COLUMNS + column) * PairedDot::STEP + lane;
            mem::write_i16(buffers.writes[0], element * 2, PairedDot::pair(low, high));
        }
    }
}
