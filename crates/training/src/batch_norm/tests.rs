use crate::params::{BatchNormApply, BatchNormBackwardApply, BatchNormBackwardReduce, BatchNormRunning, BatchNormStatistics};
use crate::testing::{assert_bits, fuzz, Arena};
use kernels::f32::testing::floats;
use reference::training::batch_norm::{apply, backward_apply, backward_reduce, masked, running, statistics, Statistics};

const EPSILON: f32 = 1e-5;
const RELU: [f32; 2] = [0.0, f32::INFINITY];
const FREE: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];

fn bits(value: f32) -> i32 {
    value.to_bits() as i32
}

/// Rows and channels: tails, several blocks, several units.
const SHAPES: [[usize; 2]; 10] = [[1, 1], [2, 3], [64, 16], [65, 5], [130, 8], [300, 17], [17, 36], [1030, 4], [9, 32], [70, 48]];
/// Elements between the rows of an input: without any, kernels walk whole panels of rows.
const GAPS: [usize; 2] = [0, 1];

/// Every shape with every gap: (rows, channels, gap).
fn shapes() -> impl Iterator<Item = [usize; 3]> {
    SHAPES.into_iter().flat_map(|[rows, channels]| GAPS.map(|gap| [rows, channels, gap]))
}

/// An input in an arena, and what its values are.
struct Input {
    offset: i32,
    scales: [i32; 2],
    container: i32,
    stride: i32,
    values: Vec<f32>,
}

/// f32 [rows][channels + gap], or sums that are worth 0.001·0.5: i32, or i16.
fn input(arena: &mut Arena, [rows, channels, gap]: [usize; 3], container: i32) -> Input {
    let stride = channels + gap;
    let padded: Vec<f32> = floats(rows * stride, 1).iter().enumerate().map(|(i, x)| x * 3.0 + (i % stride) as f32).collect();
    let sums: Vec<i32> = padded.iter().map(|x| if container == 2 { (x * 2e3) as i16 as i32 } else { (x * 1e6) as i32 }).collect();
    let (a, b) = (0.001f32, 0.5f32);
    let is_inside = |i: &usize| i % stride < channels;
    let inside = (0..rows * stride).filter(is_inside);
    let scales = if container != 4 { [arena.floats(&[a]), arena.floats(&[b])] } else { [0, 0] };
    let (offset, values) = if container != 4 {
        let offset = if container == 3 {
            arena.ints(&sums)
        } else {
            arena.bytes(&sums.iter().flat_map(|&sum| (sum as i16).to_le_bytes()).collect::<Vec<u8>>())
        };
        (offset, inside.map(|i| sums[i] as f32 * (a * b)).collect())
    } else {
        (arena.floats(&padded), inside.map(|i| padded[i]).collect())
    };
    Input { offset, scales, container, stride: stride as i32, values }
}

fn store(arena: &mut Arena, s: &Statistics<f32>) -> i32 {
    arena.floats(&[&s.mean[..], &s.inverse_std[..]].concat())
}

#[test]
fn statistics_equal_the_reference() {
    for [rows, channels, gap] in shapes() {
        for container in [2, 3, 4] {
            let mut arena = Arena::new();
            let x = input(&mut arena, [rows, channels, gap], container);
            let old = [floats(channels, 2), floats(channels, 3)];
            let params = BatchNormStatistics {
                input_offset: x.offset,
                scale_a_offset: x.scales[0],
                scale_b_offset: x.scales[1],
                statistics_offset: arena.room(2 * channels),
                running_offset: arena.floats(&old.concat()),
                in_container: x.container,
                in_stride: x.stride,
                rows: rows as i32,
                channels: channels as i32,
                momentum_bits: bits(0.1),
                epsilon_bits: bits(EPSILON),
            };
            // The running statistics are updated in place: the second run, unit by unit, starts from the same bytes.
            arena.run(params);
            let s = statistics(&x.values, channels, EPSILON);
            assert_bits(&arena.floats_at(params.statistics_offset, 2 * channels), &[&s.mean[..], &s.inverse_std[..]].concat(), "statistics");
            let expected = running([&old[0], &old[1]], &s, rows, 0.1).concat();
            assert_bits(&arena.floats_at(params.running_offset, 2 * channels), &expected, "running");
        }
    }
}

#[test]
fn statistics_are_accurate_far_from_zero() {
    let x: Vec<f32> = floats(40_000, 5).iter().map(|x| 1000.0 + x).collect();
    let (single, double) = (statistics(&x, 2, 0.0), statistics(&x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>(), 2, 0.0));
    for c in 0..2 {
        assert!((f64::from(single.mean[c]) - double.mean[c]).abs() < 1e-4);
        assert!((f64::from(single.inverse_std[c]) / double.inverse_std[c] - 1.0).abs() < 1e-5);
    }
}

