//! What the dot products of microkernels eat.

use crate::{mem, Isa};
use core::fmt::Debug;

/// The layouts of packed weights: `[out_c/8][K/step][8][step]` of bytes.
pub mod layout {
    /// Pairs of i8, to be widened.
    pub const I8_PAIRS: i32 = 0;
    /// Groups of four i8.
    pub const I8_QUADS: i32 = 1;
    /// Groups of four codes −8..7, stored as 0..15.
    pub const U4_QUADS: i32 = 2;
    /// Pairs of i16, each two codes −7..7: `[out_c/16][K/2][8][2]`.
    pub const I4_PAIRS: i32 = 3;
}

/// One step of a panel: 16 bytes of weights for each 4 of 8 output channels.
pub type PanelStep = [[u8; 16]; 2];

/// A dot product of activations and weights, added to an accumulator. One step takes 4 bytes of each output pixel and 16 bytes of weights:
/// those of 4 output channels. Packed weights are bytes; a dot product of wider ones widens a panel before many tiles, or while it multiplies few.
pub trait Dot: Copy + Debug + 'static {
    /// Codes per output that one step multiplies.
    const STEP: usize;
    /// Output channels of a panel.
    const CHANNELS: usize = 8;
    /// The layout of the packed weights: what other dots pack alike, this one can eat.
    const LAYOUT_ID: i32;
    /// Whether [`Dot::panel`] writes.
    const WIDENS: bool = false;
    /// Whether [`Dot::step`] is one instruction, which needs no register beside its operands.
    const ADDS: bool = false;
    /// Whether [`Dot::flush`] wants the sum of the activations that went into the accumulator.
    const SUMS: bool = false;
    /// A vector of activations or weights.
    type Operand<I: Isa>: Copy;

    /// Packed weights of 8 output channels as a panel; `widened` has room for it.
    #[inline(always)]
    fn panel<'a, I: Isa>(_isa: I, packed: &'a [u8], _widened: &'a mut [PanelStep]) -> &'a [PanelStep] {
        mem::panels::<16, 2>(packed)
    }

    /// The steps of [`Dot::panel`], 8 output channels each, straight from packed weights.
    #[inline(always)]
    fn packed<I: Isa>(isa: I, packed: &[u8]) -> impl Iterator<Item = [Self::Operand<I>; 2]> {
        mem::panels::<16, 2>(packed).iter().map(move |[low, high]| [Self::weights(isa, low), Self::weights(isa, high)])
    }

    /// The weights of 4 output channels.
    fn weights<I: Isa>(isa: I, bytes: &[u8; 16]) -> Self::Operand<I>;
    /// The activations of one output pixel, once per output channel.
    fn activations<I: Isa>(isa: I, bytes: &[u8; 4]) -> Self::Operand<I>;
    /// `acc` plus the products.
    fn step<I: Isa>(isa: I, acc: I::I32x4, activations: Self::Operand<I>, weights: Self::Operand<I>) -> I::I32x4;
    /// The accumulators once all steps are done: takes back what the layout added. `sum` is the sum of the activations.
    #[inline(always)]
    fn flush<I: Isa>(_isa: I, acc: I::I32x4, _sum: &[u8; 4]) -> I::I32x4 {
        acc
    }
}

/// Pairs of i16: what every machine with vectors has. Activations and weights are anything that i16 holds; packed weights are i8, half the bytes.
#[derive(Clone, Copy, Debug)]
pub struct I16Dot;

impl Dot for I16Dot {
    const STEP: usize = 2;
    const LAYOUT_ID: i32 = layout::I8_PAIRS;
    const WIDENS: bool = true;
    type Operand<I: Isa> = I::I16x8;

    #[inline(always)]
    fn panel<'a, I: Isa>(isa: I, packed: &'a [u8], widened: &'a mut [PanelStep]) -> &'a [PanelStep] {
        // Four vectors an iteration: one would be all loop.
        let (pairs, rest) = widened.as_flattened_mut().as_chunks_mut::<4>();
        let (packed_pairs, packed_rest) = mem::arrays::<8>(packed).as_chunks::<4>();
        for (wide, narrow) in pairs.iter_mut().zip(packed_pairs) {
            for (wide, narrow) in wide.iter_mut().zip(narrow) {
                isa.i16x8_store(isa.i16x8_load_extend_i8x8(narrow), wide);
            }
        }
        for (wide, narrow) in rest.iter_mut().zip(packed_rest) {
            isa.i16x8_store(isa.i16x8_load_extend_i8x8(narrow), wide);
        }
        widened
    }

    #[inline(always)]
    fn packed<I: Isa>(isa: I, packed: &[u8]) -> impl Iterator<Item = [I::I16x8; 2]> {
        mem::panels::<8, 2>(packed).iter().map(move |[low, high]| [isa.i16x8_load_extend_i8x8(low), isa.i16x8_load_extend_i8x8(high)])
    }

    #[inline(always)]
    fn weights<I: Isa>(isa: I, bytes: &[u8; 16]) -> I::I16x8 {
        isa.i16x8_load(bytes)
    }

    #[inline(always)]
    fn activations<I: Isa>(isa: I, bytes: &[u8; 4]) -> I::I16x8 {
        isa.i16x8_load32_splat(bytes)
    }

    #[inline(always)]
    fn step<I: Isa>(isa: I, acc: I::I32x4, activations: I::I16x8, weights: I::I16x8) -> I::I32x4 {
        isa.i32x4_add(acc, isa.i32x4_dot_i16x8_s(activations, weights))
    }
}

