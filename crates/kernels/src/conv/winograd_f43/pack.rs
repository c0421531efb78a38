//! [`PackWinogradF43`]: the weights as bytes, in the order in which the transform reads them.

use super::TAPS;
use crate::check::{field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::codes::padded;
use crate::conv::gemm_4x8::COLUMNS;
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::{check_packing, filter, pack_channel, packed_channels, packed_winograd_f43_bytes, packing_spans};
use crate::params::PackWinogradF43;
use core::ops::Range;
use simd::{mem, Isa};

impl Kernel for PackWinogradF43 {
    fn check(&self) -> Result<(), BadParam> {
        check_packing!(self, self.in_c);
        field_holds!(self.kernel_h == 3; kernel_h);
        field_holds!(self.kernel_w == 3; kernel_w);
        field_holds!(is_total(&[TAPS as i32, self.in_c + 7, self.out_c + 7]); out_c);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (in_c, out_c) = (self.in_c as usize, self.out_c as usize);
        packing_spans!(self, in_c * out_c * TAPS, packed_winograd_f43_bytes(in_c, out_c))
    }

    /// Panels.
    fn units(&self) -> usize {
        packed_channels(self.out_c as usize) / COLUMNS
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let channels = padded(self.in_c as usize);
        for panel in units {
            for column in 0..COLUMNS {
                let channel = panel * COLUMNS + column;
                let filter = filter(buffers.reads[0], channel, self.in_c as usize * TAPS);
                let taps = mem::arrays::<TAPS>(filter.unwrap_or(&[]));
                for c in 0..channels {
                    let weights = taps.get(c).copied().unwrap_or_default();
                    for (tap, weight) in weights.into_iter().enumerate() {
                        let step = (panel * channels / 2 + c / 2) * TAPS + tap;
                        buffers.writes[0][(step * COLUMNS + column) * 2 + c % 2] = weight;
                    }
                }
                pack_channel(buffers, channel, filter, self.in_zero_point);
            }
        }
    }
}
