//! SPEC 3.1 and 3.2.

use crate::bytes::{compare, from_i32, from_i8, run};
use crate::layout::{channel_stride, from_nhwc, range, to_nhwc};
use crate::requantization::{multipliers, Scale};
use crate::seed::Seed;
use crate::stems;
use crate::Verdict;
use kernels::check::element_bytes;
use kernels::conv::winograd_f23::{products::Products, F23};
use kernels::pack_winograd_f23::PackF23;
use kernels::params::{
    container, dot, form, Conv2d, Conv2dRelaxed, DepthwiseConv2d, DepthwiseConv2dRelaxed, GroupedConv2d, PackConv2d, PackConv2dRelaxed,
    PackDepthwise, PackWinogradF23, WinogradF23,
};
use kernels::Kernel;
use reference::conv2d::Conv2d as Law;
use reference::window::Window;
use simd::dot::{I16Dot, I7Dot};
use simd::Isa;

/// A layer and its operands in ONNX axes.
#[derive(Clone, Debug)]
pub struct Case {
    pub shape: Conv2d,
    pub pad_bottom: i32,
    pub pad_right: i32,
    pub bias: bool,
    /// The largest bias.
    pub most_bias: i32,
    /// One multiplier for all channels.
    pub single: bool,
    pub scale: Scale,
    pub x: Vec<i32>,
    pub w: Vec<i32>,
}

/// How large and how padded: the rest of a case follows from its number.
#[derive(Clone, Copy)]
pub struct Shape {
    pub input: [i32; 3],
    pub out_c: i32,
    pub kernel: [i32; 2],
    pub stride: [i32; 2],
    pub dilation: [i32; 2],
    pub pads: [i32; 4],
    pub groups: i32,
}

impl Shape {
    pub fn new(input: [i32; 3], out_c: i32, kernel: [i32; 2]) -> Self {
        Self { input, out_c, kernel, stride: [1, 1], dilation: [1, 1], pads: [0; 4], groups: 1 }
    }

    pub fn stride(self, stride: [i32; 2]) -> Self {
        Self { stride, ..self }
    }

    pub fn dilation(self, dilation: [i32; 2]) -> Self {
        Self { dilation, ..self }
    }

    pub fn pads(self, pads: [i32; 4]) -> Self {
        Self { pads, ..self }
    }

    pub fn groups(self, groups: i32) -> Self {
        Self { groups, ..self }
    }

    pub fn depthwise(self) -> Self {
        Self { groups: self.input[0], out_c: self.input[0], ..self }
    }
}

impl Case {
    /// The case number `seed` of a shape: containers, zero points, forms and clamps take turns.
    pub fn new(shape: Shape, seed: u64) -> Self {
        let mut random = Seed::new(seed + 1);
        let [in_c, in_h, in_w] = shape.input;
        let in_container = if seed.is_multiple_of(2) { container::U8 } else { container::I8 };
        let out_container = [container::U8, container::I8, container::I16][seed as usize / 2 % 3];
        let [lo, hi] = range(out_container);
        let k = shape.kernel[0] * shape.kernel[1] * in_c / shape.groups;
        let scale = Scale::for_sums(&mut random, seed as usize, k, hi);
        let [a_lo, a_hi] = range(in_container);
        let size = |axis: usize, input: i32| {
            let reach = (shape.kernel[axis] - 1) * shape.dilation[axis] + 1;
            (input + shape.pads[axis] + shape.pads[axis + 2] - reach) / shape.stride[axis] + 1
        };
        let params = Conv2d {
            in_container,
            in_h,
            in_w,
            in_c,
            in_stride: channel_stride(in_c as usize) as i32,
            in_zero_point: random.within(a_lo, a_hi),
            out_container,
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
            form: scale.form,
            shift: scale.shift,
            left: scale.left,
            out_zero_point: random.within(lo / 2, hi / 2),
            lo: if seed.is_multiple_of(5) { lo + 3 } else { lo },
            hi: if seed.is_multiple_of(7) { hi - 5 } else { hi },
            // Absent buffers are told by offset 0.
            bias_offset: 4,
            multiplier_offset: 4,
            batch: 1,
            ..Conv2d::default()
        };
        Self {
            x: random.codes((in_c * in_h * in_w) as usize, a_lo, a_hi),
            w: random.codes((shape.out_c * k) as usize, -127, 127),
            shape: params,
            pad_bottom: shape.pads[2],
            pad_right: shape.pads[3],
            bias: !seed.is_multiple_of(3),
            most_bias: 9000,
            single: seed % 4 == 3,
            scale,
        }
    }

