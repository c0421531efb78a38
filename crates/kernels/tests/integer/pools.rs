//! SPEC 3.4.

use crate::bytes::{compare, from_i32, run};
use crate::layout::{channel_stride, from_nhwc, range, to_nhwc};
use crate::requantization::{law, multipliers, Scale};
use crate::seed::Seed;
use crate::Verdict;
use kernels::params::{container, form, AveragePool, MaxPool};
use reference::average_pool::{divisors, AveragePool as LawOfAverage};
use reference::max_pool::max_pool;
use reference::window::Window;
use simd::Isa;

const CONTAINERS: [i32; 3] = [container::U8, container::I8, container::I16];

/// A pool's window: input [h, w], kernel, stride, dilation, pads.
#[derive(Clone, Copy)]
struct Shape([i32; 2], [i32; 2], [i32; 2], [i32; 2], [i32; 4]);

impl Shape {
    fn windows(self) -> [Window; 2] {
        let Self(input, kernel, stride, dilation, pads) = self;
        Window::pair(input.map(i64::from), kernel.map(i64::from), stride.map(i64::from), dilation.map(i64::from), pads.map(i64::from))
    }

    /// Output size; with `ceil` a last window that starts inside the input or its leading pad.
    fn size(self, ceil: bool) -> [usize; 2] {
        self.windows().map(|axis| {
            let floor = axis.floor_size();
            let starts_inside = axis.position(floor, 0) < axis.input;
            (floor + i64::from(ceil && axis.uncovered() > 0 && starts_inside)) as usize
        })
    }
}

const SHAPES: [Shape; 8] = [
    Shape([6, 6], [2, 2], [2, 2], [1, 1], [0; 4]),
    Shape([7, 5], [3, 3], [2, 2], [1, 1], [1, 1, 1, 1]),
    Shape([7, 8], [3, 2], [2, 3], [1, 1], [0, 1, 1, 0]),
    Shape([1, 1], [1, 1], [1, 1], [1, 1], [0; 4]),
    Shape([5, 4], [5, 4], [1, 1], [1, 1], [0; 4]),
    Shape([4, 9], [3, 3], [1, 1], [1, 1], [2, 2, 2, 2]),
    Shape([9, 9], [3, 3], [2, 1], [2, 3], [1, 2, 1, 2]),
    Shape([2, 17], [2, 2], [1, 5], [1, 1], [1, 0, 0, 1]),
];

const CHANNELS: [i32; 11] = [1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 75];

/// The layout of a Program, or nothing between the channels.
fn stride_of(channels: i32, close: bool) -> i32 {
    if close {
        channels
    } else {
        channel_stride(channels as usize) as i32
    }
}

pub fn max<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(10);
    for (number, (shape, channels)) in SHAPES.into_iter().flat_map(|shape| CHANNELS.map(|c| (shape, c))).enumerate() {
        let Shape([in_h, in_w], kernel, stride, dilation, pads) = shape;
        let kind = CONTAINERS[number % 3];
        let [lo, hi] = range(kind);
        let [out_h, out_w] = shape.size(number.is_multiple_of(2));
        let channel_stride = stride_of(channels, number.is_multiple_of(5));
        let params = MaxPool {
            container: kind,
            in_h,
            in_w,
            channels,
            channel_stride,
            out_h: out_h as i32,
            out_w: out_w as i32,
            kernel_h: kernel[0],
            kernel_w: kernel[1],
            stride_h: stride[0],
            stride_w: stride[1],
            pad_top: pads[0],
            pad_left: pads[1],
            dilation_h: dilation[0],
            dilation_w: dilation[1],
            lo: if number % 4 == 1 { 0 } else { lo },
            hi: if number % 4 == 2 { hi / 2 } else { hi },
            ..MaxPool::default()
        };
        // Small codes only, now and then, so that the smallest code of the container shows as the neutral element.
        let most = if number % 6 == 3 { lo + 4 } else { hi };
        let x = random.codes((channels * in_h * in_w) as usize, lo, most);
        let input = to_nhwc(&x, kind, channels as usize, channel_stride as usize);
        let written = run(isa, &params, &[&input]);
        let found = from_nhwc(&written[0], kind, channels as usize, channel_stride as usize, out_h * out_w);
        let clamp = [i64::from(params.lo), i64::from(params.hi)];
        compare(&format!("{params:?}"), &found, &max_pool(&x, shape.windows(), [out_h, out_w], clamp))?;
    }
    Ok(())
}

