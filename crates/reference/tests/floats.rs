//! SPEC 4 and 5: the f32 functions and pictures.
use reference::batch_norm::{batch_norm, batch_norm_factors};
use reference::exp::exp;
use reference::f32_sums::{average_f32, conv2d_f32, dense_f32};
use reference::preprocess::{crop, fitted_size, order, preprocess, table, Channels, Fit};
use reference::resize::resize;
use reference::softmax::softmax;
use reference::window::Window;

#[test]
fn exp_is_close_to_the_true_one() {
    for i in 0..=8700 {
        let x = i as f32 * -0.01;
        let (got, truth) = (f64::from(exp(x)), f64::from(x).exp());
        assert!((got / truth - 1.0).abs() < 2e-7, "{x}: {got}, {truth}");
    }
    assert_eq!(exp(0.0), 1.0);
    assert_eq!(exp(-87.4), 0.0);
    assert_eq!(exp(f32::NEG_INFINITY), 0.0);
}

#[test]
fn softmax_sums_to_one() {
    assert_eq!(softmax(&[3.0]), [1.0]);
    assert_eq!(softmax(&[2.0, 2.0]), [0.5, 0.5]);
    let p = softmax(&[1.0, 2.0, 3.0]);
    assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    assert!((p[2] - 0.665_240_94).abs() < 1e-6);
    assert_eq!(softmax(&[0.0, -200.0]), [1.0, 0.0]);
}

#[test]
fn batch_norm_rounds_each_step() {
    let [g, h] = batch_norm_factors(2.0, 1.0, 3.0, 3.0, 1.0);
    assert_eq!([g, h], [1.0, -2.0]);
    assert_eq!(batch_norm(5.0, [g, h]), 3.0);
}

/// 1 + 2^-24 is 1 in f32: the order of the sum is seen in its last bit.
#[test]
fn sums_run_in_order() {
    let tiny = 2f32.powi(-24);
    assert_eq!(dense_f32(&[1.0, tiny, tiny], &[1.0; 3], None), 1.0);
    assert_eq!(dense_f32(&[tiny, tiny, 1.0], &[1.0; 3], None), 1.0 + 2.0 * tiny);
    assert_eq!(dense_f32(&[tiny, tiny], &[1.0; 2], Some(1.0)), 1.0 + 2.0 * tiny);
    assert_eq!(average_f32(&[1.0, 2.0, 4.0], 3.0), 7.0 * (1.0f32 / 3.0));
    let windows = Window::pair([1, 3], [1, 3], [1, 1], [1, 1], [0, 1, 0, 1]);
    assert_eq!(conv2d_f32(&[1.0, 2.0, 3.0], &[1.0, 10.0, 100.0], Some(0.5), windows, [0, 0]), 210.5);
}

#[test]
fn resize_has_half_pixel_centres() {
    let pixels = [0, 100, 200, 255];
    assert_eq!(resize(&pixels, [2, 2], 1, [2, 2]), pixels);
    // Positions ¼ − ½ (clamped), ¼, ¾, 1¼ (clamped).
    assert_eq!(resize(&[0, 100], [1, 2], 1, [1, 4]), [0, 25, 75, 100]);
    assert_eq!(resize(&[0, 100], [1, 2], 1, [1, 1]), [50]);
    assert_eq!(resize(&[7, 8, 9], [1, 1], 3, [1, 2]), [7, 8, 9, 7, 8, 9]);
}

#[test]
fn crop_keeps_the_centre() {
    assert_eq!(fitted_size([480, 640], [224, 224], Fit::Crop), [224, 299]);
    assert_eq!(fitted_size([640, 480], [224, 224], Fit::Crop), [299, 224]);
    assert_eq!(fitted_size([10, 10], [4, 8], Fit::Crop), [8, 8]);
    assert_eq!(fitted_size([3, 5], [4, 8], Fit::Stretch), [4, 8]);
    assert_eq!(crop(&[1, 2, 3, 4, 5], [1, 5], 1, [1, 2]), [2, 3]);
}

#[test]
fn channels_are_ordered() {
    assert_eq!(order(&[1, 2, 3], Channels::Bgr), [3, 2, 1]);
    assert_eq!(order(&[255, 255, 255], Channels::Gray), [255]);
    assert_eq!(order(&[10, 20, 30], Channels::Gray), [18]);
    assert_eq!(order(&[9], Channels::Gray), [9]);
}

#[test]
fn pictures_become_planes_of_codes() {
    let same = table(0.0, 1.0, 1.0 / 255.0, 0, [0, 255]);
    assert!(same.iter().enumerate().all(|(p, &code)| p as i32 == code));
    let half = table(0.0, 1.0, 2.0 / 255.0, 1, [0, 127]);
    let pixels = [10, 20, 30, 40, 50, 60];
    let codes = preprocess(&pixels, [1, 2], 3, [1, 2], Fit::Crop, Channels::Rgb, &[same.clone(), same, half]);
    assert_eq!(codes, [10, 40, 20, 50, 16, 31]);
}
