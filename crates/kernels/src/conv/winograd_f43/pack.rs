//! [`PackWinogradF43`]: G·g·Gᵀ with the rows of G scaled to integers.

use super::{PATCH, POSITIONS};
use crate::check::{field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::codes::padded;
use crate::conv::gemm_4x8::COLUMNS;
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::{check_packing, filter, pack_channel, packed_channels, packed_winograd_f43_bytes, packing_spans};
use crate::params::PackWinogradF43;
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Weights of one filter and channel.
const TAPS: usize = 9;

/// The scaled G on one axis: rows [6,0,0], [−1,−1,−1], [−1,1,−1], [1,2,4], [1,−2,4], [0,0,6].
fn g([a, b, c]: [i32; 3]) -> [i32; PATCH] {
    [6 * a, -a - b - c, -a + b - c, a + 2 * b + 4 * c, a - 2 * b + 4 * c, 6 * c]
}

/// The 36 positions of 3×3 weights, row by row.
fn transformed(weights: &[u8; TAPS]) -> [i16; POSITIONS] {
    let columns: [[i32; PATCH]; 3] = from_fn(|x| g(from_fn(|y| i32::from(weights[y * 3 + x] as i8))));
    let rows: [[i32; PATCH]; PATCH] = from_fn(|y| g(columns.map(|column| column[y])));
    from_fn(|position| rows[position / PATCH][position % PATCH] as i16)
}

impl Kernel for PackWinogradF43 {
    fn check(&self) -> Result<(), BadParam> {
        check_packing!(self, self.in_c);
        field_holds!(self.kernel_h == 3; kernel_h);
        field_holds!(self.kernel_w == 3; kernel_w);
        field_holds!(is_total(&[2 * POSITIONS as i32, self.in_c + 7, self.out_c + 7]); out_c);
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
                    let weights = taps.get(c).map_or([0; POSITIONS], transformed);
                    for (position, weight) in weights.into_iter().enumerate() {
                        let step = (panel * POSITIONS + position) * (channels / 2) + c / 2;
                        mem::write_i16(buffers.writes[0], ((step * COLUMNS + column) * 2 + c % 2) * 2, weight);
                    }
                }
                pack_channel(buffers, channel, filter, self.in_zero_point);
            }
        }
    }
}
