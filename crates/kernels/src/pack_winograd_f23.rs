//! [`PackWinogradF23`]: weights into the transformed panels of `conv::winograd_f23`.

use crate::check::{field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::conv::gemm_4x8::COLUMNS;
use crate::conv::winograd_f23::{panel_bytes, steps_per_position, CHANNELS, OFFSET, POSITIONS};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::{check_packing, filter, pack_channel, packed_channels, packing_spans};
use crate::params::PackWinogradF23;
use core::array::from_fn;
use core::ops::Range;
use simd::{mem, Isa};

/// Bytes of a step of a panel.
const STEP_BYTES: usize = 32;

impl Kernel for PackWinogradF23 {
    fn check(&self) -> Result<(), BadParam> {
        check_packing!(self, self.in_c);
        fields_in!(self, 3..=3; kernel_h, kernel_w);
        field_holds!((self.in_c as usize).is_multiple_of(CHANNELS); in_c);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (in_c, out_c) = (self.in_c as usize, self.out_c as usize);
        packing_spans!(self, in_c * out_c * 9, panel_bytes(in_c, out_c))
    }

    /// Panels.
    fn units(&self) -> usize {
        packed_channels(self.out_c as usize) / COLUMNS
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let in_c = self.in_c as usize;
        let steps = steps_per_position(in_c);
        for channel in units.start * COLUMNS..units.end * COLUMNS {
            let (panel, column) = (channel / COLUMNS, channel % COLUMNS);
            let filter = filter(buffers.reads[0], channel, in_c * 9);
            let mut sums = [0i32; POSITIONS];
            for c in 0..in_c {
                let u = filter.map_or([0; POSITIONS], |filter| transform(from_fn(|tap| filter[c * 9 + tap] as i8)));
                for (position, u) in u.into_iter().enumerate() {
                    sums[position] = sums[position].wrapping_add(i32::from(u));
                    let step = (panel * POSITIONS + position) * steps + 1 + c / 4;
                    buffers.writes[0][step * STEP_BYTES + column * 4 + c % 4] = u as u8;
                }
            }
            for (position, sum) in sums.into_iter().enumerate() {
                let step = (panel * POSITIONS + position) * steps;
                mem::write_i32(buffers.writes[0], step * STEP_BYTES + column * 4, sum.wrapping_mul(-i32::from(OFFSET)));
            }
            pack_channel(buffers, channel, filter, self.in_zero_point);
        }
    }
}

/// (2G) g (2G)ᵀ, 2G = [2, 0, 0], [1, 1, 1], [1, −1, 1], [0, 0, 2]. Weights beyond −8..7 wrap.
fn transform(g: [i8; 9]) -> [i8; POSITIONS] {
    let four = |[a, b, c]: [i8; 3]| {
        let outer = a.wrapping_add(c);
        [a.wrapping_mul(2), outer.wrapping_add(b), outer.wrapping_sub(b), c.wrapping_mul(2)]
    };
    let columns: [[i8; 4]; 3] = from_fn(|column| four([g[column], g[3 + column], g[6 + column]]));
    let rows: [[i8; 4]; 4] = from_fn(|row| four(columns.map(|column| column[row])));
    from_fn(|position| rows[position / 4][position % 4])
}
