//! Codes in memory: reading and writing the three containers, one at a time and eight at a time.

use crate::check::element_bytes;
use crate::params::container;
use simd::{mem, Isa};

/// How many codes a vector of i16 lanes holds.
pub const LANES: usize = 8;

/// `n` rounded up to whole vectors of [`LANES`].
pub const fn padded(n: usize) -> usize {
    n.div_ceil(LANES) * LANES
}

/// A container, known at compile time.
pub trait Container: Copy {
    /// Its number in [`container`].
    const NUMBER: i32;
    /// Bytes of one code.
    const BYTES: usize;
    /// The smallest code.
    const LOWEST: i32;
    /// The code at element `at`.
    fn read(bytes: &[u8], at: usize) -> i32;
    /// Writes `code`, which fits, to element `at`.
    fn write(bytes: &mut [u8], at: usize, code: i32);
    /// Eight codes from element `at` on.
    fn load<I: Isa>(isa: I, bytes: &[u8], at: usize) -> I::I16x8;
    /// Writes eight codes, which fit, from element `at` on.
    fn store<I: Isa>(isa: I, codes: I::I16x8, bytes: &mut [u8], at: usize);
    /// Writes the first four of eight codes, which fit, from element `at` on.
    fn store4<I: Isa>(isa: I, codes: I::I16x8, bytes: &mut [u8], at: usize);
}

/// [`container::U8`].
#[derive(Clone, Copy, Debug)]
pub struct U8;
/// [`container::I8`].
#[derive(Clone, Copy, Debug)]
pub struct I8;
/// [`container::I16`].
#[derive(Clone, Copy, Debug)]
pub struct I16;

impl Container for U8 {
    const NUMBER: i32 = container::U8;
    const BYTES: usize = 1;
    const LOWEST: i32 = 0;

    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> i32 {
        i32::from(bytes[at])
    }

    #[inline(always)]
    fn write(bytes: &mut [u8], at: usize, code: i32) {
        bytes[at] = code as u8;
    }

    #[inline(always)]
    fn load<I: Isa>(isa: I, bytes: &[u8], at: usize) -> I::I16x8 {
        isa.i16x8_load_extend_u8x8(mem::array(bytes, at))
    }

    #[inline(always)]
    fn store<I: Isa>(isa: I, codes: I::I16x8, bytes: &mut [u8], at: usize) {
        isa.i8x16_store64_low(isa.i8x16_narrow_i16x8_u(codes, codes), mem::array_mut(bytes, at));
    }

    #[inline(always)]
    fn store4<I: Isa>(isa: I, codes: I::I16x8, bytes: &mut [u8], at: usize) {
        isa.i8x16_store32_low(isa.i8x16_narrow_i16x8_u(codes, codes), mem::array_mut(bytes, at));
    }
}

impl Container for I8 {
    const NUMBER: i32 = container::I8;
    const BYTES: usize = 1;
    const LOWEST: i32 = -128;

    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> i32 {
        i32::from(bytes[at] as i8)
    }

    #[inline(always)]
    fn write(bytes: &mut [u8], at: usize, code: i32) {
        bytes[at] = code as u8;
    }

    #[inline(always)]
    fn load<I: Isa>(isa: I, bytes: &[u8], at: usize) -> I::I16x8 {
        isa.i16x8_load_extend_i8x8(mem::array(bytes, at))
    }

    #[inline(always)]
    fn store<I: Isa>(isa: I, codes: I::I16x8, bytes: &mut [u8], at: usize) {
        isa.i8x16_store64_low(isa.i8x16_narrow_i16x8_s(codes, codes), mem::array_mut(bytes, at));
    }

    #[inline(always)]
    fn store4<I: Isa>(isa: I, codes: I::I16x8, bytes: &mut [u8], at: usize) {
        isa.i8x16_store32_low(isa.i8x16_narrow_i16x8_s(codes, codes), mem::array_mut(bytes, at));
    }
}

impl Container for I16 {
    const NUMBER: i32 = container::I16;
    const BYTES: usize = 2;
    const LOWEST: i32 = -32768;

    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> i32 {
        i32::from(mem::read_i16(bytes, at * 2))
    }

    #[inline(always)]
    fn write(bytes: &mut [u8], at: usize, code: i32) {
        mem::write_i16(bytes, at * 2, code as i16);
    }

    #[inline(always)]
    fn load<I: Isa>(isa: I, bytes: &[u8], at: usize) -> I::I16x8 {
        isa.i16x8_load(mem::array(bytes, at * 2))
    }

