use crate::params::{MeanSquaredError, SoftmaxCrossEntropy};
use crate::testing::{assert_bits, fuzz, Arena};
use kernels::f32::testing::floats;
use kernels::Kernel;
use reference::training::loss::{mean_squared_error, softmax_cross_entropy};

fn labels(rows: usize, classes: usize) -> Vec<usize> {
    (0..rows).map(|row| row * 7 % classes).collect()
}

fn cross_entropy(logits: &[f32], labels: &[i32], smoothing: f32) -> ([f32; 2], Vec<f32>) {
    let mut arena = Arena::new();
    let params = SoftmaxCrossEntropy {
        logits_offset: arena.floats(logits),
        labels_offset: arena.ints(labels),
        gradient_offset: arena.room(logits.len()),
        result_offset: arena.room(2),
        rows: labels.len() as i32,
        classes: (logits.len() / labels.len()) as i32,
        smoothing_bits: smoothing.to_bits() as i32,
    };
    arena.run(params);
    let (result, gradient) = (arena.floats_at(params.result_offset, 2), arena.floats_at(params.gradient_offset, logits.len()));
    arena.run(SoftmaxCrossEntropy { gradient_offset: 0, ..params });
    assert_bits(&arena.floats_at(params.result_offset, 2), &result, "without a gradient");
    ([result[0], result[1]], gradient)
}

#[test]
fn cross_entropy_equals_the_reference() {
    for (rows, classes) in [(1, 1), (3, 10), (128, 10), (5, 101)] {
        for smoothing in [0.0, 0.1, 1.0] {
            let logits: Vec<f32> = floats(rows * classes, 1).iter().map(|x| x * 30.0).collect();
            let labels = labels(rows, classes);
            let expected = softmax_cross_entropy(&logits, &labels, smoothing);
            let (result, gradient) = cross_entropy(&logits, &labels.iter().map(|&label| label as i32).collect::<Vec<_>>(), smoothing);
            assert_bits(&result, &[expected.mean, expected.right as f32], "result");
            assert_bits(&gradient, &expected.gradient, "gradient");
        }
    }
}

/// In f64, as a textbook writes it.
fn loss_of(logits: &[f64], labels: &[usize], smoothing: f64) -> f64 {
    let classes = logits.len() / labels.len();
    let row = |(row, &label): (&[f64], &usize)| {
        let log_sum = row.iter().map(|x| x.exp()).sum::<f64>().ln();
        let target = |i: usize| f64::from(u8::from(i == label)) * (1.0 - smoothing) + smoothing / classes as f64;
        row.iter().enumerate().map(|(i, x)| target(i) * (log_sum - x)).sum::<f64>()
    };
    logits.chunks_exact(classes).zip(labels).map(row).sum::<f64>() / labels.len() as f64
}

#[test]
fn cross_entropy_and_its_gradient_are_those_of_f64() {
    let (rows, classes) = (6, 7);
    let logits: Vec<f32> = floats(rows * classes, 1).iter().map(|x| x * 5.0).collect();
    let labels = labels(rows, classes);
    let double: Vec<f64> = logits.iter().map(|&x| f64::from(x)).collect();
    for smoothing in [0.0, 0.25] {
        let actual = softmax_cross_entropy(&logits, &labels, smoothing);
        let loss = |x: &[f64]| loss_of(x, &labels, f64::from(smoothing));
        assert!((loss(&double) - f64::from(actual.mean)).abs() < 1e-6);
        for at in 0..logits.len() {
            let moved = |by: f64| double.iter().enumerate().map(|(i, &x)| if i == at { x + by } else { x }).collect::<Vec<_>>();
            let difference = (loss(&moved(1e-5)) - loss(&moved(-1e-5))) / 2e-5;
            assert!((difference - f64::from(actual.gradient[at])).abs() < 1e-7, "{at}");
        }
    }
}

#[test]
fn a_label_out_of_range_and_wild_logits_make_no_number_of_the_loss() {
    for label in [-1, 3, i32::MAX, i32::MIN] {
        let (result, _) = cross_entropy(&[1.0, 2.0, 3.0, 1.0, 0.0, 0.0], &[label, 0], 0.0);
        assert!(result[0].is_nan());
        assert_eq!(result[1], 1.0);
    }
    let (result, _) = cross_entropy(&[f32::NAN, 2.0, 3.0], &[2], 0.0);
    assert!(result[0].is_nan());
    assert_eq!(result[1], 0.0);
    // Of equal logits the first is the answer.
    assert_eq!(cross_entropy(&[2.0, 2.0, 1.0], &[1], 0.0).0[1], 0.0);
    assert_eq!(cross_entropy(&[2.0, 2.0, 1.0], &[0], 0.0).0[1], 1.0);
}

#[test]
fn squared_error_equals_the_reference() {
    for count in [1, 4, 7, 1001] {
        let (prediction, target) = (floats(count, 1), floats(count, 2));
        let mut arena = Arena::new();
        let params = MeanSquaredError {
            prediction_offset: arena.floats(&prediction),
            target_offset: arena.floats(&target),
            gradient_offset: arena.room(count),
            result_offset: arena.room(2),
            count: count as i32,
        };
        arena.run(params);
        let expected = mean_squared_error(&prediction, &target);
        assert_bits(&arena.floats_at(params.result_offset, 2), &[expected.mean, 0.0], "result");
        assert_bits(&arena.floats_at(params.gradient_offset, count), &expected.gradient, "gradient");
        let double: f64 = prediction.iter().zip(&target).map(|(p, t)| (f64::from(*p) - f64::from(*t)).powi(2)).sum();
        assert!((double / count as f64 - f64::from(expected.mean)).abs() < 1e-6);
    }
}

#[test]
fn wild_parameters_are_refused_or_sound() {
    fuzz(SoftmaxCrossEntropy::WORDS, &[64, 64, 64, 64, 8, 10, 0], SoftmaxCrossEntropy::from_words);
    fuzz(MeanSquaredError::WORDS, &[64; 5], MeanSquaredError::from_words);
    for smoothing in [-0.1f32, 1.5, f32::NAN] {
        let params = SoftmaxCrossEntropy { rows: 1, classes: 1, smoothing_bits: smoothing.to_bits() as i32, ..SoftmaxCrossEntropy::default() };
        assert!(params.check().is_err());
    }
}
