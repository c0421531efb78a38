//! Portable lane operations against the definitions of the WebAssembly specification, on every pair of interesting lanes.

use simd::{mem, Isa, Portable};

const P: Portable = Portable;
const I16: [i16; 12] = [i16::MIN, -32767, -256, -129, -128, -1, 0, 1, 127, 255, 256, i16::MAX];
const I32: [i32; 12] = [i32::MIN, i32::MIN + 1, -65536, -32769, -32768, -1, 0, 1, 32767, 32768, 1 << 20, i32::MAX];

/// Lane `i` of the vector that starts at number `start` of a list.
fn pick<T: Copy, const N: usize>(list: &[T], start: usize) -> [T; N] {
    std::array::from_fn(|i| list[(start + i * 5) % list.len()])
}

/// Every combination of starts.
fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..12).flat_map(|a| (0..12).map(move |b| (a, b)))
}

fn sat16(x: i64) -> i16 {
    x.clamp(-32768, 32767) as i16
}

#[test]
fn q15_products() {
    for (a, b) in pairs() {
        // Of −32768 and −32768 the product is not defined.
        let (a, b): ([i16; 8], [i16; 8]) = (pick(&I16, a), pick(&I16, b).map(|lane: i16| lane.max(-32767)));
        for i in 0..8 {
            assert_eq!(i64::from(P.i16x8_relaxed_q15mulr_s(a, b)[i]), (i64::from(a[i]) * i64::from(b[i]) + 0x4000) >> 15);
        }
    }
}

#[test]
fn i16_lanes() {
    for (a, b) in pairs() {
        let (a, b): ([i16; 8], [i16; 8]) = (pick(&I16, a), pick(&I16, b));
        for i in 0..8 {
            let (x, y) = (i64::from(a[i]), i64::from(b[i]));
            assert_eq!(P.i16x8_add(a, b)[i], (x + y) as i16);
            assert_eq!(P.i16x8_sub(a, b)[i], (x - y) as i16);
            assert_eq!(P.i16x8_mul(a, b)[i], (x * y) as i16);
            assert_eq!(P.i16x8_add_sat_s(a, b)[i], sat16(x + y));
            assert_eq!(i64::from(P.i16x8_min_s(a, b)[i]), if x < y { x } else { y });
            assert_eq!(i64::from(P.i16x8_max_s(a, b)[i]), if x > y { x } else { y });
        }
        for i in 0..4 {
            let product = |lane: usize| i64::from(a[lane]) * i64::from(b[lane]);
            assert_eq!(P.i32x4_dot_i16x8_s(a, b)[i], (product(2 * i) + product(2 * i + 1)) as i32);
            assert_eq!(i64::from(P.i32x4_extmul_low_i16x8_s(a, b)[i]), product(i));
            assert_eq!(i64::from(P.i32x4_extmul_high_i16x8_s(a, b)[i]), product(i + 4));
            assert_eq!(P.i32x4_extend_low_i16x8_s(a)[i], i32::from(a[i]));
            assert_eq!(P.i32x4_extend_high_i16x8_s(a)[i], i32::from(a[i + 4]));
        }
    }
}

#[test]
fn i32_lanes() {
    for (a, b) in pairs() {
        let (a, b): ([i32; 4], [i32; 4]) = (pick(&I32, a), pick(&I32, b));
        for i in 0..4 {
            let (x, y) = (i64::from(a[i]), i64::from(b[i]));
            assert_eq!(P.i32x4_add(a, b)[i], (x + y) as i32);
            assert_eq!(P.i32x4_sub(a, b)[i], (x - y) as i32);
            assert_eq!(P.i32x4_mul(a, b)[i], (x * y) as i32);
            assert_eq!(i64::from(P.i32x4_min_s(a, b)[i]), if x < y { x } else { y });
            assert_eq!(i64::from(P.i32x4_max_s(a, b)[i]), if x > y { x } else { y });
            let narrow = P.i16x8_narrow_i32x4_s(a, b);
            assert_eq!([narrow[i], narrow[i + 4]], [sat16(x), sat16(y)]);
        }
        for i in 0..2 {
            assert_eq!(P.i64x2_extmul_low_i32x4_s(a, b)[i], i64::from(a[i]) * i64::from(b[i]));
            assert_eq!(P.i64x2_extmul_high_i32x4_s(a, b)[i], i64::from(a[i + 2]) * i64::from(b[i + 2]));
        }
    }
}