    pub fn bias(&self) -> Vec<i32> {
        if self.bias {
            Seed::new(77).codes(self.shape.out_c as usize, -self.most_bias, self.most_bias)
        } else {
            Vec::new()
        }
    }

    pub fn multipliers(&self) -> Vec<i32> {
        let count = if self.single { 1 } else { self.shape.out_c as usize };
        multipliers(&self.scale, &mut Seed::new(99), count)
    }

    fn windows(&self) -> [Window; 2] {
        let p = &self.shape;
        let pair = |a: i32, b: i32| [i64::from(a), i64::from(b)];
        Window::pair(
            pair(p.in_h, p.in_w),
            pair(p.kernel_h, p.kernel_w),
            pair(p.stride_h, p.stride_w),
            pair(p.dilation_h, p.dilation_w),
            [p.pad_top, p.pad_left, self.pad_bottom, self.pad_right].map(i64::from),
        )
    }

    fn expected(&self) -> Vec<i32> {
        let p = &self.shape;
        let multipliers = self.multipliers();
        let b = |channel: usize| multipliers[if self.single { 0 } else { channel }];
        let forms: Vec<_> = (0..p.out_c as usize).map(|channel| self.scale.law(b(channel))).collect();
        let law = Law {
            x: &self.x,
            x_zero_point: i64::from(p.in_zero_point),
            w: &self.w,
            bias: &self.bias(),
            channels: [p.in_c as usize, p.out_c as usize],
            groups: p.groups as usize,
            windows: self.windows(),
            output_size: [p.out_h as usize, p.out_w as usize],
        };
        if p.form == form::RAW {
            return (0..p.out_c as usize).flat_map(|channel| law.accumulate(channel)).map(|sum| sum as i32).collect();
        }
        law.run(&forms, i64::from(p.out_zero_point), [i64::from(p.lo), i64::from(p.hi)])
    }

    /// The same layer and weights on `images` images, as exact sums if `raw`. The first image is this case's, the others have its codes in other places.
    pub fn batch(mut self, images: i32, raw: bool) -> Self {
        self.shape.batch = images;
        if raw {
            (self.shape.form, self.shape.out_container) = (form::RAW, container::I32);
        }
        self
    }

    /// The same layer with small weights and sums of sixteen bits, if it has sums and they fit.
    pub fn narrowed(&self) -> Option<Self> {
        let w = self.w.iter().map(|w| w.signum()).collect();
        let narrow = Self { w, shape: Conv2d { out_container: container::I16, ..self.shape }, ..self.clone() };
        let fits = |image| Self { x: rotated(&self.x, image), ..narrow.clone() }.expected().iter().all(|&sum| i16::try_from(sum).is_ok());
        (self.shape.form == form::RAW && (0..self.shape.batch as usize).all(fits)).then_some(narrow)
    }

    /// The images of [`Self::batch`], one after another.
    pub fn input(&self) -> Vec<u8> {
        let image = |x: &[i32]| to_nhwc(x, self.shape.in_container, self.shape.in_c as usize, self.shape.in_stride as usize);
        (0..self.shape.batch as usize).flat_map(|i| image(&rotated(&self.x, i))).collect()
    }

