//! SPEC 3.4, maximum.

use crate::window::Window;

/// x [C, H, W] → codes [C, OH, OW]. Padding is left out; every window contains an input element.
pub fn max_pool(x: &[i32], windows: [Window; 2], [oh, ow]: [usize; 2], [lo, hi]: [i64; 2]) -> Vec<i32> {
    let [rows, columns] = windows;
    let width = columns.input as usize;
    let mut codes = Vec::new();
    for image in x.chunks_exact((rows.input * columns.input) as usize) {
        for y in 0..oh as i64 {
            for x in 0..ow as i64 {
                let mut maximum = i64::MIN;
                for iy in (0..rows.kernel).filter_map(|ky| rows.inside(y, ky)) {
                    for ix in (0..columns.kernel).filter_map(|kx| columns.inside(x, kx)) {
                        maximum = maximum.max(image[iy * width + ix] as i64);
                    }
                }
                codes.push(maximum.clamp(lo, hi) as i32);
            }
        }
    }
    codes
}
