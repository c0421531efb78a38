use crate::params::{AveragePoolBackward, AveragePoolNhwc, MaxPoolBackward, MaxPoolNhwc};
use crate::testing::{assert_bits, fuzz, Arena};
use kernels::f32::testing::floats;
use reference::training::pool::Pool;

fn square(batch: usize, size: usize, output: usize, [kernel, stride, pad]: [usize; 3], channels: usize, count_include_pad: bool) -> Pool {
    Pool { batch, input: [size; 2], output: [output; 2], kernel: [kernel; 2], stride: [stride; 2], pad: [pad; 2], channels, count_include_pad }
}

fn shapes() -> Vec<Pool> {
    vec![
        square(2, 8, 4, [2, 2, 0], 16, true),
        square(1, 7, 4, [3, 2, 1], 5, false),
        square(3, 5, 5, [3, 1, 1], 1, true),
        square(2, 6, 1, [6, 1, 0], 13, true),
        // The last windows hang over the edge, or lie in the padding.
        square(1, 5, 3, [2, 2, 0], 4, false),
        square(1, 3, 3, [2, 2, 2], 4, true),
        Pool { input: [4, 9], output: [2, 3], kernel: [2, 3], stride: [2, 3], ..square(2, 4, 2, [2, 2, 0], 7, true) },
    ]
}

/// [batch, in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left].
fn words(p: &Pool) -> [i32; 12] {
    let [i, o, k, s, d] = [p.input, p.output, p.kernel, p.stride, p.pad];
    [p.batch, i[0], i[1], p.channels, o[0], o[1], k[0], k[1], s[0], s[1], d[0], d[1]].map(|value| value as i32)
}

fn max_params(p: &Pool, offsets: [i32; 3]) -> MaxPoolNhwc {
    MaxPoolNhwc::from_words(&[&offsets[..], &words(p)].concat()).expect("all words")
}

fn average_params(p: &Pool, offsets: [i32; 2]) -> AveragePoolNhwc {
    AveragePoolNhwc::from_words(&[&offsets[..], &words(p), &[i32::from(p.count_include_pad)]].concat()).expect("all words")
}

fn counts(p: &Pool) -> [usize; 2] {
    [p.input, p.output].map(|size| p.batch * size[0] * size[1] * p.channels)
}

/// Values with many equals and a NaN.
fn values(count: usize) -> Vec<f32> {
    let mut values: Vec<f32> = floats(count, 1).iter().map(|x| (x * 4.0).round()).collect();
    values[count / 2] = f32::NAN;
    values
}

#[test]
fn max_pool_equals_the_reference() {
    for p in shapes() {
        let [inputs, outputs] = counts(&p);
        let (x, g) = (values(inputs), floats(outputs, 2));
        let mut arena = Arena::new();
        let forward = max_params(&p, [arena.floats(&x), arena.room(outputs), arena.room(outputs)]);
        arena.run(forward);
        let (y, indices) = p.max(&x);
        let actual = arena.floats_at(forward.output_offset, outputs);
        assert!(y.iter().zip(&actual).all(|(y, a)| y.to_bits() == a.to_bits() || y.is_nan() && a.is_nan()), "{p:?}");
        assert_eq!(arena.ints_at(forward.indices_offset, outputs), indices, "{p:?}");
        let offsets = [arena.floats(&g), forward.indices_offset, arena.room(inputs)];
        let backward = MaxPoolBackward::from_words(&[&offsets[..], &words(&p)].concat()).expect("all words");
        arena.run(backward);
        assert_bits(&arena.floats_at(backward.input_gradient_offset, inputs), &p.max_backward(&g, &indices), &format!("{p:?}"));
        arena.run(MaxPoolNhwc { indices_offset: 0, ..forward });
    }
}

#[test]
fn average_pool_equals_the_reference() {
    for p in shapes() {
        let [inputs, outputs] = counts(&p);
        let (x, g) = (floats(inputs, 1), floats(outputs, 2));
        let mut arena = Arena::new();
        let forward = average_params(&p, [arena.floats(&x), arena.room(outputs)]);
        arena.run(forward);
        assert_bits(&arena.floats_at(forward.output_offset, outputs), &p.average(&x), &format!("{p:?}"));
        let p2 = average_params(&p, [arena.floats(&g), arena.room(inputs)]).to_words();
        let backward = AveragePoolBackward::from_words(&p2).expect("all words");
        arena.run(backward);
        assert_bits(&arena.floats_at(backward.input_gradient_offset, inputs), &p.average_backward(&g), &format!("{p:?}"));
    }
}

/// Averages are linear, and a maximum is where nothing is near to it.
#[test]
fn gradients_are_those_of_the_forward_pass() {
    for p in shapes() {
        let [inputs, outputs] = counts(&p);
        let (x, g) = (floats(inputs, 1), floats(outputs, 2));
        let [x, g] = [x, g].map(|values| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>());
        let dot = |y: &[f64]| y.iter().zip(&g).filter(|(y, _)| y.is_finite()).map(|(y, g)| y * g).sum::<f64>();
        let moved = |at: usize, by: f64| x.iter().enumerate().map(|(i, &x)| if i == at { x + by } else { x }).collect::<Vec<_>>();
        let (max, average) = (p.max_backward(&g, &p.max(&x).1), p.average_backward(&g));
        for at in (0..11).map(|i| i * 7919 % inputs) {
            let [low, high] = [-1e-9, 1e-9].map(|by| moved(at, by));
            assert!(((dot(&p.max(&high).0) - dot(&p.max(&low).0)) / 2e-9 - max[at]).abs() < 1e-4, "max {p:?}");
            assert!(((dot(&p.average(&high)) - dot(&p.average(&low))) / 2e-9 - average[at]).abs() < 1e-4, "average {p:?}");
        }
    }
}

#[test]
fn wild_parameters_are_refused_or_sound() {
    let p = square(2, 8, 4, [2, 2, 0], 16, true);
    fuzz(MaxPoolNhwc::WORDS, &max_params(&p, [64; 3]).to_words(), MaxPoolNhwc::from_words);
    fuzz(MaxPoolBackward::WORDS, &max_params(&p, [64; 3]).to_words(), MaxPoolBackward::from_words);
    fuzz(AveragePoolNhwc::WORDS, &average_params(&p, [64; 2]).to_words(), AveragePoolNhwc::from_words);
    fuzz(AveragePoolBackward::WORDS, &average_params(&p, [64; 2]).to_words(), AveragePoolBackward::from_words);
}
