//! The products of one position: rows of transformed codes against a panel of transformed weights.

use super::products::Products;
use super::{TileSums, START_BYTES};
use crate::conv::gemm_4x8::{PanelStep, COLUMNS, ROWS};
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

/// One position of every tile against a panel of 8 output channels. `sums` are whole groups of 4 tiles; they start from what stands
/// before the weights of the panel.
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
    let tall = if D::VECTORS == 1 { tall_tiles(sums.len()) } else { 0 };
    let (tall_sums, sums) = sums.split_at_mut(tall);
    let (tall_codes, codes) = codes.split_at(tall * tile_bytes);
    if tall > 0 {
        multiply_rows::<I, D, TALL>(isa, tall_codes, panel, initial, target, tall_sums);
    }
    multiply_rows::<I, D, ROWS>(isa, codes, panel, initial, target, sums);
}

/// Tiles that registers hold the sums of, where a product and its sum are one instruction.
const TALL: usize = 6;

/// How many of `tiles`, a multiple of [`ROWS`], go in groups of [`TALL`]: as many as leave a multiple of [`ROWS`].
fn tall_tiles(tiles: usize) -> usize {
    tiles / (2 * TALL) * (2 * TALL)
}

/// Groups of R tiles by 8 output channels.
#[inline(never)]
fn multiply_rows<I: Isa, D: Products, const R: usize>(
    isa: I,
    codes: &[u8],
    panel: &[PanelStep],
    initial: [I::I32x4; 2],
    target: Target,
    sums: &mut [TileSums],
) {
    let tile_bytes = panel.len() * size_of::<[u8; 4]>();
    for (sums, tiles) in sums.chunks_exact_mut(R).zip(codes.chunks_exact(R * tile_bytes)) {
        let mut tiles = tiles.chunks_exact(tile_bytes).map(mem::arrays::<4>);
        let rows: [&[[u8; 4]]; R] = from_fn(|_| tiles.next().unwrap_or(&[]));
        for (tile, sum) in sums.iter_mut().zip(multiply_group::<I, D, R>(isa, rows, panel, initial)) {
            let eight = &mut tile[target.half][target.position];
            isa.i32x4_store(sum[0], &mut eight[0]);
            isa.i32x4_store(sum[1], &mut eight[1]);
        }
    }
}

/// `gemm_4x8` on rows of codes instead of a packed tile.
#[inline(always)]
fn multiply_group<I: Isa, D: Products, const R: usize>(
    isa: I,
    rows: [&[[u8; 4]]; R],
    panel: &[PanelStep],
    initial: [I::I32x4; 2],
) -> [[I::I32x4; 2]; R] {
    let mut sums = [initial; R];
    let rows = rows.map(|row| &row[..panel.len()]);
    for (i, [low, high]) in panel.iter().enumerate() {
        let [low, high] = [D::weights(isa, low), D::weights(isa, high)];
        for (sum, row) in sums.iter_mut().zip(rows) {
            let codes = D::activations(isa, &row[i]);
            sum[0] = D::step(isa, sum[0], codes, low);
            sum[1] = D::step(isa, sum[1], codes, high);
        }
    }
    sums
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
        let eight = &mut tile[target.half][target.position];
        isa.i32x4_store(sum[0], &mut eight[0]);
        isa.i32x4_store(sum[1], &mut eight[1]);
    }
}
