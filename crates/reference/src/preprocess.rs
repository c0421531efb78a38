//! SPEC 5.1 and 5.3: from a picture to input codes.

use crate::quantize::quantize;
use crate::resize::resize;
use serde::{Deserialize, Serialize};

/// How a picture of another size becomes one of the network's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Keep the aspect ratio and cut the centre.
    Crop,
    /// Resize to the target.
    Stretch,
}

/// Channels of the network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red.
    Bgr,
    /// One channel.
    Gray,
}

/// SPEC 5.3: the size to resize to, so that the target fits inside.
pub fn fitted_size([height, width]: [usize; 2], [h, w]: [usize; 2], fit: Fit) -> [usize; 2] {
    // round half up of size · numerator / denominator
    let scaled = |size: usize, numerator: usize, denominator: usize| (2 * size * numerator + denominator) / (2 * denominator);
    match fit {
        Fit::Stretch => [h, w],
        Fit::Crop if h * width >= w * height => [h, scaled(width, h, height).max(w)],
        Fit::Crop => [scaled(height, w, width).max(h), w],
    }
}

/// Cuts the centre [h, w] out of bytes [H, W, channels].
pub fn crop(pixels: &[u8], [height, width]: [usize; 2], channels: usize, [h, w]: [usize; 2]) -> Vec<u8> {
    let (top, left) = ((height - h) / 2, (width - w) / 2);
    let rows = (top..top + h).map(|y| &pixels[(y * width + left) * channels..][..w * channels]);
    rows.flatten().copied().collect()
}

/// The bytes of one pixel (three of colour, or one of gray) in the network's channels.
pub fn order(pixel: &[u8], channels: Channels) -> Vec<u8> {
    match (channels, pixel) {
        (Channels::Gray, &[r, g, b]) => {
            vec![((77 * u32::from(r) + 150 * u32::from(g) + 29 * u32::from(b) + 128) >> 8) as u8]
        }
        (Channels::Bgr, &[r, g, b]) => vec![b, g, r],
        _ => pixel.to_vec(),
    }
}

/// The code of every byte in one channel: `1.3 of ((f32(p)·f32(1/255) − mean) · (1/std))`.
pub fn table(mean: f32, std: f32, scale: f32, zero_point: i64, range: [i64; 2]) -> Vec<i32> {
    let reciprocal = 1.0f32 / std;
    let unit = 1.0f32 / 255.0;
    let real = |p: u8| (f32::from(p) * unit - mean) * reciprocal;
    (0..=255u8).map(|p| quantize(real(p), scale, zero_point, range) as i32).collect()
}

/// A picture of bytes [H, W, channels] (3 or 1) → codes [C, h, w]; one table per channel of the network.
pub fn preprocess(
    pixels: &[u8],
    size: [usize; 2],
    source_channels: usize,
    target: [usize; 2],
    fit: Fit,
    channels: Channels,
    tables: &[Vec<i32>],
) -> Vec<i32> {
    let fitted = fitted_size(size, target, fit);
    let resized = resize(pixels, size, source_channels, fitted);
    let cut = crop(&resized, fitted, source_channels, target);
    let ordered: Vec<Vec<u8>> = cut.chunks_exact(source_channels).map(|pixel| order(pixel, channels)).collect();
    let planes = tables.iter().enumerate();
    planes.flat_map(|(c, table)| ordered.iter().map(move |pixel| table[usize::from(pixel[c])])).collect()
}
