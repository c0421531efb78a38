use crate::params::{AddElements, ClampBackward, CountNonFinite, DequantizeSums, DequantizeWeightGradient, SumRows};
use crate::testing::{assert_bits, fuzz, Arena};
use kernels::f32::testing::floats;
use kernels::Kernel;
use reference::training::batch_norm::{masked, sum_rows};

const COUNTS: [usize; 5] = [0, 1, 4, 7, 9001];

fn bits(value: f32) -> i32 {
    value.to_bits() as i32
}

#[test]
fn sums_and_masks_equal_the_plain_loop() {
    for count in COUNTS {
        let [a, b] = [1, 2].map(|seed| floats(count, seed));
        let (lo, hi) = (-0.25, 0.5);
        let mut arena = Arena::new();
        let add = AddElements {
            a_offset: arena.floats(&a),
            b_offset: arena.floats(&b),
            output_offset: arena.room(count),
            count: count as i32,
            lo_bits: bits(lo),
            hi_bits: bits(hi),
        };
        arena.run(add);
        let sum: Vec<f32> = a.iter().zip(&b).map(|(a, b)| (a + b).clamp(lo, hi)).collect();
        assert_bits(&arena.floats_at(add.output_offset, count), &sum, "sum");
        let clamp = ClampBackward {
            gradient_offset: add.a_offset,
            output_offset: add.output_offset,
            input_gradient_offset: arena.room(count),
            count: count as i32,
            lo_bits: bits(lo),
            hi_bits: bits(hi),
        };
        arena.run(clamp);
        assert_bits(&arena.floats_at(clamp.input_gradient_offset, count), &masked(&a, &sum, [lo, hi]), "mask");
    }
}

#[test]
fn counts_what_is_no_number() {
    for count in [0, 1, 3, 8, 101] {
        let mut x = floats(count, 1);
        let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        x.iter_mut().step_by(3).zip(bad.iter().cycle()).for_each(|(x, bad)| *x = *bad);
        let mut arena = Arena::new();
        let params = CountNonFinite { input_offset: arena.floats(&x), output_offset: arena.room(1), count: count as i32 };
        arena.run(params);
        assert_eq!(arena.ints_at(params.output_offset, 1), [count.div_ceil(3) as i32]);
    }
}

#[test]
fn sums_of_rows_equal_the_reference() {
    for (rows, channels) in [(1, 1), (64, 16), (200, 21), (65, 3)] {
        let x = floats(rows * channels, 1);
        let mut arena = Arena::new();
        let params = SumRows { input_offset: arena.floats(&x), output_offset: arena.room(channels), rows: rows as i32, channels: channels as i32 };
        arena.run(params);
        let expected = sum_rows(rows, channels, |row, channel| x[row * channels + channel]);
        assert_bits(&arena.floats_at(params.output_offset, channels), &expected, "sum");
    }
}

#[test]
fn dequantized_sums_equal_the_plain_formula() {
    for (rows, channels, stride) in [(1, 1, 1), (300, 16, 16), (7, 10, 16), (65, 21, 24)] {
        for (has_bias, is_narrow) in [(false, false), (true, false), (true, true)] {
            let size = if is_narrow { 3e4 } else { 1e8 };
            let sums: Vec<i32> = floats(rows * stride, 1).iter().map(|x| (x * size) as i32).collect();
            let bias = floats(channels, 2);
            let (a, b) = (0.013f32, 0.7f32);
            let mut arena = Arena::new();
            let narrow: Vec<u8> = sums.iter().flat_map(|sum| (*sum as i16).to_le_bytes()).collect();
            let params = DequantizeSums {
                input_offset: if is_narrow { arena.bytes(&narrow) } else { arena.ints(&sums) },
                in_container: if is_narrow { 2 } else { 3 },
                scale_a_offset: arena.floats(&[a]),
                scale_b_offset: arena.floats(&[b]),
                bias_offset: if has_bias { arena.floats(&bias) } else { 0 },
                output_offset: arena.room(rows * channels),
                rows: rows as i32,
                channels: channels as i32,
                in_stride: stride as i32,
            };
            arena.run(params);
            let value = |i: usize| {
                let x = sums[i / channels * stride + i % channels] as f32 * (a * b);
                if has_bias {
                    x + bias[i % channels]
                } else {
                    x
                }
            };
            let expected: Vec<f32> = (0..rows * channels).map(value).collect();
            assert_bits(&arena.floats_at(params.output_offset, rows * channels), &expected, "x");
        }
    }
}

#[test]
fn dequantized_weight_gradients_are_exact_sums() {
    for (slabs, out_c, per_channel) in [(1, 1, 1), (3, 5, 9), (256, 2, 7), (2, 3, 144)] {
        for is_per_channel in [0, 1] {
            let sums: Vec<i32> = floats(slabs * out_c * per_channel, 1).iter().map(|x| (x * 2_147_483_648.0) as i32).collect();
            let (a, b) = (0.3f32, floats(out_c, 2));
            let mut arena = Arena::new();
            let params = DequantizeWeightGradient {
                input_offset: arena.ints(&sums),
                scale_a_offset: arena.floats(&[a]),
                scale_b_offset: arena.floats(&b),
                output_offset: arena.room(out_c * per_channel),
                slabs: slabs as i32,
                out_c: out_c as i32,
                per_channel: per_channel as i32,
                is_per_channel,
            };
            arena.run(params);
            let count = out_c * per_channel;
            let value = |i: usize| {
                let sum: i64 = (0..slabs).map(|slab| i64::from(sums[slab * count + i])).sum();
                sum as f32 * (a * b[if is_per_channel == 1 { i / per_channel } else { 0 }])
            };
            assert_bits(&arena.floats_at(params.output_offset, count), &(0..count).map(value).collect::<Vec<_>>(), "dW");
        }
    }
    assert!(DequantizeWeightGradient { slabs: 257, out_c: 1, per_channel: 1, ..DequantizeWeightGradient::default() }.check().is_err());
}

#[test]
fn wild_parameters_are_refused_or_sound() {
    fuzz(AddElements::WORDS, &[64; 6], AddElements::from_words);
    fuzz(ClampBackward::WORDS, &[64; 6], ClampBackward::from_words);
    fuzz(CountNonFinite::WORDS, &[64; 3], CountNonFinite::from_words);
    fuzz(SumRows::WORDS, &[64; 4], SumRows::from_words);
    fuzz(DequantizeSums::WORDS, &[64, 64, 64, 64, 64, 3, 64, 64, 64], DequantizeSums::from_words);
    fuzz(DequantizeWeightGradient::WORDS, &[64, 64, 64, 64, 3, 4, 5, 1], DequantizeWeightGradient::from_words);
}
