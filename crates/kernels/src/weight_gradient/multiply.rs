//! The microkernel: 4 input channels by 8 output channels of one tap, over a block of rows.

use crate::conv::gemm_4x8::{PanelStep, TileStep, ROWS};
use core::array::from_fn;
use simd::{Dot, Isa};

/// Sums of 4 input channels by 8 output channels.
pub type Sums = [PanelStep; ROWS];

/// How the rows of a block lie: a run of `width` steps of the gradient in every `width`, one of the activations in every `line`, from `start` on.
#[derive(Clone, Copy, Debug)]
pub struct Runs {
    pub width: usize,
    pub line: usize,
    pub start: usize,
}

/// `sums += Σ activations·gradient`. A function of its own, so that the engine keeps the sums in registers.
#[inline(never)]
pub fn accumulate<I: Isa, D: Dot>(isa: I, tile: &[TileStep], panel: &[PanelStep], runs: Runs, sums: &mut Sums) {
    let mut registers: [[I::I32x4; 2]; ROWS] = from_fn(|row| [isa.i32x4_load(&sums[row][0]), isa.i32x4_load(&sums[row][1])]);
    for (tile, panel) in tile.chunks_exact(runs.line).zip(panel.chunks_exact(runs.width)) {
        for (codes, gradient) in tile[runs.start..].iter().zip(panel) {
            let low = D::weights(isa, &gradient[0]);
            let high = D::weights(isa, &gradient[1]);
            for (sum, codes) in registers.iter_mut().zip(codes) {
                let codes = D::activations(isa, codes);
                sum[0] = D::step(isa, sum[0], codes, low);
                sum[1] = D::step(isa, sum[1], codes, high);
            }
        }
    }
    for (bytes, sum) in sums.iter_mut().zip(registers) {
        isa.i32x4_store(sum[0], &mut bytes[0]);
        isa.i32x4_store(sum[1], &mut bytes[1]);
    }
}

/// `sums += Σ gradient` of 8 output channels, of bytes.
pub fn accumulate_gradient<I: Isa>(isa: I, panel: &[PanelStep], sums: &mut PanelStep) {
    let ones = isa.i8x16_splat(1);
    let mut registers = [isa.i32x4_load(&sums[0]), isa.i32x4_load(&sums[1])];
    for gradient in panel {
        for (sum, gradient) in registers.iter_mut().zip(gradient) {
            *sum = isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(isa.i8x16_load(gradient), ones, *sum);
        }
    }
    isa.i32x4_store(registers[0], &mut sums[0]);
    isa.i32x4_store(registers[1], &mut sums[1]);
}
