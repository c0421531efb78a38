//! The rows of output pixels that a weight gradient sums over, and the activations under them.

use crate::params::ConvWeightGradient;
use core::ops::Range;

/// Pixels of a row where rows are ours to choose.
const FLAT_WIDTH: usize = 64;

/// The rows of a slab. Of a 1×1 convolution pixels are as good as one long row, cut evenly: small pictures and linear layers then waste no lanes.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    layer: &'a ConvWeightGradient,
    input: &'a [u8],
    gradient: &'a [u8],
    images: Range<usize>,
    shape: Shape,
}

/// How the rows of every slab of a layer look.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Pixels of a row; the last one of a flat layer may have fewer.
    pub width: usize,
    /// Lines of activations that one row of the kernel packs: one for all its taps, or one per tap where they share too little.
    pub lines: usize,
    /// Positions of a line.
    pub line: usize,
    /// From one tap to the next in a line that they share.
    pub shift: usize,
    is_flat: bool,
}

impl Shape {
    /// For rows that are interleaved `lanes` at a time.
    pub fn new(layer: &ConvWeightGradient, lanes: usize) -> Self {
        let (out_w, kernel_w) = (layer.out_w as usize, layer.kernel_w as usize);
        let is_flat = [layer.kernel_h, layer.kernel_w, layer.stride_h, layer.stride_w] == [1; 4]
            && [layer.pad_top, layer.pad_left] == [0; 2]
            && [layer.in_h, layer.in_w] == [layer.out_h, layer.out_w];
        if is_flat {
            let pixels = layer.most_images() * layer.out_h as usize * out_w;
            let width = pixels.div_ceil(lanes).min(FLAT_WIDTH);
            return Self { width, lines: 1, line: width, shift: 0, is_flat };
        }
        let shift = layer.dilation_w as usize;
        if layer.stride_w == 1 && shift <= out_w {
            Self { width: out_w, lines: 1, line: out_w + (kernel_w - 1) * shift, shift, is_flat }
        } else {
            Self { width: out_w, lines: kernel_w, line: out_w, shift: 0, is_flat }
        }
    }

    /// The line of tap `kx` of a row of the kernel, and where in it the tap starts.
    pub fn tap(&self, kx: usize) -> (usize, usize) {
        if self.lines == 1 {
            (0, kx * self.shift)
        } else {
            (kx, 0)
        }
    }

    /// The most rows of a slab.
    pub fn most_rows(&self, layer: &ConvWeightGradient) -> usize {
        self.rows(layer, layer.most_images())
    }

    fn rows(&self, layer: &ConvWeightGradient, images: usize) -> usize {
        if self.is_flat {
            (images * layer.out_h as usize * layer.out_w as usize).div_ceil(self.width)
        } else {
            images * layer.out_h as usize
        }
    }
}

impl<'a> Rows<'a> {
    /// Those of some images.
    pub fn new(layer: &'a ConvWeightGradient, shape: Shape, input: &'a [u8], gradient: &'a [u8], images: Range<usize>) -> Self {
        Self { layer, input, gradient, images, shape }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.shape.rows(self.layer, self.images.len())
    }

    /// The gradient codes of a row up to the last channel of its last pixel; nothing past the last row.
    pub fn gradient(&self, row: usize) -> &'a [u8] {
        if row >= self.count() {
            return &[];
        }
        let out_w = self.layer.out_w as usize;
        let pixels = if self.shape.is_flat { self.flat(row) } else { run((self.images.start * self.layer.out_h as usize + row) * out_w, out_w) };
        bytes(self.gradient, pixels, self.layer.out_stride, self.layer.out_c)
    }

    /// The activations under row `ky` of the kernel; nothing in the padding and past the last row. Pixel 0 lies under the column 0 of the input.
    pub fn input(&self, row: usize, ky: usize) -> &'a [u8] {
        if row >= self.count() {
            return &[];
        }
        let (in_h, in_w, out_h) = (self.layer.in_h as usize, self.layer.in_w as usize, self.layer.out_h as usize);
        let pixels = if self.shape.is_flat {
            self.flat(row)
        } else {
            let Some(y) = self.layer.vertical().element(row % out_h, ky) else { return &[] };
            run(((self.images.start + row / out_h) * in_h + y) * in_w, in_w)
        };
        bytes(self.input, pixels, self.layer.in_stride, self.layer.in_c)
    }

    fn flat(&self, row: usize) -> Range<usize> {
        let pixels = self.layer.out_h as usize * self.layer.out_w as usize;
        let first = self.images.start * pixels + row * self.shape.width;
        first..(first + self.shape.width).min(self.images.end * pixels)
    }
}

fn run(first: usize, count: usize) -> Range<usize> {
    first..first + count
}

/// The codes of some pixels, up to the last channel of the last one.
fn bytes(codes: &[u8], pixels: Range<usize>, stride: i32, channels: i32) -> &[u8] {
    let stride = stride as usize;
    &codes[pixels.start * stride..(pixels.end - 1) * stride + channels as usize]
}