/// The count is taken modulo the width of a lane.
#[test]
fn shifts() {
    for (shift, start) in (0..70).flat_map(|shift| (0..12).map(move |start| (shift, start))) {
        let (halves, words): ([i16; 8], [i32; 4]) = (pick(&I16, start), pick(&I32, start));
        for i in 0..4 {
            assert_eq!(i64::from(P.i16x8_shr_s(halves, shift)[i]), i64::from(halves[i]).div_euclid(1 << (shift % 16)));
            assert_eq!(P.i16x8_shl(halves, shift)[i], (i64::from(halves[i]) << (shift % 16)) as i16);
            assert_eq!(i64::from(P.i32x4_shr_s(words, shift)[i]), i64::from(words[i]).div_euclid(1 << (shift % 32)));
            assert_eq!(P.i32x4_shl(words, shift)[i], (i64::from(words[i]) << (shift % 32)) as i32);
        }
    }
}

#[test]
fn bytes() {
    let every: Vec<u8> = (0..=255).collect();
    for (at, eight) in every.chunks_exact(8).enumerate() {
        let eight: &[u8; 8] = eight.try_into().expect("8 bytes");
        for i in 0..8 {
            let byte = (at * 8 + i) as i16;
            assert_eq!(P.i16x8_load_extend_u8x8(eight)[i], byte);
            assert_eq!(P.i16x8_load_extend_i8x8(eight)[i], if byte > 127 { byte - 256 } else { byte });
        }
        let low = P.i8x16_load64_zero(eight);
        assert_eq!(P.i16x8_extend_low_i8x16_u(low), P.i16x8_load_extend_u8x8(eight));
        assert_eq!(P.i16x8_extend_low_i8x16_s(low), P.i16x8_load_extend_i8x8(eight));
        assert_eq!(P.i16x8_extend_high_i8x16_u(low), [0; 8]);
    }
    for (a, b) in pairs() {
        let (a, b): ([i16; 8], [i16; 8]) = (pick(&I16, a), pick(&I16, b));
        let (signed, unsigned) = (P.i8x16_narrow_i16x8_s(a, b), P.i8x16_narrow_i16x8_u(a, b));
        for (i, lane) in a.into_iter().chain(b).enumerate() {
            assert_eq!(i16::from(signed[i]), lane.clamp(-128, 127));
            assert_eq!(i16::from(unsigned[i] as u8), lane.clamp(0, 255));
            assert_eq!(P.i8x16_max_s(signed, unsigned)[i], signed[i].max(unsigned[i]));
            assert_eq!(P.i8x16_min_s(signed, unsigned)[i], signed[i].min(unsigned[i]));
            assert_eq!(P.u8x16_max(signed, unsigned)[i] as u8, (signed[i] as u8).max(unsigned[i] as u8));
            assert_eq!(P.u8x16_min(signed, unsigned)[i] as u8, (signed[i] as u8).min(unsigned[i] as u8));
        }
    }
}

#[test]
fn shuffles() {
    let (a, b) = ([0, 1, 2, 3], [4, 5, 6, 7]);
    assert_eq!(P.i32x4_interleave_low(a, b), [0, 4, 1, 5]);
    assert_eq!(P.i32x4_interleave_high(a, b), [2, 6, 3, 7]);
    assert_eq!(P.i32x4_concat_low(a, b), [0, 1, 4, 5]);
    assert_eq!(P.i32x4_concat_high(a, b), [2, 3, 6, 7]);
    let (a, b) = (std::array::from_fn(|i| i as i16), std::array::from_fn(|i| 8 + i as i16));
    assert_eq!(P.i16x8_interleave_low(a, b), [0, 8, 1, 9, 2, 10, 3, 11]);
    assert_eq!(P.i16x8_interleave_high(a, b), [4, 12, 5, 13, 6, 14, 7, 15]);
    assert_eq!(P.i32x4_high_words([-1, 5 << 32], [7, i64::MIN]), [-1, 5, 0, i32::MIN]);
}

