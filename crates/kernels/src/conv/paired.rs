//! [`Conv2dPaired`]: direct convolution of u4 or i4 by i4 where there are no dot products of bytes, by two weights in one lane.

use super::block::Block;
use super::direct::Direct;
use super::finish::{finish, initial, Eight};
use super::gemm_4x16::gemm_4x16;
use super::gemm_4x8::{PanelStep, TileStep, ROWS};
use super::layer::Layer;
use super::windows::Windows;
use crate::check::{field_holds, fields_in};
use crate::kernel::{BadParam, Buffers, Kernel, Spans};
use crate::params::{container, Conv2d, Conv2dPaired};
use core::ops::Range;
use core::slice::ChunksExact;
use simd::dot::PairedDot;
use simd::{mem, Dot, Isa};

impl Kernel for Conv2dPaired {
    fn check(&self) -> Result<(), BadParam> {
        let layer = self.layer();
        layer.check_layer()?;
        field_holds!(self.groups == 1; groups);
        field_holds!(Windows::is_sound(&layer); out_w);
        fields_in!(self, container::U8..=container::I8; in_container);
        fields_in!(self, if self.in_container == container::I8 { -15..=15 } else { 0..=15 }; in_zero_point);
        field_holds!(self.out_stride as usize >= (self.out_c as usize).next_multiple_of(PairedDot::CHANNELS); out_stride);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Direct::<PairedDot>::new(self.layer()).spans()
    }

    fn units(&self) -> usize {
        Direct::<PairedDot>::new(self.layer()).units()
    }

    fn scratch_bytes(&self) -> usize {
        Direct::<PairedDot>::new(self.layer()).scratch_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        Direct::<PairedDot>::new(self.layer()).run(isa, buffers, units, scratch);
    }
}

/// Every panel of 16 channels against every tile of a block of tiles of `steps`. `sums` are those of the low eight channels, then those of the high.
pub fn multiply<I: Isa>(isa: I, layer: &Conv2d, buffers: &mut Buffers<'_>, block: Block<'_>, steps: usize, sums: &mut [Eight]) {
    let [_, weights, bias, ..] = buffers.reads;
    let pixels = block.first..layer.out_pixels().min(block.first + block.tiles.len() / steps * ROWS);
    let (low, high) = sums.split_at_mut(sums.len() / 2);
    for (index, panel) in mem::panels::<16, 2>(weights).chunks_exact(steps).enumerate() {
        let initial = [2 * index, 2 * index + 1].map(|index| initial(isa, layer, index, bias));
        multiply_panel(isa, initial, block.tiles.chunks_exact(steps), panel, [&mut *low, &mut *high]);
        finish(isa, layer, 2 * index, buffers, low, pixels.clone());
        finish(isa, layer, 2 * index + 1, buffers, high, pixels.clone());
    }
}

/// The sums of a panel's channels under every pixel of tiles. A function of its own, so that the engine keeps the accumulators in registers.
#[inline(never)]
fn multiply_panel<I: Isa>(
    isa: I,
    initial: [[I::I32x4; 2]; 2],
    tiles: ChunksExact<'_, TileStep>,
    panel: &[PanelStep],
    [low, high]: [&mut [Eight]; 2],
) {
    let stored = low.as_chunks_mut::<ROWS>().0.iter_mut().zip(high.as_chunks_mut::<ROWS>().0);
    for (tile, (low, high)) in tiles.zip(stored) {
        for (stored, sums) in [low, high].into_iter().zip(gemm_4x16(isa, tile, panel, initial)) {
            for (stored, [low, high]) in stored.iter_mut().zip(sums) {
                isa.i32x4_store(low, &mut stored[0]);
                isa.i32x4_store(high, &mut stored[1]);
            }
        }
    }
}
