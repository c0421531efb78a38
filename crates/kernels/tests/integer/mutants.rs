//! One broken lane in one operation of one microkernel: the suites must notice each.

use crate::broken::{Broken, Op};
use crate::{batches, conv, depthwise, elementwise, paired, pools, relaxed, requantization, weight_gradient, winograd, winograd_f23};

/// Breaks each named operation in its first, an inner and its last lane (lanes count modulo the vector's).
macro_rules! mutants {
    ($($test:ident: $suite:path { $($op:ident),* })*) => {
        $(
            #[test]
            fn $test() {
                for op in [$(Op::$op),*] {
                    for lane in [0, 3, 15] {
                        // A panic is a notice too: the portable relaxed dot takes no operand beyond 127.
                        let verdict = std::panic::catch_unwind(|| $suite(Broken { op: Some(op), lane }));
                        assert!(!matches!(verdict, Ok(Ok(()))), "{op:?} with lane {lane} broken is not noticed");
                    }
                }
            }
        )*
    };
}

/// Nothing broken, nothing noticed: what the mutants below are compared with.
#[test]
fn unbroken() {
    for suite in [
        conv::convolution,
        depthwise::suite,
        relaxed::i7,
        relaxed::w4,
        relaxed::usdot,
        relaxed::sdot,
        relaxed::depthwise,
        paired::convolution,
        winograd::convolution,
        winograd_f23::suite,
        batches::convolution,
        weight_gradient::conv,
        weight_gradient::depthwise,
        weight_gradient::i7,
        weight_gradient::winograd,
        pools::max,
        pools::average,
        elementwise::add,
        elementwise::requantize,
    ] {
        assert_eq!(suite(Broken::default()), Ok(()));
    }
}

