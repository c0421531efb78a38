//! SPEC 3: small cases worked by hand, one trap each.
use reference::add::carrier;
use reference::average_pool::{divisors, AveragePool};
use reference::concat::{concat, Part};
use reference::conv2d::Conv2d;
use reference::dense::dense;
use reference::max_pool::max_pool;
use reference::pad::pad;
use reference::requantize::Requantization;
use reference::slice::slice;
use reference::transpose::transpose;
use reference::window::Window;

const WIDE: [i64; 2] = [-100_000, 100_000];

fn windows(input: [i64; 2], kernel: [i64; 2], stride: [i64; 2], pads: [i64; 4]) -> [Window; 2] {
    Window::pair(input, kernel, stride, [1, 1], pads)
}

/// ONNX's own `test_convinteger` numbers: 3×3 codes 2..10 with zero point 1, a kernel of ones, padding 1: padding is real zero.
#[test]
fn convolution_pads_with_the_zero_point() {
    let x: Vec<i32> = (2..=10).collect();
    let conv = Conv2d {
        x: &x,
        x_zero_point: 1,
        w: &[1; 4],
        bias: &[],
        channels: [1, 1],
        groups: 1,
        windows: windows([3, 3], [2, 2], [1, 1], [1, 1, 1, 1]),
        output_size: [4, 4],
    };
    assert_eq!(conv.run(&[Requantization::Copy], 0, WIDE), [1, 3, 5, 3, 5, 12, 16, 9, 11, 24, 28, 15, 7, 15, 17, 9]);
}

#[test]
fn groups_read_their_own_channels() {
    // Two groups of two channels, two outputs each, 1×1: output oc reads channels 2·floor(oc/2)...
    let conv = Conv2d {
        x: &[1, 10, 100, 1000],
        x_zero_point: 0,
        w: &[1, 2, 3, 4, 5, 6, 7, 8],
        bias: &[1, 1, 1, 1],
        channels: [4, 4],
        groups: 2,
        windows: windows([1, 1], [1, 1], [1, 1], [0; 4]),
        output_size: [1, 1],
    };
    assert_eq!(conv.run(&[Requantization::Copy; 4], 0, WIDE), [22, 44, 6501, 8701]);
}

#[test]
fn dilation_and_stride_step_over_elements() {
    let conv = Conv2d {
        x: &[1, 2, 3, 4, 5, 6, 7],
        x_zero_point: 0,
        w: &[1, 10],
        bias: &[],
        channels: [1, 1],
        groups: 1,
        windows: Window::pair([1, 7], [1, 2], [1, 2], [1, 3], [0, 1, 0, 0]),
        output_size: [1, 3],
    };
    // Taps at −1 and 2, 1 and 4, 3 and 6.
    assert_eq!(conv.windows[1].floor_size(), 3);
    assert_eq!(conv.run(&[Requantization::Copy], 0, WIDE), [30, 52, 74]);
}

/// ONNX's `test_matmulinteger`: A with zero point 12.
#[test]
fn dense_subtracts_the_zero_point() {
    let a = [11, 7, 3, 10, 6, 2, 9, 5, 1, 8, 4, 0];
    let w = [1, 2, 3, 4, 5, 6];
    assert_eq!(dense(&a, 12, &w, &[], &[Requantization::Copy; 2], 0, WIDE), [-38, -83, -44, -98, -50, -113, -56, -128]);
}

#[test]
fn each_branch_of_an_add_rounds_and_saturates_alone() {
    let half = Requantization::Q15 { shift: 0, b: 16384 };
    assert_eq!(carrier([1, 1], [0, 0], [half; 2], WIDE), 2, "½ + ½ rounds twice");
    assert_eq!(carrier([7, 3], [6, 4], [half; 2], WIDE), 1, "½ and −½");
    let times = Requantization::Q15 { shift: -15, b: 32767 };
    assert_eq!(carrier([32767, -10], [0, 0], [times, Requantization::Copy], WIDE), 32756);
    let copy = [Requantization::Copy; 2];
    assert_eq!(carrier([32767, 32767], [0, 0], copy, [0, 32767]), 32767);
    assert_eq!(carrier([-32767, 0], [32767, 0], copy, WIDE), -32767, "a branch is clamped to the carrier");
}

