use crate::params::{ConvF32Nhwc, ConvWeightGradientF32, PackConvF32};
use crate::testing::{assert_bits, fuzz, Arena};
use kernels::f32::testing::floats;
use kernels::Kernel;
use reference::training::conv::Convolution;

/// A square convolution with an output size that fits.
fn square(batch: usize, [in_c, out_c, groups]: [usize; 3], size: usize, [kernel, stride, pad, dilation]: [usize; 4]) -> Convolution {
    let output = (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    Convolution {
        batch,
        input: [size; 2],
        in_c,
        output: [output; 2],
        out_c,
        kernel: [kernel; 2],
        stride: [stride; 2],
        pad: [pad as i64; 2],
        dilation: [dilation; 2],
        groups,
        input_dilation: [1; 2],
    }
}

/// The convolution of the gradient that gives the gradient of the input.
fn backward(c: &Convolution) -> Convolution {
    let pad = |axis: usize| (c.dilation[axis] * (c.kernel[axis] - 1)) as i64 - c.pad[axis];
    Convolution {
        input: c.output,
        in_c: c.out_c,
        output: c.input,
        out_c: c.in_c,
        stride: [1; 2],
        pad: [pad(0), pad(1)],
        input_dilation: c.stride,
        ..*c
    }
}

fn shapes() -> Vec<Convolution> {
    let mut shapes = vec![
        square(1, [1, 1, 1], 1, [1, 1, 0, 1]),
        square(2, [3, 16, 1], 9, [3, 1, 1, 1]),
        square(3, [16, 16, 1], 8, [3, 1, 1, 1]),
        square(2, [8, 24, 1], 7, [3, 2, 1, 1]),
        square(2, [8, 12, 1], 8, [1, 2, 0, 1]),
        square(1, [5, 9, 1], 11, [3, 2, 0, 2]),
        square(1, [2, 10, 1], 12, [5, 3, 2, 1]),
        square(2, [6, 4, 2], 6, [3, 1, 1, 1]),
        square(2, [16, 32, 4], 5, [3, 2, 1, 1]),
        square(2, [20, 20, 20], 7, [3, 1, 1, 1]),
        square(1, [7, 7, 7], 9, [3, 2, 1, 1]),
        square(1, [4, 8, 4], 6, [3, 1, 2, 2]),
        square(1, [4, 4, 1], 4, [1, 1, 1, 1]),
        square(1, [4, 4, 1], 3, [3, 4, 1, 1]),
    ];
    // One channel: four pixels are a vector of the input, but with strides, gaps or a kernel that is too wide.
    shapes.extend([[3, 1, 1, 1], [5, 1, 4, 1], [4, 1, 0, 1], [3, 2, 1, 1], [3, 1, 2, 2]].map(|window| square(2, [1, 10, 1], 11, window)));
    shapes.push(Convolution { input: [3, 20], output: [3, 7], kernel: [1, 14], ..square(1, [1, 9, 1], 1, [1, 1, 0, 1]) });
    // A linear layer, and axes that differ.
    shapes.push(Convolution { input: [300, 1], output: [300, 1], ..square(1, [36, 10, 1], 1, [1, 1, 0, 1]) });
    shapes.push(Convolution {
        input: [6, 13],
        output: [3, 7],
        kernel: [2, 5],
        stride: [2, 2],
        pad: [0, 2],
        dilation: [1, 1],
        ..square(2, [4, 8, 1], 1, [1, 1, 0, 1])
    });
    shapes
}

fn pair(values: [usize; 2]) -> [i32; 2] {
    values.map(|value| value as i32)
}

/// Parameters without addresses.
fn params(c: &Convolution) -> ConvF32Nhwc {
    let [input, output, kernel, stride, dilation, input_dilation] = [c.input, c.output, c.kernel, c.stride, c.dilation, c.input_dilation].map(pair);
    ConvF32Nhwc {
        batch: c.batch as i32,
        in_h: input[0],
        in_w: input[1],
        in_c: c.in_c as i32,
        out_h: output[0],
        out_w: output[1],
        out_c: c.out_c as i32,
        kernel_h: kernel[0],
        kernel_w: kernel[1],
        stride_h: stride[0],
        stride_w: stride[1],
        pad_top: c.pad[0] as i32,
        pad_left: c.pad[1] as i32,
        dilation_h: dilation[0],
        dilation_w: dilation[1],
        groups: c.groups as i32,
        input_dilation_h: input_dilation[0],
        input_dilation_w: input_dilation[1],
        ..ConvF32Nhwc::default()
    }
}

fn weight_params(c: &Convolution) -> ConvWeightGradientF32 {
    let p = params(c);
    ConvWeightGradientF32 {
        batch: p.batch,
        in_h: p.in_h,
        in_w: p.in_w,
        in_c: p.in_c,
        out_h: p.out_h,
        out_w: p.out_w,
        out_c: p.out_c,
        kernel_h: p.kernel_h,
        kernel_w: p.kernel_w,
        stride_h: p.stride_h,
        stride_w: p.stride_w,
        pad_top: p.pad_top,
        pad_left: p.pad_left,
        dilation_h: p.dilation_h,
        dilation_w: p.dilation_w,
        groups: p.groups,
        ..ConvWeightGradientF32::default()
    }
}

fn pack_params(c: &Convolution, is_transposed: i32) -> PackConvF32 {
    let p = params(c);
    PackConvF32 {
        in_c: p.in_c,
        out_c: p.out_c,
        kernel_h: p.kernel_h,
        kernel_w: p.kernel_w,
        groups: p.groups,
        is_transposed,
        ..PackConvF32::default()
    }
}

fn count(c: &Convolution) -> [usize; 3] {
    let pixels = |size: [usize; 2]| c.batch * size[0] * size[1];
    [pixels(c.input) * c.in_c, pixels(c.output) * c.out_c, c.out_c * (c.in_c / c.groups) * c.kernel[0] * c.kernel[1]]
}

/// The kernel's output; `w` are the weights of the forward convolution.
fn run(c: &Convolution, x: &[f32], w: &[f32], bias: Option<&[f32]>, pack: PackConvF32) -> Vec<f32> {
    let mut arena = Arena::new();
    let packed = super::packed_weights(c.in_c, c.out_c, c.kernel[0] * c.kernel[1], c.groups);
    let pack = PackConvF32 { weights_offset: arena.floats(w), packed_weights_offset: arena.room(packed), ..pack };
    arena.run(pack);
    let kernel = ConvF32Nhwc {
        input_offset: arena.floats(x),
        packed_weights_offset: pack.packed_weights_offset,
        bias_offset: bias.map_or(0, |bias| arena.floats(bias)),
        output_offset: arena.room(count(c)[1]),
        ..params(c)
    };
    arena.run(kernel);
    arena.floats_at(kernel.output_offset, count(c)[1])
}

/// Weights flipped and with channels exchanged within each group.
fn transposed(c: &Convolution, w: &[f32]) -> Vec<f32> {
    let (inputs, outputs, window) = (c.in_c / c.groups, c.out_c / c.groups, c.kernel[0] * c.kernel[1]);
    let mut t = Vec::new();
    for i in 0..c.in_c {
        for o in 0..outputs {
            let o = i / inputs * outputs + o;
            t.extend((0..window).rev().map(|tap| w[(o * inputs + i % inputs) * window + tap]));
        }
    }
    t
}

#[test]
fn forward_equals_the_reference() {
    for c in shapes() {
        let [inputs, _, weights] = count(&c);
        let (x, w, bias) = (floats(inputs, 1), floats(weights, 2), floats(c.out_c, 3));
        for bias in [None, Some(&bias[..])] {
            let y = run(&c, &x, &w, bias, pack_params(&c, 0));
            assert_bits(&y, &c.forward(&x, &w, bias), &format!("{c:?}"));
        }
    }
}

#[test]
fn gradient_of_the_input_equals_the_reference() {
    for c in shapes() {
        let [_, outputs, weights] = count(&c);
        let (g, w) = (floats(outputs, 4), floats(weights, 5));
        let dx = run(&backward(&c), &g, &w, None, pack_params(&c, 1));
        assert_bits(&dx, &backward(&c).forward(&g, &transposed(&c, &w), None), &format!("{c:?}"));
    }
}

#[test]
fn gradient_of_the_weights_equals_the_reference() {
    for c in shapes() {
        let [inputs, outputs, weights] = count(&c);
        let (x, g) = (floats(inputs, 6), floats(outputs, 7));
        let mut arena = Arena::new();
        let kernel = ConvWeightGradientF32 {
            input_offset: arena.floats(&x),
            gradient_offset: arena.floats(&g),
            output_offset: arena.room(weights),
            ..weight_params(&c)
        };
        arena.run(kernel);
        assert_bits(&arena.floats_at(kernel.output_offset, weights), &c.weight_gradient(&x, &g), &format!("{c:?}"));
    }
}

/// A convolution is linear in its input and in its weights: the derivative along a unit vector is the convolution of that vector.
#[test]
fn gradients_are_those_of_the_forward_pass() {
    let double = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
    let unit = |length: usize, at: usize| (0..length).map(|i| f64::from(u8::from(i == at))).collect::<Vec<_>>();
    for c in shapes() {
        let [inputs, outputs, weights] = count(&c);
        let (x, w, g) = (floats(inputs, 1), floats(weights, 2), floats(outputs, 3));
        let dx = backward(&c).forward(&g, &transposed(&c, &w), None);
        let dw = c.weight_gradient(&x, &g);
        let (x, w, g) = (double(&x), double(&w), double(&g));
        let dot = |y: &[f64]| y.iter().zip(&g).map(|(y, g)| y * g).sum::<f64>();
        for at in (0..7).map(|i| i * 7919 % inputs) {
            assert!((dot(&c.forward(&unit(inputs, at), &w, None)) - f64::from(dx[at])).abs() < 1e-4, "dx {at} {c:?}");
        }
        for at in (0..7).map(|i| i * 7919 % weights) {
            assert!((dot(&c.forward(&x, &unit(weights, at), None)) - f64::from(dw[at])).abs() < 1e-4, "dw {at} {c:?}");
        }
    }
}

#[test]
fn wild_parameters_are_refused_or_sound() {
    let c = square(2, [8, 24, 2], 7, [3, 2, 1, 1]);
    fuzz(ConvF32Nhwc::WORDS, &params(&c).to_words(), ConvF32Nhwc::from_words);
    fuzz(ConvWeightGradientF32::WORDS, &weight_params(&c).to_words(), ConvWeightGradientF32::from_words);
    fuzz(PackConvF32::WORDS, &pack_params(&c, 1).to_words(), PackConvF32::from_words);
    for bad in [
        ConvF32Nhwc { groups: 3, ..params(&c) },
        ConvF32Nhwc { input_dilation_w: 0, ..params(&c) },
        ConvF32Nhwc { out_h: i32::MAX, ..params(&c) },
        ConvF32Nhwc { pad_top: i32::MIN, ..params(&c) },
        ConvF32Nhwc { in_h: 1 << 20, in_w: 1 << 20, ..params(&c) },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}
