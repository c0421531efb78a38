//! Lane operations on arrays: what every machine can do, and what the others are tested against.

use crate::sqrt::sqrt;
use crate::Isa;
use core::array::from_fn;

/// The instruction set of plain Rust. Its results are those of the WebAssembly specification, bit for bit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Portable;

/// Lane `i` of `a` followed by `b`.
#[inline(always)]
fn lane<T: Copy, const N: usize>(a: &[T; N], b: &[T; N], i: usize) -> T {
    if i < N {
        a[i]
    } else {
        b[i - N]
    }
}

/// The product of lane `i`.
#[inline(always)]
fn product(a: [i16; 8], b: [i16; 8], i: usize) -> i32 {
    i32::from(a[i]) * i32::from(b[i])
}

/// Lane `i` of `c` plus four products of bytes; `b` is widened by `widen`.
#[inline(always)]
fn dot(a: [i8; 16], b: [i8; 16], c: [i32; 4], widen: impl Fn(i8) -> i32) -> [i32; 4] {
    from_fn(|i| (4 * i..4 * i + 4).fold(c[i], |sum, lane| sum.wrapping_add(i32::from(a[lane]) * widen(b[lane]))))
}

/// `f32.min` of WebAssembly.
#[inline(always)]
fn minimum(a: f32, b: f32) -> f32 {
    if a < b {
        a
    } else if b < a {
        b
    } else if a == b {
        // Equal, or zeros of either sign: the sign bit survives in the or.
        f32::from_bits(a.to_bits() | b.to_bits())
    } else {
        a + b
    }
}

/// `f32.max` of WebAssembly.
#[inline(always)]
fn maximum(a: f32, b: f32) -> f32 {
    if a > b {
        a
    } else if b > a {
        b
    } else if a == b {
        f32::from_bits(a.to_bits() & b.to_bits())
    } else {
        a + b
    }
}

/// `f32.nearest` of WebAssembly: half to even. `core` has no such function.
#[inline(always)]
fn nearest(a: f32) -> f32 {
    // From 2^23 on every float is an integer, so that adding 2^23 rounds the fraction away, half to even as every sum does.
    const INTEGERS: f32 = 8_388_608.0;
    if a.abs() < INTEGERS {
        ((a.abs() + INTEGERS) - INTEGERS).copysign(a)
    } else {
        a
    }
}

/// Operations whose body is one expression.
macro_rules! operations {
    ($($name:ident($($operand:ident: $type:ty),*) -> $result:ty = $body:expr;)*) => {
        $(
            #[inline(always)]
            fn $name(self, $($operand: $type),*) -> $result {
                $body
            }
        )*
    };
}

impl Isa for Portable {
    type I8x16 = [i8; 16];
    type I16x8 = [i16; 8];
    type I32x4 = [i32; 4];
    type I64x2 = [i64; 2];
    type F32x4 = [f32; 4];

    #[inline(always)]
    fn i8x16_load(self, bytes: &[u8; 16]) -> [i8; 16] {
        bytes.map(|byte| byte as i8)
    }

    #[inline(always)]
    fn i8x16_store(self, value: [i8; 16], bytes: &mut [u8; 16]) {
        *bytes = value.map(|lane| lane as u8);
    }

    #[inline(always)]
    fn i16x8_load(self, bytes: &[u8; 16]) -> [i16; 8] {
        from_fn(|i| i16::from_le_bytes(from_fn(|j| bytes[i * 2 + j])))
    }

    #[inline(always)]
    fn i16x8_store(self, value: [i16; 8], bytes: &mut [u8; 16]) {
        for (bytes, lane) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(value) {
            *bytes = lane.to_le_bytes();
        }
    }

    #[inline(always)]
    fn i32x4_load(self, bytes: &[u8; 16]) -> [i32; 4] {
        from_fn(|i| i32::from_le_bytes(from_fn(|j| bytes[i * 4 + j])))
    }

    #[inline(always)]
    fn i32x4_store(self, value: [i32; 4], bytes: &mut [u8; 16]) {
        for (bytes, lane) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(value) {
            *bytes = lane.to_le_bytes();
        }
    }

    #[inline(always)]
    fn f32x4_load(self, bytes: &[u8; 16]) -> [f32; 4] {
        from_fn(|i| f32::from_le_bytes(from_fn(|j| bytes[i * 4 + j])))
    }

