//! SPEC 7.2.5: pools on [batch][height][width][channels].

use super::Real;

/// A pool.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// Images.
    pub batch: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the output.
    pub output: [usize; 2],
    /// Height and width of a window.
    pub kernel: [usize; 2],
    /// Steps between windows.
    pub stride: [usize; 2],
    /// Padding above and to the left.
    pub pad: [usize; 2],
    /// Channels.
    pub channels: usize,
    /// Whether padding counts in the divisor of an average.
    pub count_include_pad: bool,
}

impl Pool {
    /// Input pixels, counted over all images, under the window of output pixel `pixel`.
    fn window(&self, pixel: usize) -> Vec<usize> {
        let [height, width] = self.output;
        let (image, y, x) = (pixel / width / height, pixel / width % height, pixel % width);
        let mut pixels = Vec::new();
        for iy in (y * self.stride[0]..y * self.stride[0] + self.kernel[0]).filter_map(|iy| iy.checked_sub(self.pad[0])) {
            for ix in (x * self.stride[1]..x * self.stride[1] + self.kernel[1]).filter_map(|ix| ix.checked_sub(self.pad[1])) {
                if iy < self.input[0] && ix < self.input[1] {
                    pixels.push((image * self.input[0] + iy) * self.input[1] + ix);
                }
            }
        }
        pixels
    }

    fn outputs(&self) -> usize {
        self.batch * self.output[0] * self.output[1]
    }

    fn inputs(&self) -> usize {
        self.batch * self.input[0] * self.input[1]
    }

    /// Greatest values, the first of equals, and their pixels; −∞ and −1 for a window without pixels.
    pub fn max<T: Real>(&self, x: &[T]) -> (Vec<T>, Vec<i32>) {
        let (mut values, mut indices) = (Vec::new(), Vec::new());
        for pixel in 0..self.outputs() {
            for c in 0..self.channels {
                let mut best = (T::from(f32::NEG_INFINITY), -1);
                for from in self.window(pixel) {
                    let value = x[from * self.channels + c];
                    #[allow(clippy::eq_op, reason = "only a NaN differs from itself")]
                    if best.1 == -1 || value > best.0 || value != value {
                        best = (value, from as i32);
                    }
                }
                values.push(best.0);
                indices.push(best.1);
            }
        }
        (values, indices)
    }

    /// Gradients added to the pixels that won, in the order of the outputs.
    pub fn max_backward<T: Real>(&self, gradient: &[T], indices: &[i32]) -> Vec<T> {
        let mut dx = vec![T::from(0.0); self.inputs() * self.channels];
        for (i, (&g, &index)) in gradient.iter().zip(indices).enumerate().filter(|(_, (_, &index))| index >= 0) {
            let to = &mut dx[index as usize * self.channels + i % self.channels];
            *to = *to + g;
        }
        dx
    }

    fn reciprocal<T: Real>(&self, window: &[usize]) -> T {
        let pixels = if self.count_include_pad { self.kernel[0] * self.kernel[1] } else { window.len() };
        T::from(1.0) / T::whole(pixels.max(1))
    }

    /// Sums in the order of the window's pixels, times 1/divisor.
    pub fn average<T: Real>(&self, x: &[T]) -> Vec<T> {
        let mut y = Vec::new();
        for pixel in 0..self.outputs() {
            let window = self.window(pixel);
            for c in 0..self.channels {
                let sum = window.iter().fold(T::from(0.0), |sum, from| sum + x[from * self.channels + c]);
                y.push(sum * self.reciprocal(&window));
            }
        }
        y
    }

    /// gradient·(1/divisor) added to every pixel of the window, in the order of the outputs.
    pub fn average_backward<T: Real>(&self, gradient: &[T]) -> Vec<T> {
        let mut dx = vec![T::from(0.0); self.inputs() * self.channels];
        for pixel in 0..self.outputs() {
            let window = self.window(pixel);
            for c in 0..self.channels {
                let share = gradient[pixel * self.channels + c] * self.reciprocal(&window);
                for from in &window {
                    let to = &mut dx[from * self.channels + c];
                    *to = *to + share;
                }
            }
        }
        dx
    }
}
