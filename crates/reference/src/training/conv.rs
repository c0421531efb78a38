//! SPEC 7.2.1: convolutions forward and to the weights.

use super::Real;

/// A convolution on [batch][height][width][channels].
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// Images.
    pub batch: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Input channels.
    pub in_c: usize,
    /// Height and width of the output.
    pub output: [usize; 2],
    /// Output channels.
    pub out_c: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Steps between windows.
    pub stride: [usize; 2],
    /// Padding above and to the left; may be negative.
    pub pad: [i64; 2],
    /// Steps between taps.
    pub dilation: [usize; 2],
    /// Groups of channels.
    pub groups: usize,
    /// Input pixels lie this far apart, zeros between them.
    pub input_dilation: [usize; 2],
}

impl Convolution {
    fn place(&self, axis: usize, o: usize, k: usize) -> Option<usize> {
        let place = (o * self.stride[axis] + k * self.dilation[axis]) as i64 - self.pad[axis];
        let step = self.input_dilation[axis] as i64;
        (place >= 0 && place % step == 0 && place / step < self.input[axis] as i64).then_some((place / step) as usize)
    }

    /// Channel 0 of the input under tap (ky, kx) of output pixel (image, y, x).
    fn at(&self, [image, y, x]: [usize; 3], [ky, kx]: [usize; 2]) -> Option<usize> {
        let (y, x) = (self.place(0, y, ky)?, self.place(1, x, kx)?);
        Some(((image * self.input[0] + y) * self.input[1] + x) * self.in_c)
    }

    /// Output pixels in order.
    fn pixels(&self) -> impl Iterator<Item = [usize; 3]> + '_ {
        let [height, width] = self.output;
        (0..self.batch * height * width).map(move |i| [i / width / height, i / width % height, i % width])
    }

    fn taps(&self) -> impl Iterator<Item = [usize; 2]> + '_ {
        (0..self.kernel[0] * self.kernel[1]).map(|tap| [tap / self.kernel[1], tap % self.kernel[1]])
    }

    /// [batch][out_h][out_w][out_c]: products over (ky, kx, input channel) added to +0, without padding, then the bias. Weights [out_c][in_c/groups][ky][kx].
    pub fn forward<T: Real>(&self, x: &[T], w: &[T], bias: Option<&[T]>) -> Vec<T> {
        let (inputs, outputs, window) = (self.in_c / self.groups, self.out_c / self.groups, self.kernel[0] * self.kernel[1]);
        let mut y = Vec::new();
        for pixel in self.pixels() {
            for o in 0..self.out_c {
                let mut sum = T::from(0.0);
                for (tap, k) in self.taps().enumerate() {
                    let Some(at) = self.at(pixel, k) else { continue };
                    for i in 0..inputs {
                        sum = sum + x[at + o / outputs * inputs + i] * w[(o * inputs + i) * window + tap];
                    }
                }
                y.push(bias.map_or(sum, |bias| sum + bias[o]));
            }
        }
        y
    }

    /// [out_c][in_c/groups][ky][kx]: products over output pixels in order, in blocks of 256; each block's sum starts from +0 and is added to the total.
    pub fn weight_gradient<T: Real>(&self, x: &[T], gradient: &[T]) -> Vec<T> {
        let (inputs, outputs) = (self.in_c / self.groups, self.out_c / self.groups);
        let pixels: Vec<_> = self.pixels().collect();
        let mut dw = Vec::new();
        for o in 0..self.out_c {
            for i in 0..inputs {
                for k in self.taps() {
                    let mut total = T::from(0.0);
                    for (block, pixels) in pixels.chunks(256).enumerate() {
                        let mut sum = T::from(0.0);
                        for (p, &pixel) in pixels.iter().enumerate() {
                            let Some(at) = self.at(pixel, k) else { continue };
                            sum = sum + x[at + o / outputs * inputs + i] * gradient[(block * 256 + p) * self.out_c + o];
                        }
                        total = total + sum;
                    }
                    dw.push(total);
                }
            }
        }
        dw
    }
}
