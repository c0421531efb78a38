//! Convolution and dense by dot products of bytes: one suite per dot product.

use crate::conv::{shapes, Case, Shape};
use crate::depthwise::blocks;
use crate::layout::range;
use crate::shifts::large;
use crate::stems;
use crate::Verdict;
use kernels::params::dot;
use simd::Isa;

/// Relaxed dot, activations second.
pub fn i7<I: Isa>(isa: I) -> Verdict {
    suite(isa, dot::I7)
}

/// Relaxed dot, weights second.
pub fn w4<I: Isa>(isa: I) -> Verdict {
    suite(isa, dot::W4)
}

/// The relaxed instruction as `vpdpbusd`.
pub fn usdot<I: Isa>(isa: I) -> Verdict {
    suite(isa, dot::USDOT)
}

/// The relaxed instruction as `sdot`.
pub fn sdot<I: Isa>(isa: I) -> Verdict {
    suite(isa, dot::SDOT)
}

fn suite<I: Isa>(isa: I, dot: i32) -> Verdict {
    // Both containers for every shape: which one needs its codes moved depends on the dot product.
    for (shape, seed) in shapes().into_iter().chain(wide()).zip(0..) {
        for seed in [2 * seed, 2 * seed + 1] {
            Case::new(shape, seed).for_dot(dot, seed).run_relaxed(isa, dot)?;
        }
    }
    for (case, seed) in stems::unaligned().zip(0..) {
        case.for_dot(dot, seed).run_relaxed(isa, dot)?;
    }
    dense(isa, dot)?;
    few_channels(isa, dot)?;
    if dot != dot::W4 {
        depthwise_by(isa, dot)?;
    }
    extremes(isa, dot)
}

/// Layers that are multiplied in a few steps, by the shifts that have a loop of their own for that and by one that has none.
fn few_channels<I: Isa>(isa: I, dot: i32) -> Verdict {
    for (shift, channels) in [-6, -1, 0, 1, 2, 3, 4].into_iter().flat_map(|shift| [16, 24, 36].map(|channels| (shift, channels))) {
        for seed in 0..6 {
            let case = Case::new(Shape::new([channels, 4, 3], 24, [1, 1]), seed).for_dot(dot, seed).by_q15(shift);
            case.run_relaxed(isa, dot)?;
            case.far_from_zero().run_relaxed(isa, dot)?;
        }
    }
    large(|case, seed| case.for_dot(dot, seed).by_q15(2).run_relaxed(isa, dot))
}

/// Depthwise 3×3 by every dot product that its kernel has.
pub fn depthwise<I: Isa>(isa: I) -> Verdict {
    [dot::I7, dot::USDOT, dot::SDOT].into_iter().try_for_each(|dot| depthwise_by(isa, dot))
}

/// Every rest of a tile and of a vector, images of one column and of one row, windows in the padding, both containers.
fn depthwise_by<I: Isa>(isa: I, dot: i32) -> Verdict {
    let windows = [([1, 1], [1, 1, 1, 1]), ([1, 2], [1, 0, 1, 2]), ([2, 1], [0, 2, 2, 1]), ([2, 2], [1, 1, 1, 1]), ([3, 2], [3, 3, 3, 3])];
    let mut seed = 0;
    for channels in [5, 8, 9, 16, 17, 40] {
        for width in [1, 2, 4, 5, 8, 11] {
            for (stride, pads) in windows {
                let shape = Shape::new([channels, 1 + seed as i32 % 5, width], 0, [3, 3]).stride(stride).pads(pads);
                if shape.input[1] + pads[0] + pads[2] >= 3 && width + pads[1] + pads[3] >= 3 {
                    Case::new(shape.depthwise(), seed).for_dot(dot, seed).run_depthwise_relaxed(isa, dot)?;
                }
                seed += 1;
            }
        }
        // An output with less room than the input, and pixels with no more room than whole vectors of eight.
        let mut narrow = Case::new(Shape::new([channels, 4, 6], 0, [3, 3]).pads([1, 1, 1, 1]).depthwise(), seed).for_dot(dot, seed);
        narrow.shape.out_stride = channels;
        narrow.shape.in_stride = (channels + 7) / 8 * 8;
        narrow.run_depthwise_relaxed(isa, dot)?;
        seed += 1;
    }
    for (case, seed) in blocks().into_iter().zip(0..) {
        case.for_dot(dot, seed).run_depthwise_relaxed(isa, dot)?;
    }
    depthwise_extremes(isa, dot)
}

fn depthwise_extremes<I: Isa>(isa: I, dot: i32) -> Verdict {
    for seed in 0..6 {
        for (at_top, weights) in [(true, [127; 2]), (true, [-128; 2]), (false, [127; 2]), (false, [-128; 2]), (true, [-128, 127])] {
            let mut case = Case::new(Shape::new([24, 6, 6], 0, [3, 3]).pads([1, 1, 1, 1]).depthwise(), seed);
            let [lo, hi] = if dot == dot::I7 { [0, 127] } else { range(case.shape.in_container) };
            case.shape.in_zero_point = if at_top { lo } else { hi };
            case.x.fill(if at_top { hi } else { lo });
            case.w.iter_mut().enumerate().for_each(|(i, w)| *w = weights[i % 2]);
            case.run_depthwise_relaxed(isa, dot)?;
        }
    }
    Ok(())
}

/// Channels around one and two vectors of bytes, which [`shapes`] has for i16.
fn wide() -> impl Iterator<Item = Shape> {
    [12, 13, 29, 31, 32, 48, 50].into_iter().map(|in_c| Shape::new([in_c, 4, 3], 9, [3, 2]).pads([1, 0, 1, 1]))
}

/// Rows with nothing between them.
fn dense<I: Isa>(isa: I, dot: i32) -> Verdict {
    for (seed, k) in [1, 3, 4, 5, 15, 16, 17, 64, 200].into_iter().enumerate() {
        for (rows, n) in [(1, 1), (1, 10), (2, 7), (3, 8), (4, 9), (5, 20), (70, 3)] {
            let mut case = Case::new(Shape::new([k, rows, 1], n, [1, 1]), seed as u64 + n as u64).for_dot(dot, seed as u64);
            case.shape.in_stride = k;
            case.shape.out_stride = n;
            case.run_relaxed(isa, dot)?;
        }
    }
    Ok(())
}

/// The largest sums a layer can make: every code and every weight at an end, alternating weights, every sign.
fn extremes<I: Isa>(isa: I, dot: i32) -> Verdict {
    let (w_lo, w_hi) = if dot == dot::W4 { (-8, 7) } else { (-128, 127) };
    for seed in 0..12 {
        for (at_top, weights) in [(true, [w_hi; 2]), (true, [w_lo; 2]), (false, [w_hi; 2]), (false, [w_lo; 2]), (true, [w_lo, w_hi])] {
            let mut case = Case::new(Shape::new([35, 6, 6], 9, [3, 3]).pads([1, 1, 1, 1]), seed);
            let [lo, hi] = if dot == dot::I7 { [0, 127] } else { range(case.shape.in_container) };
            case.shape.in_zero_point = if at_top { lo } else { hi };
            case.x.fill(if at_top { hi } else { lo });
            case.w.iter_mut().enumerate().for_each(|(i, w)| *w = weights[i % 2]);
            case.run_relaxed(isa, dot)?;
        }
    }
    Ok(())
}
