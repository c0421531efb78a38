//! What weight gradients refuse, and that their sizes are computed without overflow.

use crate::checks::{ask, refused};
use crate::conv::Shape;
use crate::seed::Seed;
use crate::weight_gradient::Case;
use kernels::params::*;
use kernels::Kernel;

/// Every single field of a weight gradient set to numbers from everywhere, and several at once: refused, or its sizes can be asked.
#[test]
fn any_number_in_a_weight_gradient_is_safe() {
    let mut random = Seed::new(23);
    let good = Case::new(Shape::new([16, 5, 5], 16, [3, 3]).pads([1, 1, 1, 1]), 2, 0).shape.to_words();
    let ask_all = |words: &[i32]| {
        ask(ConvWeightGradient::from_words(words));
        ask(WinogradWeightGradient::from_words(words));
        for dot in dot::I7..=dot::SDOT {
            ask(ConvWeightGradientRelaxed::from_words(&[words, &[dot]].concat()));
        }
    };
    for field in 0..ConvWeightGradient::WORDS {
        for number in [i32::MIN, -1, 0, 1, 2, 3, 16, 255, 256, 32767, 65536, 1 << 24, (1 << 24) + 1, 1 << 30, i32::MAX] {
            let mut words = good.clone();
            words[field] = number;
            ask_all(&words);
        }
    }
    for round in 0..20_000 {
        let mut words = good.clone();
        for _ in 0..random.within(1, 6) {
            let field = random.within(0, ConvWeightGradient::WORDS as i32 - 1) as usize;
            words[field] = if round % 2 == 0 { random.within(-1, 40) } else { random.next() as i32 >> random.within(0, 31) };
        }
        ask_all(&words);
    }
}

#[test]
fn weight_gradients_name_the_field_they_refuse() {
    let good = Case::new(Shape::new([16, 5, 5], 16, [3, 3]).pads([1, 1, 1, 1]), 3, 0).shape;
    let fields = ConvWeightGradient::FIELDS;
    assert_eq!(good.check(), Ok(()));
    refused(ConvWeightGradient { slabs: 4, ..good }, fields, "slabs");
    refused(ConvWeightGradient { slabs: 0, ..good }, fields, "slabs");
    refused(ConvWeightGradient { batch: 0, ..good }, fields, "batch");
    refused(ConvWeightGradient { in_container: container::I16, ..good }, fields, "in_container");
    refused(ConvWeightGradient { in_stride: 15, ..good }, fields, "in_stride");
    refused(ConvWeightGradient { groups: 3, ..good }, fields, "groups");
    let winograd = WinogradWeightGradient::from_words(&good.to_words()).expect("the same fields");
    assert_eq!(winograd.check(), Ok(()));
    let fields = WinogradWeightGradient::FIELDS;
    refused(WinogradWeightGradient { in_c: 8, ..winograd }, fields, "in_c");
    refused(WinogradWeightGradient { out_c: 24, out_stride: 32, ..winograd }, fields, "out_c");
    refused(WinogradWeightGradient { kernel_h: 1, ..winograd }, fields, "kernel_h");
    refused(WinogradWeightGradient { stride_w: 2, ..winograd }, fields, "stride_w");
    // 420 · 5 · 5 · 204,522 images is the last below 2^31.
    let many = WinogradWeightGradient { batch: 204_522, slabs: 1, ..winograd };
    assert_eq!(many.check(), Ok(()));
    refused(WinogradWeightGradient { batch: 204_523, ..many }, fields, "slabs");
    let relaxed = ConvWeightGradientRelaxed::from_words(&[&good.to_words()[..], &[4]].concat()).expect("the same fields and the dot");
    refused(relaxed, ConvWeightGradientRelaxed::FIELDS, "dot");
}
