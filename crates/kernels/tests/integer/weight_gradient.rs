//! SPEC 7.1: weight gradients.

use crate::bytes::{compare, run};
use crate::conv::Shape;
use crate::layout::{channel_stride, from_row, range, to_nhwc};
use crate::seed::Seed;
use crate::Verdict;
use kernels::params::{container, dot, ConvWeightGradient, ConvWeightGradientRelaxed, WinogradWeightGradient};
use kernels::weight_gradient::winograd::F33;
use kernels::Kernel;
use reference::conv_weight_gradient::ConvWeightGradient as Law;
use reference::window::Window;
use simd::dot::{I16Dot, I7Dot};
use simd::Isa;

/// A layer and its codes, dense NHWC.
#[derive(Clone, Debug)]
pub struct Case {
    pub shape: ConvWeightGradient,
    pub x: Vec<i32>,
    pub gradient: Vec<i32>,
}

impl Case {
    /// The case number `seed` of a shape: containers and slabs take turns.
    pub fn new(shape: Shape, batch: i32, seed: u64) -> Self {
        let mut random = Seed::new(seed + 1);
        let [in_c, in_h, in_w] = shape.input;
        let in_container = if seed.is_multiple_of(2) { container::U8 } else { container::I8 };
        let size = |axis: usize, input: i32| {
            let reach = (shape.kernel[axis] - 1) * shape.dilation[axis] + 1;
            (input + shape.pads[axis] + shape.pads[axis + 2] - reach) / shape.stride[axis] + 1
        };
        let params = ConvWeightGradient {
            batch,
            slabs: 1 + seed as i32 % batch,
            in_container,
            in_h,
            in_w,
            in_c,
            in_stride: channel_stride(in_c as usize) as i32,
            out_h: size(0, in_h),
            out_w: size(1, in_w),
            out_c: shape.out_c,
            out_stride: channel_stride(shape.out_c as usize) as i32,
            kernel_h: shape.kernel[0],
            kernel_w: shape.kernel[1],
            stride_h: shape.stride[0],
            stride_w: shape.stride[1],
            pad_top: shape.pads[0],
            pad_left: shape.pads[1],
            dilation_h: shape.dilation[0],
            dilation_w: shape.dilation[1],
            groups: shape.groups,
            ..ConvWeightGradient::default()
        };
        let [lo, hi] = range(in_container);
        Self {
            x: random.codes((batch * in_h * in_w * in_c) as usize, lo, hi),
            gradient: random.codes((batch * params.out_h * params.out_w * shape.out_c) as usize, -127, 127),
            shape: params,
        }
    }

    /// The same with other codes: what `next(range)` gives, one after another.
    pub fn codes(mut self, x: impl Fn(usize) -> i32, gradient: impl Fn(usize) -> i32) -> Self {
        self.x.iter_mut().enumerate().for_each(|(i, code)| *code = x(i));
        self.gradient.iter_mut().enumerate().for_each(|(i, code)| *code = gradient(i));
        self
    }

    /// The same with random codes of these ranges.
    pub fn within(mut self, x: [i32; 2], gradient: [i32; 2], seed: u64) -> Self {
        let mut random = Seed::new(seed + 99);
        self.x = random.codes(self.x.len(), x[0], x[1]);
        self.gradient = random.codes(self.gradient.len(), gradient[0], gradient[1]);
        self
    }

    /// Slab by slab, each from its images alone.
    fn expected(&self) -> Vec<i32> {
        let p = &self.shape;
        let pair = |a: i32, b: i32| [i64::from(a), i64::from(b)];
        let image = |codes: usize| codes / p.batch as usize;
        let (x, gradient) = (image(self.x.len()), image(self.gradient.len()));
        let bound = |slab: i32| (slab * p.batch / p.slabs) as usize;
        let sums = (0..p.slabs).flat_map(|slab| {
            let law = Law {
                x: &self.x[bound(slab) * x..bound(slab + 1) * x],
                gradient: &self.gradient[bound(slab) * gradient..bound(slab + 1) * gradient],
                channels: [p.in_c as usize, p.out_c as usize],
                groups: p.groups as usize,
                windows: Window::pair(
                    pair(p.in_h, p.in_w),
                    pair(p.kernel_h, p.kernel_w),
                    pair(p.stride_h, p.stride_w),
                    pair(p.dilation_h, p.dilation_w),
                    [p.pad_top, p.pad_left, 0, 0].map(i64::from),
                ),
                output_size: [p.out_h as usize, p.out_w as usize],
            };
            law.run()
        });
        sums.map(|sum| i32::try_from(sum).expect("a slab fits")).collect()
    }