    #[inline(always)]
    fn f32x4_store(self, value: [f32; 4], bytes: &mut [u8; 16]) {
        for (bytes, lane) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(value) {
            *bytes = lane.to_le_bytes();
        }
    }

    #[inline(always)]
    fn i8x16_load64_zero(self, bytes: &[u8; 8]) -> [i8; 16] {
        from_fn(|i| bytes.get(i).map_or(0, |&byte| byte as i8))
    }

    #[inline(always)]
    fn i8x16_store64_low(self, value: [i8; 16], bytes: &mut [u8; 8]) {
        *bytes = from_fn(|i| value[i] as u8);
    }

    #[inline(always)]
    fn i8x16_store64_high(self, value: [i8; 16], bytes: &mut [u8; 8]) {
        *bytes = from_fn(|i| value[i + 8] as u8);
    }

    #[inline(always)]
    fn i8x16_store32_low(self, value: [i8; 16], bytes: &mut [u8; 4]) {
        *bytes = from_fn(|i| value[i] as u8);
    }

    #[inline(always)]
    fn i16x8_load_extend_i8x8(self, bytes: &[u8; 8]) -> [i16; 8] {
        bytes.map(|byte| i16::from(byte as i8))
    }

    #[inline(always)]
    fn i16x8_load_extend_u8x8(self, bytes: &[u8; 8]) -> [i16; 8] {
        bytes.map(i16::from)
    }

    #[inline(always)]
    fn i8x16_load32_splat(self, bytes: &[u8; 4]) -> [i8; 16] {
        from_fn(|i| bytes[i % 4] as i8)
    }

    #[inline(always)]
    fn i16x8_load32_splat(self, bytes: &[u8; 4]) -> [i16; 8] {
        from_fn(|i| i16::from_le_bytes([bytes[i % 2 * 2], bytes[i % 2 * 2 + 1]]))
    }

    #[inline(always)]
    fn f32x4_load32_splat(self, bytes: &[u8; 4]) -> [f32; 4] {
        [f32::from_le_bytes(*bytes); 4]
    }

    #[inline(always)]
    fn i32x4_from_i8x16(self, a: [i8; 16]) -> [i32; 4] {
        from_fn(|i| i32::from_le_bytes(from_fn(|j| a[i * 4 + j] as u8)))
    }

    #[inline(always)]
    fn i8x16_from_i32x4(self, a: [i32; 4]) -> [i8; 16] {
        from_fn(|i| a[i / 4].to_le_bytes()[i % 4] as i8)
    }

    #[inline(always)]
    fn i32x4_from_i16x8(self, a: [i16; 8]) -> [i32; 4] {
        from_fn(|i| i32::from(a[2 * i] as u16) | i32::from(a[2 * i + 1]) << 16)
    }

    #[inline(always)]
    fn i16x8_from_i32x4(self, a: [i32; 4]) -> [i16; 8] {
        from_fn(|i| (a[i / 2] >> (i % 2 * 16)) as i16)
    }

    #[inline(always)]
    fn i32x4_from_f32x4(self, a: [f32; 4]) -> [i32; 4] {
        a.map(|lane| lane.to_bits() as i32)
    }

    #[inline(always)]
    fn f32x4_from_i32x4(self, a: [i32; 4]) -> [f32; 4] {
        a.map(|lane| f32::from_bits(lane as u32))
    }

    #[inline(always)]
    fn i8x16_splat(self, a: i8) -> [i8; 16] {
        [a; 16]
    }

    #[inline(always)]
    fn i8x16_add(self, a: [i8; 16], b: [i8; 16]) -> [i8; 16] {
        from_fn(|i| a[i].wrapping_add(b[i]))
    }

    #[inline(always)]
    fn i8x16_add_sat_s(self, a: [i8; 16], b: [i8; 16]) -> [i8; 16] {
        from_fn(|i| a[i].saturating_add(b[i]))
    }

    #[inline(always)]
    fn i8x16_sub(self, a: [i8; 16], b: [i8; 16]) -> [i8; 16] {
        from_fn(|i| a[i].wrapping_sub(b[i]))
    }

    #[inline(always)]
    fn i8x16_min_s(self, a: [i8; 16], b: [i8; 16]) -> [i8; 16] {
        from_fn(|i| a[i].min(b[i]))
    }

