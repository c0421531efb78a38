//! The register tile that convolution and matrix product share: up to 4 rows by 8 columns, one pass over k in ascending order.

use super::lanes::{store_some, Bounds, BYTES, LANES};
use simd::{mem, Isa};

/// Rows of a full tile.
pub const ROWS: usize = 4;
/// Columns of a tile.
pub const COLUMNS: usize = 8;
/// Bytes of one k of a panel.
pub const PANEL_STEP: usize = COLUMNS * BYTES;
/// Panels of one unit share their rows; this many bytes of panels stay in the second-level cache beside them.
const PANEL_BYTES: usize = 128 * 1024;
const MAX_PANELS: usize = 16;

/// Sums of `M` rows by [`COLUMNS`] columns.
pub type Sums<I, const M: usize> = [[<I as Isa>::F32x4; 2]; M];

/// How many panels of depth `k` a unit holds.
pub fn panels_per_unit(k: usize) -> usize {
    (PANEL_BYTES / (k * PANEL_STEP).max(1)).clamp(1, MAX_PANELS)
}

/// Scratch of a unit: its panels and the rows of one tile.
pub fn scratch_bytes(k: usize) -> usize {
    k * (panels_per_unit(k) * PANEL_STEP + ROWS * BYTES)
}

/// Σ_k rows[k][m] · panel[k][column], products added to +0 in ascending k. `rows` is [k][M], `panel` [k][COLUMNS].
#[inline(always)]
pub fn sums<I: Isa, const M: usize>(isa: I, rows: &[u8], panel: &[u8]) -> Sums<I, M> {
    let mut sums = [[isa.f32x4_splat(0.0); 2]; M];
    for (row, column) in mem::panels::<BYTES, M>(rows).iter().zip(mem::panels::<16, 2>(panel)) {
        let columns = [isa.f32x4_load(&column[0]), isa.f32x4_load(&column[1])];
        for m in 0..M {
            let factor = isa.f32x4_load32_splat(&row[m]);
            sums[m][0] = isa.f32x4_add(sums[m][0], isa.f32x4_mul(factor, columns[0]));
            sums[m][1] = isa.f32x4_add(sums[m][1], isa.f32x4_mul(factor, columns[1]));
        }
    }
    sums
}

/// Clamps eight results and writes as many as `output` holds.
#[inline(always)]
pub fn store_row<I: Isa>(isa: I, row: [I::F32x4; 2], bounds: &Bounds<I>, output: &mut [u8]) {
    let row = row.map(|half| bounds.clamp(isa, half));
    if let Ok(whole) = <&mut [u8; PANEL_STEP]>::try_from(&mut *output) {
        let halves = mem::arrays_mut::<16>(whole);
        isa.f32x4_store(row[0], &mut halves[0]);
        isa.f32x4_store(row[1], &mut halves[1]);
        return;
    }
    let (low, high) = output.split_at_mut(output.len().min(LANES * BYTES));
    store_some(isa, row[0], low);
    store_some(isa, row[1], high);
}

/// Writes `M` rows of `k` elements, `row_stride` and `column_stride` bytes apart, as [k][M].
#[inline(always)]
pub fn pack_rows<const M: usize>(source: &[u8], row_stride: usize, column_stride: usize, packed: &mut [u8]) {
    for (k, step) in mem::panels_mut::<BYTES, M>(packed).iter_mut().enumerate() {
        for (m, element) in step.iter_mut().enumerate() {
            *element = *mem::array(source, m * row_stride + k * column_stride);
        }
    }
}