    fn operands(&self) -> [Vec<u8>; 2] {
        let p = &self.shape;
        let rows = |codes: &[i32], kind: i32, channels: i32, stride: i32| {
            let channels = channels as usize;
            let planes: Vec<i32> = (0..channels).flat_map(|c| codes.iter().skip(c).step_by(channels).copied()).collect();
            to_nhwc(&planes, kind, channels, stride as usize)
        };
        [rows(&self.x, p.in_container, p.in_c, p.in_stride), rows(&self.gradient, container::I8, p.out_c, p.out_stride)]
    }

    /// Any of the kernels on this case.
    pub fn run_kernel<I: Isa, K: Kernel>(&self, isa: I, kernel: &K) -> Verdict {
        let [x, gradient] = self.operands();
        let output = run(isa, kernel, &[&x, &gradient]);
        compare(&format!("{:?}", self.shape), &from_row(&output[0], container::I32), &self.expected())
    }

    fn run_i16<I: Isa>(&self, isa: I) -> Verdict {
        self.run_kernel(isa, &self.shape)
    }

    /// The parameters of [`ConvWeightGradientRelaxed`].
    pub fn relaxed(&self, dot: i32) -> ConvWeightGradientRelaxed {
        let words: Vec<i32> = self.shape.to_array().into_iter().chain([dot]).collect();
        ConvWeightGradientRelaxed::from_words(&words).expect("the same fields and the dot")
    }
}

/// Channels, widths and batches ± 1 of vectors, panels and lanes; every kind of window; flat layers; groups.
fn shapes() -> Vec<(Shape, i32)> {
    let mut shapes = Vec::new();
    for in_c in [1, 3, 4, 5, 8, 15, 16, 17, 33] {
        for out_c in [1, 4, 7, 8, 9, 16, 18] {
            shapes.push((Shape::new([in_c, 3, 3], out_c, [1, 1]), 1 + (in_c + out_c) % 3));
        }
        shapes.push((Shape::new([in_c, 5, 4], 9, [3, 3]).pads([1, 1, 1, 1]), 2));
    }
    for pixels in [1, 2, 3, 4, 5, 7, 63, 64, 65, 130, 300] {
        shapes.push((Shape::new([6, 1, pixels], 8, [1, 1]), 1));
        shapes.push((Shape::new([19, pixels, 1], 12, [1, 1]), 1));
        shapes.push((Shape::new([2, 1, 1], 3, [1, 1]), pixels));
    }
    for (kernel, stride) in [([3, 3], [1, 1]), ([3, 2], [1, 3]), ([5, 5], [2, 2]), ([1, 4], [1, 1]), ([1, 1], [2, 2]), ([3, 3], [2, 1])] {
        shapes.push((Shape::new([5, 6, 9], 9, kernel).stride(stride).pads([kernel[0] / 2, 1, 1, kernel[1] / 2]), 3));
    }
    shapes.push((Shape::new([4, 7, 9], 5, [3, 3]).dilation([2, 1]).pads([2, 1, 2, 1]), 2));
    shapes.push((Shape::new([4, 7, 9], 5, [3, 3]).dilation([1, 2]).pads([1, 2, 1, 2]), 2));
    // Taps further apart than a row is long.
    shapes.push((Shape::new([4, 3, 3], 5, [2, 3]).dilation([2, 4]).pads([2, 4, 2, 4]), 2));
    shapes.push((Shape::new([10, 9, 9], 6, [3, 3]).stride([2, 3]).dilation([2, 3]).pads([2, 3, 2, 3]), 1));
    shapes.push((Shape::new([2, 1, 1], 3, [5, 5]).pads([2, 2, 2, 2]), 5));
    shapes.push((Shape::new([5, 2, 2], 5, [2, 2]).stride([3, 3]).pads([3, 3, 3, 3]), 2));
    // Several blocks of rows.
    shapes.push((Shape::new([48, 9, 33], 20, [3, 3]).pads([1, 1, 1, 1]), 9));
    for (groups, in_c, out_c) in [(2, 4, 6), (3, 12, 9), (6, 6, 12), (4, 72, 80)] {
        shapes.push((Shape::new([in_c, 5, 5], out_c, [3, 3]).pads([1, 1, 1, 1]).groups(groups), 3));
        shapes.push((Shape::new([in_c, 4, 5], out_c, [1, 1]).groups(groups), 2));
    }
    shapes
}

