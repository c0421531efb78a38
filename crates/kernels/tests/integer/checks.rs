//! What kernels refuse, and that sizes are computed without overflow.

use crate::conv::{Case, Shape};
use kernels::params::*;
use kernels::{BadParam, Kernel, Reason};

pub fn refused<K: Kernel>(kernel: K, fields: &[&str], field: &str) {
    let expected = BadParam { field: fields.iter().position(|name| *name == field).expect("a field"), reason: Reason::OutOfRange };
    assert_eq!(kernel.check(), Err(expected), "{field}");
}

/// Every single field of a convolution set to numbers from everywhere: refused, or its sizes can be asked.
#[test]
fn any_number_in_any_field_is_safe() {
    let good = Case::new(Shape::new([3, 5, 5], 8, [3, 3]), 0).shape;
    for field in 0..Conv2d::WORDS {
        for number in [i32::MIN, -1, 0, 1, 2, 255, 256, 32767, 65536, 1 << 24, (1 << 24) + 1, 1 << 30, i32::MAX] {
            let mut words = good.to_words();
            words[field] = number;
            ask(Conv2d::from_words(&words));
            ask(DepthwiseConv2d::from_words(&words));
            ask(WinogradF43::from_words(&words));
            ask(GroupedConv2d::from_words(&words));
            ask(WinogradF23::from_words(&words));
            for dot in dot::I7..=dot::SDOT {
                let (batch, fields) = words.split_last().expect("fields");
                ask(Conv2dRelaxed::from_words(&[fields, &[dot, *batch]].concat()));
                ask(DepthwiseConv2dRelaxed::from_words(&[fields, &[dot, *batch]].concat()));
            }
        }
    }
}

/// Every field at once.
#[test]
fn any_numbers_in_all_fields_are_safe() {
    let mut random = crate::seed::Seed::new(21);
    for round in 0..200_000 {
        let few = round % 2 == 0;
        let words: Vec<i32> = (0..40).map(|_| if few { random.within(-1, 9) } else { random.next() as i32 >> random.within(0, 31) }).collect();
        ask(Conv2d::from_words(&words));
        ask(DepthwiseConv2d::from_words(&words));
        ask(GroupedConv2d::from_words(&words));
        ask(Conv2dRelaxed::from_words(&words));
        ask(DepthwiseConv2dRelaxed::from_words(&words));
        ask(ConvWeightGradient::from_words(&words));
        ask(ConvWeightGradientRelaxed::from_words(&words));
        ask(WinogradWeightGradient::from_words(&words));
        ask(PackConv2d::from_words(&words));
        ask(Conv2dPaired::from_words(&words));
        ask(PackConv2dPaired::from_words(&words));
        ask(PackConv2dRelaxed::from_words(&words));
        ask(WinogradF23::from_words(&words));
        ask(PackWinogradF23::from_words(&words));
        ask(WinogradF43::from_words(&words));
        ask(PackWinogradF43::from_words(&words));
        ask(PackDepthwise::from_words(&words));
        ask(UnpackI4::from_words(&words));
        ask(PackI4::from_words(&words));
        ask(Add::from_words(&words));
        ask(MaxPool::from_words(&words));
        ask(AveragePool::from_words(&words));
        ask(Requantize::from_words(&words));
        ask(StridedCopy::from_words(&words));
        ask(Fill::from_words(&words));
        ask(LookupPixels::from_words(&words));
        ask(Gather::from_words(&words));
    }
}

/// Asks what a kernel may be asked after its check; debug arithmetic would panic. Small ones run, on buffers of their size.
pub fn ask<K: Kernel>(kernel: Option<K>) {
    let kernel = kernel.expect("enough words");
    if kernel.check().is_err() {
        return;
    }
    let spans = kernel.spans();
    let bytes: usize = spans.as_slice().iter().map(|span| span.bytes).sum();
    assert!(spans.as_slice().iter().all(|span| span.bytes <= u32::MAX as usize), "sizes fit a 32-bit usize");
    if bytes + kernel.scratch_bytes() < 100_000 && kernel.units() < 100 {
        let reads: Vec<Vec<u8>> = spans.as_slice().iter().map(|span| vec![3; span.bytes]).collect();
        let reads: Vec<&[u8]> =
            spans.as_slice().iter().zip(&reads).filter(|(span, _)| span.access == kernels::Access::Read).map(|(_, b)| &b[..]).collect();
        crate::bytes::run(simd::Portable, &kernel, &reads);
    }
}