    pub fn compare(&self, output: &[u8]) -> Verdict {
        let p = &self.shape;
        let pixels = (p.out_h * p.out_w) as usize;
        let image_bytes = pixels * p.out_stride as usize * element_bytes(p.out_container);
        for image in 0..p.batch as usize {
            let output = &output[image * image_bytes..];
            let found = from_nhwc(output, p.out_container, p.out_c as usize, p.out_stride as usize, pixels);
            let case = Self { x: rotated(&self.x, image), ..self.clone() };
            compare(&format!("image {image} of {p:?}"), &found, &case.expected())?;
        }
        Ok(())
    }

    /// The weights, bias and multipliers by [`PackConv2d`].
    fn packed<I: Isa>(&self, isa: I) -> Vec<Vec<u8>> {
        let (p, multipliers) = (&self.shape, self.multipliers());
        let pack = PackConv2d {
            bias_offset: i32::from(self.bias),
            multiplier_count: multipliers.len() as i32,
            in_zero_point: p.in_zero_point,
            in_c: p.in_c,
            out_c: p.out_c,
            kernel_h: p.kernel_h,
            kernel_w: p.kernel_w,
            ..PackConv2d::default()
        };
        run(isa, &pack, &[&from_i8(&self.w), &from_i32(&self.bias()), &from_i32(&multipliers)])
    }

    /// The same case with codes and weights that `dot` takes.
    pub fn for_dot(mut self, dot: i32, seed: u64) -> Self {
        let mut random = Seed::new(seed + 1234);
        let p = &mut self.shape;
        if dot == dot::I7 {
            p.in_zero_point = [0, 127, 3][seed as usize % 3];
            // Half of the cases are u4.
            self.x = random.codes(self.x.len(), 0, if seed % 4 < 2 { 127 } else { 15 });
        }
        if dot == dot::W4 {
            self.w = random.codes(self.w.len(), -8, 7);
        }
        self
    }

    /// The layer by [`Conv2dRelaxed`].
    pub fn run_relaxed<I: Isa>(&self, isa: I, dot: i32) -> Verdict {
        let (p, multipliers) = (&self.shape, self.multipliers());
        let pack = PackConv2dRelaxed {
            bias_offset: i32::from(self.bias),
            multiplier_count: multipliers.len() as i32,
            in_container: p.in_container,
            in_zero_point: p.in_zero_point,
            in_c: p.in_c,
            out_c: p.out_c,
            kernel_h: p.kernel_h,
            kernel_w: p.kernel_w,
            dot,
            ..PackConv2dRelaxed::default()
        };
        let packed = run(isa, &pack, &[&from_i8(&self.w), &from_i32(&self.bias()), &from_i32(&multipliers)]);
        let output = run(isa, &self.relaxed(dot), &[&self.input(), &packed[0], &packed[1], &packed[2]]);
        self.compare(&output[0]).map_err(|difference| format!("dot {dot}: {difference}"))
    }

    /// The layer by Winograd F(2,3): dot products of bytes, and of i16.
    pub fn run_winograd_f23<I: Isa>(&self, isa: I) -> Verdict {
        self.run_winograd_f23_by::<I, I7Dot>(isa)?;
        self.run_winograd_f23_by::<I, I16Dot>(isa)
    }

    fn run_winograd_f23_by<I: Isa, D: Products>(&self, isa: I) -> Verdict {
        let (p, multipliers) = (&self.shape, self.multipliers());
        let pack = PackWinogradF23 {
            bias_offset: i32::from(self.bias),
            multiplier_count: multipliers.len() as i32,
            in_zero_point: p.in_zero_point,
            in_c: p.in_c,
            out_c: p.out_c,
            kernel_h: 3,
            kernel_w: 3,
            ..PackWinogradF23::default()
        };
        let packed = run(isa, &PackF23::<D>::new(pack), &[&from_i8(&self.w), &from_i32(&self.bias()), &from_i32(&multipliers)]);
        let kernel = F23::<D>::new(WinogradF23::from_words(&p.to_array()).expect("the same fields"));
        let output = run(isa, &kernel, &[&self.input(), &packed[0], &packed[1], &packed[2]]);
        self.compare(&output[0]).map_err(|difference| format!("{:?}: {difference}", D::LAYOUT_ID))
    }