pub fn conv<I: Isa>(isa: I) -> Verdict {
    for ((shape, batch), seed) in shapes().into_iter().zip(0..) {
        Case::new(shape, batch, seed).run_i16(isa)?;
    }
    // Strides that leave nothing between pixels, and an output that goes on beyond the input.
    for seed in 0..4 {
        let mut close = Case::new(Shape::new([5, 4, 4], 9, [3, 3]).pads([1, 1, 1, 1]), 3, seed);
        (close.shape.in_stride, close.shape.out_stride) = (5, 9);
        close.run_i16(isa)?;
        let mut far = Case::new(Shape::new([16, 4, 4], 16, [3, 3]).pads([1, 1, 3, 4]), 2, seed);
        far.shape.slabs = 2;
        far.run_i16(isa)?;
    }
    Ok(())
}

pub fn depthwise<I: Isa>(isa: I) -> Verdict {
    let mut seed = 0;
    for channels in [2, 3, 4, 5, 16, 17, 40] {
        for shape in [
            Shape::new([channels, 6, 5], 0, [3, 3]).pads([1, 1, 1, 1]),
            Shape::new([channels, 7, 7], 0, [3, 3]).stride([2, 2]).pads([0, 1, 1, 0]),
            Shape::new([channels, 9, 8], 0, [5, 3]).dilation([2, 1]).pads([4, 1, 4, 1]),
            Shape::new([channels, 1, 1], 0, [1, 1]),
            Shape::new([channels, 32, 70], 0, [3, 3]).pads([1, 1, 1, 1]),
        ] {
            Case::new(shape.depthwise(), 1 + seed as i32 % 3, seed).run_i16(isa)?;
            seed += 1;
        }
    }
    Ok(())
}

/// The ranges of activations that a dot product takes.
fn activations(dot: i32, in_container: i32) -> [i32; 2] {
    match dot {
        dot::I7 => [0, 127],
        dot::W4 => [-8, 7],
        _ => range(in_container),
    }
}

fn relaxed_suite<I: Isa>(isa: I, dot: i32) -> Verdict {
    for ((shape, batch), seed) in shapes().into_iter().zip(0..) {
        for seed in [2 * seed, 2 * seed + 1] {
            let case = Case::new(shape, batch, seed);
            let container = if dot == dot::W4 { container::I8 } else { case.shape.in_container };
            let mut case = case.within(activations(dot, container), [-128, 127], seed);
            case.shape.in_container = container;
            case.run_kernel(isa, &case.relaxed(dot))?;
        }
    }
    extremes(isa, |case| activations(dot, case.shape.in_container), |case| case.run_kernel(isa, &case.relaxed(dot)), dot == dot::W4)
}

/// Every code at an end, every sign, alternating ones.
fn extremes<I: Isa>(_isa: I, range: impl Fn(&Case) -> [i32; 2], run: impl Fn(&Case) -> Verdict, is_signed: bool) -> Verdict {
    for seed in 0..4 {
        for (top, g) in [(true, [127, 127]), (true, [-127, -127]), (false, [127, 127]), (false, [-127, 127]), (true, [-128, 127])] {
            let mut case = Case::new(Shape::new([20, 6, 7], 17, [3, 3]).pads([1, 1, 1, 1]), 3, seed);
            if is_signed {
                case.shape.in_container = container::I8;
            }
            let [lo, hi] = range(&case);
            run(&case.codes(|_| if top { hi } else { lo }, |i| g[i % 2]))?;
            let mut case = Case::new(Shape::new([16, 1, 97], 16, [1, 1]), 2, seed);
            if is_signed {
                case.shape.in_container = container::I8;
            }
            run(&case.codes(|i| if i % 3 == 0 { hi } else { lo }, |i| g[i / 16 % 2]))?;
        }
    }
    Ok(())
}