#[test]
fn convolutions_name_the_field_they_refuse() {
    let good = Case::new(Shape::new([3, 5, 5], 8, [3, 3]), 0).shape;
    assert_eq!(good.check(), Ok(()));
    refused(Conv2d { in_container: container::I16, ..good }, Conv2d::FIELDS, "in_container");
    refused(Conv2d { in_stride: 2, ..good }, Conv2d::FIELDS, "in_stride");
    refused(Conv2d { out_stride: 7, ..good }, Conv2d::FIELDS, "out_stride");
    refused(Conv2d { groups: 3, ..good }, Conv2d::FIELDS, "groups");
    refused(Conv2d { stride_w: 0, ..good }, Conv2d::FIELDS, "stride_w");
    refused(Conv2d { hi: good.lo - 1, ..good }, Conv2d::FIELDS, "hi");
    refused(Conv2d { form: 4, ..good }, Conv2d::FIELDS, "form");
    refused(Conv2d { form: form::RAW, ..good }, Conv2d::FIELDS, "out_container");
    refused(Conv2d { batch: 0, ..good }, Conv2d::FIELDS, "batch");
    refused(Conv2d { form: form::Q15, shift: 23, ..good }, Conv2d::FIELDS, "shift");
    refused(Conv2d { form: form::EXACT, shift: 40, left: 25, ..good }, Conv2d::FIELDS, "left");
    refused(Conv2d { in_h: 1 << 24, in_w: 1 << 24, ..good }, Conv2d::FIELDS, "in_stride");
}

#[test]
fn pairs_name_the_field_they_refuse() {
    let words = Case::new(Shape::new([3, 5, 5], 8, [3, 3]), 1).for_pairs(1).shape.to_array();
    let good = Conv2dPaired::from_words(&words).expect("the same fields");
    assert_eq!(good.check(), Ok(()));
    let fields = Conv2dPaired::FIELDS;
    refused(Conv2dPaired { in_container: container::I16, ..good }, fields, "in_container");
    refused(Conv2dPaired { in_zero_point: -1, ..good }, fields, "in_zero_point");
    assert_eq!(Conv2dPaired { in_container: container::I8, in_zero_point: -1, ..good }.check(), Ok(()));
    refused(Conv2dPaired { in_zero_point: 16, ..good }, fields, "in_zero_point");
    refused(Conv2dPaired { out_stride: 15, ..good }, fields, "out_stride");
    refused(Conv2dPaired { groups: 3, ..good }, fields, "groups");
}

/// The numbers that random words never hold, set on purpose; then everything else is random.
#[test]
fn any_numbers_in_a_winograd_convolution_are_safe() {
    let mut random = crate::seed::Seed::new(22);
    let mut good = Case::new(Shape::new([3, 5, 5], 8, [3, 3]), 0).shape;
    // The field `part_c` stands where that layer has `batch`.
    good.batch = 3;
    for round in 0..20_000 {
        let mut words = good.to_words();
        for _ in 0..random.within(1, 6) {
            let few = round % 2 == 0;
            words[random.within(0, Conv2d::WORDS as i32 - 1) as usize] =
                if few { random.within(-1, 40) } else { random.next() as i32 >> random.within(0, 31) };
        }
        ask(WinogradF43::from_words(&words));
        let mut words: Vec<i32> = (0..12).map(|_| random.next() as i32 >> random.within(0, 31)).collect();
        (words[3], words[7], words[8]) = (1, 3, 3);
        ask(PackWinogradF43::from_words(&words));
    }
}

