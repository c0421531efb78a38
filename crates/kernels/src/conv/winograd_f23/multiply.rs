//! The products of one position: rows of transformed codes against a panel of transformed weights.

use super::products::Products;
use super::{TileSums, HEAD_BYTES};
use crate::conv::gemm_4x8::ROWS;
use core::array::from_fn;
use simd::{mem, Isa};

/// Where the products of a panel go.
#[derive(Clone, Copy)]
pub struct Target {
    /// Which of the 16 positions.
    pub position: usize,
    /// Which eight of the 16 channels, 0 or 1.
    pub half: usize,
}

/// One position of every tile, `tile_bytes` of codes each, against a panel: groups of 4 tiles by 8 output channels. `sums` are whole groups; they start
/// from the head of the panel and `initial`.
#[inline(never)]
pub fn multiply<I: Isa, D: Products>(
    isa: I,
    tile_bytes: usize,
    codes: &[u8],
    panel: &[u8],
    initial: [I::I32x4; 2],
    target: Target,
    sums: &mut [TileSums],
) {
    let (head, panel) = panel.split_at(HEAD_BYTES);
    let [low, high] = [0, 16].map(|at| isa.i32x4_load(mem::array(head, at)));
    let initial = [isa.i32x4_add(low, initial[0]), isa.i32x4_add(high, initial[1])];
    let panel = D::steps(panel);
    // Training has many layers of sixteen channels; the modules of inference stay smaller without.
    if let (true, Ok(panel)) = (cfg!(feature = "train"), panel.try_into()) {
        return multiply_few::<I, D>(isa, codes, panel, initial, target, sums);
    }
    for (sums, tiles) in sums.chunks_exact_mut(ROWS).zip(codes.chunks_exact(ROWS * tile_bytes)) {
        let mut tiles = tiles.chunks_exact(tile_bytes).map(mem::arrays::<4>);
        let rows: [&[[u8; 4]]; ROWS] = from_fn(|_| tiles.next().unwrap_or(&[]));
        for (tile, sum) in sums.iter_mut().zip(multiply_group::<I, D>(isa, rows, panel, initial)) {
            let eight = &mut tile[target.position][target.half];
            isa.i32x4_store(sum[0], &mut eight[0]);
            isa.i32x4_store(sum[1], &mut eight[1]);
        }
    }
}

/// Steps of a panel that registers hold, beside the sums of one tile.
const FEW: usize = 4;

/// [`multiply`] with all weights in registers: tile by tile, with half the loads.
#[inline(never)]
fn multiply_few<I: Isa, D: Products>(isa: I, codes: &[u8], panel: &[D::Weights; FEW], initial: [I::I32x4; 2], target: Target, sums: &mut [TileSums]) {
    let [a, b, c, d] = panel;
    let panel = [D::operands(isa, a), D::operands(isa, b), D::operands(isa, c), D::operands(isa, d)];
    for (tile, codes) in sums.iter_mut().zip(mem::panels::<4, FEW>(codes)) {
        let mut sum = initial;
        for (codes, [low, high]) in codes.iter().zip(panel) {
            let codes = D::activations(isa, codes);
            sum = [D::step(isa, sum[0], codes, low), D::step(isa, sum[1], codes, high)];
        }
        let eight = &mut tile[target.position][target.half];
        isa.i32x4_store(sum[0], &mut eight[0]);
        isa.i32x4_store(sum[1], &mut eight[1]);
    }
}

/// `gemm_4x8` on rows of codes instead of a packed tile.
#[inline(always)]
fn multiply_group<I: Isa, D: Products>(
    isa: I,
    [a, b, c, d]: [&[[u8; 4]]; ROWS],
    panel: &[D::Weights],
    initial: [I::I32x4; 2],
) -> [[I::I32x4; 2]; ROWS] {
    let mut sums = [initial; ROWS];
    for ((((weights, a), b), c), d) in panel.iter().zip(a).zip(b).zip(c).zip(d) {
        let [low, high] = D::operands(isa, weights);
        for (sum, codes) in sums.iter_mut().zip([a, b, c, d]) {
            let codes = D::activations(isa, codes);
            sum[0] = D::step(isa, sum[0], codes, low);
            sum[1] = D::step(isa, sum[1], codes, high);
        }
    }
    sums
}