pub fn conv_extremes<I: Isa>(isa: I) -> Verdict {
    extremes(isa, |case| range(case.shape.in_container), |case| case.run_i16(isa), false)?;
    // At the end of an i32: 255·127·66,312 = 2,147,514,120 would be one image too many, 66,310 pixels are the last that fit.
    let pixels = i32::MAX / (255 * 127);
    for sign in [127, -127] {
        let mut case = Case::new(Shape::new([1, 1, pixels], 1, [1, 1]), 1, 0);
        (case.shape.in_stride, case.shape.out_stride) = (1, 1);
        case.codes(|_| 255, |_| sign).run_i16(isa)?;
    }
    Ok(())
}

pub fn i7<I: Isa>(isa: I) -> Verdict {
    relaxed_suite(isa, dot::I7)
}

pub fn w4<I: Isa>(isa: I) -> Verdict {
    relaxed_suite(isa, dot::W4)
}

pub fn usdot<I: Isa>(isa: I) -> Verdict {
    relaxed_suite(isa, dot::USDOT)
}

pub fn sdot<I: Isa>(isa: I) -> Verdict {
    relaxed_suite(isa, dot::SDOT)
}

/// By the products of every flavour.
fn run_winograd<I: Isa>(isa: I, case: &Case) -> Verdict {
    let params = WinogradWeightGradient::from_words(&case.shape.to_array()).expect("the same fields");
    case.run_kernel(isa, &F33::<I7Dot>::new(params))?;
    case.run_kernel(isa, &F33::<I16Dot>::new(params))
}

/// Tiles, row groups and blocks ± 1, every padding, channels of one and more vectors; then every operand at an end.
pub fn winograd<I: Isa>(isa: I) -> Verdict {
    let mut seed = 0;
    let mut next = |shape: Shape, batch: i32| {
        seed += 1;
        Case::new(shape, batch, seed).within([0, 15], [-7, 7], seed)
    };
    for (h, w) in [(1, 1), (1, 2), (2, 1), (3, 3), (4, 5), (5, 4), (7, 7), (8, 8), (9, 17), (2, 67)] {
        for (in_c, out_c, batch) in [(16, 16, 1), (32, 16, 2), (16, 48, 3), (32, 32, 5)] {
            run_winograd(isa, &next(Shape::new([in_c, h, w], out_c, [3, 3]).pads([1, 1, 1, 1]), batch))?;
        }
    }
    for pads in [[0, 0, 0, 0], [1, 0, 0, 2], [0, 2, 1, 0], [3, 4, 3, 4]] {
        run_winograd(isa, &next(Shape::new([16, 6, 5], 16, [3, 3]).pads(pads), 2))?;
    }
    // Several blocks.
    run_winograd(isa, &next(Shape::new([48, 24, 24], 32, [3, 3]).pads([1, 1, 1, 1]), 3))?;
    for (x, g) in [([15; 3], [7; 3]), ([15; 3], [-7; 3]), ([0, 15, 0], [7, -7, 7]), ([15, 0, 0], [-7, 7, 7]), ([0; 3], [7; 3])] {
        for size in [5, 6] {
            let case = next(Shape::new([16, size, size], 16, [3, 3]).pads([1, 1, 1, 1]), 3);
            run_winograd(isa, &case.codes(|i| x[i / 16 % 3], |i| g[i / 16 % 3]))?;
            let case = next(Shape::new([16, size, size], 16, [3, 3]).pads([1, 1, 1, 1]), 3);
            run_winograd(isa, &case.codes(|i| x[i % 3], |i| g[i % 3]))?;
        }
    }
    Ok(())
}