#[test]
fn winograd_convolutions_name_the_field_they_refuse() {
    let good = WinogradF43::from_words(&Case::new(Shape::new([3, 5, 5], 8, [3, 3]), 0).shape.to_words()).expect("the same fields");
    let good = WinogradF43 { part_c: 3, ..good };
    assert_eq!(good.check(), Ok(()));
    assert_eq!(WinogradF43 { in_c: 20, in_stride: 32, part_c: 8, ..good }.check(), Ok(()));
    let fields = WinogradF43::FIELDS;
    refused(WinogradF43 { part_c: 0, ..good }, fields, "part_c");
    refused(WinogradF43 { in_c: 20, in_stride: 32, part_c: 12, ..good }, fields, "part_c");
    refused(WinogradF43 { kernel_h: 1, ..good }, fields, "kernel_h");
    refused(WinogradF43 { kernel_w: 4, ..good }, fields, "kernel_w");
    refused(WinogradF43 { stride_h: 2, ..good }, fields, "stride_h");
    refused(WinogradF43 { stride_w: 2, ..good }, fields, "stride_w");
    refused(WinogradF43 { dilation_h: 2, ..good }, fields, "dilation_h");
    refused(WinogradF43 { dilation_w: 2, ..good }, fields, "dilation_w");
    refused(WinogradF43 { groups: 3, ..good }, fields, "groups");
    refused(WinogradF43 { in_container: container::I16, ..good }, fields, "in_container");
    refused(WinogradF43 { in_c: 64, in_stride: 64, out_c: 1 << 24, out_stride: 1 << 24, out_h: 1, out_w: 1, ..good }, fields, "out_c");
    refused(WinogradF43 { in_c: 1 << 24, in_stride: 1 << 24, in_h: 1, in_w: 1, ..good }, fields, "in_c");
    let pack = PackWinogradF43 { in_c: 3, out_c: 4, kernel_h: 3, kernel_w: 3, multiplier_count: 1, ..PackWinogradF43::default() };
    assert_eq!(pack.check(), Ok(()));
    refused(PackWinogradF43 { kernel_h: 2, ..pack }, PackWinogradF43::FIELDS, "kernel_h");
    refused(PackWinogradF43 { kernel_w: 5, ..pack }, PackWinogradF43::FIELDS, "kernel_w");
    refused(PackWinogradF43 { in_c: 1 << 14, out_c: 1 << 14, ..pack }, PackWinogradF43::FIELDS, "out_c");
}

#[test]
fn dot_products_name_what_they_cannot_take() {
    let good = Case::new(Shape::new([3, 5, 5], 8, [3, 3]), 0).for_dot(dot::I7, 0);
    assert_eq!(good.relaxed(dot::I7).check(), Ok(()));
    refused(good.relaxed(4), Conv2dRelaxed::FIELDS, "dot");
    refused(good.relaxed(-1), Conv2dRelaxed::FIELDS, "dot");
    refused(Conv2dRelaxed { in_zero_point: 128, ..good.relaxed(dot::I7) }, Conv2dRelaxed::FIELDS, "in_zero_point");
    assert_eq!(Conv2dRelaxed { in_zero_point: 128, ..good.relaxed(dot::W4) }.check(), Ok(()));
    refused(Conv2dRelaxed { groups: 3, ..good.relaxed(dot::USDOT) }, Conv2dRelaxed::FIELDS, "groups");
}

#[test]
fn depthwise_by_bytes() {
    let case = Case::new(Shape::new([16, 5, 5], 0, [3, 3]).pads([1, 1, 1, 1]).depthwise(), 0);
    let good = case.depthwise_relaxed(dot::USDOT);
    assert_eq!(good.check(), Ok(()));
    let wrong = |params, field| refused::<DepthwiseConv2dRelaxed>(params, DepthwiseConv2dRelaxed::FIELDS, field);
    wrong(DepthwiseConv2dRelaxed { kernel_h: 2, ..good }, "kernel_h");
    wrong(DepthwiseConv2dRelaxed { kernel_w: 5, ..good }, "kernel_w");
    wrong(DepthwiseConv2dRelaxed { dilation_w: 2, ..good }, "dilation_w");
    wrong(DepthwiseConv2dRelaxed { stride_w: 3, ..good }, "stride_w");
    wrong(DepthwiseConv2dRelaxed { in_c: 15, out_c: 15, groups: 15, in_stride: 15, ..good }, "in_stride");
    wrong(DepthwiseConv2dRelaxed { groups: 1, ..good }, "groups");
    wrong(DepthwiseConv2dRelaxed { out_c: 15, ..good }, "out_c");
    wrong(DepthwiseConv2dRelaxed { dot: dot::W4, ..good }, "dot");
    wrong(DepthwiseConv2dRelaxed { dot: dot::I7, in_zero_point: 128, ..good }, "in_zero_point");
    // Three padded rows beyond what a tensor may have.
    wrong(DepthwiseConv2dRelaxed { in_h: 1, in_w: 1, out_h: 1, out_w: 1 << 24, pad_left: 1 << 24, in_stride: 16, out_stride: 16, ..good }, "out_w");
}

