//! Exact Winograd F(2,3).

use crate::conv::{Case, Shape};
use crate::seed::Seed;
use crate::Verdict;
use simd::Isa;

fn case(shape: Shape, seed: u64) -> Case {
    let mut case = Case::new(shape, seed);
    let mut random = Seed::new(seed + 4321);
    case.shape.in_zero_point = [0, 15, 3][seed as usize % 3];
    case.x = random.codes(case.x.len(), 0, 15);
    case.w = random.codes(case.w.len(), -8, 7);
    case
}

/// Tiles and groups ± 1 in both directions, every padding, channels of one, two and three vectors; then every operand at an end.
pub fn suite<I: Isa>(isa: I) -> Verdict {
    let mut seed = 0;
    let mut next = |shape: Shape| {
        seed += 1;
        case(shape, seed)
    };
    for (h, w) in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (4, 4), (4, 5), (5, 4), (7, 7), (8, 3), (9, 17), (16, 16), (17, 16), (2, 67)] {
        for (in_c, out_c) in [(16, 8), (16, 1), (32, 9), (48, 17), (16, 4), (32, 16), (16, 24)] {
            next(Shape::new([in_c, h, w], out_c, [3, 3]).pads([1, 1, 1, 1])).run_winograd_f23(isa)?;
        }
    }
    // Several blocks of several groups, and weights in several passes.
    for (shape, out_c) in [([256, 7, 30], 17), ([512, 5, 14], 40), ([64, 12, 70], 8)] {
        next(Shape::new(shape, out_c, [3, 3]).pads([1, 1, 1, 1])).run_winograd_f23(isa)?;
    }
    // Groups that are part of a row: of one image, and of two whose blocks begin and end within rows, the last of which are odd.
    for (h, w) in [(3, 75), (4, 74), (2, 79), (1, 73), (3, 147)] {
        next(Shape::new([16, h, w], 9, [3, 3]).pads([1, 1, 1, 1])).run_winograd_f23(isa)?;
    }
    for w in [73, 74] {
        next(Shape::new([256, 3, w], 4, [3, 3]).pads([1, 1, 1, 1])).batch(2, false).run_winograd_f23(isa)?;
    }
    for pads in [[0, 0, 0, 0], [1, 0, 0, 2], [0, 2, 1, 0], [3, 4, 3, 4]] {
        next(Shape::new([16, 6, 5], 12, [3, 3]).pads(pads)).run_winograd_f23(isa)?;
    }
    for (x, w) in [(0, [7; 3]), (15, [7; 3]), (15, [-8; 3]), (0, [-8; 3]), (15, [7, -8, 7]), (15, [-8, 7, 0])] {
        for checkered in [false, true] {
            let mut case = next(Shape::new([64, 6, 6], 9, [3, 3]).pads([1, 1, 1, 1]));
            case.x.iter_mut().enumerate().for_each(|(i, code)| *code = if checkered && i % 2 == 0 { 15 - x } else { x });
            case.w.iter_mut().enumerate().for_each(|(i, weight)| *weight = w[i % 3]);
            case.run_winograd_f23(isa)?;
        }
    }
    // The division by 4 is part of the shift.
    for shift in -15..=22 {
        next(Shape::new([16, 4, 4], 16, [3, 3]).pads([1, 1, 1, 1])).by_q15(shift).run_winograd_f23(isa)?;
    }
    Ok(())
}