/// Where the rows that values are shifted by are unlike the rest, Σd²/n − (Σd/n)² cancels, and rounding may leave less than nothing.
#[test]
fn a_variance_is_never_negative() {
    for value in [0.1, 0.7, 1.1, 1.3, 3.3] {
        for rows in [3, 67, 1_000_000] {
            let mut input = vec![value; rows];
            input[..rows.min(16)].fill(0.0);
            let mut arena = Arena::new();
            let params = BatchNormStatistics {
                input_offset: arena.floats(&input),
                scale_a_offset: 0,
                scale_b_offset: 0,
                statistics_offset: arena.room(2),
                running_offset: arena.floats(&[0.0; 2]),
                in_container: 4,
                in_stride: 1,
                rows: rows as i32,
                channels: 1,
                momentum_bits: bits(1.0),
                epsilon_bits: bits(0.0),
            };
            arena.run(params);
            assert!(arena.floats_at(params.running_offset, 2)[1] >= 0.0 && arena.floats_at(params.statistics_offset, 2)[1] > 0.0, "{value} × {rows}");
        }
    }
}

#[test]
fn statistics_of_evaluation_are_the_running_ones() {
    let mut arena = Arena::new();
    let params = BatchNormRunning {
        running_offset: arena.floats(&[1.0, -2.0, 3.0, 0.0, 4.0, 0.25]),
        statistics_offset: arena.room(6),
        channels: 3,
        epsilon_bits: bits(EPSILON),
    };
    arena.run(params);
    let inverse = |variance: f32| 1.0 / (variance + EPSILON).sqrt();
    assert_bits(&arena.floats_at(params.statistics_offset, 6), &[1.0, -2.0, 3.0, inverse(0.0), inverse(4.0), inverse(0.25)], "running");
}

#[test]
fn forward_equals_the_reference() {
    for [rows, channels, gap] in shapes() {
        for (container, has_residual, bounds) in
            [(3, false, RELU), (4, true, [-0.5, 6.0]), (4, false, FREE), (3, true, RELU), (2, true, RELU), (2, false, FREE)]
        {
            let mut arena = Arena::new();
            let x = input(&mut arena, [rows, channels, gap], container);
            let s = statistics(&x.values, channels, EPSILON);
            let [gamma, beta] = [2, 3].map(|seed| floats(channels, seed));
            let residual = has_residual.then(|| floats(rows * channels, 4));
            let params = BatchNormApply {
                input_offset: x.offset,
                scale_a_offset: x.scales[0],
                scale_b_offset: x.scales[1],
                statistics_offset: store(&mut arena, &s),
                gamma_offset: arena.floats(&gamma),
                beta_offset: arena.floats(&beta),
                residual_offset: residual.as_ref().map_or(0, |residual| arena.floats(residual)),
                output_offset: arena.room(rows * channels),
                in_container: x.container,
                in_stride: x.stride,
                rows: rows as i32,
                channels: channels as i32,
                lo_bits: bits(bounds[0]),
                hi_bits: bits(bounds[1]),
            };
            arena.run(params);
            let expected = apply(&x.values, &s, [&gamma, &beta], residual.as_deref(), bounds);
            assert_bits(&arena.floats_at(params.output_offset, rows * channels), &expected, "y");
        }
    }
}

