//! Panels whose vectors are whole, walked by iterators that need no check of bounds for each row.

use core::ops::Range;
use kernels::f32::lanes::LANES;
use simd::{mem, Isa};

/// Whether every row is a number of panels of `V` vectors, so that [`panels`] and [`panels_mut`] can walk them.
#[inline(always)]
pub const fn is_whole<const V: usize>(stride: usize) -> bool {
    stride.is_multiple_of(V * LANES)
}

/// A panel's vectors in each of some rows, `N` bytes each, where [`is_whole`] holds of the stride: iterators need no check of bounds per row.
#[inline(always)]
pub fn panels<const N: usize, const V: usize>(bytes: &[u8], rows: Range<usize>, stride: usize, first: usize) -> impl Iterator<Item = &[[u8; N]; V]> {
    let (row, panel) = (stride / (V * LANES), first / (V * LANES));
    mem::panels::<N, V>(bytes)[rows.start * row..rows.end * row].chunks_exact(row).map(move |row| &row[panel])
}

/// [`panels`] of floats, to be written.
#[inline(always)]
pub fn panels_mut<const V: usize>(bytes: &mut [u8], rows: Range<usize>, stride: usize, first: usize) -> impl Iterator<Item = &mut [[u8; 16]; V]> {
    let (row, panel) = (stride / (V * LANES), first / (V * LANES));
    mem::panels_mut::<16, V>(bytes)[rows.start * row..rows.end * row].chunks_exact_mut(row).map(move |row| &mut row[panel])
}

/// The floats of a whole panel.
#[inline(always)]
pub fn load_whole<I: Isa, const V: usize>(isa: I, panel: &[[u8; 16]; V]) -> [I::F32x4; V] {
    core::array::from_fn(|v| isa.f32x4_load(&panel[v]))
}

/// [`store`] of a whole panel.
#[inline(always)]
pub fn store_whole<I: Isa, const V: usize>(isa: I, values: [I::F32x4; V], panel: &mut [[u8; 16]; V]) {
    panel.iter_mut().zip(values).for_each(|(to, value)| isa.f32x4_store(value, to));
}
