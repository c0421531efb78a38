//! Shapes of layers with up to 4 channels and a window, whose windows are laid side by side.

use crate::conv::{Case, Shape};

pub fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    // Every count of channels that lie 4 apart, odd and even rows of the kernel, images narrower than it.
    for in_c in [1, 2, 3, 4] {
        for (kernel, stride) in [([3, 3], [1, 1]), ([3, 2], [1, 3]), ([5, 5], [2, 2]), ([1, 4], [1, 1])] {
            shapes.push(Shape::new([in_c, 6, 9], 9, kernel).stride(stride).pads([kernel[0] / 2, 1, 1, kernel[1] / 2]));
        }
        shapes.push(Shape::new([in_c, 4, 1], 8, [3, 3]).pads([1, 1, 1, 1]));
        shapes.push(Shape::new([in_c, 7, 9], 5, [3, 3]).dilation([2, 1]).pads([2, 1, 2, 1]));
        shapes.push(Shape::new([in_c, 7, 9], 5, [3, 3]).dilation([1, 2]).pads([1, 2, 1, 2]));
    }
    shapes.push(Shape::new([3, 9, 11], 8, [7, 7]).stride([2, 2]).pads([3, 3, 3, 3]));
    // Rows of a window around one vector and two, of codes of one byte and of two.
    for (in_c, kernel_w) in [(3, 5), (4, 4), (3, 6), (4, 8), (3, 11)] {
        shapes.push(Shape::new([in_c, 5, 14], 9, [3, kernel_w]).stride([2, 1]).pads([1, 2, 1, 2]));
        shapes.push(Shape::new([in_c, 5, 14], 9, [2, kernel_w]).stride([1, 2]).pads([1, 2, 1, 2]));
    }
    // What neighbouring rows of the output have in common of their windows: all but a row, none, every second row, none for their parity.
    for (stride, dilation) in [(1, 1), (3, 1), (4, 1), (2, 2), (1, 2), (4, 2), (3, 2)] {
        shapes.push(Shape::new([3, 13, 5], 8, [3, 3]).stride([stride, 1]).dilation([dilation, 1]).pads([2, 1, 3, 1]));
    }
    // Blocks that end within a row, and padding wider than the image.
    shapes.push(Shape::new([3, 3, 150], 8, [3, 3]).stride([1, 2]).pads([1, 1, 1, 1]));
    shapes.push(Shape::new([3, 2, 90], 8, [3, 3]).pads([1, 1, 1, 1]));
    shapes.push(Shape::new([2, 2, 3], 8, [3, 3]).pads([4, 6, 5, 7]));
    // Stems of every rest of a row of four pixels, up to where the last window reads the last pixel.
    for width in 17..=24 {
        shapes.push(Shape::new([1 + width % 4, 6, width], 8, [3, 3]).stride([2, 2]).pads([1, 0, 0, 1]));
        shapes.push(Shape::new([4, 5, width], 8, [3, 3]).stride([2, 2]).pads([0, 0, 1, 0]));
        shapes.push(Shape::new([3, 9, width], 8, [2 + width % 3, 4 + width % 4]).stride([1, 2]).pads([1, 2, 1, 2]));
    }
    shapes
}

/// Few channels in pixels of another size than 4.
pub fn unaligned() -> impl Iterator<Item = Case> {
    [(1, 1), (2, 3), (3, 3), (3, 16), (4, 5)].into_iter().zip(0..).map(|((in_c, in_stride), seed)| {
        let mut case = Case::new(Shape::new([in_c, 5, 7], 9, [3, 3]).stride([2, 2]).pads([1, 1, 1, 1]), seed);
        case.shape.in_stride = in_stride;
        case
    })
}