    /// The parameters of [`Conv2dRelaxed`].
    pub fn relaxed(&self, dot: i32) -> Conv2dRelaxed {
        let [fields @ .., batch] = self.shape.to_array();
        let words: Vec<i32> = fields.into_iter().chain([dot, batch]).collect();
        Conv2dRelaxed::from_words(&words).expect("the same fields and the dot")
    }

    pub fn run_dense<I: Isa>(&self, isa: I) -> Verdict {
        let packed = self.packed(isa);
        let output = run(isa, &self.shape, &[&self.input(), &packed[0], &packed[1], &packed[2]]);
        self.compare(&output[0])
    }

    pub fn run_depthwise<I: Isa>(&self, isa: I) -> Verdict {
        let kernel = DepthwiseConv2d::from_words(&self.shape.to_array()).expect("the same fields");
        self.run_packed_depthwise(isa, &kernel)
    }

    /// The layer by [`DepthwiseConv2dRelaxed`].
    pub fn run_depthwise_relaxed<I: Isa>(&self, isa: I, dot: i32) -> Verdict {
        let case = format!("dot {dot}");
        self.run_packed_depthwise(isa, &self.depthwise_relaxed(dot)).map_err(|difference| format!("{case}: {difference}"))
    }

    /// The parameters of [`DepthwiseConv2dRelaxed`].
    pub fn depthwise_relaxed(&self, dot: i32) -> DepthwiseConv2dRelaxed {
        DepthwiseConv2dRelaxed::from_words(&self.relaxed(dot).to_array()).expect("the same fields")
    }

    fn run_packed_depthwise<I: Isa, K: Kernel>(&self, isa: I, kernel: &K) -> Verdict {
        let (p, multipliers) = (&self.shape, self.multipliers());
        let pack = PackDepthwise {
            bias_offset: i32::from(self.bias),
            multiplier_count: multipliers.len() as i32,
            in_zero_point: p.in_zero_point,
            in_c: p.in_c,
            out_c: p.out_c,
            kernel_h: p.kernel_h,
            kernel_w: p.kernel_w,
            ..PackDepthwise::default()
        };
        let packed = run(isa, &pack, &[&from_i8(&self.w), &from_i32(&self.bias()), &from_i32(&multipliers)]);
        let output = run(isa, kernel, &[&self.input(), &packed[0], &packed[1], &packed[2]]);
        self.compare(&output[0])
    }

    pub fn run_grouped<I: Isa>(&self, isa: I) -> Verdict {
        let multipliers = multipliers(&self.scale, &mut Seed::new(99), self.shape.out_c as usize);
        let mut kernel = GroupedConv2d::from_words(&self.shape.to_array()).expect("the same fields");
        kernel.bias_offset = i32::from(self.bias);
        let output = run(isa, &kernel, &[&self.input(), &from_i8(&self.w), &from_i32(&self.bias()), &from_i32(&multipliers)]);
        Case { single: false, ..self.clone() }.compare(&output[0])
    }
}

/// The codes of image `image` of a batch.
fn rotated(x: &[i32], image: usize) -> Vec<i32> {
    let mut x = x.to_vec();
    let by = image * 7 % x.len();
    x.rotate_left(by);
    x
}

/// Tile and panel sizes ± 1, odd channels, every kind of window.
pub fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for in_c in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 33] {
        for out_c in [1, 4, 5, 8, 9, 16, 17] {
            shapes.push(Shape::new([in_c, 3, 3], out_c, [1, 1]));
        }
        shapes.push(Shape::new([in_c, 5, 4], 9, [3, 3]).pads([1, 1, 1, 1]));
    }
    for pixels in [1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 67] {
        shapes.push(Shape::new([6, 1, pixels], 8, [1, 1]));
        shapes.push(Shape::new([19, pixels, 1], 12, [1, 1]));
    }
    shapes.extend(stems::shapes());
    shapes.push(Shape::new([8, 7, 6], 10, [3, 2]).stride([2, 3]).pads([0, 1, 2, 0]));
    shapes.push(Shape::new([10, 9, 9], 6, [3, 3]).dilation([2, 3]).pads([2, 3, 2, 3]));
    shapes.push(Shape::new([2, 1, 1], 3, [5, 5]).pads([2, 2, 2, 2]));
    shapes.push(Shape::new([5, 2, 2], 5, [2, 2]).stride([3, 3]).pads([3, 3, 3, 3]));
    shapes
}

