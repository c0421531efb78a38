//! Batches of images, exact sums, and what the backward pass asks of the convolutions (SPEC 7.1).

use crate::conv::{Case, Shape};
use crate::seed::Seed;
use crate::Verdict;
use kernels::params::{container, dot};
use simd::Isa;

/// Small images, so that blocks hold several; each as codes and as sums.
fn cases(shapes: &[Shape]) -> Vec<(Case, u64)> {
    let batches = [(1, true), (2, false), (3, true), (7, false), (7, true)];
    let all = shapes.iter().flat_map(move |&shape| batches.map(|batch| (shape, batch)));
    all.zip(0..).map(|((shape, (images, raw)), seed)| (Case::new(shape, seed).batch(images, raw), seed)).collect()
}

/// The output goes on beyond the windows that fit: what is missing reads the zero point.
fn longer(mut case: Case) -> Case {
    case.shape.out_h += 2;
    case.shape.out_w += 1;
    case
}

fn dense_shapes() -> Vec<Shape> {
    vec![
        Shape::new([16, 5, 5], 9, [3, 3]).pads([1, 1, 1, 1]),
        Shape::new([3, 4, 6], 12, [3, 3]).pads([1, 1, 1, 1]),
        Shape::new([7, 3, 3], 5, [1, 1]),
        Shape::new([20, 6, 5], 16, [3, 3]).stride([2, 2]).pads([1, 1, 1, 1]),
        Shape::new([8, 5, 1], 10, [1, 1]),
    ]
}

/// A case, and the same with sums of sixteen bits.
fn also_narrow(case: &Case, run: impl Fn(&Case) -> Verdict) -> Verdict {
    run(case)?;
    case.narrowed().map_or(Ok(()), |narrow| run(&narrow))
}

pub fn convolution<I: Isa>(isa: I) -> Verdict {
    cases(&dense_shapes()).into_iter().try_for_each(|(case, _)| {
        also_narrow(&case, |case| case.run_dense(isa))?;
        longer(case).run_dense(isa)
    })
}

/// The dot products that mean the same on every engine.
pub fn relaxed<I: Isa>(isa: I) -> Verdict {
    [dot::I7, dot::W4].into_iter().try_for_each(|dot| by_dot(isa, dot))
}

/// The relaxed instruction as `vpdpbusd`.
pub fn usdot<I: Isa>(isa: I) -> Verdict {
    by_dot(isa, dot::USDOT)
}

/// The relaxed instruction as `sdot`.
pub fn sdot<I: Isa>(isa: I) -> Verdict {
    by_dot(isa, dot::SDOT)
}

fn by_dot<I: Isa>(isa: I, dot: i32) -> Verdict {
    if dot != dot::W4 {
        relaxed_depthwise(isa, dot)?;
    }
    cases(&dense_shapes()).into_iter().try_for_each(|(case, seed)| {
        also_narrow(&case.clone().for_dot(dot, seed), |case| case.run_relaxed(isa, dot))?;
        longer(case.for_dot(dot, seed)).run_relaxed(isa, dot)
    })
}

pub fn depthwise<I: Isa>(isa: I) -> Verdict {
    let shapes = [
        Shape::new([16, 5, 6], 0, [3, 3]).pads([1, 1, 1, 1]).depthwise(),
        Shape::new([9, 7, 7], 0, [3, 3]).stride([2, 2]).pads([1, 1, 1, 1]).depthwise(),
        Shape::new([5, 4, 4], 0, [5, 5]).pads([2, 2, 2, 2]).depthwise(),
        Shape::new([3, 4, 4], 0, [3, 3]).pads([1, 1, 1, 1]).depthwise(),
    ];
    cases(&shapes).into_iter().try_for_each(|(case, _)| {
        let mut close = case.clone();
        (close.shape.in_stride, close.shape.out_stride) = (case.shape.in_c, case.shape.out_c);
        [case.clone(), longer(case), close].into_iter().try_for_each(|case| also_narrow(&case, |case| case.run_depthwise(isa)))
    })
}

fn relaxed_depthwise<I: Isa>(isa: I, dot: i32) -> Verdict {
    let shapes = [
        Shape::new([16, 5, 6], 0, [3, 3]).pads([1, 1, 1, 1]).depthwise(),
        Shape::new([9, 7, 7], 0, [3, 3]).stride([2, 2]).pads([1, 1, 1, 1]).depthwise(),
        // Images of two rows: the last rows of one and the first of the next are never the same ones.
        Shape::new([16, 2, 4], 0, [3, 3]).pads([1, 1, 1, 1]).depthwise(),
    ];
    cases(&shapes).into_iter().try_for_each(|(case, seed)| {
        also_narrow(&case.clone().for_dot(dot, seed), |case| case.run_depthwise_relaxed(isa, dot))?;
        longer(case.for_dot(dot, seed)).run_depthwise_relaxed(isa, dot)
    })
}

pub fn grouped<I: Isa>(isa: I) -> Verdict {
    let shapes = [Shape::new([4, 5, 5], 6, [3, 3]).pads([1, 1, 1, 1]).groups(2), Shape::new([6, 4, 4], 3, [1, 1]).groups(3)];
    cases(&shapes).into_iter().try_for_each(|(case, _)| {
        also_narrow(&case, |case| case.run_grouped(isa))?;
        longer(case).run_grouped(isa)
    })
}

/// Codes 0..15 of the forward pass and −7..7 of the backward pass.
pub fn winograd_f23<I: Isa>(isa: I) -> Verdict {
    let shapes = [
        Shape::new([16, 8, 8], 16, [3, 3]).pads([1, 1, 1, 1]),
        Shape::new([32, 5, 3], 12, [3, 3]).pads([1, 1, 1, 1]),
        Shape::new([16, 4, 4], 9, [3, 3]).pads([2, 2, 2, 2]),
    ];
    cases(&shapes).into_iter().try_for_each(|(case, seed)| {
        let mut random = Seed::new(seed + 5);
        for is_gradient in [false, true] {
            let mut case = case.clone();
            case.shape.in_container = if is_gradient { container::I8 } else { container::U8 };
            case.shape.in_zero_point = 0;
            case.x = if is_gradient { random.codes(case.x.len(), -7, 7) } else { random.codes(case.x.len(), 0, 15) };
            case.w = random.codes(case.w.len(), -8, 7);
            also_narrow(&case, |case| case.run_winograd_f23(isa))?;
            longer(case.clone()).run_winograd_f23(isa)?;
            // Every code at an end, and signs that take turns.
            for (a, b) in [(7, 7), (-7, -7), (7, -7)] {
                let code = |i: usize| if i.is_multiple_of(2) { a } else { b };
                case.x.iter_mut().enumerate().for_each(|(i, x)| *x = if is_gradient { code(i) } else { 15 * i32::from(code(i) > 0) });
                case.w.iter_mut().enumerate().for_each(|(i, w)| *w = if i % 3 == 0 { -8 } else { code(i / 2) });
                case.run_winograd_f23(isa)?;
            }
        }
        Ok(())
    })
}