    #[inline(always)]
    fn store<I: Isa>(isa: I, codes: I::I16x8, bytes: &mut [u8], at: usize) {
        isa.i16x8_store(codes, mem::array_mut(bytes, at * 2));
    }

    #[inline(always)]
    fn store4<I: Isa>(isa: I, codes: I::I16x8, bytes: &mut [u8], at: usize) {
        let mut lanes = [0; 16];
        isa.i16x8_store(codes, &mut lanes);
        bytes[at * 2..][..8].copy_from_slice(&lanes[..8]);
    }
}

/// Runs `$body` with `$type` standing for the container numbered `$container`.
macro_rules! with_container {
    ($container:expr, $type:ident => $body:expr) => {
        match $container {
            $crate::params::container::U8 => {
                type $type = $crate::codes::U8;
                $body
            }
            $crate::params::container::I8 => {
                type $type = $crate::codes::I8;
                $body
            }
            _ => {
                type $type = $crate::codes::I16;
                $body
            }
        }
    };
}
pub(crate) use with_container;

/// Writes the first `count` ≤ 8 of eight codes, which fit, from element `at` on, and nothing beyond them.
#[inline(always)]
pub fn store_first<I: Isa>(isa: I, container: i32, codes: I::I16x8, count: usize, bytes: &mut [u8], at: usize) {
    match (container, count) {
        (container::U8, LANES) => U8::store(isa, codes, bytes, at),
        (container::I8, LANES) => I8::store(isa, codes, bytes, at),
        (container::I16, LANES) => I16::store(isa, codes, bytes, at),
        (container::U8, 4) => U8::store4(isa, codes, bytes, at),
        (container::I8, 4) => I8::store4(isa, codes, bytes, at),
        (container::I16, 4) => I16::store4(isa, codes, bytes, at),
        _ => store_some(isa, container, codes, count, bytes, at),
    }
}

/// [`Container::read`] of the container numbered `container`: one function for all that need not be fast.
#[inline(never)]
pub fn read_code(container: i32, bytes: &[u8], at: usize) -> i32 {
    with_container!(container, C => C::read(bytes, at))
}

/// [`Container::write`] of the container numbered `container`.
#[inline(never)]
pub fn write_code(container: i32, bytes: &mut [u8], at: usize, code: i32) {
    with_container!(container, C => C::write(bytes, at, code));
}

/// Sixteen codes from element `at` on.
#[inline(always)]
pub fn load_sixteen<I: Isa>(isa: I, container: i32, bytes: &[u8], at: usize) -> [I::I16x8; 2] {
    if container == container::I16 {
        let sixteen: &[u8; 32] = mem::array(bytes, at * 2);
        return [isa.i16x8_load(mem::array(sixteen, 0)), isa.i16x8_load(mem::array(sixteen, 16))];
    }
    let codes = isa.i8x16_load(mem::array(bytes, at));
    if container == container::U8 {
        [isa.i16x8_extend_low_i8x16_u(codes), isa.i16x8_extend_high_i8x16_u(codes)]
    } else {
        [isa.i16x8_extend_low_i8x16_s(codes), isa.i16x8_extend_high_i8x16_s(codes)]
    }
}

/// Writes sixteen codes, which fit, from element `at` on.
#[inline(always)]
pub fn store_sixteen<I: Isa>(isa: I, container: i32, [low, high]: [I::I16x8; 2], bytes: &mut [u8], at: usize) {
    match container {
        container::I16 => {
            let sixteen: &mut [u8; 32] = mem::array_mut(bytes, at * 2);
            isa.i16x8_store(low, mem::array_mut(sixteen, 0));
            isa.i16x8_store(high, mem::array_mut(sixteen, 16));
        }
        container::U8 => isa.i8x16_store(isa.i8x16_narrow_i16x8_u(low, high), mem::array_mut(bytes, at)),
        _ => isa.i8x16_store(isa.i8x16_narrow_i16x8_s(low, high), mem::array_mut(bytes, at)),
    }
}

/// [`store_first`] of an odd number of codes: the last columns of a dense layer.
fn store_some<I: Isa>(isa: I, container: i32, codes: I::I16x8, count: usize, bytes: &mut [u8], at: usize) {
    let mut whole = [0; 16];
    with_container!(container, C => C::store(isa, codes, &mut whole, 0));
    let size = element_bytes(container);
    bytes[at * size..][..count * size].copy_from_slice(&whole[..count * size]);
}
