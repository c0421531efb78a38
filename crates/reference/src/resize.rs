//! SPEC 5.2: bilinear, half-pixel centres, 11 bits of fixed point.

/// First neighbour, second neighbour and the weight of the second, in 2^−11.
fn neighbours(i: usize, input: usize, output: usize) -> (usize, usize, i64) {
    let position = ((2 * i as i64 + 1) * input as i64 * 1024).div_euclid(output as i64) - 1024;
    let position = position.clamp(0, (input as i64 - 1) << 11);
    let first = (position >> 11) as usize;
    (first, (first + 1).min(input - 1), position & 2047)
}

/// Bytes [H, W, channels] → [h, w, channels].
pub fn resize(pixels: &[u8], [height, width]: [usize; 2], channels: usize, [out_h, out_w]: [usize; 2]) -> Vec<u8> {
    let mut out = Vec::with_capacity(out_h * out_w * channels);
    for y in 0..out_h {
        let (y0, y1, fy) = neighbours(y, height, out_h);
        for x in 0..out_w {
            let (x0, x1, fx) = neighbours(x, width, out_w);
            for c in 0..channels {
                let p = |y: usize, x: usize| i64::from(pixels[(y * width + x) * channels + c]);
                let top = (2048 - fx) * p(y0, x0) + fx * p(y0, x1);
                let bottom = (2048 - fx) * p(y1, x0) + fx * p(y1, x1);
                out.push((((2048 - fy) * top + fy * bottom + (1 << 21)) >> 22) as u8);
            }
        }
    }
    out
}
