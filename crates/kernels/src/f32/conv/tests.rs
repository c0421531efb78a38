use crate::f32::testing::{check_all_units, floats, Arena};
use crate::kernel::Kernel;
use crate::params::ConvF32;
use reference::f32_sums::conv2d_f32;
use reference::window::Window;

/// batch, groups, channels in and out per group, input [h, w], kernel, stride, dilation, pads [t, l, b, r].
struct Case {
    batch: i32,
    groups: i32,
    channels: [i32; 2],
    input: [i32; 2],
    kernel: [i32; 2],
    stride: [i32; 2],
    dilation: [i32; 2],
    pads: [i32; 4],
}

impl Case {
    fn windows(&self) -> [Window; 2] {
        let wide = |pair: [i32; 2]| pair.map(i64::from);
        Window::pair(wide(self.input), wide(self.kernel), wide(self.stride), wide(self.dilation), self.pads.map(i64::from))
    }

    fn params(&self) -> ConvF32 {
        let size = self.windows().map(|window| window.floor_size() as i32);
        let [in_c, out_c] = self.channels.map(|channels| channels * self.groups);
        ConvF32 {
            batch: self.batch,
            in_c,
            in_h: self.input[0],
            in_w: self.input[1],
            out_c,
            out_h: size[0],
            out_w: size[1],
            kernel_h: self.kernel[0],
            kernel_w: self.kernel[1],
            stride_h: self.stride[0],
            stride_w: self.stride[1],
            pad_top: self.pads[0],
            pad_left: self.pads[1],
            dilation_h: self.dilation[0],
            dilation_w: self.dilation[1],
            groups: self.groups,
            lo_bits: f32::NEG_INFINITY.to_bits() as i32,
            hi_bits: f32::INFINITY.to_bits() as i32,
            ..ConvF32::default()
        }
    }

    fn check(&self, with_bias: bool, bounds: [f32; 2]) {
        let mut params = self.params();
        let depth = (self.channels[0] * self.kernel[0] * self.kernel[1]) as usize;
        let image = (params.in_c * params.in_h * params.in_w) as usize;
        let pixels = (params.out_h * params.out_w) as usize;
        let x = floats(self.batch as usize * image, 1);
        let w = floats(params.out_c as usize * depth, 2);
        let bias = floats(params.out_c as usize, 3);
        let mut arena = Arena::new();
        let count = (self.batch * params.out_c) as usize * pixels;
        params.input_offset = arena.floats(&x);
        params.weights_offset = arena.floats(&w);
        params.bias_offset = if with_bias { arena.floats(&bias) } else { 0 };
        params.output_offset = arena.output(count);
        [params.lo_bits, params.hi_bits] = bounds.map(|bound| bound.to_bits() as i32);
        let y = check_all_units(params, &arena, count);
        for (index, y) in y.iter().enumerate() {
            let (pixel, channel) = (index % pixels, index / pixels % params.out_c as usize);
            let group = channel / self.channels[1] as usize;
            let length = image / self.groups as usize;
            let x = &x[index / pixels / params.out_c as usize * image + group * length..][..length];
            let place = [(pixel / params.out_w as usize) as i64, (pixel % params.out_w as usize) as i64];
            let sum = conv2d_f32(x, &w[channel * depth..][..depth], with_bias.then(|| bias[channel]), self.windows(), place);
            let expected = sum.clamp(bounds[0], bounds[1]);
            // −0 and +0 may be exchanged by a clamp at 0, nothing else.
            assert!(expected.to_bits() == y.to_bits() || expected == 0.0 && *y == 0.0, "output {index}: {expected} and {y}");
        }
    }
}

const FREE: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];

fn case(groups: i32, channels: [i32; 2], input: [i32; 2], kernel: [i32; 2]) -> Case {
    Case { batch: 1, groups, channels, input, kernel, stride: [1, 1], dilation: [1, 1], pads: [0; 4] }
}

#[test]
fn equals_the_reference_at_the_edges_of_tiles() {
    for out_channels in [1, 3, 4, 5, 8, 9] {
        for input in [[1, 1], [1, 7], [2, 4], [3, 3], [1, 17], [5, 13]] {
            case(1, [3, out_channels], input, [1, 1]).check(true, FREE);
        }
    }
}