    #[inline(always)]
    fn i8x16_max_s(self, a: [i8; 16], b: [i8; 16]) -> [i8; 16] {
        from_fn(|i| a[i].max(b[i]))
    }

    #[inline(always)]
    fn u8x16_min(self, a: [i8; 16], b: [i8; 16]) -> [i8; 16] {
        from_fn(|i| (a[i] as u8).min(b[i] as u8) as i8)
    }

    #[inline(always)]
    fn u8x16_max(self, a: [i8; 16], b: [i8; 16]) -> [i8; 16] {
        from_fn(|i| (a[i] as u8).max(b[i] as u8) as i8)
    }

    #[inline(always)]
    fn i8x16_narrow_i16x8_s(self, a: [i16; 8], b: [i16; 8]) -> [i8; 16] {
        from_fn(|i| lane(&a, &b, i).clamp(-128, 127) as i8)
    }

    #[inline(always)]
    fn i8x16_narrow_i16x8_u(self, a: [i16; 8], b: [i16; 8]) -> [i8; 16] {
        from_fn(|i| lane(&a, &b, i).clamp(0, 255) as u8 as i8)
    }

    #[inline(always)]
    fn i16x8_splat(self, a: i16) -> [i16; 8] {
        [a; 8]
    }

    #[inline(always)]
    fn i16x8_add(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
        from_fn(|i| a[i].wrapping_add(b[i]))
    }

    #[inline(always)]
    fn i16x8_sub(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
        from_fn(|i| a[i].wrapping_sub(b[i]))
    }

    #[inline(always)]
    fn i16x8_add_sat_s(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
        from_fn(|i| a[i].saturating_add(b[i]))
    }

    #[inline(always)]
    fn i16x8_mul(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
        from_fn(|i| a[i].wrapping_mul(b[i]))
    }

    #[inline(always)]
    fn i16x8_min_s(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
        from_fn(|i| a[i].min(b[i]))
    }

    #[inline(always)]
    fn i16x8_max_s(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
        from_fn(|i| a[i].max(b[i]))
    }

    #[inline(always)]
    fn i16x8_shr_s(self, a: [i16; 8], shift: u32) -> [i16; 8] {
        a.map(|lane| lane >> (shift % 16))
    }

    #[inline(always)]
    fn i16x8_shl(self, a: [i16; 8], shift: u32) -> [i16; 8] {
        a.map(|lane| lane << (shift % 16))
    }

    #[inline(always)]
    fn i16x8_extend_low_i8x16_s(self, a: [i8; 16]) -> [i16; 8] {
        from_fn(|i| i16::from(a[i]))
    }

    #[inline(always)]
    fn i16x8_extend_high_i8x16_s(self, a: [i8; 16]) -> [i16; 8] {
        from_fn(|i| i16::from(a[i + 8]))
    }

    #[inline(always)]
    fn i16x8_extend_low_i8x16_u(self, a: [i8; 16]) -> [i16; 8] {
        from_fn(|i| i16::from(a[i] as u8))
    }

    #[inline(always)]
    fn i16x8_extend_high_i8x16_u(self, a: [i8; 16]) -> [i16; 8] {
        from_fn(|i| i16::from(a[i + 8] as u8))
    }

    #[inline(always)]
    fn i16x8_narrow_i32x4_s(self, a: [i32; 4], b: [i32; 4]) -> [i16; 8] {
        from_fn(|i| lane(&a, &b, i).clamp(-32768, 32767) as i16)
    }

    #[inline(always)]
    fn i8x16_interleave_low(self, a: [i8; 16], b: [i8; 16]) -> [i8; 16] {
        from_fn(|i| if i % 2 == 0 { a[i / 2] } else { b[i / 2] })
    }

    #[inline(always)]
    fn i8x16_interleave_high(self, a: [i8; 16], b: [i8; 16]) -> [i8; 16] {
        from_fn(|i| if i % 2 == 0 { a[8 + i / 2] } else { b[8 + i / 2] })
    }

    #[inline(always)]
    fn i8x16_swizzle(self, a: [i8; 16], lanes: [i8; 16]) -> [i8; 16] {
        lanes.map(|lane| a.get(lane as u8 as usize).copied().unwrap_or(0))
    }