pub fn convolution<I: Isa>(isa: I) -> Verdict {
    let cases = shapes().into_iter().zip(0..).map(|(shape, seed)| Case::new(shape, seed));
    cases.chain(stems::unaligned()).try_for_each(|case| case.run_dense(isa))
}

/// Rows of K codes with nothing between them, outputs of N codes with nothing between them.
pub fn dense<I: Isa>(isa: I) -> Verdict {
    for (seed, k) in [1, 2, 7, 8, 9, 16, 31, 64, 200].into_iter().enumerate() {
        for (rows, n) in [(1, 1), (1, 10), (2, 7), (3, 8), (4, 9), (5, 20), (1, 1001), (70, 3)] {
            let mut case = Case::new(Shape::new([k, rows, 1], n, [1, 1]), seed as u64 + n as u64);
            case.shape.in_stride = k;
            case.shape.out_stride = n;
            case.run_dense(isa)?;
        }
    }
    Ok(())
}

pub fn grouped<I: Isa>(isa: I) -> Verdict {
    let shapes = [
        Shape::new([4, 5, 5], 6, [3, 3]).pads([1, 1, 1, 1]).groups(2),
        Shape::new([12, 4, 6], 9, [1, 1]).groups(3),
        Shape::new([6, 7, 7], 12, [3, 3]).stride([2, 2]).pads([1, 0, 1, 2]).groups(6),
        Shape::new([8, 9, 9], 4, [3, 3]).dilation([2, 3]).pads([2, 2, 2, 2]).groups(4),
        Shape::new([3, 3, 3], 5, [2, 2]),
        Shape::new([2, 1, 1], 2, [3, 3]).pads([1, 1, 1, 1]).groups(2),
    ];
    (0..12).try_for_each(|seed| shapes.iter().try_for_each(|&shape| Case::new(shape, seed).run_grouped(isa)))
}

/// The largest sums a layer can make: every code and every weight at an end, every sign.
pub fn extremes<I: Isa>(isa: I) -> Verdict {
    for seed in 0..12 {
        for (a_high, w) in [(true, 127), (true, -127), (false, 127), (false, -127)] {
            let mut case = Case::new(Shape::new([32, 6, 6], 9, [3, 3]).pads([1, 1, 1, 1]), seed);
            let [lo, hi] = range(case.shape.in_container);
            case.shape.in_zero_point = if a_high { lo } else { hi };
            case.x.fill(if a_high { hi } else { lo });
            case.w.fill(w);
            case.run_dense(isa)?;
            let mut case = Case::new(Shape::new([16, 6, 6], 0, [5, 5]).pads([2, 2, 2, 2]).depthwise(), seed);
            let [lo, hi] = range(case.shape.in_container);
            case.shape.in_zero_point = if a_high { lo } else { hi };
            case.x.fill(if a_high { hi } else { lo });
            case.w.fill(w);
            case.run_depthwise(isa)?;
            for stride in [1, 2] {
                let mut case = Case::new(Shape::new([16, 6, 6], 0, [3, 3]).stride([1, stride]).pads([1, 1, 1, 1]).depthwise(), seed);
                let [lo, hi] = range(case.shape.in_container);
                case.shape.in_zero_point = if a_high { lo } else { hi };
                case.x.fill(if a_high { hi } else { lo });
                case.w.fill(w);
                case.run_depthwise(isa)?;
            }
        }
    }
    Ok(())
}