#[test]
fn equals_the_reference_with_padding_stride_dilation_and_groups() {
    for (stride, dilation, pads) in
        [([1, 1], [1, 1], [1; 4]), ([2, 2], [1, 1], [1; 4]), ([1, 2], [2, 1], [0, 3, 2, 1]), ([3, 1], [1, 3], [2, 0, 5, 4])]
    {
        for groups in [1, 2, 5] {
            for batch in [1, 3] {
                Case { batch, stride, dilation, pads, ..case(groups, [2, 5], [9, 11], [3, 3]) }.check(batch == 1, FREE);
            }
        }
    }
    Case { pads: [1; 4], ..case(7, [1, 1], [6, 6], [3, 3]) }.check(false, [0.0, 0.25]);
    Case { pads: [9; 4], ..case(1, [1, 1], [1, 1], [2, 5]) }.check(true, [-0.125, 0.125]);
}

#[test]
fn equals_the_reference_depthwise() {
    // Less and more than whole vectors and tiles; windows and strides up to where the convolution of any kind takes over, and beyond.
    for width in [1, 2, 4, 5, 8, 11] {
        for height in [1, 3, 4, 7] {
            Case { pads: [1; 4], ..case(3, [1, 1], [height, width], [3, 3]) }.check(true, FREE);
            Case { pads: [1, 2, 3, 0], stride: [2, 2], ..case(3, [1, 1], [height, width], [3, 2]) }.check(false, [-0.25, 0.5]);
        }
    }
    for (stride, dilation, pads, kernel) in [
        ([1, 1], [1, 1], [2; 4], [5, 5]),
        ([2, 2], [1, 1], [3; 4], [5, 7]),
        ([1, 3], [2, 1], [2, 1, 2, 1], [3, 3]),
        ([3, 2], [1, 3], [0, 9, 1, 4], [2, 3]),
        ([1, 1], [31, 32], [62, 64, 0, 0], [3, 3]),
        ([65, 1], [1, 1], [60, 0, 9, 0], [1, 3]),
        ([1, 1], [1, 1], [70, 0, 70, 0], [3, 1]),
    ] {
        Case { batch: 2, stride, dilation, pads, ..case(5, [1, 1], [13, 19], kernel) }.check(true, [-0.5, f32::INFINITY]);
    }
    // Several blocks of rows.
    Case { pads: [1; 4], ..case(2, [1, 1], [61, 130], [3, 3]) }.check(true, FREE);
    Case { pads: [1; 4], stride: [2, 2], ..case(2, [1, 1], [61, 130], [3, 3]) }.check(true, FREE);
    Case { pads: [0, 3, 0, 3], ..case(2, [1, 1], [3, 2500], [3, 7]) }.check(true, FREE);
}

#[test]
fn equals_the_reference_over_several_units() {
    // 300 inputs deep: 13 panels in a unit; 20 × 33 pixels are 83 tiles.
    Case { pads: [1; 4], ..case(1, [300, 6], [20, 33], [1, 1]) }.check(true, [0.0, f32::INFINITY]);
}

#[test]
fn a_nan_stays_nan_when_clamped() {
    let mut arena = Arena::new();
    let (input_offset, weights_offset, output_offset) = (arena.floats(&[f32::NAN, 1.0]), arena.floats(&[1.0]), arena.output(2));
    let params = ConvF32 { input_offset, weights_offset, output_offset, lo_bits: 0, hi_bits: 0, ..case(1, [1, 1], [1, 2], [1, 1]).params() };
    let y = check_all_units(params, &arena, 2);
    assert!(y[0].is_nan() && y[1] == 0.0);
}

#[test]
fn refuses_what_does_not_fit_in_memory_or_numbers() {
    let good = case(2, [2, 2], [4, 4], [3, 3]).params();
    assert!(good.check().is_ok());
    let bad = [
        ConvF32 { groups: 3, ..good },
        ConvF32 { groups: 0, ..good },
        ConvF32 { stride_h: 0, ..good },
        ConvF32 { pad_left: -1, ..good },
        ConvF32 { in_h: 1 << 24, in_w: 1 << 24, ..good },
        ConvF32 { out_h: 1 << 24, out_w: 1 << 24, ..good },
        ConvF32 { kernel_h: 1 << 24, kernel_w: 1 << 24, ..good },
        ConvF32 { dilation_h: 1 << 24, kernel_h: 1 << 20, ..good },
        ConvF32 { stride_w: 1 << 24, out_w: 1 << 20, ..good },
        ConvF32 { batch: 0, ..good },
    ];
    for params in bad {
        assert!(params.check().is_err(), "{params:?}");
    }
}