/// Bytes lie low end first, and seeing them as other lanes changes nothing.
#[test]
fn memory() {
    let bytes: [u8; 16] = std::array::from_fn(|i| (i * 29 + 131) as u8);
    let mut again = [0; 16];
    P.i16x8_store(P.i16x8_load(&bytes), &mut again);
    assert_eq!(again, bytes);
    P.i32x4_store(P.i32x4_from_i16x8(P.i16x8_load(&bytes)), &mut again);
    assert_eq!(again, bytes);
    P.i16x8_store(P.i16x8_from_i32x4(P.i32x4_load(&bytes)), &mut again);
    assert_eq!(again, bytes);
    P.f32x4_store(P.f32x4_from_i32x4(P.i32x4_load(&bytes)), &mut again);
    assert_eq!(again, bytes);
    P.i8x16_store(P.i8x16_load(&bytes), &mut again);
    assert_eq!(again, bytes);
    assert_eq!(P.i16x8_load32_splat(&[1, 2, 3, 0x84]), [0x201, -0x7BFD, 0x201, -0x7BFD, 0x201, -0x7BFD, 0x201, -0x7BFD]);
    let (mut eight, mut four) = ([0; 8], [0; 4]);
    P.i8x16_store64_low(P.i8x16_load(&bytes), &mut eight);
    P.i8x16_store32_low(P.i8x16_load(&bytes), &mut four);
    assert_eq!((&eight[..], &four[..]), (&bytes[..8], &bytes[..4]));
    assert_eq!(mem::read_i32(&bytes, 3), i32::from_le_bytes([bytes[3], bytes[4], bytes[5], bytes[6]]));
    assert_eq!(mem::arrays::<5>(&bytes).len(), 3);
    assert_eq!(mem::panels::<2, 3>(&bytes).len(), 2);
}

#[test]
#[should_panic(expected = "bytes inside the slice")]
fn a_number_past_the_end() {
    mem::read_i32(&[0; 7], 4);
}

#[test]
fn floats() {
    let list = [0.0f32, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE, 3.4e38, 2.5, -2.5, 8388607.5];
    for (a, b) in pairs() {
        let (a, b) = ([list[a]; 4], [list[b]; 4]);
        let (least, most) = (P.f32x4_min(a, b)[3], P.f32x4_max(a, b)[3]);
        let (a, b) = (a[0], b[0]);
        if a.is_nan() || b.is_nan() {
            assert!(least.is_nan() && most.is_nan());
        } else if a == 0.0 && b == 0.0 {
            assert_eq!(least.is_sign_negative(), a.is_sign_negative() || b.is_sign_negative());
            assert_eq!(most.is_sign_negative(), a.is_sign_negative() && b.is_sign_negative());
        } else {
            assert_eq!((least, most), (a.min(b), a.max(b)));
        }
    }
    for value in [0.5, 1.5, -0.5, -1.5, 2.5, 0.49999997, 8388607.5, 8388609.0, -1e30, f32::INFINITY, -0.0, 1e-40] {
        assert_eq!(P.f32x4_nearest([value; 4])[1].to_bits(), value.round_ties_even().to_bits(), "{value}");
    }
    assert!(P.f32x4_nearest([f32::NAN; 4])[0].is_nan());
    assert_eq!(P.i32x4_trunc_sat_f32x4_s([1.9, -1.9, 3e9, f32::NAN]), [1, -1, i32::MAX, 0]);
    assert_eq!(P.f32x4_convert_i32x4_s([1, -1, i32::MAX, 16777217]), [1.0, -1.0, 2147483648.0, 16777216.0]);
}

#[test]
fn byte_dots() {
    const I8: [i8; 12] = [i8::MIN, -127, -65, -2, -1, 0, 1, 2, 63, 64, 126, i8::MAX];
    for (a, b) in pairs() {
        let (a, b, c): ([i8; 16], [i8; 16], [i32; 4]) = (pick(&I8, a), pick(&I8, b), pick(&I32, a + b));
        let seven = b.map(|lane| lane & 127);
        for i in 0..4 {
            let sum = |term: &dyn Fn(usize) -> i64| (i64::from(c[i]) + (4 * i..4 * i + 4).map(term).sum::<i64>()) as i32;
            assert_eq!(P.i32x4_relaxed_dot_i8x16_i7x16_add_s(a, seven, c)[i], sum(&|lane| i64::from(a[lane]) * i64::from(seven[lane])));
            assert_eq!(P.i32x4_dot_i8x16_i8x16_add(a, b, c)[i], sum(&|lane| i64::from(a[lane]) * i64::from(b[lane])));
            assert_eq!(P.i32x4_dot_i8x16_u8x16_add(a, b, c)[i], sum(&|lane| i64::from(a[lane]) * i64::from(b[lane] as u8)));
        }
        assert_eq!((0..16).map(|i| P.i8x16_add_sat_s(a, b)[i]).collect::<Vec<_>>(), (0..16).map(|i| a[i].saturating_add(b[i])).collect::<Vec<_>>());
        assert_eq!((0..16).map(|i| P.i8x16_add(a, b)[i]).collect::<Vec<_>>(), (0..16).map(|i| a[i].wrapping_add(b[i])).collect::<Vec<_>>());
        assert_eq!((0..16).map(|i| P.i8x16_sub(a, b)[i]).collect::<Vec<_>>(), (0..16).map(|i| a[i].wrapping_sub(b[i])).collect::<Vec<_>>());
        assert_eq!(P.i8x16_from_i32x4(P.i32x4_from_i8x16(a)), a);
        assert_eq!(P.i32x4_from_i8x16(a)[1].to_le_bytes().map(|byte| byte as i8), a[4..8]);
    }
    assert_eq!(P.i8x16_load32_splat(&[1, 2, 3, 255])[4..8], [1, 2, 3, -1]);
    let beyond = || P.i32x4_relaxed_dot_i8x16_i7x16_add_s([1; 16], [-1; 16], [0; 4]);
    assert!(std::panic::catch_unwind(beyond).is_err(), "a second operand beyond 127 has no meaning");
}

