//! Layers of few input channels: products and codes in one loop. Where a tile is multiplied in a few steps, what is done once per panel, and what the sums
//! cost on their way through memory, would be half of the time.

use super::block::Block;
use super::finish::{initial, Ready};
use super::gemm_4x8::{gemm_4x8, PanelStep, ROWS};
use super::tile::Tiles;
use crate::kernel::Buffers;
use crate::pack::packed_channels;
use crate::params::{container, form, Conv2d};
use crate::requant::{Bounded, Right, Shift};
use simd::{Dot, Isa};

/// Up to so many steps the loop of the microkernel is shorter than what is around it.
pub const FEW_STEPS: usize = 8;

/// Up to so many steps a layer is multiplied here. Those of dot products that do not add have no wider microkernel to go to.
const fn most_steps<D: Dot>() -> usize {
    if D::ADDS {
        FEW_STEPS
    } else {
        48
    }
}

/// A layer, what it reads and the tiles of a block.
#[derive(Clone, Copy)]
struct Panels<'a> {
    layer: &'a Conv2d,
    weights: &'a [u8],
    bias: &'a [u8],
    multipliers: &'a [u8],
    block: Block<'a>,
    steps: usize,
}

/// Every panel of weights against every tile of `block`, of `steps` each, as codes. `false` where the layer is none of those that this is for.
pub fn multiply<I: Isa, D: Tiles>(
    isa: I,
    layer: &Conv2d,
    buffers: &mut Buffers<'_>,
    block: Block<'_>,
    steps: usize,
    widened: &mut [PanelStep],
) -> bool {
    let spec = layer.requantization();
    let is_whole = packed_channels(layer.out_c as usize) <= layer.out_stride as usize && layer.out_pixels().is_multiple_of(ROWS);
    if D::IS_RARE || D::SUMS || steps > most_steps::<D>() || spec.form != form::Q15 || layer.out_container == container::I16 || !is_whole {
        return false;
    }
    let [_, weights, bias, multipliers, ..] = buffers.reads;
    let panels = Panels { layer, weights, bias, multipliers, block, steps };
    let output = &mut *buffers.writes[0];
    match spec.shift {
        1 => panels.store::<I, D, Right<I, 1>>(isa, widened, output),
        2 => panels.store::<I, D, Right<I, 2>>(isa, widened, output),
        3 => panels.store::<I, D, Right<I, 3>>(isa, widened, output),
        ..=0 if layer.bias_bound().is_some() => panels.store::<I, D, Bounded<I, 0>>(isa, widened, output),
        _ => return false,
    }
    true
}

impl Panels<'_> {
    #[inline(never)]
    fn store<I: Isa, D: Dot, S: Shift<I>>(self, isa: I, widened: &mut [PanelStep], output: &mut [u8]) {
        for (index, packed) in self.weights.chunks_exact(self.steps * D::STEP * D::CHANNELS).enumerate() {
            let ready = Ready::new(isa, self.layer, index, self.multipliers);
            let form = ready.form::<S>();
            let initial = initial(isa, self.layer, index, self.bias);
            let panel = D::panel(isa, packed, widened);
            for (tile, pixel) in self.block.tiles.chunks_exact(self.steps).zip((self.block.first..).step_by(ROWS)) {
                ready.store::<true, S>(form, pixel, gemm_4x8::<I, D, ROWS>(isa, tile, panel, [initial; ROWS]), output);
            }
        }
    }
}
