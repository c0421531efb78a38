//! SPEC 3.1 by Winograd F(4,3), and its packed weights.

use crate::bytes::{compare, from_i32, from_i8, run};
use crate::conv::{Case, Shape};
use crate::layout::range;
use crate::seed::Seed;
use crate::Verdict;
use kernels::params::{container, PackWinogradF43, WinogradF43};
use simd::Isa;

impl Case {
    /// Of every layout without groups.
    pub fn packing(&self) -> PackWinogradF43 {
        let p = &self.shape;
        PackWinogradF43 {
            bias_offset: i32::from(self.bias),
            multiplier_count: self.multipliers().len() as i32,
            in_zero_point: p.in_zero_point,
            in_c: p.in_c,
            out_c: p.out_c,
            kernel_h: p.kernel_h,
            kernel_w: p.kernel_w,
            ..PackWinogradF43::default()
        }
    }

    fn run_winograd<I: Isa>(&self, isa: I) -> Verdict {
        self.run_winograd_by(isa, self.shape.in_c)
    }

    /// The input channels in parts of `part_c`.
    fn run_winograd_by<I: Isa>(&self, isa: I, part_c: i32) -> Verdict {
        let packed = run(isa, &self.packing(), &[&from_i8(&self.w), &from_i32(&self.bias()), &from_i32(&self.multipliers())]);
        let kernel = WinogradF43 { part_c, ..WinogradF43::from_words(&self.shape.to_array()).expect("the same fields") };
        let output = run(isa, &kernel, &[&self.input(), &packed[0], &packed[1], &packed[2]]);
        self.compare(&output[0]).map_err(|difference| format!("parts of {part_c}: {difference}"))
    }
}

/// Channels, tiles and blocks ± 1, images smaller than a tile, every kind of padding.
fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    let padded = |input, out_c| Shape::new(input, out_c, [3, 3]).pads([1, 1, 1, 1]);
    for in_c in [1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31] {
        for out_c in [1, 4, 7, 8, 9, 16] {
            shapes.push(padded([in_c, 5, 4], out_c));
        }
    }
    for (in_h, in_w) in [(1, 1), (1, 2), (2, 1), (3, 3), (4, 4), (4, 5), (8, 3), (9, 12), (13, 8), (16, 16), (17, 16), (21, 33)] {
        shapes.push(padded([5, in_h, in_w], 6));
        shapes.push(Shape::new([8, in_h + 2, in_w + 2], 8, [3, 3]));
    }
    // Several groups of a block, and several blocks: 600 KB of transformed codes are 4 quads of 512 channels.
    shapes.push(padded([3, 20, 50], 9));
    shapes.push(padded([520, 17, 16], 3));
    for pads in [[0, 1, 2, 0], [3, 0, 0, 5], [2, 2, 2, 2], [6, 7, 5, 4]] {
        shapes.push(Shape::new([4, 5, 6], 9, [3, 3]).pads(pads));
    }
    shapes
}

pub fn convolution<I: Isa>(isa: I) -> Verdict {
    for (shape, seed) in shapes().into_iter().zip(0..) {
        let mut case = Case::new(shape, seed);
        case.run_winograd(isa)?;
        // Nothing between the channels of one pixel and those of the next.
        (case.shape.in_stride, case.shape.out_stride) = (case.shape.in_c, case.shape.out_c);
        case.run_winograd(isa)?;
        for part_c in [8, 16].into_iter().filter(|&part_c| part_c < case.shape.in_c) {
            case.run_winograd_by(isa, part_c)?;
        }
    }
    Ok(())
}

/// Codes and weights at their ends, every sign, constant and alternating: the largest V and U there are.
pub fn extremes<I: Isa>(isa: I) -> Verdict {
    let patterns: [fn(usize) -> bool; 5] = [|_| true, |_| false, |i| i % 2 == 0, |i| i / 3 % 2 == 0, |i| (i % 3 == 1) != (i / 3 % 3 == 1)];
    for seed in 0..6 {
        for codes in patterns {
            for weights in patterns {
                let mut case = Case::new(Shape::new([9, 7, 6], 9, [3, 3]).pads([1, 1, 1, 1]), seed);
                let [lo, hi] = range(case.shape.in_container);
                case.shape.in_zero_point = if seed < 3 { hi } else { lo };
                case.x = (0..case.x.len()).map(|i| if codes(i) { hi } else { lo }).collect();
                case.w = (0..case.w.len()).map(|i| if weights(i) { 127 } else { -127 }).collect();
                case.run_winograd(isa)?;
            }
        }
    }
    Ok(())
}