    #[inline(always)]
    fn i16x8_interleave_low(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
        [a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]]
    }

    #[inline(always)]
    fn i16x8_interleave_high(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
        [a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7]]
    }

    #[inline(always)]
    fn i16x8_relaxed_q15mulr_s(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
        debug_assert!(a.iter().zip(&b).all(|lanes| lanes != (&i16::MIN, &i16::MIN)), "relaxed q15mulr of −32768 and −32768");
        from_fn(|i| ((i32::from(a[i]) * i32::from(b[i]) + (1 << 14)) >> 15) as i16)
    }

    operations! {
        i32x4_splat(a: i32) -> [i32; 4] = [a; 4];
        i32x4_add(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i].wrapping_add(b[i]));
        i32x4_sub(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i].wrapping_sub(b[i]));
        i32x4_mul(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i].wrapping_mul(b[i]));
        i32x4_min_s(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i].min(b[i]));
        i32x4_max_s(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i].max(b[i]));
        i32x4_shr_s(a: [i32; 4], shift: u32) -> [i32; 4] = a.map(|lane| lane >> (shift % 32));
        i32x4_shl(a: [i32; 4], shift: u32) -> [i32; 4] = a.map(|lane| lane << (shift % 32));
        i32x4_dot_i16x8_s(a: [i16; 8], b: [i16; 8]) -> [i32; 4] = from_fn(|i| product(a, b, 2 * i).wrapping_add(product(a, b, 2 * i + 1)));
    }

    #[inline(always)]
    fn i32x4_relaxed_dot_i8x16_i7x16_add_s(self, a: [i8; 16], b: [i8; 16], c: [i32; 4]) -> [i32; 4] {
        debug_assert!(b.iter().all(|&lane| lane >= 0), "relaxed dot of a second operand beyond 127: {b:?}");
        dot(a, b, c, i32::from)
    }

    #[inline(always)]
    fn i32x4_dot_i8x16_u8x16_add(self, a: [i8; 16], b: [i8; 16], c: [i32; 4]) -> [i32; 4] {
        dot(a, b, c, |lane| i32::from(lane as u8))
    }

    #[inline(always)]
    fn i32x4_dot_i8x16_i8x16_add(self, a: [i8; 16], b: [i8; 16], c: [i32; 4]) -> [i32; 4] {
        dot(a, b, c, i32::from)
    }

    #[inline(always)]
    fn i32x4_extend_low_i16x8_s(self, a: [i16; 8]) -> [i32; 4] {
        from_fn(|i| i32::from(a[i]))
    }

    #[inline(always)]
    fn i32x4_extend_high_i16x8_s(self, a: [i16; 8]) -> [i32; 4] {
        from_fn(|i| i32::from(a[i + 4]))
    }

    #[inline(always)]
    fn i32x4_extmul_low_i16x8_s(self, a: [i16; 8], b: [i16; 8]) -> [i32; 4] {
        from_fn(|i| product(a, b, i))
    }

    #[inline(always)]
    fn i32x4_extmul_high_i16x8_s(self, a: [i16; 8], b: [i16; 8]) -> [i32; 4] {
        from_fn(|i| product(a, b, i + 4))
    }

    #[inline(always)]
    fn i32x4_interleave_low(self, a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        [a[0], b[0], a[1], b[1]]
    }

    #[inline(always)]
    fn i32x4_interleave_high(self, a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        [a[2], b[2], a[3], b[3]]
    }

    #[inline(always)]
    fn i32x4_concat_low(self, a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        [a[0], a[1], b[0], b[1]]
    }

    #[inline(always)]
    fn i32x4_concat_high(self, a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        [a[2], a[3], b[2], b[3]]
    }

    #[inline(always)]
    fn i32x4_high_words(self, a: [i64; 2], b: [i64; 2]) -> [i32; 4] {
        [(a[0] >> 32) as i32, (a[1] >> 32) as i32, (b[0] >> 32) as i32, (b[1] >> 32) as i32]
    }

    #[inline(always)]
    fn i32x4_trunc_sat_f32x4_s(self, a: [f32; 4]) -> [i32; 4] {
        a.map(|lane| lane as i32)
    }

    #[inline(always)]
    fn i64x2_extmul_low_i32x4_s(self, a: [i32; 4], b: [i32; 4]) -> [i64; 2] {
        from_fn(|i| i64::from(a[i]) * i64::from(b[i]))
    }

    #[inline(always)]
    fn i64x2_extmul_high_i32x4_s(self, a: [i32; 4], b: [i32; 4]) -> [i64; 2] {
        from_fn(|i| i64::from(a[i + 2]) * i64::from(b[i + 2]))
    }

    operations! {
        f32x4_splat(a: f32) -> [f32; 4] = [a; 4];
        f32x4_add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] = from_fn(|i| a[i] + b[i]);
        f32x4_sub(a: [f32; 4], b: [f32; 4]) -> [f32; 4] = from_fn(|i| a[i] - b[i]);
        f32x4_mul(a: [f32; 4], b: [f32; 4]) -> [f32; 4] = from_fn(|i| a[i] * b[i]);
        f32x4_div(a: [f32; 4], b: [f32; 4]) -> [f32; 4] = from_fn(|i| a[i] / b[i]);
        f32x4_min(a: [f32; 4], b: [f32; 4]) -> [f32; 4] = from_fn(|i| minimum(a[i], b[i]));
        f32x4_max(a: [f32; 4], b: [f32; 4]) -> [f32; 4] = from_fn(|i| maximum(a[i], b[i]));
        f32x4_nearest(a: [f32; 4]) -> [f32; 4] = a.map(nearest);
        f32x4_convert_i32x4_s(a: [i32; 4]) -> [f32; 4] = a.map(|lane| lane as f32);
        i32x4_and(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i] & b[i]);
        i32x4_or(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i] | b[i]);
        i32x4_xor(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i] ^ b[i]);
        i32x4_andnot(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i] & !b[i]);
        i32x4_shr_u(a: [i32; 4], shift: u32) -> [i32; 4] = a.map(|lane| (lane as u32 >> (shift % 32)) as i32);
        i32x4_low_words(a: [i64; 2], b: [i64; 2]) -> [i32; 4] = [a[0] as i32, a[1] as i32, b[0] as i32, b[1] as i32];
        i64x2_extmul_low_i32x4_u(a: [i32; 4], b: [i32; 4]) -> [i64; 2] = from_fn(|i| (u64::from(a[i] as u32) * u64::from(b[i] as u32)) as i64);
        i64x2_extmul_high_i32x4_u(a: [i32; 4], b: [i32; 4]) -> [i64; 2] = from_fn(|i| (u64::from(a[i + 2] as u32) * u64::from(b[i + 2] as u32)) as i64);
        f32x4_pmin(a: [f32; 4], b: [f32; 4]) -> [f32; 4] = from_fn(|i| if b[i] < a[i] { b[i] } else { a[i] });
        f32x4_pmax(a: [f32; 4], b: [f32; 4]) -> [f32; 4] = from_fn(|i| if a[i] < b[i] { b[i] } else { a[i] });
        i32x4_bitselect(a: [i32; 4], b: [i32; 4], mask: [i32; 4]) -> [i32; 4] = from_fn(|i| a[i] & mask[i] | b[i] & !mask[i]);
        i32x4_eq(a: [i32; 4], b: [i32; 4]) -> [i32; 4] = from_fn(|i| -i32::from(a[i] == b[i]));
        f32x4_gt(a: [f32; 4], b: [f32; 4]) -> [i32; 4] = from_fn(|i| -i32::from(a[i] > b[i]));
        f32x4_ne(a: [f32; 4], b: [f32; 4]) -> [i32; 4] = from_fn(|i| -i32::from(a[i] != b[i]));
        f32x4_abs(a: [f32; 4]) -> [f32; 4] = a.map(f32::abs);
        f32x4_sqrt(a: [f32; 4]) -> [f32; 4] = a.map(sqrt);
    }

    #[inline(always)]
    fn f32x4_relaxed_min(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        debug_assert!(a.iter().chain(&b).all(|lane| !lane.is_nan()), "relaxed_min of NaN: {a:?} {b:?}");
        from_fn(|i| if b[i] < a[i] { b[i] } else { a[i] })
    }

    #[inline(always)]
    fn f32x4_relaxed_max(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        debug_assert!(a.iter().chain(&b).all(|lane| !lane.is_nan()), "relaxed_max of NaN: {a:?} {b:?}");
        from_fn(|i| if a[i] < b[i] { b[i] } else { a[i] })
    }
}