#[test]
fn comparisons_masks_and_roots() {
    let (a, b) = ([1.0, -0.0, f32::NAN, f32::INFINITY], [0.5, 0.0, f32::NAN, f32::INFINITY]);
    assert_eq!(P.f32x4_gt(a, b), [-1, 0, 0, 0]);
    assert_eq!(P.f32x4_ne(a, b), [-1, 0, -1, 0]);
    assert_eq!(P.i32x4_and([12; 4], [10; 4]), [8; 4]);
    assert_eq!(P.i32x4_eq([1, 2, -1, 0], [1, 3, -1, i32::MIN]), [-1, 0, -1, 0]);
    assert_eq!(P.i32x4_or([12; 4], [10; 4]), [14; 4]);
    assert_eq!(P.i32x4_bitselect([1, 1, 3, -1], [2, 2, 4, 0], [-1, 0, 1, i32::MIN]), [1, 2, 5, i32::MIN]);
    assert_eq!(P.f32x4_abs([-0.0, -1.5, f32::NEG_INFINITY, 2.0]).map(f32::to_bits), [0.0, 1.5, f32::INFINITY, 2.0].map(f32::to_bits));
    let (low, high) =
        (P.f32x4_pmin([1.0, -0.0, f32::NAN, 3.0], [0.0, 0.0, 1.0, f32::NAN]), P.f32x4_pmax([-0.0, 1.0, f32::NAN, 3.0], [0.0, 2.0, 1.0, f32::NAN]));
    assert_eq!(low.map(f32::to_bits), [0.0, -0.0, f32::NAN, 3.0].map(f32::to_bits));
    assert_eq!(high.map(f32::to_bits), [-0.0, 2.0, f32::NAN, 3.0].map(f32::to_bits));
    assert_eq!(P.f32x4_sqrt([4.0, 0.0, 2.0, f32::INFINITY]), [2.0, 0.0, 2.0f32.sqrt(), f32::INFINITY]);
}

#[test]
fn unsigned_words_and_relaxed_extremes() {
    let (a, b) = ([-1, 3, i32::MIN, -1], [-1, 5, 7, 2]);
    assert_eq!(P.i32x4_xor(a, b), [0, 6, i32::MIN + 7, -3]);
    assert_eq!(P.i32x4_andnot(a, b), [0, 2, i32::MIN, -3]);
    assert_eq!(P.i32x4_shr_u(a, 33), [i32::MAX, 1, 1 << 30, i32::MAX]);
    assert_eq!(P.i64x2_extmul_low_i32x4_u(a, b), [0xffff_fffe_0000_0001_u64 as i64, 15]);
    assert_eq!(P.i64x2_extmul_high_i32x4_u(a, b), [7 << 31, 0x1_ffff_fffe]);
    assert_eq!(P.i32x4_low_words([-1, 5 << 32], [7, i64::MIN + 1]), [-1, 0, 7, 1]);
    // The first operand wins where neither is less: NaN and zeros of two signs.
    let (a, b) = ([1.0, -0.0, f32::NAN, 2.0], [2.0, 0.0, 1.0, f32::NAN]);
    assert_eq!(P.f32x4_pmin(a, b).map(f32::to_bits), [1.0, -0.0, f32::NAN, 2.0].map(f32::to_bits));
    assert_eq!(P.f32x4_pmax(a, b).map(f32::to_bits), [2.0, -0.0, f32::NAN, 2.0].map(f32::to_bits));
    let (a, b) = ([1.0, -2.0, f32::INFINITY, 2.0], [2.0, -3.0, 1.0, f32::NEG_INFINITY]);
    assert_eq!(P.f32x4_relaxed_min(a, b), [1.0, -3.0, 1.0, f32::NEG_INFINITY]);
    assert_eq!(P.f32x4_relaxed_max(a, b), [2.0, -2.0, f32::INFINITY, 2.0]);
    let no_number = || P.f32x4_relaxed_min([1.0; 4], [f32::NAN; 4]);
    assert!(std::panic::catch_unwind(no_number).is_err(), "the relaxed minimum of NaN has no meaning");
}
