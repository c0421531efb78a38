//! Layers of few input channels: products and codes in one loop. Where a tile is multiplied in a few steps, what is done once per panel, and what the sums
//! cost on their way through memory, would be half of the time.

use super::direct::Block;
use super::finish::initial;
use super::gemm_4x8::{gemm_4x8, PanelStep, ROWS};
use crate::codes::LANES;
use crate::kernel::Buffers;
use crate::pack::packed_channels;
use crate::params::{container, form, Conv2d};
use crate::requant::{Form, Q15Bounded, Q15Right};
use simd::{mem, Dot, Isa};

/// Up to so many steps the loop of the microkernel is shorter than what is around it.
pub const FEW_STEPS: usize = 8;

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
pub fn multiply<I: Isa, D: Dot>(
    isa: I,
    layer: &Conv2d,
    buffers: &mut Buffers<'_>,
    block: Block<'_>,
    steps: usize,
    widened: &mut [PanelStep],
) -> bool {
    let spec = layer.requantization();
    let is_whole = packed_channels(layer.out_c as usize) <= layer.out_stride as usize && layer.out_pixels().is_multiple_of(ROWS);
    // Modules with dot products of bytes have pairs of i16 for the few layers that those cannot do.
    let is_rare = !D::ADDS && cfg!(all(target_feature = "relaxed-simd", not(feature = "train")));
    if is_rare || D::SUMS || steps > FEW_STEPS || spec.form != form::Q15 || layer.out_container == container::I16 || !is_whole {
        return false;
    }
    let [_, weights, bias, multipliers, ..] = buffers.reads;
    let panels = Panels { layer, weights, bias, multipliers, block, steps };
    let output = &mut *buffers.writes[0];
    match spec.shift {
        1 => panels.store::<I, D, _>(isa, Q15Right::<I, 1>::new(isa, &spec), widened, output),
        2 => panels.store::<I, D, _>(isa, Q15Right::<I, 2>::new(isa, &spec), widened, output),
        3 => panels.store::<I, D, _>(isa, Q15Right::<I, 3>::new(isa, &spec), widened, output),
        ..=0 if layer.bias_bound().is_some() => panels.store::<I, D, _>(isa, Q15Bounded::new(isa, &spec), widened, output),
        _ => return false,
    }
    true
}

impl Panels<'_> {
    #[inline(never)]
    fn store<I: Isa, D: Dot, F: Form<I>>(self, isa: I, form: F, widened: &mut [PanelStep], output: &mut [u8]) {
        let stride = self.layer.out_stride as usize;
        let panels = self.weights.chunks_exact(self.steps * D::STEP * D::CHANNELS);
        for (index, (packed, b)) in panels.zip(mem::panels::<16, 2>(self.multipliers)).enumerate() {
            let initial = initial(isa, self.layer, index, self.bias);
            let [low, high] = b.map(|four| isa.i32x4_load(&four));
            let b = form.multipliers(isa, low, high);
            let panel = D::panel(isa, packed, widened);
            let mut at = self.block.first * stride + index * LANES;
            for tile in self.block.tiles.chunks_exact(self.steps) {
                let sums = gemm_4x8::<I, D, ROWS>(isa, tile, panel, [initial; ROWS]);
                let (upper, lower) = (form.finish_bytes(isa, [sums[0], sums[1]], b), form.finish_bytes(isa, [sums[2], sums[3]], b));
                let [first, second, third, fourth] = mem::rows_mut::<LANES, ROWS>(output, at, stride);
                isa.i8x16_store64_low(upper, first);
                isa.i8x16_store64_high(upper, second);
                isa.i8x16_store64_low(lower, third);
                isa.i8x16_store64_high(lower, fourth);
                at += ROWS * stride;
            }
        }
    }
}