/// One output whose sum of raw codes' products is exactly `sum`: weights ±127 on codes `end` as far as they go, then the rest.
fn with_sum(in_container: i32, end: i32, sum: i64, zero_point: i32, seed: u64) -> Case {
    let most = 127 * i64::from(end.abs());
    let whole = (sum.abs() / most) as usize;
    let in_c = (whole + 3).div_ceil(9);
    let mut case = Case::new(Shape::new([in_c as i32, 3, 3], 1, [3, 3]), seed);
    case.shape.in_container = in_container;
    case.shape.in_zero_point = zero_point;
    let sign = if (sum < 0) == (end < 0) { 1 } else { -1 };
    let (large, left) = (sum.abs() % most / i64::from(end.abs()), sum.abs() % i64::from(end.abs()));
    case.x = vec![end; in_c * 9];
    case.w = vec![sign * 127; in_c * 9];
    case.w[whole..].fill(0);
    case.w[whole] = sign * large as i32;
    (case.x[whole + 1], case.w[whole + 1]) = (left as i32 * end.signum(), sign);
    let found: i64 = case.x.iter().zip(&case.w).map(|(&x, &w)| i64::from(x) * i64::from(w)).sum();
    assert_eq!(found, sum);
    case
}

/// Right up to the bound on both sides, and wrong one past it: the bound that Programs prove is the sharp one. Right again in parts.
pub fn bound<I: Isa>(isa: I) -> Verdict {
    const END: i64 = 1 << 25;
    for seed in 0..12 {
        for (in_container, end, zero_point) in
            [(container::U8, 255, 0), (container::U8, 255, 255), (container::I8, 127, -128), (container::I8, -128, 5)]
        {
            for sum in [END - 1, -END] {
                with_sum(in_container, end, sum, zero_point, seed).run_winograd(isa)?;
            }
            for sum in [END, -END - 1] {
                let case = with_sum(in_container, end, sum, zero_point, seed);
                case.run_winograd_by(isa, (case.shape.in_c / 2 + 7) / 8 * 8)?;
                // With zero point 0, so that the sum alone says whether the code ends up at one end or at the other.
                if with_sum(in_container, end, sum, 0, seed).run_winograd(isa).is_ok() {
                    return Err(format!("a sum of {sum} wraps, and nobody notices"));
                }
            }
        }
    }
    Ok(())
}

/// [out_c/8][pair][9][8][2] of the weights; bias and multipliers as those of the direct convolution.
pub fn packing<I: Isa>(isa: I) -> Verdict {
    for (in_c, out_c) in [(1usize, 1usize), (8, 8), (9, 5), (3, 17)] {
        let w = Seed::new(5).codes(in_c * out_c * 9, -128, 127);
        let pack = PackWinogradF43 {
            multiplier_count: 1,
            in_zero_point: 3,
            in_c: in_c as i32,
            out_c: out_c as i32,
            kernel_h: 3,
            kernel_w: 3,
            ..PackWinogradF43::default()
        };
        let packed = run(isa, &pack, &[&from_i8(&w), &[], &from_i32(&[321])]);
        let (channels, panels) = (in_c.next_multiple_of(8), out_c.div_ceil(8));
        let mut expected = vec![0; panels * 9 * channels * 8];
        for (at, filter) in w.chunks_exact(9).enumerate() {
            let (channel, c) = (at / in_c, at % in_c);
            for (tap, &weight) in filter.iter().enumerate() {
                expected[((((channel / 8) * channels / 2 + c / 2) * 9 + tap) * 8 + channel % 8) * 2 + c % 2] = weight;
            }
        }
        let i8s = |bytes: &[u8]| bytes.iter().map(|&byte| i32::from(byte as i8)).collect::<Vec<_>>();
        compare("weights", &i8s(&packed[0]), &expected)?;
        let mut bias: Vec<i32> = w.chunks_exact(in_c * 9).map(|filter| -3 * filter.iter().sum::<i32>()).collect();
        bias.resize(panels * 8, 0);
        compare(
            "bias",
            &packed[1].iter().map(|&b| i32::from(b)).collect::<Vec<_>>(),
            &from_i32(&bias).iter().map(|&b| i32::from(b)).collect::<Vec<_>>(),
        )?;
    }
    Ok(())
}
