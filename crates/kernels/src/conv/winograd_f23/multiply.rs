//! The products of one position: rows of transformed codes against a panel of transformed weights.

use super::products::Products;
use super::{TileSums, START_BYTES};
use crate::conv::gemm_4x8::{PanelStep, COLUMNS, ROWS, WIDE_ROWS};
use core::array::from_fn;
use simd::{mem, Isa};

/// Where the products of a panel go.
#[derive(Clone, Copy)]
pub struct Target {
    /// Which of the 16 positions.
    pub position: usize,
    /// Which of two panels, 0 or 1.
    pub half: usize,
}

/// One position of every tile against a panel: groups of 4 or 6 tiles by 8 output channels. `sums` are whole groups of 4; they start from what stands before
/// the weights of the panel.
#[inline(never)]
pub fn multiply<I: Isa, D: Products>(isa: I, codes: &[u8], panel: &[u8], target: Target, sums: &mut [TileSums]) {
    let (start, panel) = panel.split_at(START_BYTES);
    let initial = [0, 16].map(|at| isa.i32x4_load(mem::array(start, at)));
    let tile_bytes = panel.len() / COLUMNS;
    let panel = mem::panels::<16, 2>(panel);
    // Training has many layers of sixteen channels; the modules of inference stay smaller without.
    if let (true, Ok(panel)) = (cfg!(feature = "train"), panel.try_into()) {
        return multiply_few::<I, D>(isa, codes, panel, initial, target, sums);
    }
    // Two groups of six at a time, so that what is left is whole groups of four.
    let few = if D::ADDS { sums.len() % (2 * WIDE_ROWS) } else { sums.len() };
    let (sums, wide_sums) = sums.split_at_mut(few);
    let (codes, wide_codes) = codes.split_at(few * tile_bytes);
    for (sums, tiles) in sums.chunks_exact_mut(ROWS).zip(codes.chunks_exact(ROWS * tile_bytes)) {
        store(isa, multiply_four::<I, D>(isa, rows(tiles, tile_bytes), panel, initial), target, sums);
    }
    for (sums, tiles) in wide_sums.chunks_exact_mut(WIDE_ROWS).zip(wide_codes.chunks_exact(WIDE_ROWS * tile_bytes)) {
        store(isa, multiply_six::<I, D>(isa, rows(tiles, tile_bytes), panel, initial), target, sums);
    }
}

/// The codes of some tiles.
#[inline(always)]
fn rows<const R: usize>(tiles: &[u8], tile_bytes: usize) -> [&[[u8; 4]]; R] {
    let mut tiles = tiles.chunks_exact(tile_bytes).map(mem::arrays::<4>);
    from_fn(|_| tiles.next().unwrap_or(&[]))
}

#[inline(always)]
fn store<I: Isa, const R: usize>(isa: I, sums: [[I::I32x4; 2]; R], target: Target, tiles: &mut [TileSums]) {
    for (tile, [low, high]) in tiles.iter_mut().zip(sums) {
        let eight = &mut tile[target.half][target.position];
        isa.i32x4_store(low, &mut eight[0]);
        isa.i32x4_store(high, &mut eight[1]);
    }
}

/// Steps of a panel that registers hold, beside the sums of one tile.
const FEW: usize = 4;

/// [`multiply`] with all weights in registers: tile by tile, with half the loads.
#[inline(never)]
fn multiply_few<I: Isa, D: Products>(isa: I, codes: &[u8], panel: &[PanelStep; FEW], initial: [I::I32x4; 2], target: Target, sums: &mut [TileSums]) {
    let panel = panel.map(|step| step.map(|weights| D::weights(isa, &weights)));
    for (tile, codes) in sums.iter_mut().zip(mem::panels::<4, FEW>(codes)) {
        let mut sum = initial;
        for (codes, [low, high]) in codes.iter().zip(panel) {
            let codes = D::activations(isa, codes);
            sum = [D::step(isa, sum[0], codes, low), D::step(isa, sum[1], codes, high)];
        }
        store(isa, [sum], target, core::slice::from_mut(tile));
    }
}

/// `gemm_4x8` on rows of codes instead of a packed tile.
#[inline(always)]
fn multiply_four<I: Isa, D: Products>(
    isa: I,
    [a, b, c, d]: [&[[u8; 4]]; ROWS],
    panel: &[PanelStep],
    initial: [I::I32x4; 2],
) -> [[I::I32x4; 2]; ROWS] {
    let mut sums = [initial; ROWS];
    for ((((weights, a), b), c), d) in panel.iter().zip(a).zip(b).zip(c).zip(d) {
        add_step::<I, D, ROWS>(isa, &mut sums, weights, [a, b, c, d]);
    }
    sums
}

/// `gemm_6x8` on rows of codes instead of packed tiles.
#[inline(always)]
fn multiply_six<I: Isa, D: Products>(
    isa: I,
    [a, b, c, d, e, f]: [&[[u8; 4]]; WIDE_ROWS],
    panel: &[PanelStep],
    initial: [I::I32x4; 2],
) -> [[I::I32x4; 2]; WIDE_ROWS] {
    let mut sums = [initial; WIDE_ROWS];
    for ((((((weights, a), b), c), d), e), f) in panel.iter().zip(a).zip(b).zip(c).zip(d).zip(e).zip(f) {
        add_step::<I, D, WIDE_ROWS>(isa, &mut sums, weights, [a, b, c, d, e, f]);
    }
    sums
}

#[inline(always)]
fn add_step<I: Isa, D: Products, const R: usize>(isa: I, sums: &mut [[I::I32x4; 2]; R], [low, high]: &PanelStep, codes: [&[u8; 4]; R]) {
    let [low, high] = [D::weights(isa, low), D::weights(isa, high)];
    for (sum, codes) in sums.iter_mut().zip(codes) {
        let codes = D::activations(isa, codes);
        sum[0] = D::step(isa, sum[0], codes, low);
        sum[1] = D::step(isa, sum[1], codes, high);
    }
}