/// Runs both backward kernels and compares with the reference.
fn check_backward([rows, channels, gap]: [usize; 3], container: i32, has_residual: bool, bounds: [f32; 2]) {
    let mut arena = Arena::new();
    let x = input(&mut arena, [rows, channels, gap], container);
    let count = rows * channels;
    let s = statistics(&x.values, channels, EPSILON);
    let [gamma, beta, g] = [(channels, 2), (channels, 3), (count, 4)].map(|(count, seed)| floats(count, seed));
    let y = apply(&x.values, &s, [&gamma, &beta], None, bounds);
    let reduce = BatchNormBackwardReduce {
        gradient_offset: arena.floats(&g),
        output_offset: arena.floats(&y),
        input_offset: x.offset,
        scale_a_offset: x.scales[0],
        scale_b_offset: x.scales[1],
        statistics_offset: store(&mut arena, &s),
        sums_offset: arena.room(2 * channels),
        in_container: x.container,
        in_stride: x.stride,
        rows: rows as i32,
        channels: channels as i32,
        lo_bits: bits(bounds[0]),
        hi_bits: bits(bounds[1]),
    };
    arena.run(reduce);
    let g = masked(&g, &y, bounds);
    let sums = backward_reduce(&g, &x.values, &s);
    assert_bits(&arena.floats_at(reduce.sums_offset, 2 * channels), &sums.concat(), "dgamma, dbeta");
    let apply = BatchNormBackwardApply {
        gradient_offset: reduce.gradient_offset,
        output_offset: reduce.output_offset,
        input_offset: x.offset,
        scale_a_offset: x.scales[0],
        scale_b_offset: x.scales[1],
        statistics_offset: reduce.statistics_offset,
        gamma_offset: arena.floats(&gamma),
        sums_offset: reduce.sums_offset,
        input_gradient_offset: arena.room(count),
        residual_gradient_offset: if has_residual { arena.room(count) } else { 0 },
        maximum_offset: if has_residual { arena.room(1) } else { 0 },
        in_container: x.container,
        in_stride: x.stride,
        rows: rows as i32,
        channels: channels as i32,
        lo_bits: bits(bounds[0]),
        hi_bits: bits(bounds[1]),
    };
    arena.run(apply);
    let dx = backward_apply(&g, &x.values, &s, &gamma, [&sums[0], &sums[1]]);
    assert_bits(&arena.floats_at(apply.input_gradient_offset, count), &dx, "dx");
    if !has_residual && bounds == FREE {
        // Over the gradient itself.
        arena.run(BatchNormBackwardApply { input_gradient_offset: apply.gradient_offset, ..apply });
        assert_bits(&arena.floats_at(apply.gradient_offset, count), &dx, "dx in place");
    }
    if has_residual {
        assert_bits(&arena.floats_at(apply.residual_gradient_offset, count), &g, "residual");
        let maximum = dx.iter().fold(0.0f32, |maximum, dx| maximum.max(dx.abs()));
        assert_bits(&arena.floats_at(apply.maximum_offset, 1), &[maximum], "max");
    }
}

#[test]
fn backward_equals_the_reference() {
    for shape in shapes() {
        for (container, has_residual, bounds) in
            [(3, false, RELU), (4, true, [-0.5, 6.0]), (4, false, FREE), (3, true, RELU), (2, true, RELU), (2, false, FREE)]
        {
            check_backward(shape, container, has_residual, bounds);
        }
    }
}

/// The backward pass in f64 against central differences of the forward pass.
#[test]
fn gradients_are_those_of_the_forward_pass() {
    let double = |count: usize, seed: u32| floats(count, seed).iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let (rows, channels) = (70, 3);
    let [x, g] = [1, 2].map(|seed| double(rows * channels, seed));
    let [gamma, beta] = [3, 4].map(|seed| double(channels, seed));
    let bounds = [-0.3, 0.4];
    let loss = |x: &[f64], gamma: &[f64], beta: &[f64]| {
        let y = apply(x, &statistics(x, channels, 1e-5), [gamma, beta], None, bounds);
        y.iter().zip(&g).map(|(y, g)| y * g).sum::<f64>()
    };
    let s = statistics(&x, channels, 1e-5);
    let y = apply(&x, &s, [&gamma, &beta], None, bounds);
    let m = masked(&g, &y, bounds);
    let [dgamma, dbeta] = backward_reduce(&m, &x, &s);
    let dx = backward_apply(&m, &x, &s, &gamma, [&dgamma, &dbeta]);
    let h = 1e-6;
    let difference = |values: &[f64], at: usize, loss: &dyn Fn(&[f64]) -> f64| {
        let moved = |by: f64| values.iter().enumerate().map(|(i, &v)| if i == at { v + by } else { v }).collect::<Vec<_>>();
        (loss(&moved(h)) - loss(&moved(-h))) / (2.0 * h)
    };
    for (at, dx) in dx.iter().enumerate() {
        assert!((difference(&x, at, &|x| loss(x, &gamma, &beta)) - dx).abs() < 1e-6, "dx {at}");
    }
    for c in 0..channels {
        assert!((difference(&gamma, c, &|gamma| loss(&x, gamma, &beta)) - dgamma[c]).abs() < 1e-6);
        assert!((difference(&beta, c, &|beta| loss(&x, &gamma, beta)) - dbeta[c]).abs() < 1e-6);
    }
}

#[test]
fn wild_parameters_are_refused_or_sound() {
    let sound = |words: usize, container: usize| {
        let mut params = vec![64; words];
        params[container] = 3;
        params
    };
    fuzz(BatchNormStatistics::WORDS, &sound(11, 5), BatchNormStatistics::from_words);
    fuzz(BatchNormRunning::WORDS, &sound(4, 0), BatchNormRunning::from_words);
    fuzz(BatchNormApply::WORDS, &sound(14, 8), BatchNormApply::from_words);
    fuzz(BatchNormBackwardReduce::WORDS, &sound(13, 7), BatchNormBackwardReduce::from_words);
    // dx not in place of the gradient.
    let mut backward = sound(17, 11);
    backward[8] = 128;
    fuzz(BatchNormBackwardApply::WORDS, &backward, BatchNormBackwardApply::from_words);
}