#[test]
fn max_pool_leaves_padding_out() {
    let lowest = [-128, -100, -90, -80];
    let all = windows([2, 2], [3, 3], [1, 1], [1, 1, 1, 1]);
    assert_eq!(max_pool(&lowest, all, [2, 2], [-128, 127]), [-80; 4]);
    assert_eq!(max_pool(&lowest, all, [2, 2], [-70, 127]), [-70; 4]);
    let corner = windows([2, 2], [2, 2], [2, 2], [1, 1, 1, 1]);
    assert_eq!(max_pool(&lowest, corner, [2, 2], [-128, 127]), lowest);
}

#[test]
fn average_pool_divides_by_what_it_counts() {
    // 1×5, kernel 3, stride 2, padding 1 on both sides and one more window by ceil mode would start in the trailing padding.
    let axes = windows([1, 5], [1, 3], [1, 2], [0, 1, 0, 1]);
    assert_eq!(divisors(axes, [1, 3], false, 9), Some(vec![2, 3]));
    assert_eq!(divisors(axes, [1, 3], true, 9), Some(vec![3]));
    assert_eq!(divisors(axes, [1, 3], false, 1), None);
    // Ceil mode: 1×4, kernel 3, stride 2, no padding: the second window runs past the end and counts 2.
    let ceil = windows([1, 4], [1, 3], [1, 2], [0; 4]);
    assert_eq!((ceil[1].floor_size(), ceil[1].uncovered()), (1, 1));
    assert_eq!(divisors(ceil, [1, 2], true, 9), Some(vec![2, 3]));
    // With padding behind, only what lies within it is counted.
    let padded = windows([1, 4], [1, 3], [1, 3], [0, 0, 0, 1]);
    assert_eq!(divisors(padded, [1, 2], true, 9), Some(vec![2, 3]));
    assert_eq!(divisors(padded, [1, 2], false, 9), Some(vec![1, 3]));

    let pool = AveragePool { x: &[3, 5, 9, 20, 100], x_zero_point: 3, windows: axes, count_include_pad: false, divisors: &[2, 3] };
    // Sums 2, 25, 114; b = 2^15/2 and 2^15/3.
    let forms = [16384, 10923].map(|b| Requantization::Q15 { shift: 0, b });
    assert_eq!(pool.run([1, 3], &forms, 1, WIDE), [2, 9, 58]);
}

#[test]
fn windows_touch_the_input_or_not() {
    let axis = Window { input: 2, kernel: 2, stride: 3, dilation: 4, before: 3, after: 9 };
    // Taps at −3 and 1; 0 and 4; 3 and 7.
    let touches: Vec<bool> = (0..3).map(|window| axis.touches_input(window)).collect();
    assert_eq!(touches, [true, true, false]);
    let jumps = Window { before: 2, ..axis };
    // Taps at −2 and 2: over the input.
    assert!(!jumps.touches_input(0));
}

#[test]
fn concat_joins_along_its_axis() {
    let half = Requantization::Q15 { shift: 0, b: 16384 };
    let parts = [Part { x: &[1, 2, 3, 4], zero_point: 0, form: Requantization::Copy }, Part { x: &[12, 14], zero_point: 10, form: half }];
    assert_eq!(concat(&parts, 2, 5, WIDE), [6, 7, 6, 8, 9, 7]);
    assert_eq!(concat(&parts, 1, 0, [0, 3]), [1, 2, 3, 3, 1, 2]);
}

#[test]
fn movements() {
    let x: Vec<i32> = (0..6).collect();
    assert_eq!(transpose(&x, &[1, 2, 3], &[0, 2, 1]), [0, 3, 1, 4, 2, 5]);
    assert_eq!(transpose(&x, &[1, 2, 3], &[2, 0, 1]), [0, 3, 1, 4, 2, 5]);
    assert_eq!(slice(&x, &[2, 3], &[1, 2], &[-1, -2], &[2, 2]), [5, 3, 2, 0]);
    assert_eq!(slice(&x, &[2, 3], &[0, 1], &[1, 1], &[1, 2]), [1, 2]);
    assert_eq!(pad(&[1, 2], &[1, 2], &[1, 0], &[2, 3], 9), [9, 9, 9, 1, 2, 9]);
}