fn average_params(number: usize, shape: Shape, channels: i32, random: &mut Seed) -> AveragePool {
    let Shape([in_h, in_w], kernel, stride, _, pads) = shape;
    let (in_container, out_container) = (CONTAINERS[number % 3], CONTAINERS[number / 3 % 3]);
    let ([a_lo, a_hi], [lo, hi]) = (range(in_container), range(out_container));
    let [out_h, out_w] = shape.size(number.is_multiple_of(2));
    let scale = match number % 4 {
        0 => Scale { form: form::COPY, shift: 0, left: 0, most: 0 },
        1 => Scale { form: form::Q15, shift: 1 + number as i32 % 4, left: 0, most: 9000 },
        2 => Scale { form: form::Q15, shift: -(number as i32 % 5), left: 0, most: 9000 },
        _ => Scale { form: form::EXACT, shift: 45, left: 6, most: i32::MAX },
    };
    AveragePool {
        in_container,
        in_zero_point: random.within(a_lo, a_hi),
        in_h,
        in_w,
        channels,
        in_stride: stride_of(channels, number.is_multiple_of(5)),
        out_container,
        out_h: out_h as i32,
        out_w: out_w as i32,
        out_stride: stride_of(channels, number.is_multiple_of(7)),
        kernel_h: kernel[0],
        kernel_w: kernel[1],
        stride_h: stride[0],
        stride_w: stride[1],
        pad_top: pads[0],
        pad_left: pads[1],
        pad_bottom: pads[2],
        pad_right: pads[3],
        // Not in step with ceil mode: a window that runs past the padding counts less, and only then.
        count_include_pad: i32::from(number / 2 % 2 == 1),
        form: scale.form,
        shift: scale.shift,
        left: scale.left,
        out_zero_point: random.within(lo, hi),
        lo,
        hi,
        ..AveragePool::default()
    }
}

pub fn average<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(11);
    let shapes = SHAPES.into_iter().filter(|shape| shape.3 == [1, 1]);
    for (number, (shape, channels)) in shapes.flat_map(|shape| CHANNELS.map(|c| (shape, c))).enumerate() {
        let mut p = average_params(number, shape, channels, &mut random);
        let size = [p.out_h as usize, p.out_w as usize];
        let include = p.count_include_pad != 0;
        let listed = divisors(shape.windows(), size.map(|n| n as i64), include, 100).expect("few divisors");
        p.divisor_count = listed.len() as i32;
        let scale = Scale { form: p.form, shift: p.shift, left: p.left, most: if p.form == form::EXACT { 1 << 30 } else { 9000 } };
        let b = multipliers(&scale, &mut random, listed.len());
        let forms: Vec<_> = b.iter().map(|&b| law(p.form, p.shift, p.left, b)).collect();
        let [a_lo, a_hi] = range(p.in_container);
        let x = random.codes((channels * p.in_h * p.in_w) as usize, a_lo, a_hi);
        let input = to_nhwc(&x, p.in_container, channels as usize, p.in_stride as usize);
        let divisor_words: Vec<i32> = listed.iter().map(|&divisor| divisor as i32).collect();
        let written = run(isa, &p, &[&input, &from_i32(&divisor_words), &from_i32(&b)]);
        let found = from_nhwc(&written[0], p.out_container, channels as usize, p.out_stride as usize, size[0] * size[1]);
        let law =
            LawOfAverage { x: &x, x_zero_point: i64::from(p.in_zero_point), windows: shape.windows(), count_include_pad: include, divisors: &listed };
        let expected = law.run(size, &forms, i64::from(p.out_zero_point), [i64::from(p.lo), i64::from(p.hi)]);
        compare(&format!("{p:?}"), &found, &expected)?;
    }
    Ok(())
}
