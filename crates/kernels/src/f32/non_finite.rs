//! How many floats are no finite number.

use super::lanes::{load_some, BYTES};
use simd::{mem, Isa};

/// −1 in the lanes that are NaN or infinite: only there x − x is no 0.
#[inline(always)]
fn non_finite<I: Isa>(isa: I, x: I::F32x4) -> I::I32x4 {
    isa.f32x4_ne(isa.f32x4_sub(x, x), isa.f32x4_splat(0.0))
}

/// How many of these floats are NaN or infinite.
#[inline(never)]
pub fn count_non_finite<I: Isa>(isa: I, floats: &[u8]) -> i32 {
    let vectors = mem::arrays::<16>(floats);
    let mut counts = isa.i32x4_splat(0);
    for vector in vectors {
        counts = isa.i32x4_sub(counts, non_finite(isa, isa.f32x4_load(vector)));
    }
    counts = isa.i32x4_sub(counts, non_finite(isa, load_some(isa, &floats[vectors.len() * 16..])));
    let mut lanes = [0; 16];
    isa.i32x4_store(counts, &mut lanes);
    mem::arrays::<BYTES>(&lanes).iter().map(|lane| i32::from_le_bytes(*lane)).sum()
}

#[cfg(test)]
mod tests {
    use super::count_non_finite;
    use simd::Portable;

    /// Every kind in every lane of whole vectors and of the rest.
    #[test]
    fn counts_nan_and_infinities() {
        for length in 0..11usize {
            for kinds in 0..(1u32 << length) {
                let floats: Vec<f32> = (0..length)
                    .map(|i| match (kinds >> i & 1, i % 3) {
                        (0, _) => [f32::MAX, -0.0, 1e-40][i % 3],
                        (_, 0) => f32::NAN,
                        (_, 1) => f32::INFINITY,
                        _ => f32::NEG_INFINITY,
                    })
                    .collect();
                let bytes: Vec<u8> = floats.iter().flat_map(|x| x.to_le_bytes()).collect();
                assert_eq!(count_non_finite(Portable, &bytes), kinds.count_ones() as i32, "{floats:?}");
            }
        }
    }
}
