//! Weight gradients of convolutions (SPEC 7.1): exact sums of products of activation and gradient codes over all pixels of a batch.
//!
//! The products run over pixels, and memory runs over channels, so that operands are interleaved first: neighbouring *lanes* of a dot product are the same
//! channel of pixels in neighbouring rows ([`operands`]). A row of output pixels is a run of steps, and a tap of the kernel is the same run of the activations,
//! further right. Sums stay in memory and pass through registers once per block of rows ([`multiply`]).

mod conv;
mod depthwise;
mod direct;
mod layer;
mod multiply;
mod operands;
mod relaxed;
mod rows;
pub mod winograd;

/// How many slabs a batch must be cut into, so that no sum of a slab reaches 2^31: `activation_max` and `gradient_max` are the largest |code|, `pixels` those of one
/// image of the output, `factor` 1, or 4 for [`WinogradWeightGradient`](crate::params::WinogradWeightGradient). `None` if one image is too many.
///
/// With m = ⌊(2^31 − 1) / (factor·activation_max·gradient_max·pixels)⌋ images per slab, ⌈batch / m⌉ slabs: no slab has more than ⌈batch / slabs⌉ ≤ m images.
pub fn slabs(batch: u64, pixels: u64, activation_max: u64, gradient_max: u64, factor: u64) -> Option<u64> {
    let image = factor.checked_mul(activation_max)?.checked_mul(gradient_max)?.checked_mul(pixels)?;
    let images = (i32::MAX as u64).checked_div(image.max(1))?;
    (images > 0).then(|| batch.div_ceil(images).max(1))
}

#[cfg(test)]
mod tests {
    use super::slabs;

    #[test]
    fn no_slab_reaches_the_end_of_i32() {
        for (batch, pixels, a, g, factor) in
            [(128, 1024, 15, 7, 4), (7, 224 * 224, 255, 127, 1), (1000, 50_000, 255, 127, 1), (1, 1, 1, 1, 1), (3, 66_000, 255, 127, 1)]
        {
            let count = slabs(batch, pixels, a, g, factor).expect("an image fits");
            let most = (0..count).map(|slab| (slab + 1) * batch / count - slab * batch / count).max().expect("a slab");
            assert!(most * pixels * a * g * factor <= i32::MAX as u64, "{count} slabs");
            assert!(count == 1 || batch.div_ceil(count - 1) * pixels * a * g * factor > i32::MAX as u64, "fewer than {count} slabs would do");
        }
        assert_eq!(slabs(8, 1 << 17, 255, 127, 1), None);
        assert_eq!(slabs(u64::MAX, u64::MAX, u64::MAX, 2, 1), None);
    }
}
