//! Numbers and vectors in byte slices. Linear memory is bytes, so nothing here asks for alignment.
//!
//! Hot loops view a slice as arrays once ([`arrays`], [`panels`]) and walk it by iterators: the length is checked once and no
//! index is checked inside. The `unsafe` of the crate turns an array of 16 bytes into a `v128` and back, and picks
//! rows of a slice.

/// The whole `N`-byte arrays at the front of `bytes`; a rest shorter than `N` is left out.
#[inline(always)]
pub fn arrays<const N: usize>(bytes: &[u8]) -> &[[u8; N]] {
    bytes.as_chunks::<N>().0
}

/// [`arrays`], to be written.
#[inline(always)]
pub fn arrays_mut<const N: usize>(bytes: &mut [u8]) -> &mut [[u8; N]] {
    bytes.as_chunks_mut::<N>().0
}

/// The whole groups of `M` arrays of `N` bytes at the front of `bytes`: what one step of a microkernel eats.
#[inline(always)]
pub fn panels<const N: usize, const M: usize>(bytes: &[u8]) -> &[[[u8; N]; M]] {
    bytes.as_chunks::<N>().0.as_chunks::<M>().0
}

/// [`panels`], to be written.
#[inline(always)]
pub fn panels_mut<const N: usize, const M: usize>(bytes: &mut [u8]) -> &mut [[[u8; N]; M]] {
    bytes.as_chunks_mut::<N>().0.as_chunks_mut::<M>().0
}

/// The `N` bytes from byte `at` on. Panics if the slice does not hold them.
#[inline(always)]
pub fn array<const N: usize>(bytes: &[u8], at: usize) -> &[u8; N] {
    bytes[at..].first_chunk::<N>().expect("bytes inside the slice")
}

/// [`array`], to be written.
#[inline(always)]
pub fn array_mut<const N: usize>(bytes: &mut [u8], at: usize) -> &mut [u8; N] {
    bytes[at..].first_chunk_mut::<N>().expect("bytes inside the slice")
}

/// Whether each of `ROWS` rows, which begin `stride` bytes apart, has `N` bytes in a slice of `length`.
#[inline(always)]
fn holds_rows<const N: usize, const ROWS: usize>(length: usize, stride: usize) -> bool {
    const { assert!(ROWS > 0 && ROWS <= 16 && N <= 16) };
    // The product does not wrap: 15 · 2^27 + 16 is below 2^32.
    stride <= 1 << 27 && (ROWS - 1) * stride + N <= length
}

/// `N` bytes of each of `ROWS` rows, which begin `stride` ≤ 2^27 bytes apart, the first at byte `at`. Panics if the slice does not hold them. One check
/// for all: what a microkernel does with them is a handful of instructions.
#[inline(always)]
pub fn rows<const N: usize, const ROWS: usize>(bytes: &[u8], at: usize, stride: usize) -> [&[u8; N]; ROWS] {
    let bytes = &bytes[at..];
    assert!(holds_rows::<N, ROWS>(bytes.len(), stride), "rows inside the slice");
    // SAFETY: row i begins at i · stride and ends N bytes later, inside the slice by the assertion.
    core::array::from_fn(|i| unsafe { &*bytes.as_ptr().add(i * stride).cast::<[u8; N]>() })
}

/// [`rows`], to be written: `stride` ≥ `N`.
#[inline(always)]
pub fn rows_mut<const N: usize, const ROWS: usize>(bytes: &mut [u8], at: usize, stride: usize) -> [&mut [u8; N]; ROWS] {
    let bytes = &mut bytes[at..];
    assert!(N <= stride && holds_rows::<N, ROWS>(bytes.len(), stride), "rows inside the slice");
    let first = bytes.as_mut_ptr();
    // SAFETY: as in `rows`; and row i ends before row i + 1 begins, so that no two references overlap.
    core::array::from_fn(|i| unsafe { &mut *first.add(i * stride).cast::<[u8; N]>() })
}

/// The i16 at byte `at`.
#[inline(always)]
pub fn read_i16(bytes: &[u8], at: usize) -> i16 {
    i16::from_le_bytes(*array(bytes, at))
}

/// The i32 at byte `at`.
#[inline(always)]
pub fn read_i32(bytes: &[u8], at: usize) -> i32 {
    i32::from_le_bytes(*array(bytes, at))
}

/// The f32 at byte `at`.
#[inline(always)]
pub fn read_f32(bytes: &[u8], at: usize) -> f32 {
    f32::from_le_bytes(*array(bytes, at))
}

/// Writes an i16 at byte `at`.
#[inline(always)]
pub fn write_i16(bytes: &mut [u8], at: usize, value: i16) {
    *array_mut(bytes, at) = value.to_le_bytes();
}

/// Writes an i32 at byte `at`.
#[inline(always)]
pub fn write_i32(bytes: &mut [u8], at: usize, value: i32) {
    *array_mut(bytes, at) = value.to_le_bytes();
}

/// Writes an f32 at byte `at`.
#[inline(always)]
pub fn write_f32(bytes: &mut [u8], at: usize, value: f32) {
    *array_mut(bytes, at) = value.to_le_bytes();
}

/// The `v128` instructions that take an address, on arrays that prove the address right.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) mod vector {
    use core::arch::wasm32::*;

    #[inline(always)]
    pub fn load(bytes: &[u8; 16]) -> v128 {
        // SAFETY: the reference is valid for reading 16 bytes, and v128.load asks for no alignment.
        unsafe { v128_load(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    pub fn load32_splat(bytes: &[u8; 4]) -> v128 {
        // SAFETY: the reference is valid for reading 4 bytes, and v128.load32_splat asks for no alignment.
        unsafe { v128_load32_splat(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    pub fn load64_zero(bytes: &[u8; 8]) -> v128 {
        // SAFETY: the reference is valid for reading 8 bytes, and v128.load64_zero asks for no alignment.
        unsafe { v128_load64_zero(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    pub fn load8x8_s(bytes: &[u8; 8]) -> v128 {
        // SAFETY: the reference is valid for reading 8 bytes, and v128.load8x8_s asks for no alignment.
        unsafe { i16x8_load_extend_i8x8(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    pub fn load8x8_u(bytes: &[u8; 8]) -> v128 {
        // SAFETY: the reference is valid for reading 8 bytes, and v128.load8x8_u asks for no alignment.
        unsafe { i16x8_load_extend_u8x8(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    pub fn store(value: v128, bytes: &mut [u8; 16]) {
        // SAFETY: the reference is valid for writing 16 bytes, and v128.store asks for no alignment.
        unsafe { v128_store(bytes.as_mut_ptr().cast(), value) }
    }

    #[inline(always)]
    pub fn store64_low(value: v128, bytes: &mut [u8; 8]) {
        // SAFETY: the reference is valid for writing 8 bytes, and v128.store64_lane asks for no alignment.
        unsafe { v128_store64_lane::<0>(value, bytes.as_mut_ptr().cast()) }
    }

    #[inline(always)]
    pub fn store64_high(value: v128, bytes: &mut [u8; 8]) {
        // SAFETY: the reference is valid for writing 8 bytes, and v128.store64_lane asks for no alignment.
        unsafe { v128_store64_lane::<1>(value, bytes.as_mut_ptr().cast()) }
    }

    #[inline(always)]
    pub fn store32_low(value: v128, bytes: &mut [u8; 4]) {
        // SAFETY: the reference is valid for writing 4 bytes, and v128.store32_lane asks for no alignment.
        unsafe { v128_store32_lane::<0>(value, bytes.as_mut_ptr().cast()) }
    }
}