mutants! {
    gemm_4x8: conv::convolution {
        i32x4_dot_i16x8_s, i32x4_add, i16x8_load32_splat, i16x8_load, i16x8_narrow_i32x4_s, i16x8_relaxed_q15mulr_s, i32x4_shr_s, i16x8_add_sat_s,
        i16x8_min_s, i16x8_max_s
    }
    tile_packing: conv::convolution {
        i16x8_load_extend_i8x8, i32x4_xor, i16x8_sub, i32x4_interleave_low, i32x4_interleave_high, i32x4_concat_low, i32x4_concat_high,
        i32x4_from_i16x8, i8x16_swizzle, i8x16_load, i16x8_splat, i16x8_extend_low_i8x16_s, i16x8_extend_high_i8x16_s, i16x8_extend_low_i8x16_u,
        i16x8_extend_high_i8x16_u
    }
    paired: paired::convolution {
        i32x4_dot_i16x8_s, i32x4_add, i32x4_sub, i32x4_shl, i32x4_shr_s, i16x8_load32_splat, i16x8_load, i16x8_narrow_i32x4_s
    }
    winograd_f43: winograd::convolution {
        i8x16_load, i8x16_add, i8x16_splat, i16x8_interleave_low, i16x8_interleave_high, i32x4_interleave_low, i32x4_interleave_high,
        i16x8_load_extend_u8x8, i16x8_load_extend_i8x8, i16x8_add, i16x8_sub, i16x8_mul, i16x8_shl, i16x8_splat, i16x8_load, i16x8_load32_splat,
        i32x4_dot_i16x8_s, i32x4_load, i32x4_add, i32x4_sub, i32x4_shl, i32x4_mul, i32x4_shr_s, i16x8_narrow_i32x4_s
    }
    depthwise: depthwise::suite {
        i16x8_interleave_low, i16x8_interleave_high, i32x4_dot_i16x8_s, i16x8_load,
        i32x4_extmul_low_i16x8_s, i32x4_extmul_high_i16x8_s, i32x4_add, i16x8_load_extend_u8x8, i16x8_load_extend_i8x8, i16x8_relaxed_q15mulr_s
    }
    relaxed_i7: relaxed::i7 {
        i32x4_relaxed_dot_i8x16_i7x16_add_s, i8x16_load32_splat, i8x16_load, i32x4_interleave_low, i32x4_interleave_high, i32x4_concat_low,
        i32x4_concat_high, i16x8_narrow_i32x4_s, i16x8_relaxed_q15mulr_s, i32x4_shr_s
    }
    relaxed_depthwise: relaxed::depthwise {
        i8x16_load, i8x16_interleave_low, i16x8_interleave_low, i16x8_interleave_high, i8x16_add, i8x16_splat, i32x4_and, i16x8_load,
        i8x16_narrow_i16x8_s, i32x4_relaxed_dot_i8x16_i7x16_add_s, i32x4_dot_i8x16_u8x16_add, i32x4_dot_i8x16_i8x16_add, i32x4_add, i32x4_sub, i32x4_shl,
        i32x4_load, i16x8_narrow_i32x4_s, i16x8_relaxed_q15mulr_s
    }
    relaxed_w4: relaxed::w4 { i32x4_relaxed_dot_i8x16_i7x16_add_s, i8x16_load32_splat, i32x4_sub, i32x4_shl, i8x16_add, i8x16_splat }
    relaxed_usdot: relaxed::usdot { i32x4_dot_i8x16_u8x16_add, i8x16_add, i8x16_splat }
    relaxed_sdot: relaxed::sdot { i32x4_dot_i8x16_i8x16_add, i8x16_add, i8x16_splat }
    winograd_f23: winograd_f23::suite {
        i32x4_relaxed_dot_i8x16_i7x16_add_s, i8x16_load32_splat, i8x16_load, i8x16_add, i8x16_sub, i8x16_splat, i32x4_load, i32x4_add, i32x4_sub,
        i32x4_shr_s, i32x4_shl, i16x8_narrow_i32x4_s, i16x8_relaxed_q15mulr_s, i8x16_narrow_i16x8_s, i32x4_dot_i16x8_s,
        i8x16_add_sat_s, i32x4_and, i32x4_shr_u, i16x8_load, i16x8_extend_low_i8x16_s, i16x8_extend_high_i8x16_s, i16x8_load32_splat
    }
    weight_gradient: weight_gradient::conv {
        i16x8_load_extend_i8x8, i16x8_load_extend_u8x8, i16x8_interleave_low, i16x8_interleave_high, i32x4_from_i16x8, i16x8_load, i16x8_load32_splat,
        i32x4_dot_i16x8_s, i32x4_add, i32x4_load
    }
    weight_gradient_depthwise: weight_gradient::depthwise { i16x8_interleave_low, i16x8_interleave_high, i16x8_load, i32x4_dot_i16x8_s, i32x4_add, i32x4_load }
    weight_gradient_i7: weight_gradient::i7 {
        i8x16_load, i8x16_add, i8x16_interleave_low, i8x16_interleave_high, i16x8_interleave_low, i16x8_interleave_high, i16x8_from_i32x4, i32x4_from_i16x8,
        i8x16_load32_splat, i32x4_relaxed_dot_i8x16_i7x16_add_s, i32x4_load
    }
    weight_gradient_w4: weight_gradient::w4 { i8x16_splat, i8x16_add, i32x4_relaxed_dot_i8x16_i7x16_add_s }
    weight_gradient_usdot: weight_gradient::usdot { i32x4_dot_i8x16_u8x16_add, i32x4_relaxed_dot_i8x16_i7x16_add_s }
    weight_gradient_sdot: weight_gradient::sdot { i32x4_dot_i8x16_i8x16_add, i32x4_relaxed_dot_i8x16_i7x16_add_s }
    weight_gradient_winograd: weight_gradient::winograd {
        i8x16_load, i8x16_add, i8x16_sub, i8x16_interleave_low, i8x16_interleave_high, i16x8_interleave_low, i16x8_interleave_high, i8x16_load32_splat,
        i32x4_relaxed_dot_i8x16_i7x16_add_s, i32x4_load, i32x4_add, i32x4_sub, i32x4_shl, i32x4_shr_s, i32x4_mul
    }
    sums: batches::convolution { i32x4_dot_i16x8_s, i32x4_add, i32x4_load }
    max_pool: pools::max { i16x8_max_s, i16x8_min_s, i16x8_load_extend_u8x8, i16x8_load_extend_i8x8, i16x8_load }
    average_pool: pools::average { i32x4_extend_low_i16x8_s, i32x4_extend_high_i16x8_s, i32x4_add, i16x8_relaxed_q15mulr_s }
    add: elementwise::add { i16x8_add_sat_s, i16x8_max_s, i16x8_min_s, i32x4_extend_low_i16x8_s, i16x8_narrow_i32x4_s }
    requantize: elementwise::requantize { i32x4_add, i32x4_shl, i32x4_shr_s, i16x8_narrow_i32x4_s, i16x8_relaxed_q15mulr_s, i32x4_high_words }
    forms: requantization::every_form {
        i64x2_extmul_low_i32x4_s, i64x2_extmul_high_i32x4_s, i32x4_high_words, i32x4_shl, i32x4_shr_s, i32x4_min_s, i32x4_max_s, i32x4_add,
        i16x8_narrow_i32x4_s, i16x8_relaxed_q15mulr_s, i16x8_add_sat_s, i16x8_min_s, i16x8_max_s
    }
}