/// Two weights in one i16 (DESIGN §4): `low + high·2^12`, so that one product of i16 is two. Weights lie in −7..7, activations in 0..15. A panel has 16 output
/// channels, the high ones 8 after the low. Accumulators are made apart by [`PairedDot::split`] every [`PairedDot::MOST_STEPS`] steps.
#[derive(Clone, Copy, Debug)]
pub struct PairedDot;

impl PairedDot {
    /// Where the weight of the high channel begins.
    pub const SHIFT: u32 = 12;
    /// A step adds at most 2·7·15 to the low sum, which has 12 bits: 9 · 210 < 2^11.
    pub const MOST_STEPS: usize = 9;

    /// Both weights: at most 7·2^12 + 7.
    pub fn pair(low: i8, high: i8) -> i16 {
        (i16::from(high) << Self::SHIFT) + i16::from(low)
    }

    /// The low sum, and the accumulator without it: the high sum times 2^12, right while that sum lies in −2^19..2^19 in the end.
    #[inline(always)]
    pub fn split<I: Isa>(isa: I, acc: I::I32x4) -> [I::I32x4; 2] {
        let low = isa.i32x4_shr_s(isa.i32x4_shl(acc, 32 - Self::SHIFT), 32 - Self::SHIFT);
        [low, isa.i32x4_sub(acc, low)]
    }
}

impl Dot for PairedDot {
    const STEP: usize = I16Dot::STEP;
    const CHANNELS: usize = 16;
    const LAYOUT_ID: i32 = layout::I4_PAIRS;
    type Operand<I: Isa> = I::I16x8;

    #[inline(always)]
    fn weights<I: Isa>(isa: I, bytes: &[u8; 16]) -> I::I16x8 {
        I16Dot::weights(isa, bytes)
    }

    #[inline(always)]
    fn activations<I: Isa>(isa: I, bytes: &[u8; 4]) -> I::I16x8 {
        I16Dot::activations(isa, bytes)
    }

    #[inline(always)]
    fn step<I: Isa>(isa: I, acc: I::I32x4, activations: I::I16x8, weights: I::I16x8) -> I::I32x4 {
        I16Dot::step(isa, acc, activations, weights)
    }
}

/// The dots of bytes differ in which operand comes second, and in what that may hold.
macro_rules! byte_dot {
    ($(#[$doc:meta])* $name:ident, $layout:ident, |$isa:ident, $acc:ident, $activations:ident, $weights:ident| $sum:expr $(; $($rest:item)*)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Dot for $name {
            const STEP: usize = 4;
            const LAYOUT_ID: i32 = layout::$layout;
            const ADDS: bool = true;
            type Operand<I: Isa> = I::I8x16;

            #[inline(always)]
            fn weights<I: Isa>(isa: I, bytes: &[u8; 16]) -> I::I8x16 {
                isa.i8x16_load(bytes)
            }

            #[inline(always)]
            fn activations<I: Isa>(isa: I, bytes: &[u8; 4]) -> I::I8x16 {
                isa.i8x16_load32_splat(bytes)
            }

            #[inline(always)]
            fn step<I: Isa>($isa: I, $acc: I::I32x4, $activations: I::I8x16, $weights: I::I8x16) -> I::I32x4 {
                $sum
            }
            $($($rest)*)?
        }
    };
}

byte_dot! {
    /// Relaxed dot, activations second: they lie in 0..127, weights are any i8.
    I7Dot, I8_QUADS, |isa, acc, activations, weights| isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(weights, activations, acc)
}

byte_dot! {
    /// Relaxed dot, weights second: they are stored as code + 8, activations are any i8. The sum is 8·Σa too large.
    W4Dot, U4_QUADS, |isa, acc, activations, weights| isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(activations, weights, acc);
    const SUMS: bool = true;
    #[inline(always)]
    fn flush<I: Isa>(isa: I, acc: I::I32x4, sum: &[u8; 4]) -> I::I32x4 {
        let sum = isa.i32x4_from_i8x16(isa.i8x16_load32_splat(sum));
        isa.i32x4_sub(acc, isa.i32x4_shl(sum, 3))
    }
}

byte_dot! {
    /// The relaxed instruction where it is `vpdpbusd`: activations in 0..255, weights any i8.
    UsDot, I8_QUADS, |isa, acc, activations, weights| isa.i32x4_dot_i8x16_u8x16_add(weights, activations, acc)
}

byte_dot! {
    /// The relaxed instruction where it is `sdot`: activations and weights any i8.
    SDot, I8_QUADS, |isa, acc, activations, weights| isa.i32x4_dot_i8x16_i8x16_add(weights, activations, acc)
}

/// One relaxed dot product of `a` in all lanes of the first operand and `b` in all lanes of the second, onto 0. How an engine answers for a `b`
/// beyond 127 tells which instruction it uses. 0 if the lanes disagree.
#[inline(never)]
pub fn relaxed_answer<I: Isa>(isa: I, a: i8, b: i8) -> i32 {
    let mut bytes = [0; 16];
    isa.i32x4_store(isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(isa.i8x16_splat(a), isa.i8x16_splat(b), isa.i32x4_splat(0)), &mut bytes);
    let lanes: [i32; 4] = core::array::from_fn(|lane| mem::read_i32(&bytes, lane * 4));
    if lanes == [lanes[0]; 4] {
        lanes[0]
    } else {
        0
    }
}
