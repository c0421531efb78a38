//! SPEC 3.1, one filter per channel.

use crate::conv::{Case, Shape};
use crate::Verdict;
use simd::Isa;

pub fn suite<I: Isa>(isa: I) -> Verdict {
    let mut seed = 0;
    for channels in [1, 3, 4, 5, 8, 9, 16, 17, 40] {
        let shapes = [
            Shape::new([channels, 6, 5], 0, [3, 3]).pads([1, 1, 1, 1]),
            Shape::new([channels, 7, 7], 0, [3, 3]).stride([2, 2]).pads([0, 1, 1, 0]),
            Shape::new([channels, 9, 8], 0, [5, 3]).dilation([2, 1]).pads([4, 1, 4, 1]),
            Shape::new([channels, 1, 1], 0, [1, 1]),
            Shape::new([channels, 2, 2], 0, [7, 7]).pads([3, 3, 3, 3]),
        ];
        for shape in shapes {
            Case::new(shape.depthwise(), seed).run_depthwise(isa)?;
            seed += 1;
        }
        // The 3×3 kernel: every rest of a tile, images of one column and of one row, windows that lie in the padding.
        for width in [1, 2, 3, 4, 5, 8, 9, 11] {
            for (stride, pads) in
                [([1, 1], [1, 1, 1, 1]), ([1, 2], [1, 0, 1, 2]), ([2, 1], [0, 2, 2, 1]), ([2, 2], [1, 1, 1, 1]), ([3, 2], [3, 3, 3, 3])]
            {
                let height = 1 + seed as i32 % 4;
                Case::new(Shape::new([channels, height, width], 0, [3, 3]).stride(stride).pads(pads).depthwise(), seed).run_depthwise(isa)?;
                seed += 1;
            }
        }
        // An output with less room than the input.
        let mut narrow = Case::new(Shape::new([channels, 4, 6], 0, [3, 3]).pads([1, 1, 1, 1]).depthwise(), seed);
        narrow.shape.out_stride = channels;
        narrow.run_depthwise(isa)?;
        // Channels with nothing between them: no room for whole vectors.
        let mut close = Case::new(Shape::new([channels, 4, 4], 0, [2, 2]).depthwise(), seed);
        close.shape.in_stride = channels;
        close.shape.out_stride = channels;
        close.run_depthwise(isa)?;
    }
    blocks().iter().try_for_each(|case| case.run_depthwise(isa))
}

/// Depthwise images of several blocks of rows, the last one of one row and of more; and images that begin where the lines under them end, or beyond.
pub fn blocks() -> Vec<Case> {
    let mut shapes = Vec::new();
    for (height, width) in [(17, 7), (19, 7), (6, 40), (12, 21)] {
        for stride in [[1, 1], [2, 2], [3, 1]] {
            shapes.push(Shape::new([9, height * stride[0], width * stride[1]], 0, [3, 3]).stride(stride).pads([1, 1, 1, 1]));
        }
    }
    let beyond = Shape::new([9, 3, 1], 0, [3, 3]).stride([1, 2]).pads([1, 3, 1, 0]);
    let mut cases: Vec<_> = shapes.into_iter().chain([beyond; 3]).zip(0..).map(|(shape, seed)| Case::new(shape.depthwise(), seed)).collect();
    for (case, pad_left) in cases.iter_mut().rev().zip([3, 4, 9]) {
        case.shape.pad_left = pad_left;
    }
    cases
}
