//! SPEC 4.1: the one order of f32 sums.

use crate::window::Window;

/// One output element of a float convolution: `x` [IC/g, H, W] of the element's group, `w` [IC/g, KH, KW]. Padding enters as +0.
pub fn conv2d_f32(x: &[f32], w: &[f32], bias: Option<f32>, windows: [Window; 2], [y, column]: [i64; 2]) -> f32 {
    let [rows, columns] = windows;
    let plane = (rows.input * columns.input) as usize;
    let mut taps = w.iter();
    let mut sum = 0.0f32;
    for image in x.chunks_exact(plane) {
        for ky in 0..rows.kernel {
            for (kx, &w) in (0..columns.kernel).zip(taps.by_ref()) {
                let inside = rows.inside(y, ky).zip(columns.inside(column, kx));
                sum += w * inside.map_or(0.0, |(iy, ix)| image[iy * columns.input as usize + ix]);
            }
        }
    }
    bias.map_or(sum, |bias| sum + bias)
}

/// One output element of a float dense layer.
pub fn dense_f32(x: &[f32], w: &[f32], bias: Option<f32>) -> f32 {
    let mut sum = 0.0f32;
    for (x, w) in x.iter().zip(w) {
        sum += w * x;
    }
    bias.map_or(sum, |bias| sum + bias)
}

/// sum · (1/K) of the elements of a window, in (y, x) order.
pub fn average_f32(elements: &[f32], divisor: f32) -> f32 {
    let mut sum = 0.0f32;
    for x in elements {
        sum += x;
    }
    sum * (1.0 / divisor)
}
