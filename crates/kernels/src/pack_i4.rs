//! [`PackI4`] and [`UnpackI4`]: bytes into nibbles and back (SPEC: the low nibble first).

use crate::check::fields_in;
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{PackI4, UnpackI4};
use core::ops::Range;
use simd::Isa;

/// Bytes of nibbles in one unit of work.
const NIBBLE_BLOCK: usize = 4096;

impl Kernel for UnpackI4 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=i32::MAX; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let count = self.count as usize;
        Spans::new().with(0, self.input_offset, count.div_ceil(2), Access::Read).with(1, self.output_offset, count, Access::Write)
    }

    fn units(&self) -> usize {
        (self.count as usize).div_ceil(2 * NIBBLE_BLOCK)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let bytes = buffers.reads[0].chunks(NIBBLE_BLOCK).zip(buffers.writes[0].chunks_mut(2 * NIBBLE_BLOCK));
        for (packed, codes) in bytes.skip(units.start).take(units.len()) {
            for (pair, &byte) in codes.chunks_mut(2).zip(packed) {
                // The low nibble first; both are two's complement, which an arithmetic shift extends.
                let nibbles = [((byte << 4) as i8 >> 4) as u8, (byte as i8 >> 4) as u8];
                pair.copy_from_slice(&nibbles[..pair.len()]);
            }
        }
    }
}

impl Kernel for PackI4 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=i32::MAX; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let count = self.count as usize;
        Spans::new().with(0, self.input_offset, count, Access::Read).with(1, self.output_offset, count.div_ceil(2), Access::Write)
    }

    fn units(&self) -> usize {
        (self.count as usize).div_ceil(2 * NIBBLE_BLOCK)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let bytes = buffers.reads[0].chunks(2 * NIBBLE_BLOCK).zip(buffers.writes[0].chunks_mut(NIBBLE_BLOCK));
        for (codes, packed) in bytes.skip(units.start).take(units.len()) {
            for (pair, byte) in codes.chunks(2).zip(packed) {
                let high = pair.get(1).map_or(0, |code| code << 4);
                *byte = (pair[0] & 15) | high;
            }
        }
    }
}