#[test]
fn winograd_names_what_it_cannot_take() {
    let good = WinogradF23::from_words(&Case::new(Shape::new([16, 5, 5], 8, [3, 3]), 0).shape.to_array()).expect("the same fields");
    let good = WinogradF23 { in_zero_point: 15, ..good };
    assert_eq!(good.check(), Ok(()));
    refused(WinogradF23 { in_c: 15, ..good }, WinogradF23::FIELDS, "in_c");
    refused(WinogradF23 { in_stride: 24, ..good }, WinogradF23::FIELDS, "in_stride");
    refused(WinogradF23 { in_zero_point: 16, ..good }, WinogradF23::FIELDS, "in_zero_point");
    refused(WinogradF23 { kernel_w: 2, ..good }, WinogradF23::FIELDS, "kernel_w");
    refused(WinogradF23 { stride_h: 2, ..good }, WinogradF23::FIELDS, "stride_h");
    refused(WinogradF23 { dilation_w: 2, ..good }, WinogradF23::FIELDS, "dilation_w");
}

#[test]
fn copies_that_leave_their_bounds_are_refused() {
    let good = StridedCopy {
        input_offset: 10,
        input_begin_offset: 10,
        input_end_offset: 20,
        output_offset: 30,
        output_begin_offset: 30,
        output_end_offset: 40,
        element_bytes: 2,
        dim0: 1,
        dim1: 1,
        dim2: 1,
        dim3: 1,
        dim4: 1,
        dim5: 5,
        in_stride5: 1,
        out_stride5: 1,
        ..StridedCopy::default()
    };
    assert_eq!(good.check(), Ok(()));
    refused(StridedCopy { dim5: 6, ..good }, StridedCopy::FIELDS, "input_offset");
    refused(StridedCopy { in_stride5: -1, ..good }, StridedCopy::FIELDS, "input_offset");
    refused(StridedCopy { out_stride5: 2, ..good }, StridedCopy::FIELDS, "output_offset");
    refused(StridedCopy { element_bytes: 3, ..good }, StridedCopy::FIELDS, "element_bytes");
    refused(StridedCopy { dim4: i32::MAX, in_stride4: i32::MIN, out_stride4: i32::MAX, ..good }, StridedCopy::FIELDS, "dim0");
}

#[test]
fn requantizations_stop_where_the_clauses_end() {
    let q15 = Requantize { out_container: container::I16, form: form::Q15, multiplier: 1, lo: -32767, hi: 32767, ..Requantize::default() };
    let exact = Requantize { form: form::EXACT, shift: 33, ..q15 };
    let fields = Requantize::FIELDS;
    for good in [
        Requantize { shift: -15, ..q15 },
        Requantize { shift: 22, multiplier: 32767, ..q15 },
        Requantize { shift: 62, left: 24, multiplier: 0, ..exact },
    ] {
        assert_eq!(good.check(), Ok(()), "{good:?}");
    }
    for shift in [-16, 23] {
        refused(Requantize { shift, ..q15 }, fields, "shift");
    }
    for multiplier in [0, 32768] {
        refused(Requantize { multiplier, ..q15 }, fields, "multiplier");
    }
    for shift in [32, 63] {
        refused(Requantize { shift, ..exact }, fields, "shift");
    }
    refused(Requantize { left: 25, ..exact }, fields, "left");
    refused(Requantize { multiplier: -1, ..exact }, fields, "multiplier");
    // SPEC 1.1: a carrier is never −32768.
    refused(Requantize { lo: -32768, ..q15 }, fields, "lo");
    refused(Requantize { out_zero_point: -32768, ..q15 }, fields, "out_zero_point");
}

#[test]
fn windows_whose_positions_leave_32_bits_are_refused() {
    let side = 1 << 24;
    let good = MaxPool {
        container: container::U8,
        in_h: 1,
        in_w: 1,
        channels: 1,
        channel_stride: 1,
        out_h: 1,
        out_w: 128,
        kernel_h: 1,
        kernel_w: 1,
        stride_h: 1,
        stride_w: side,
        dilation_h: 1,
        dilation_w: 1,
        hi: 255,
        ..MaxPool::default()
    };
    assert_eq!(good.check(), Ok(()));
    refused(MaxPool { out_w: 129, ..good }, MaxPool::FIELDS, "stride_w");
    refused(MaxPool { kernel_w: 2, dilation_w: side, ..good }, MaxPool::FIELDS, "stride_w");
    refused(MaxPool { kernel_h: 128, dilation_h: side, ..good }, MaxPool::FIELDS, "stride_h");
}
